"""`scrapy search`: full text of the corpus, in a terminal."""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import date
from typing import get_args

from scrapy.settings import BaseSettings

from healthcrawl.core.terms import Span
from healthcrawl.corpus.catalog import catalog_exists, open_catalog
from healthcrawl.corpus.fulltext import Filters
from healthcrawl.corpus.search import Answer, Hit, Search
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import archive_layout, one_site
from healthcrawl.crawl.terminal import Page, Piece
from healthcrawl.errors import UsageError
from healthcrawl.model import FindingKind

_KINDS = get_args(FindingKind)


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Print what is found, then how much that is."""
    if min(opts.limit, opts.offset) < 0:
        raise UsageError("--limit and --offset: expected 0 or more")
    filters = _filters(settings, opts)
    layout = archive_layout(settings)
    if not catalog_exists(layout):
        raise UsageError(f"{layout.root}: no catalog there; crawl first, or ARCHIVE_DIR names another archive")
    catalog = open_catalog(layout, read_only=True)
    try:
        search = Search(layout, catalog)
        answer = search.ask(" ".join(args), filters, offset=opts.offset, limit=opts.limit)
    finally:
        catalog.close()
    page = Page()
    for hit in answer.hits:
        if opts.json:
            print(json.dumps(asdict(hit), ensure_ascii=False))
        else:
            _show(page, hit)
    memory = (
        f"; {layout.search} can't be written, so the index was made for this call alone" if search.in_memory else ""
    )
    print(f"scrapy search: {_summary(answer, opts.offset)}{memory}", file=sys.stderr)
    return DONE


def _filters(settings: BaseSettings, opts: argparse.Namespace) -> Filters:
    if opts.finding and opts.finding not in _KINDS:
        raise UsageError(f"--finding: no such kind: {opts.finding}; there are {', '.join(_KINDS)}")
    if (
        opts.site and not archive_layout(settings).warc(opts.site).is_dir()
    ):  # a site whose file is gone may have documents
        one_site(settings, opts.site)
    since, until = (_day(value, name) for value, name in ((opts.since, "--since"), (opts.until, "--until")))
    return Filters(site=opts.site, kind=opts.finding, since=since, until=until)


def _summary(answer: Answer, offset: int) -> str:
    told = f"{answer.total:,} documents found"
    if answer.hits and answer.total > len(answer.hits):
        told += f", these are {offset + 1:,} to {offset + len(answer.hits):,}"
    if answer.behind:
        told += "; another process is bringing the index up to date, so some may be missing"
    return told


def _day(value: str, name: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise UsageError(f"{name}: expected a day like 2026-03-01, got {value!r}") from error


def _show(page: Page, hit: Hit) -> None:
    page.line(f"{hit.number:03}  {hit.published[:10]:10}  ", *_pieces(hit.title, "bold"), f"  {hit.url}")
    for excerpt in hit.excerpts:
        page.line(*_pieces(excerpt, ""), margin=4)


def _pieces(spans: tuple[Span, ...], style: str) -> list[Piece]:
    return [(span.text, "bold yellow" if span.found else style) for span in spans]
