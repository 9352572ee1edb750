"""The health of a site as the catalog shows it: what a run brought, what earlier ones did, which problems stand since when."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from healthcrawl.core.expect import RUNS, Breach, Vitals, vitals_of
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog

FAILED = "failed"  # the name of the problem of a run that did not do its job
_CAPTURES, _DOCUMENTS, _FINDINGS = tables.captures, tables.documents, tables.findings
# Reasons of captures that do not show their page.
_SAYS_NOTHING = ("not-modified", "challenge", "blocked", "truncated", "http-error", "unresolved", "unreadable")
_PASSED_OVER = ("robots", "sitemap", "list", "redirect")  # reasons of captures that were never meant to be documents
_LOSSES = "%could not be read as%"  # how `healthcrawl.core.decode` tells them


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a run found wrong: `since` is the beginning of the first run in a row that did, `runs` how many these are."""

    name: str
    what: str
    example: str
    since: str
    runs: int


def read_vitals(
    catalog: Catalog, site: str, run: int, now: datetime, entries: Mapping[str, int], columns: Mapping[str, str]
) -> Vitals:
    """What a run of a site showed, up to now. `entries` are those of lists it read, `columns` the addresses of these."""
    with catalog.reading() as tx:
        began = tx.execute(sa.select(tables.runs.c.started_at).where(tables.runs.c.id == run)).scalar_one()
        asked = sa.and_(
            _CAPTURES.c.site == site,
            _CAPTURES.c.captured_at >= began,
            _CAPTURES.c.role == "article",
            _CAPTURES.c.reason.not_in(_PASSED_OVER),
        )
        own = sa.select(_DOCUMENTS.c.address).where(_DOCUMENTS.c.site == site, _DOCUMENTS.c.name != "")
        known = own.union(sa.select(tables.aliases.c.address).where(tables.aliases.c.site == site))
        shown = sa.or_(
            _CAPTURES.c.outcome == "document",
            sa.and_(_CAPTURES.c.reason == "not-modified", _CAPTURES.c.address.in_(known)),
        )
        number_asked, _ = _count(tx, asked)
        seen, _ = _count(tx, sa.and_(asked, shown))
        lost = sa.and_(
            asked, _CAPTURES.c.address.not_in(sa.select(_CAPTURES.c.address).where(asked, shown).correlate(None))
        )
        present = sa.and_(
            _CAPTURES.c.address.in_(sa.select(_CAPTURES.c.address).where(asked).correlate(None)), shows_its_page(site)
        )
        told = {
            "rejected": _count(tx, lost),
            "spam": _count(tx, sa.and_(present, sa.or_(_CAPTURES.c.reason == "spam", _found("spam")))),
            "charset": _count(tx, sa.and_(present, _found("charset", _LOSSES))),
            "drift": _count(tx, sa.and_(present, _found("template"))),
        }
        newest, newest_url = _newest(tx, site, now)
        examples = {name: example for name, (_, example) in told.items()}
        examples |= {"newest": newest_url, "seen": examples["rejected"] or next(iter(columns.values()), "")}
        examples |= {f"entries.{column}": url for column, url in columns.items()}
        return Vitals(
            seen=seen + _not_due(tx, site, run),
            in_all=_in_all(tx, site),
            asked=number_asked,
            newest=newest,
            entries=dict(entries),
            examples=examples,
            **{name: number for name, (number, _) in told.items()},
        )


def shows_its_page(site: str) -> sa.ColumnElement[bool]:
    """Whether a capture of a site's article shows how its page is now: it has a body, and no later one has."""
    later = _CAPTURES.alias()
    # Without the site: SQLite would take its index of sites and times, and read all of a run for each capture.
    read_again = sa.exists().where(
        later.c.address == _CAPTURES.c.address,
        later.c.captured_at > _CAPTURES.c.captured_at,
        later.c.reason.not_in(_SAYS_NOTHING),
    )
    return sa.and_(
        _CAPTURES.c.site == site,
        _CAPTURES.c.role == "article",
        _CAPTURES.c.reason.not_in(_SAYS_NOTHING),
        ~read_again,
    )


def earlier_runs(catalog: Catalog, site: str, run: int) -> list[Vitals]:
    """What the last runs before one showed, the latest first; those that came to no end are passed over."""
    table = tables.runs
    query = (
        sa.select(table.c.counts)
        .where(table.c.site == site, table.c.id < run, table.c.result == "finished")
        .order_by(table.c.id.desc())
        .limit(RUNS)
    )
    with catalog.reading() as tx:
        kept = [vitals_of(counts) for counts in tx.execute(query).scalars()]
    return [one for one in kept if one.seen or one.asked]


def note_problems(tx: sa.Connection, run: int, problems: Iterable[Breach]) -> None:
    """Keep what a run found wrong in the place of what was kept of it."""
    table = tables.problems
    site = tx.execute(sa.select(tables.runs.c.site).where(tables.runs.c.id == run)).scalar_one()
    tx.execute(sa.delete(table).where(table.c.run == run))
    rows = [{"run": run, "site": site, "name": one.name, "what": one.what, "example": one.example} for one in problems]
    if rows:
        tx.execute(sa.insert(table), rows)


def problems_of(tx: sa.Connection, site: str, run: int) -> list[Problem]:
    """The problems of a run, each with the beginning of the first run in a row that had it."""
    table, runs = tables.problems, tables.runs
    ended = sa.select(runs.c.id, runs.c.started_at).where(runs.c.site == site, runs.c.id <= run)
    rows = tx.execute(sa.select(table).where(table.c.run == run).order_by(table.c.name)).all()
    found = []
    for row in rows:
        had = sa.select(table.c.run).where(table.c.site == site, table.c.name == row.name)
        healthy = sa.select(sa.func.max(runs.c.id)).where(
            runs.c.site == site, runs.c.id < run, runs.c.ended_at != "", runs.c.id.not_in(had)
        )
        last = tx.execute(healthy).scalar_one() or 0
        first = tx.execute(ended.where(runs.c.id > last, runs.c.id.in_(had)).order_by(runs.c.id)).all()
        since = first[0].started_at if first else ""
        found.append(Problem(name=row.name, what=row.what, example=row.example, since=since, runs=len(first)))
    return found


def standing_problems(catalog: Catalog, site: str, run: int) -> frozenset[str]:
    """The names of the problems of the run before one."""
    table, runs = tables.problems, tables.runs
    last = sa.select(sa.func.max(runs.c.id)).where(runs.c.site == site, runs.c.id < run, runs.c.result == "finished")
    with catalog.reading() as tx:
        return frozenset(tx.execute(sa.select(table.c.name).where(table.c.run == last.scalar_subquery())).scalars())


def _found(kind: str, detail: str = "%") -> sa.ColumnElement[bool]:
    same = _FINDINGS.c.record_id == _CAPTURES.c.record_id
    return sa.exists().where(same, _FINDINGS.c.kind == kind, _FINDINGS.c.detail.like(detail))


def _count(tx: sa.Connection, condition: sa.ColumnElement[bool]) -> tuple[int, str]:
    """How many addresses meet a condition, and one of them."""
    query = sa.select(sa.func.count(sa.distinct(_CAPTURES.c.address)), sa.func.min(_CAPTURES.c.url)).where(condition)
    number, example = tx.execute(query).one()
    return int(number), example or ""


def _newest(tx: sa.Connection, site: str, now: datetime) -> tuple[date | None, str]:
    """Date and address of the newest article; dates to come are mistakes."""
    table = _DOCUMENTS
    query = (
        sa.select(table.c.published, table.c.url)
        .where(table.c.site == site, table.c.published != "", table.c.published <= f"{now.date()}T99")
        .order_by(table.c.published.desc(), table.c.number)
        .limit(1)
    )
    row = tx.execute(query).one_or_none()
    return (date.fromisoformat(row.published[:10]), row.url) if row else (None, "")


def _not_due(tx: sa.Connection, site: str, run: int) -> int:
    """Documents whose pages this run had no reason to visit, and that were there at the last visit."""
    pages = tables.pages
    same = sa.and_(_DOCUMENTS.c.address == pages.c.address, _DOCUMENTS.c.name != "")
    query = (
        sa.select(sa.func.count())
        .select_from(pages.join(_DOCUMENTS, same))
        .where(pages.c.site == site, pages.c.run != run, pages.c.role == "article", pages.c.state == "fetched")
    )
    return int(tx.execute(query).scalar_one())


def _in_all(tx: sa.Connection, site: str) -> int:
    query = sa.select(sa.func.count()).select_from(_DOCUMENTS)
    return int(tx.execute(query.where(_DOCUMENTS.c.site == site, _DOCUMENTS.c.name != "")).scalar_one())
