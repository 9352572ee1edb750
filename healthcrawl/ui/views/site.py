"""One site: its articles by month, its runs, what is wrong, and what its file says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from re import Pattern

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.rules import Site
from healthcrawl.ui.charts import Chart, bars
from healthcrawl.ui.query import Query
from healthcrawl.ui.rulebook import names
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.views.sites import CHANGES, Row, row_of

_MONTHS = 60
_RUNS = 30
_YEAR = 12  # months that the chart has room for at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run; `rejected`, `drift` and `spam` are numbers of pages, `asked` those asked for as articles."""

    number: int
    started_at: str
    ended_at: str
    result: str
    captures: int
    asked: int
    rejected: int
    drift: int
    spam: int
    changes: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A key of a site file: its values as text, and whether the file need not have said it."""

    key: str
    values: tuple[str, ...]
    is_default: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePage:
    """One site.

    `months` are its articles by month of publication, `undated` those that have none; `file` is the address of its site file, if
    that comes with healthcrawl.
    """

    row: Row
    months: Chart
    undated: int
    runs: tuple[Run, ...]
    drift: Chart
    settings: tuple[Setting, ...]
    file: str


def view(shelf: Shelf, query: Query) -> SitePage:
    """One site.

    Raises:
        NotArchivedError: it is not known.
    """
    name = shelf.require_site(query.text("site"))
    documents, runs = tables.documents.c, tables.runs.c
    month = sa.func.substr(documents.published, 1, 7)
    with shelf.catalog.reading() as tx:
        count = sa.select(month, sa.func.count()).where(documents.site == name, documents.name != "").group_by(month)
        by_month: dict[str, int] = {row[0]: row[1] for row in tx.execute(count)}
        rows = (
            tx.execute(sa.select(tables.runs).where(runs.site == name).order_by(runs.id.desc()).limit(_RUNS))
            .mappings()
            .all()
        )
    told = tuple(_run(row) for row in rows)
    undated = by_month.pop("", 0)
    drift = [(one.started_at, {"drift": one.drift}) for one in reversed(told)]
    return SitePage(
        row=row_of(shelf, name),
        months=bars(_monthly(by_month), width=720, height=120, slots=_YEAR),
        undated=undated,
        runs=told,
        drift=bars(drift, width=360, height=40, slots=_RUNS),
        settings=tuple(_settings(shelf.sites[name])) if name in shelf.sites else (),
        file=f"/rules/sites-{name}" if f"sites-{name}" in names() else "",
    )


def _run(row: sa.RowMapping) -> Run:
    counts = row["counts"]
    return Run(
        number=row["id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        result=row["result"],
        captures=counts.get("captures", 0),
        asked=counts.get("health.asked", 0),
        rejected=counts.get("health.rejected", 0),
        drift=counts.get("health.drift", 0),
        spam=counts.get("health.spam", 0),
        changes={name: counts.get(f"documents.{name}", 0) for name in CHANGES},
    )


def _monthly(by_month: Mapping[str, int]) -> list[tuple[str, dict[str, int]]]:
    """The last months up to the newest, those without an article too."""
    if not by_month:
        return []
    year, month = map(int, max(by_month).split("-"))
    last = year * 12 + month - 1
    first_year, first_month = map(int, min(by_month).split("-"))
    first = max(first_year * 12 + first_month - 1, last - _MONTHS + 1)
    labels = [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(first, last + 1)]
    return [(label, {"documents": by_month.get(label, 0)}) for label in labels]


def _settings(site: Site) -> Iterator[Setting]:
    default = Site(name="", title="", kind="bureau", status="unverified", domains=(), columns=())
    for field in fields(site):
        value, usual = getattr(site, field.name), getattr(default, field.name)
        if is_dataclass(value) and not isinstance(value, type):
            for inner in fields(value):
                own = getattr(value, inner.name)
                key = f"{field.name}.{inner.name}"
                yield Setting(key=key, values=_shown(own), is_default=own == getattr(usual, inner.name))
        else:
            yield Setting(key=field.name, values=_shown(value), is_default=value == usual)


def _shown(value: object) -> tuple[str, ...]:
    """A value of a site file, a line for each of its parts."""
    match value:
        case None:
            return ()
        case tuple():
            return tuple(" · ".join(_shown(one)) for one in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            told = ((field.name, ", ".join(_shown(getattr(value, field.name)))) for field in fields(value))
            return tuple(text if name in {"name", "url"} else f"{name}: {text}" for name, text in told if text)
        case Pattern():
            return (value.pattern,)
    return (str(value).lower() if isinstance(value, bool) else str(value),)
