"""`scrapy status`: every site at a glance."""

import argparse
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy.settings import BaseSettings

from healthcrawl.corpus.catalog import catalog_exists, open_catalog
from healthcrawl.corpus.condition import Condition, condition_of, crawled_sites
from healthcrawl.crawl.exits import BROKEN_EXPECTATION, DONE, FAILED
from healthcrawl.crawl.options import all_sites, archive_layout
from healthcrawl.crawl.terminal import Page, printable
from healthcrawl.errors import UsageError

_FEW = 3  # hacked pages named of a site
_NARROW = 90  # columns of a terminal, below which a site gets lines instead of a row
_CHANGES = ("new", "changed", "withdrawn")


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Print a row for each site, then what is wrong."""
    layout = archive_layout(settings)
    if not catalog_exists(layout):
        raise UsageError(f"{layout.root}: no catalog there; crawl first, or ARCHIVE_DIR names another archive")
    catalog = open_catalog(layout)
    try:
        crawled = crawled_sites(catalog)
        known = all_sites(settings)
        if strange := [name for name in args if name not in known and name not in crawled]:
            raise UsageError(f"no site {strange[0]!r}; `scrapy list` shows the sites there are")
        conditions = [condition_of(catalog, name) for name in args or crawled]
    finally:
        catalog.close()
    if opts.json:
        for one in conditions:
            print(json.dumps(asdict(one) | {"state": _state(one)}, ensure_ascii=False))
    else:
        _show(conditions, {name: site.title for name, site in known.items()})
        never = sorted(known.keys() - {*crawled} - {*args})
        if never and not args:
            Page().line((f"never crawled: {', '.join(never)}", "dim"))
    return _status(conditions)


def _status(conditions: Iterable[Condition]) -> int:
    names = [problem.name for one in conditions for problem in one.problems]
    if "failed" in names:
        return FAILED
    return BROKEN_EXPECTATION if names else DONE


def _state(one: Condition) -> str:
    """What the last run came to."""
    if any(problem.name == "failed" for problem in one.problems):
        return "failed"
    if not one.runs:
        return "never crawled"
    if not one.ended_at:
        return "not ended"
    return f"{len(one.problems)} broken" if one.problems else "ok"


def _show(conditions: Iterable[Condition], titles: Mapping[str, str]) -> None:
    console, page, conditions = Console(highlight=False), Page(), list(conditions)
    if console.is_terminal and console.width < _NARROW:
        for one in conditions:
            page.line((one.site, "bold"), f" {titles.get(one.site, '')}  ", (_state(one), _style(one)))
            page.line(f"{_when(one.started_at)}, {one.documents:,} documents, {_changes(one)}", margin=2)
            page.line(f"next due: {_due(one)}", margin=2)
    else:
        table = Table(
            "site",
            "last run (UTC)",
            "state",
            "next due",
            "documents",
            "last changes",
            "hacked",
            box=None,
            pad_edge=False,
        )
        for one in conditions:
            hacked = f"{len(one.incidents):,}" if one.incidents else "-"
            row = [one.site, _when(one.started_at), _due(one), f"{one.documents:,}", _changes(one), hacked]
            table.add_row(*row[:2], Text(_state(one), _style(one)), *row[2:])
        console.print(table, soft_wrap=not console.is_terminal)
    for one in conditions:
        for problem in one.problems:
            since = f", since {_when(problem.since)} UTC ({problem.runs} run{'s' if problem.runs > 1 else ''})"
            example = f"; see {problem.example}" if problem.example else ""
            page.line((f"{one.site}: ", "bold red"), f"{problem.what}{since}{example}")
        for incident in one.incidents[:_FEW]:
            page.line((f"{one.site}: ", "bold red"), f"hacked page {incident.url}: {printable(incident.text)[:60]}")
        if len(one.incidents) > _FEW:
            page.line((f"{one.site}: ", "bold red"), f"and {len(one.incidents) - _FEW:,} more; --json names them all")


def _style(one: Condition) -> str:
    return "green" if _state(one) == "ok" else "bold red" if one.problems else "yellow"


def _changes(one: Condition) -> str:
    told = [f"{one.counts[f'documents.{kind}']:,} {kind}" for kind in _CHANGES if one.counts.get(f"documents.{kind}")]
    return ", ".join(told) or "none"


def _due(one: Condition) -> str:
    if one.waiting:
        return f"now, {one.waiting:,} pages"
    return _when(one.due_at) if one.due_at else "now"


def _when(moment: str) -> str:
    return moment[:16].replace("T", " ") or "-"
