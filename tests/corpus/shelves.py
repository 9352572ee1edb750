"""A store with documents of our own making, without a crawl."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from healthcrawl.core.normalise import normalise
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Change, Provenance, Store
from healthcrawl.model import Document, Metadata
from tests.benchmarks.synthetic import varied

KINDS = ("spam", "furniture", "charset", "gloss")
SITES = ("yunhai", "qingshan", "baihe")


def document(number: int, *, text: str = "", title: str = "", version: int = 0, site: str = "") -> Document:
    """An article like no other."""
    article = varied(number, version)
    host = site or SITES[number % len(SITES)]
    url = f"http://{host}.test/{number}"
    metadata = Metadata(
        title=title or normalise(article.title),
        published=f"20{10 + number % 15:02}-{number % 12 + 1:02}-{number % 28 + 1:02}",
        source="市卫生健康局",
    )
    body = text or normalise("\n".join(article.lines))
    return Document(address=url, url=url, site=host, family="generic", metadata=metadata, text=body)


class Shelf:
    """An archive's corpus, journal and catalog."""

    def __init__(self, root: Path) -> None:
        self.layout = ArchiveLayout(root)
        self.catalog = Catalog(self.layout.catalog)
        self.store = Store(self.layout.corpus, Manifest(self.layout.manifest), self.catalog, sync=False)

    def keep(self, documents: Iterable[Document], *, day: int = 1, kinds: Sequence[str] = ()) -> list[Change]:
        """Keep documents as captured on a day of March, each with findings of some kinds."""
        changes = []
        with self.store.writing() as writing:
            for one in documents:
                record = f"<urn:{one.address}#{day}>"
                changes.append(
                    writing.keep(
                        one,
                        Provenance(
                            captured_at=f"2026-03-{day:02}T00:00:00+00:00", record_id=record, warc_file="w", warc_offset=0,
                            decided_by="test",
                        ),
                    )
                )  # fmt: skip
                found = [
                    {"record_id": record, "serial": at, "kind": kind, "text": "某行", "detail": "规则"}
                    for at, kind in enumerate(kinds)
                ]
                if found:
                    writing.tx.execute(tables.findings.insert(), found)
        return changes

    def withdraw(self, address: str, *, day: int = 1) -> None:
        """Take a document back, as other rules would."""
        with self.store.writing() as writing:
            assert writing.withdraw(f"<urn:{address}#{day}>")
