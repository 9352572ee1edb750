"""The frontier: which pages of a site are known, what became of each, which are still due in this run.

A page is in the catalog before it is requested, and a run has visited it only when its capture is on disk and told to the
catalog, in one transaction. So a killed run goes on where it was, and repeats only what was in flight.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from healthcrawl.core.expect import Breach
from healthcrawl.core.urls import canonical
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.vitals import note_problems
from healthcrawl.corpus.walk import Walk
from healthcrawl.model import Context
from healthcrawl.rules import Rules

State: TypeAlias = Literal["pending", "fetched", "redirected", "gone", "forbidden", "failed"]
_TABLE = tables.pages
_PLAIN = Rules(families=())  # what all servers hold equal


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """A page to visit: where, why, and what allows to ask for it only if it changed."""

    address: str
    url: str
    context: Context
    etag: str = ""
    last_modified: str = ""
    captured_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a visit found. `etag` and `last_modified` are kept only from a full, whole answer (`body`)."""

    url: str
    at: datetime
    state: State
    body: bool = False
    etag: str = ""
    last_modified: str = ""


class Frontier:
    """The pages of one site within one run, and (`files`) the files that its articles link to.

    A file is asked for once, and again where its article has changed; `asks_for_files` is false once that is over for this run.
    """

    def __init__(self, catalog: Catalog, site: str, run: int, *, files: bool = True) -> None:
        self._catalog = catalog
        self._site = site
        self._run = run
        self.walk = Walk()
        self.lists_files = files
        self.asks_for_files = files

    def discover(self, tx: sa.Connection, address: str, url: str, context: Context) -> PageRow | None:
        """Note a page; give it back if this run has yet to visit it. What lists say of a known page is brought up to date."""
        row = self._row(tx, address)
        if row is None:
            tx.execute(sa.insert(_TABLE).values(**self._new(address, url, context)))
            return PageRow(address=address, url=url, context=context)
        told = {"url": url} if _is_better(url, row) else {}
        told |= {"entry_title": context.entry_title, "entry_date": context.entry_date}
        told = {name: value for name, value in told.items() if value and value != row[name]}
        if told:
            tx.execute(sa.update(_TABLE).where(self._is(address)).values(**told))
        return _page(row | told) if row["run"] != self._run else None

    def visited(self, tx: sa.Connection, address: str, visit: Visit, context: Context) -> None:
        """Note what a visit found. A page that nobody announced (a redirect's target) becomes known by it."""
        row = self._row(tx, address)
        if row is None:
            row = self._new(address, visit.url, context)
            tx.execute(sa.insert(_TABLE).values(**row))
        values: dict[str, Any] = {
            "state": visit.state,
            "run": self._run,
            "visited_at": tables.moment(visit.at),
        }
        if visit.body:
            values |= {
                "etag": visit.etag,
                "last_modified": visit.last_modified,
                "captured_at": tables.moment(visit.at),
                "url": visit.url,
            }
        tx.execute(sa.update(_TABLE).where(self._is(address)).values(**values))

    def attach(self, tx: sa.Connection, address: str, url: str, context: Context, *, again: bool) -> None:
        """Note a file that an article links to; with `again`, one that is known is due once more."""
        row = self._row(tx, address)
        if row is None:
            tx.execute(sa.insert(_TABLE).values(**self._new(address, url, context)))
        elif again and row["role"] == "attachment" and row["run"] != self._run:
            tx.execute(sa.update(_TABLE).where(self._is(address)).values(run=0))

    def reopen(self, tx: sa.Connection, address: str, url: str) -> None:
        """Make a page due again at another of its addresses, whatever this run has seen of it."""
        tx.execute(sa.update(_TABLE).where(self._is(address)).values(run=0, url=url))

    def forget(self, address: str) -> None:
        """Take a page off the list, since it is known by another address now."""
        with self._catalog.writing() as tx:
            tx.execute(sa.delete(_TABLE).where(self._is(address)))

    def retry_failed(self) -> None:
        """Make the pages due again that this run, before it was cut off, failed to fetch."""
        failed = sa.and_(_TABLE.c.site == self._site, _TABLE.c.run == self._run, _TABLE.c.state == "failed")
        with self._catalog.writing() as tx:
            tx.execute(sa.update(_TABLE).where(failed).values(run=0))

    def due(self, limit: int) -> list[PageRow]:
        """The next pages that this run has yet to visit: lists, then articles never seen, the newest first, then the others.

        Files come last.
        """
        query = (
            sa.select(_TABLE)
            .where(self._is_due())
            .order_by(
                sa.case((_TABLE.c.role == "list", 0), (_TABLE.c.role == "attachment", 2), else_=1),
                sa.case((_TABLE.c.captured_at == "", 0), else_=1),
                _TABLE.c.entry_date.desc(),
                _TABLE.c.address,
            )
            .limit(limit)
        )
        with self._catalog.reading() as tx:
            return [_page(dict(row)) for row in tx.execute(query).mappings()]

    def give_up(self, pages: Iterable[PageRow], at: datetime) -> None:
        """Of some pages, note those as failed that are still due: this run has asked for them and got nowhere."""
        asked = {page.address: page for page in pages}
        query = sa.select(_TABLE.c.address).where(self._is_due(), _TABLE.c.address.in_(asked))
        with self._catalog.writing() as tx:
            for address in tx.execute(query).scalars().all():
                page = asked[address]
                self.visited(tx, address, Visit(url=page.url, at=at, state="failed"), page.context)

    def count_due(self) -> int:
        """How many pages this run has yet to visit, as far as it knows."""
        with self._catalog.reading() as tx:
            return tx.execute(sa.select(sa.func.count()).select_from(_TABLE).where(self._is_due())).scalar_one()

    def state_in_run(self, tx: sa.Connection, address: str) -> State | None:
        """What this run has found at an address; None if it has not been there."""
        row = self._row(tx, address)
        return row["state"] if row and row["run"] == self._run else None

    def _is_due(self) -> sa.ColumnElement[bool]:
        due = _TABLE.c.role != "attachment"
        if self.asks_for_files:
            due = sa.or_(due, _TABLE.c.run == 0, _TABLE.c.state.in_(("failed", "forbidden")))
        return sa.and_(_TABLE.c.site == self._site, _TABLE.c.run != self._run, due)

    def _new(self, address: str, url: str, context: Context) -> dict[str, Any]:
        return {
            "site": self._site,
            "address": address,
            "url": url,
            "role": context.role,
            "via": context.via,
            "hops": context.hops,
            "column": context.column,
            "entry_title": context.entry_title,
            "entry_date": context.entry_date,
            "state": "pending",
            "run": 0,
            "etag": "",
            "last_modified": "",
            "captured_at": "",
            "visited_at": "",
        }

    def _row(self, tx: sa.Connection, address: str) -> dict[str, Any] | None:
        row = tx.execute(sa.select(_TABLE).where(self._is(address))).mappings().one_or_none()
        return dict(row) if row else None

    def _is(self, address: str) -> sa.ColumnElement[bool]:
        return sa.and_(_TABLE.c.site == self._site, _TABLE.c.address == address)


def _is_better(url: str, row: Mapping[str, Any]) -> bool:
    """Whether a page that was never fetched is better asked for here: at its own address, not at that of a copy."""
    own = row["address"]
    return not row["captured_at"] and canonical(row["url"], _PLAIN) != own and canonical(url, _PLAIN) == own


def newest_capture(catalog: Catalog, site: str, until: datetime | None = None) -> datetime | None:
    """When the latest capture of a site (of those not after `until`) was made; None where there is none."""
    table = tables.captures
    query = sa.select(sa.func.max(table.c.captured_at)).where(table.c.site == site)
    if until is not None:
        query = query.where(table.c.captured_at <= tables.moment(until))
    with catalog.reading() as tx:
        return tables.parse_moment(tx.execute(query).scalar_one_or_none() or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a site. `resumed`: an earlier process began it and was killed."""

    id: int
    resumed: bool


def begin_run(catalog: Catalog, site: str, at: datetime) -> Run:
    """Begin a run, or go on with the one that was cut off."""
    table = tables.runs
    with catalog.writing() as tx:
        query = sa.select(table.c.id, table.c.ended_at).where(table.c.site == site).order_by(table.c.id.desc()).limit(1)
        last = tx.execute(query).one_or_none()
        if last is not None and not last.ended_at:
            return Run(id=last.id, resumed=True)
        values = {"site": site, "started_at": tables.moment(at), "ended_at": "", "result": "", "counts": {}}
        key = tx.execute(sa.insert(table).values(**values)).inserted_primary_key
        assert key is not None
        return Run(id=key[0], resumed=False)


def end_run(
    catalog: Catalog, run: Run, at: datetime, result: str, counts: Mapping[str, int], problems: Iterable[Breach] = ()
) -> None:
    """End a run with what came of it, and what it found wrong."""
    table = tables.runs
    with catalog.writing() as tx:
        note_problems(tx, run.id, problems)
        values = {"ended_at": tables.moment(at), "result": result, "counts": dict(counts)}
        tx.execute(sa.update(table).where(table.c.id == run.id).values(**values))


def _page(row: Mapping[str, Any]) -> PageRow:
    return PageRow(
        address=row["address"],
        url=row["url"],
        context=Context(
            role=row["role"],
            via=row["via"],
            hops=row["hops"],
            column=row["column"],
            entry_title=row["entry_title"],
            entry_date=row["entry_date"],
        ),
        etag=row["etag"],
        last_modified=row["last_modified"],
        captured_at=tables.parse_moment(row["captured_at"]),
    )
