"""All sites, a row each."""

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import moment
from healthcrawl.corpus.condition import Condition, condition_of, crawled_sites
from healthcrawl.ui.charts import Chart, bars
from healthcrawl.ui.query import Query
from healthcrawl.ui.shelf import Shelf

CHANGES = ("new", "changed", "withdrawn")
_DAY = timedelta(days=1)
_RUNS = 16  # of a site, in its small chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A site at a glance.

    `state` is "ok", "broken" (an expectation), "failed", "running", or "stopped": the last run came to no end. `is_overdue`: a page
    has been due for a day. `rejected` is a share, None where nothing was asked for.
    """

    title: str
    condition: Condition
    state: str
    is_overdue: bool
    rejected: float | None
    captures: int
    bytes: int
    changes: Chart


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """All sites that were crawled, and the names of those that never were."""

    rows: tuple[Row, ...]
    never: tuple[str, ...]


def view(shelf: Shelf, _query: Query) -> Sites:
    """Every site at a glance."""
    crawled = crawled_sites(shelf.catalog)
    return Sites(
        rows=tuple(row_of(shelf, name) for name in crawled),
        never=tuple(sorted(shelf.sites.keys() - {*crawled})),
    )


def row_of(shelf: Shelf, site: str) -> Row:
    """One site at a glance."""
    condition, yesterday = condition_of(shelf.catalog, site), moment(shelf.clock() - _DAY)
    table = tables.captures
    with shelf.catalog.reading() as tx:
        captures = tx.execute(sa.select(sa.func.count()).where(table.c.site == site)).scalar_one()
        changes = _changes(tx, site)
    return Row(
        title=shelf.title(site),
        condition=condition,
        state=state_of(condition, yesterday),
        is_overdue=bool(condition.due_at) and condition.due_at < yesterday,
        rejected=rejected_of(condition),
        captures=captures,
        bytes=sum(path.stat().st_size for path in shelf.layout.warc(site).glob("*.warc*")),
        changes=changes,
    )


def state_of(condition: Condition, yesterday: str) -> str:
    """What the last run came to, in one word. One that has no end and began before `yesterday` was killed."""
    names = {problem.name for problem in condition.problems}
    if "failed" in names:
        return "failed"
    if names:
        return "broken"
    if condition.ended_at:
        return "ok"
    return "running" if condition.started_at > yesterday else "stopped"


def rejected_of(condition: Condition) -> float | None:
    """The share of the pages that the last run asked for as articles and that are none."""
    asked = condition.counts.get("health.asked", 0)
    return condition.counts.get("health.rejected", 0) / asked if asked else None


def _changes(tx: sa.Connection, site: str) -> Chart:
    runs = tables.runs.c
    last = sa.select(runs.started_at, runs.counts).where(runs.site == site, runs.ended_at != "")
    rows = tx.execute(last.order_by(runs.id.desc()).limit(_RUNS)).all()
    told = [
        (row.started_at, {name: row.counts.get(f"documents.{name}", 0) for name in CHANGES}) for row in reversed(rows)
    ]
    return bars(told, width=128, height=24, slots=_RUNS)
