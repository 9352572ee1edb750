"""What a run or a period brought, as one HTML file that can be mailed: no scripts, nothing that is loaded, and the same for the same archive.

Charts are drawn into it; mail readers that leave them out show the same numbers in the tables.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import moment
from healthcrawl.corpus.changes import Kind, news
from healthcrawl.corpus.history import Part
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.ui.charts import Chart, bars
from healthcrawl.ui.pages import rendered
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.views.incidents import SiteIncidents, of_site
from healthcrawl.ui.views.rejections import USUAL
from healthcrawl.ui.views.sites import CHANGES, Row, row_of
from healthcrawl.ui.words import Words

_MOST = 100  # documents of a site that are named
_RUNS = 24  # in the chart
_CAPTURES, _RUN = tables.captures.c, tables.runs.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A document and what became of it."""

    kind: Kind
    number: int
    title: str
    url: str
    published: str
    what: tuple[Part, ...]
    noted_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Captures of a period that are no documents, by reason, and one of them."""

    reason: str
    number: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReport:
    """One site. `since` is empty for the archive's whole life, `until` for a period without an end.

    `counts` are those of what became of documents; `items` name the first of them, `left` is how many more there are.
    """

    row: Row
    since: str
    until: str
    counts: Mapping[str, int]
    items: tuple[Item, ...]
    left: int
    refused: tuple[Refused, ...]
    captures: int
    bytes: int
    runs: Chart
    incidents: SiteIncidents


def report(
    shelf: Shelf, sites: Sequence[str], since: datetime | None, until: datetime | None
) -> tuple[SiteReport, ...]:
    """What a period brought to some sites; without any bound, the last run of each.

    Raises:
        ArchiveError: catalog or journal can't be read.
    """
    return tuple(_site_report(shelf, name, since, until) for name in sites)


def as_html(reports: Sequence[SiteReport], words: Words) -> str:
    """The file."""
    style = (Path(__file__).parent / "static" / "report.css").read_text("utf-8")
    total = sum((Counter(one.counts) for one in reports), Counter[str]())
    return rendered("report.html", words, reports=reports, style=style, total=total)


def _site_report(shelf: Shelf, site: str, since: datetime | None, until: datetime | None) -> SiteReport:
    row = row_of(shelf, site)
    begin, end = moment(since), moment(until)
    if since is None and until is None:
        begin = row.condition.started_at
    first = datetime.fromisoformat(begin) if begin else None
    found = [
        one
        for one in news(Manifest(shelf.layout.manifest), since=first, site=site)
        if not end or one.step.seen_at < end
    ]
    items = [
        Item(
            kind=one.kind,
            number=one.step.number,
            title=one.step.title,
            url=one.step.url or one.step.address,
            published=one.step.published,
            what=one.what,
            noted_at=one.step.seen_at,
        )
        for one in found
    ]
    within = [_CAPTURES.site == site, _CAPTURES.captured_at >= begin]
    within += [_CAPTURES.captured_at < end] if end else []
    ended = [_RUN.site == site, _RUN.ended_at != "", *([_RUN.started_at < end] if end else [])]
    amount = sa.func.count()
    by_reason = sa.select(_CAPTURES.reason, amount, sa.func.min(_CAPTURES.url)).where(
        *within, _CAPTURES.outcome == "rejected", _CAPTURES.reason.not_in(USUAL)
    )
    runs = sa.select(_RUN.started_at, _RUN.counts).where(*ended).order_by(_RUN.id.desc()).limit(_RUNS)
    with shelf.catalog.reading() as tx:
        captures, size = tx.execute(sa.select(amount, sa.func.sum(_CAPTURES.warc_length)).where(*within)).one()
        reasons = tx.execute(by_reason.group_by(_CAPTURES.reason).order_by(amount.desc(), _CAPTURES.reason)).all()
        told = [
            (run.started_at, {name: run.counts.get(f"documents.{name}", 0) for name in CHANGES})
            for run in tx.execute(runs)
        ]
    return SiteReport(
        row=row,
        since=begin,
        until=end,
        counts=Counter[str](one.kind for one in items),
        items=tuple(items[:_MOST]),
        left=max(len(items) - _MOST, 0),
        refused=tuple(Refused(reason=one[0], number=one[1], example=one[2]) for one in reasons),
        captures=captures,
        bytes=size or 0,
        runs=bars(told[::-1], width=480, height=56, slots=_RUNS),
        incidents=of_site(shelf, site),
    )
