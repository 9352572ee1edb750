"""`scrapy search`: full text of the corpus, in a terminal."""

import argparse
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any, get_args

from healthcrawl.core.terms import Span
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.fulltext import Filters
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.search import PAGE, Hit, Search
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import one_site
from healthcrawl.crawl.terminal import Page, Piece
from healthcrawl.errors import UsageError
from healthcrawl.model import FindingKind

_KINDS = get_args(FindingKind)


class Command(PlainCommand):
    """The search command."""

    def syntax(self) -> str:
        """How it is called."""
        return "WORDS… [--site NAME] [--since DATE] [--until DATE] [--finding KIND] [--limit N] [--offset N] [--json]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Search the texts of the corpus"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Find the documents in which all words stand, be it in title or text: any characters, in simplified or traditional "
            "writing, half or full width, upper or lower case. No sign has a meaning of its own. Those with all words in the title come first, "
            "then the newest. Without words, all documents that the options leave. The index, search.sqlite in ARCHIVE_DIR, is "
            "brought up to date first. Exit status: 0 done (even if nothing was found), 1 the archive can't be read, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--site", metavar="NAME", default="", help="only documents of this site")
        parser.add_argument("--since", metavar="DATE", default="", help="only what was published on that day or later")
        parser.add_argument(
            "--until", metavar="DATE", default="", help="only what was published on that day or earlier"
        )
        parser.add_argument(
            "--finding", metavar="KIND", default="", help=f"only documents with such a finding: {', '.join(_KINDS)}"
        )
        parser.add_argument("--limit", metavar="N", type=int, default=PAGE, help="how many to show (20)")
        parser.add_argument("--offset", metavar="N", type=int, default=0, help="how many to pass over")
        parser.add_argument("--json", action="store_true", help="print one object a line")

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Print what is found, then how much that is."""
        if min(opts.limit, opts.offset) < 0:
            raise UsageError("--limit and --offset: expected 0 or more")
        filters = self._filters(opts)
        layout = ArchiveLayout(Path(self.setting("ARCHIVE_DIR")))
        if not layout.catalog.exists():
            raise UsageError(f"{layout.root}: no catalog there; crawl first, or ARCHIVE_DIR names another archive")
        catalog = Catalog(layout.catalog, read_only=True)
        try:
            search = Search(layout, catalog)
            answer = search.ask(" ".join(args), filters, offset=opts.offset, limit=opts.limit)
        finally:
            catalog.close()
        page = Page()
        for hit in answer.hits:
            if opts.json:
                print(json.dumps(as_json(hit), ensure_ascii=False))
            else:
                _show(page, hit)
        first = min(opts.offset + 1, answer.total) if answer.hits else 0
        told = f"{answer.total:,} documents found"
        if answer.total > len(answer.hits):
            told += f", these are {first:,} to {opts.offset + len(answer.hits):,}" if answer.hits else ", none shown"
        if answer.behind:
            told += "; another process is bringing the index up to date, so some may be missing"
        if search.in_memory:
            told += f"; {layout.search} can't be written, so the index was made for this call alone"
        print(f"scrapy search: {told}", file=sys.stderr)
        return DONE

    def _filters(self, opts: argparse.Namespace) -> Filters:
        if opts.finding and opts.finding not in _KINDS:
            raise UsageError(f"--finding: no such kind: {opts.finding}; there are {', '.join(_KINDS)}")
        layout = ArchiveLayout(Path(self.setting("ARCHIVE_DIR")))
        if opts.site and not layout.warc(opts.site).is_dir():  # a site whose file is gone may have documents
            assert self.settings is not None
            one_site(self.settings, opts.site)
        since, until = (_day(value, name) for value, name in ((opts.since, "--since"), (opts.until, "--until")))
        return Filters(site=opts.site, kind=opts.finding, since=since, until=until)


def _day(value: str, name: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise UsageError(f"{name}: expected a day like 2026-03-01, got {value!r}") from error


def as_json(hit: Hit) -> dict[str, Any]:
    """A hit for programs: of title and excerpts, the pieces, each with whether it was looked for."""
    return {
        "number": hit.number,
        "name": hit.name,
        "site": hit.site,
        "url": hit.url,
        "published": hit.published,
        "source": hit.source,
        "title": "".join(span.text for span in hit.title),
        "marked_title": [span._asdict() for span in hit.title],
        "excerpts": [[span._asdict() for span in excerpt] for excerpt in hit.excerpts],
        "findings": list(hit.kinds),
    }


def _show(page: Page, hit: Hit) -> None:
    page.line(f"{hit.number:03}  {hit.published[:10]:10}  ", *_pieces(hit.title, "bold"), f"  {hit.url}")
    for excerpt in hit.excerpts:
        page.line(*_pieces(excerpt, ""), margin=4)


def _pieces(spans: tuple[Span, ...], style: str) -> list[Piece]:
    return [(span.text, "bold yellow" if span.found else style) for span in spans]
