"""How every site stands: its last run, what it has, what is wrong, and which of its pages were hacked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, moment, parse_moment
from healthcrawl.corpus.queues import HEAD, LATER, NEW, NOW
from healthcrawl.corpus.vitals import Problem, problems_of, shows_its_page

_DAY = timedelta(days=1)
_CAPTURES, _DOCUMENTS, _FINDINGS, _RUNS = tables.captures, tables.documents, tables.findings, tables.runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A page that carries spam as of its last capture: its address, a line of it, when it was captured."""

    url: str
    text: str
    captured_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """How a site stands. Moments are ISO text in UTC, empty where there is none.

    `ended_at` is empty while a run goes on, and of one that was cut off; `counts` are those of the last run that ended. `waiting`
    are pages that are known and were not yet visited; `due_at` is when the next one may be: empty, now. Lists may be every day.
    """

    site: str
    runs: int = 0
    started_at: str = ""
    ended_at: str = ""
    result: str = ""
    waiting: int = 0
    due_at: str = ""
    documents: int = 0
    counts: Mapping[str, int]
    problems: tuple[Problem, ...] = ()
    incidents: tuple[Incident, ...] = ()


def crawled_sites(catalog: Catalog) -> list[str]:
    """The sites that were crawled, by name."""
    with catalog.reading() as tx:
        return list(tx.execute(sa.select(_RUNS.c.site).distinct().order_by(_RUNS.c.site)).scalars())


def condition_of(catalog: Catalog, site: str) -> Condition:
    """How a site stands."""
    with catalog.reading() as tx:
        number = tx.execute(sa.select(sa.func.count()).where(_RUNS.c.site == site)).scalar_one()
        last = sa.select(_RUNS).where(_RUNS.c.site == site).order_by(_RUNS.c.id.desc()).limit(1)
        row = tx.execute(last).one_or_none()
        ended = tx.execute(last.where(_RUNS.c.ended_at != "")).one_or_none()
        waiting = sa.select(sa.func.count()).where(tables.pages.c.site == site, tables.pages.c.queue.in_((NOW, NEW)))
        documents = sa.select(sa.func.count()).where(_DOCUMENTS.c.site == site, _DOCUMENTS.c.name != "")
        return Condition(
            site=site,
            runs=number,
            started_at=row.started_at if row else "",
            ended_at=row.ended_at if row else "",
            result=row.result if row else "",
            waiting=(count := tx.execute(waiting).scalar_one()),
            due_at="" if count or (row and not row.ended_at) else _next_due(tx, site),
            documents=tx.execute(documents).scalar_one(),
            counts=ended.counts if ended else {},
            problems=tuple(problems_of(tx, site, row.id)) if row else (),
            incidents=_incidents(tx, site),
        )


def _next_due(tx: sa.Connection, site: str) -> str:
    """When a page may be visited next: one that failed or was not there, or the first page of a list, a day after the last time."""
    table = tables.pages
    queued = sa.select(sa.func.min(table.c.place)).where(table.c.site == site)
    later = tx.execute(queued.where(table.c.queue == LATER)).scalar_one_or_none()
    head = tx.execute(queued.where(table.c.queue == HEAD)).scalar_one_or_none()
    listed = parse_moment(head or "")
    moments = [later or "", moment(listed + _DAY) if listed else ""]
    return min(filter(None, moments), default="")


def _incidents(tx: sa.Connection, site: str) -> tuple[Incident, ...]:
    """Pages whose newest capture with a body has spam in its article, or nothing else."""
    spam = sa.select(_FINDINGS.c.record_id, sa.func.min(_FINDINGS.c.text).label("text"))
    found = spam.where(_FINDINGS.c.kind == "spam").group_by(_FINDINGS.c.record_id).subquery()
    query = (
        sa.select(_CAPTURES.c.url, found.c.text, _CAPTURES.c.captured_at, _CAPTURES.c.address)
        .join(found, found.c.record_id == _CAPTURES.c.record_id)
        .where(shows_its_page(site))
    )
    # Not by SQLite: it would go through all captures by time, to have them in order.
    rows = sorted(tx.execute(query), key=lambda row: row.address)
    rows.sort(key=lambda row: row.captured_at, reverse=True)
    return tuple(Incident(url=row.url, text=row.text, captured_at=row.captured_at) for row in rows)
