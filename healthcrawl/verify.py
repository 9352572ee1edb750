"""Archive, index, corpus and catalog against each other: every digest and every name computed again."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout, content_hash, parse_name
from healthcrawl.corpus.manifest import Manifest, Step
from healthcrawl.errors import ArchiveError
from healthcrawl.warc import index
from healthcrawl.warc.members import whole_members
from healthcrawl.warc.read import read_records
from healthcrawl.warc.write import OPEN_SUFFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be said of a file. "ok" and "legacy" (a name of an older corpus) are no damage, "open" is being written."""

    file: str
    state: Literal["ok", "legacy", "open", "damaged", "missing", "unknown"]
    detail: str = ""

    @property
    def is_damage(self) -> bool:
        """Whether something is wrong."""
        return self.state in {"damaged", "missing", "unknown"}


def verify(layout: ArchiveLayout) -> Iterator[Verdict]:
    """Every file of the archive with what is to be said of it. Writes nothing.

    Raises:
        ArchiveError: the catalog can't be read.
    """
    journal, broken = _journal(layout)
    yield broken or Verdict(file=str(layout.manifest), state="ok", detail=f"{len(journal)} numbers")
    catalog = Catalog(layout.catalog) if layout.catalog.exists() else None
    try:
        seen: set[str] = set()
        for path in layout.warc_files():
            yield from _verify_warc(path, layout, catalog, seen)
        for site in layout.sites:
            for path in sorted(layout.warc(site).glob(f"*{OPEN_SUFFIX}")):
                yield _verify_open(path, seen)
        yield from _find_lost(layout, catalog)
        yield from _verify_corpus(layout, journal, seen)
        yield _verify_catalog(layout, journal, catalog)
    finally:
        if catalog:
            catalog.close()


def _journal(layout: ArchiveLayout) -> tuple[dict[int, Step], Verdict | None]:
    """The last step of every number."""
    journal: dict[int, Step] = {}
    try:
        for step, _ in Manifest(layout.manifest).steps():
            if step.action != "alias":
                journal[step.number] = step
    except ArchiveError as error:
        return journal, Verdict(file=str(layout.manifest), state="damaged", detail=str(error))
    return journal, None


def _verify_warc(path: Path, layout: ArchiveLayout, catalog: Catalog | None, seen: set[str]) -> Iterator[Verdict]:
    complaints = []
    if (end := whole_members(path)) != path.stat().st_size:
        complaints.append(f"no whole gzip record from byte {end} on")
    kept, lines, total = set(), [], 0
    try:
        for record in read_records(path):
            total += 1
            if record.digest_holds is False:
                complaints.append(f"record {record.id} at byte {record.location.offset}: block digest does not match")
            if record.type in index.INDEXED:
                kept.add(record.id)
                lines.append(index.line(record, path.name))
    except ArchiveError as error:
        complaints.append(str(error))
    seen |= kept
    if catalog:
        known = _captures_of(catalog, path)
        if kept - known:
            complaints.append(
                f"{len(kept - known)} captures that the catalog does not know; `scrapy replay {path}` adds them"
            )
        if known - kept:
            complaints.append(f"{len(known - kept)} captures of the catalog are not in it")
    yield _verdict(path, complaints, f"{total} records")
    if not complaints:
        yield _verify_index(path, index.path_for(path, layout.index(path.parent.name)), sorted(lines))


def _verify_open(path: Path, seen: set[str]) -> Verdict:
    """A file that is being written, or that a killed crawl left: what is whole in it counts."""
    with suppress(ArchiveError):
        seen.update(record.id for record in read_records(path) if record.type in index.INDEXED)
    return Verdict(
        file=str(path), state="open", detail="being written, or left by a killed crawl: the next one closes it"
    )


def _find_lost(layout: ArchiveLayout, catalog: Catalog | None) -> Iterator[Verdict]:
    """WARC files that the catalog knows and that are gone, and indexes without a file."""
    table = tables.captures
    if catalog:
        with catalog.reading() as tx:
            known = tx.execute(sa.select(table.c.site, table.c.warc_file).distinct().order_by(table.c.warc_file)).all()
        for site, name in known:
            path = layout.warc(site) / name
            if not path.exists() and not path.with_name(name + OPEN_SUFFIX).exists():
                yield Verdict(file=str(path), state="missing", detail="the catalog has captures of it")
    for site in layout.sites:
        named = {index.path_for(path, layout.index(site)) for path in layout.warc_files(site)}
        for path in sorted(set(layout.index(site).glob(f"*{index.SUFFIX}")) - named):
            yield Verdict(file=str(path), state="unknown", detail="an index without its WARC file")


def _verify_index(warc: Path, path: Path, lines: list[str]) -> Verdict:
    if not path.exists():
        return Verdict(
            file=str(path), state="missing", detail=f"the index of {warc.name}; a crawl of the site makes it anew"
        )
    same = path.read_text(encoding="utf-8").splitlines() == lines
    return _verdict(
        path, [] if same else [f"does not agree with {warc.name}; remove it, a crawl of the site makes it anew"]
    )


def _verify_corpus(layout: ArchiveLayout, journal: dict[int, Step], seen: set[str]) -> Iterator[Verdict]:
    expected = {step.name: step for step in journal.values() if step.action != "withdrawn"}
    found = set()
    for path in sorted(layout.corpus.glob("*.txt")) if layout.corpus.is_dir() else []:
        name = parse_name(path.name)
        step = expected.get(path.name)
        digest = content_hash(path.read_bytes())
        found.add(path.name)
        if step is not None:
            complaints = [] if digest == step.sha256 else ["its content is not what its name says"]
            if step.record_id not in seen:
                complaints.append(f"its capture {step.record_id} is in no WARC file")
            yield _verdict(path, complaints)
        elif name is None:
            yield Verdict(file=str(path), state="unknown", detail="not a name of the corpus")
        elif digest.startswith(name[1]):
            yield Verdict(file=str(path), state="unknown", detail="the journal does not speak of it")
        else:
            yield Verdict(
                file=str(path), state="legacy", detail="a name of an older corpus: it can't be computed again"
            )
    for missing in sorted(expected.keys() - found):
        detail = f"document {expected[missing].number}; `scrapy replay` writes it again"
        yield Verdict(file=str(layout.corpus / missing), state="missing", detail=detail)


def _verify_catalog(layout: ArchiveLayout, journal: dict[int, Step], catalog: Catalog | None) -> Verdict:
    if catalog is None:
        return Verdict(file=str(layout.catalog), state="missing", detail="`scrapy replay` makes it anew")
    with catalog.reading() as tx:
        rows = {row.number: (row.name, row.address) for row in tx.execute(sa.select(tables.documents))}
    expected = {number: (step.name, step.address) for number, step in journal.items()}
    differing = sorted(number for number in rows.keys() | expected.keys() if rows.get(number) != expected.get(number))
    complaints = [f"document {number} differs from the journal" for number in differing]
    return _verdict(layout.catalog, complaints, f"{len(rows)} documents")


def _captures_of(catalog: Catalog, path: Path) -> set[str]:
    table = tables.captures
    with catalog.reading() as tx:
        query = sa.select(table.c.record_id).where(table.c.site == path.parent.name, table.c.warc_file == path.name)
        return set(tx.execute(query).scalars())


def _verdict(path: Path, complaints: list[str], detail: str = "") -> Verdict:
    if complaints:
        return Verdict(file=str(path), state="damaged", detail="; ".join(complaints))
    return Verdict(file=str(path), state="ok", detail=detail)
