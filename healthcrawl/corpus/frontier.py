"""The frontier: which pages of a site are known, what became of each, and which this run is to visit.

A page is in the catalog before it is requested, and a run has visited it only when its capture is on disk and told to the
catalog, in one transaction. So a killed run goes on where it was, and repeats only what was in flight.

Every page stands in one queue, kept in order by an index: those that this run has to visit ("now"), those never fetched ("new",
the newest first), those that failed or were not there, with the moment when they are to be tried again ("later"), and first pages
of lists ("head"), which every run begins with. Files that articles link to are asked for last ("file"), and then no more ("kept"); so are
sitemaps and feeds, until they are named again. All
others stand in their cohort, in the order in which they were seen; of
these a run visits the ones that are worth most (`healthcrawl.core.schedule`), as many as the site file allows.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from operator import itemgetter
from typing import Any, Literal

import sqlalchemy as sa

from healthcrawl.core.schedule import Cohort, best
from healthcrawl.core.urls import canonical
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.learned import Learned
from healthcrawl.corpus.queues import (
    CLEAN,
    FILE,
    HEAD,
    KEPT,
    LATER,
    NEW,
    NOW,
    PageRow,
    State,
    Twin,
    Visit,
    announced,
    days_since,
    is_same_title,
    page_of,
    put_off,
)
from healthcrawl.corpus.walk import Walk
from healthcrawl.model import Context, Entry, Teller
from healthcrawl.rules import Revisiting, Rules

_TABLE = tables.pages
_PLAIN = Rules(families=())  # what all servers hold equal
_AT_ONCE = 500  # pages that are looked up at once
_AT_LEAST = 10  # pages that a run may visit again, however small the site is

# Each queue with the first place in it: one look at the index for each, however many pages there are.
_HEADS = sa.text(
    """
    WITH RECURSIVE heads(queue) AS (
        SELECT min(queue) FROM pages WHERE site = :site
        UNION ALL
        SELECT (SELECT min(queue) FROM pages WHERE site = :site AND queue > heads.queue) FROM heads WHERE queue IS NOT NULL
    )
    SELECT queue, (SELECT min(place) FROM pages WHERE site = :site AND pages.queue = heads.queue) AS place
    FROM heads WHERE queue IS NOT NULL
    """
)


class Frontier:
    """The pages of one site within one run, and (`files`) the files that its articles link to.

    `revisiting` is what the site file says about visiting pages again; in a `full` run every page is visited. A file is asked for
    once, and again where its article has changed; `asks_for_files` is false once that is over for this run.
    """

    def __init__(
        self,
        catalog: Catalog,
        site: str,
        run: int,
        revisiting: Revisiting | None = None,
        *,
        full: bool = False,
        files: bool = True,
    ) -> None:
        self._catalog = catalog
        self._site = site
        self._run = run
        self._revisiting = revisiting or Revisiting()
        self.full = full
        self.walk = Walk()
        self.lists_files = files
        self.asks_for_files = files
        self._learned = Learned(catalog, site, self._revisiting)
        self._allowance = _AT_LEAST  # pages that this run may yet visit again
        self._lists_done = False

    def begin(self, tx: sa.Connection, at: datetime) -> None:
        """Begin a run: see how many pages it may visit again, and have the first pages of lists read that other lists lead to.

        Those that the site file names are to be asked for.
        """
        known = tx.execute(sa.select(sa.func.count()).where(_TABLE.c.site == self._site)).scalar_one()
        self._allowance = max(round(self._revisiting.share * known), _AT_LEAST)
        self._learned.look_ahead(tx, self._allowance, at)
        heads = sa.and_(_TABLE.c.site == self._site, _TABLE.c.queue == HEAD, _TABLE.c.hops > 0)
        tx.execute(sa.update(_TABLE).where(heads, _TABLE.c.run != self._run).values(queue=NOW, place=""))

    def discover(
        self,
        tx: sa.Connection,
        address: str,
        url: str,
        context: Context,
        at: datetime,
        *,
        modified: str = "",
        told_by: Teller = "list",
        head: bool = False,
        post: str = "",
    ) -> bool:
        """Note a page that a list names; say whether that is news: it is unknown, was never tried, or is said to have changed.

        What a list says of a known page is brought up to date. A new title or date says that the page has changed, and so does a new
        `modified`, which a sitemap or feed (`told_by`) gives. A `head` is the first page of a list, to be read at every run. `post` is
        what an article is known by in all its columns (see `twin`).
        """
        row = self._row(tx, address)
        if row is None:
            new = self._new(address, url, context, at) | {"modified": modified, "head": int(head), "post": post}
            tx.execute(sa.insert(_TABLE).values(**new))
            return True
        if post and post != row["post"]:
            tx.execute(sa.update(_TABLE).where(self._is(address)).values(post=post))
        return self._hear_again(tx, row, url, context, modified, told_by, head=head)

    def hear(
        self,
        tx: sa.Connection,
        entries: Mapping[str, Entry],
        via: str,
        at: datetime,
        *,
        told_by: Teller,
        may_be_new: bool,
    ) -> None:
        """Note what a sitemap or feed says of pages, by address; those that are not known only if they `may_be_new`."""
        addresses = list(entries)
        for start in range(0, len(addresses), _AT_ONCE):
            some = addresses[start : start + _AT_ONCE]
            here = sa.and_(_TABLE.c.site == self._site, _TABLE.c.address.in_(some))
            rows = {row["address"]: dict(row) for row in tx.execute(sa.select(_TABLE).where(here)).mappings()}
            new = []
            for address in some:
                entry = entries[address]
                known = Context(via=via, hops=1, entry_title=entry.title, entry_date=entry.date)
                if address in rows:
                    self._hear_again(tx, rows[address], entry.url, known, entry.modified, told_by)
                elif may_be_new:
                    new.append(self._new(address, entry.url, known, at) | {"modified": entry.modified})
            if new:
                tx.execute(sa.insert(_TABLE), new)

    def _hear_again(
        self,
        tx: sa.Connection,
        row: Mapping[str, Any],
        url: str,
        context: Context,
        modified: str,
        told_by: Teller,
        *,
        head: bool = False,
    ) -> bool:
        """Bring up to date what is said of a known page; say whether that is news."""
        told: dict[str, Any] = {"url": url} if _is_better(url, row) else {}
        if head and not row["head"]:
            told["head"] = 1
        signal: Teller | Literal[""] = ""
        if context.column and not row["column"] and row["role"] == "article":  # only a sitemap had told of it
            told |= {"column": context.column, "via": context.via, "hops": context.hops}
            told |= {"entry_title": context.entry_title, "entry_date": context.entry_date or row["entry_date"]}
        elif context.column == row["column"] and told_by == "list":  # others may say it in other words
            said = {"entry_title": context.entry_title, "entry_date": context.entry_date}
            said = {name: value for name, value in said.items() if value and value != row[name]}
            signal = "list" if any(row[name] for name in said) else ""
            told |= said
        if modified and modified != row["modified"]:
            told["modified"] = modified
            if row["modified"] or modified > row["visited_at"][: len(modified)]:
                signal = signal or told_by
        signal = signal if row["captured_at"] and row["run"] != self._run else ""
        if signal:
            told |= announced(row, signal)
        if row["queue"] == NEW and "entry_date" in told:
            told["place"] = told["entry_date"]
        if told:
            tx.execute(sa.update(_TABLE).where(self._is(row["address"])).values(**told))
        return bool(signal) or row["state"] == "pending"

    def twin(self, tx: sa.Connection, address: str, post: str, context: Context) -> Twin | None:
        """The page of an article that a list names at an address not known yet, if another list has named it elsewhere.

        A number alone may be given twice, so the date has to be the same too, and the title as far as both lists show it. A page that is not
        there any more, or never was to be had, stands for nobody.
        """
        if not (post and context.entry_date) or self._row(tx, address):
            return None
        query = sa.select(_TABLE.c.address, _TABLE.c.entry_title, _TABLE.c.state, _TABLE.c.run)
        query = query.where(_TABLE.c.site == self._site, _TABLE.c.post == post, _TABLE.c.failures == 0)
        query = query.where(_TABLE.c.entry_date == context.entry_date, _TABLE.c.state.in_(("pending", "fetched")))
        # Sorted here: asked to do it, SQLite would rather read all pages of the site, which are in this order, than look for the post.
        for row in sorted(tx.execute(query), key=itemgetter(0)):
            if is_same_title(row.entry_title, context.entry_title):
                return Twin(address=row.address, is_news=row.state == "pending" or row.run == self._run)
        return None

    def ask(self, tx: sa.Connection, address: str) -> None:
        """Have a known page visited now, unless this run has been there."""
        due = sa.and_(self._is(address), _TABLE.c.run != self._run)
        tx.execute(sa.update(_TABLE).where(due).values(queue=NOW, place=""))

    def visited(self, tx: sa.Connection, address: str, visit: Visit, context: Context) -> None:
        """Note what a visit found. A page that nobody announced (a redirect's target) becomes known by it."""
        row = self._row(tx, address)
        if row is None:
            row = self._new(address, visit.url, context, visit.at)
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
        if visit.lied:
            values |= {"etag": "", "last_modified": ""}
        if visit.state != "fetched":
            values |= put_off(row, visit)
        elif row["role"] in {"attachment", "sitemap"}:
            values |= CLEAN | {"queue": KEPT}
        else:
            values |= self._learned.read(tx, row, visit)
        if row["head"]:
            values |= {"queue": HEAD, "place": values["visited_at"]}
        tx.execute(sa.update(_TABLE).where(self._is(address)).values(**values))

    def attach(self, tx: sa.Connection, address: str, url: str, context: Context, at: datetime, *, again: bool) -> None:
        """Note a file that an article links to; with `again`, one that is known is due once more."""
        row = self._row(tx, address)
        if row is None:
            tx.execute(sa.insert(_TABLE).values(**self._new(address, url, context, at)))
        elif again and row["role"] == "attachment" and row["run"] != self._run:
            tx.execute(sa.update(_TABLE).where(self._is(address)).values(run=0, queue=FILE))

    def reopen(self, tx: sa.Connection, address: str, url: str) -> None:
        """Make a page due again at another of its addresses, whatever this run has seen of it."""
        tx.execute(sa.update(_TABLE).where(self._is(address)).values(run=0, url=url, queue=NOW, place=""))

    def forget(self, address: str) -> None:
        """Take a page off the list, since it is known by another address now."""
        with self._catalog.writing() as tx:
            tx.execute(sa.delete(_TABLE).where(self._is(address)))

    def retry_failed(self) -> None:
        """Make the pages due again that this run, before it was cut off, failed to fetch."""
        failed = sa.and_(_TABLE.c.site == self._site, _TABLE.c.run == self._run, _TABLE.c.state == "failed")
        with self._catalog.writing() as tx:
            tx.execute(sa.update(_TABLE).where(failed).values(run=0, queue=NOW, place=""))

    def due(self, limit: int, at: datetime) -> list[PageRow]:
        """The next pages for this run to visit: lists, then articles never seen, the newest first; then those to see again.

        Those are chosen when the others were visited, so that signals are heard. Files come last.
        """
        rows: list[dict[str, Any]] = []
        with self._catalog.reading() as tx:
            now, role = _TABLE.c.queue == NOW, _TABLE.c.role
            waiting = sa.and_(_TABLE.c.queue == LATER, _TABLE.c.place <= tables.moment(at))
            for condition, order in (
                (sa.and_(now, role.in_(("sitemap", "list"))), _TABLE.c.place),
                (sa.and_(now, role == "article"), _TABLE.c.place),
                (_TABLE.c.queue == NEW, _TABLE.c.place.desc()),
                (sa.and_(waiting, role != "attachment"), _TABLE.c.place),
            ):
                rows += self._unvisited(tx, condition, order, limit - len(rows))
            if not rows:  # lists may yet tell what is worth a visit
                rows += self._others(tx, limit) if self.full else self._again(tx, limit, at)
            if self.asks_for_files and not rows:
                rows += self._unvisited(tx, _TABLE.c.queue == FILE, _TABLE.c.place, limit - len(rows))
                left = sa.and_(sa.or_(now, waiting), role == "attachment")
                rows += self._unvisited(tx, left, _TABLE.c.place, limit - len(rows))
            return [page_of(row) for row in rows]

    def give_up(self, pages: Iterable[PageRow], at: datetime) -> None:
        """Of some pages, note those as failed that this run has asked for without getting anywhere; it may not be their fault."""
        asked = {page.address: page for page in pages}
        due = sa.and_(_TABLE.c.site == self._site, _TABLE.c.run != self._run, _TABLE.c.address.in_(asked))
        values = {"run": self._run, "visited_at": tables.moment(at)}
        with self._catalog.writing() as tx:
            waiting = sa.and_(due, _TABLE.c.queue.in_((NOW, NEW, FILE)))
            put_off = {"queue": LATER, "place": tables.moment(at), "state": "failed"}
            tx.execute(sa.update(_TABLE).where(waiting).values(**put_off))
            tx.execute(sa.update(_TABLE).where(due).values(**values))

    def count_due(self) -> int:
        """How many pages this run has yet to visit, as far as it knows; those that it may visit again are not among them."""
        queues = (NOW, NEW, FILE) if self.asks_for_files else (NOW, NEW)
        waiting = sa.and_(_TABLE.c.queue.in_(queues), _TABLE.c.run != self._run)
        if self.full:
            waiting = sa.or_(waiting, sa.and_(_TABLE.c.run < self._run, _TABLE.c.role.in_(("list", "article"))))
        query = sa.select(sa.func.count()).where(_TABLE.c.site == self._site, waiting)
        with self._catalog.reading() as tx:
            return tx.execute(query).scalar_one()

    def sitemaps(self) -> tuple[str, ...]:
        """The sitemaps and feeds that are known."""
        query = sa.select(_TABLE.c.url).where(_TABLE.c.site == self._site, _TABLE.c.role == "sitemap")
        with self._catalog.reading() as tx:
            return tuple(tx.execute(query.order_by(_TABLE.c.url)).scalars())

    def learn(self, at: datetime) -> None:
        """Fit what is held of this site's pages anew, by all that is known of them."""
        self._learned.fit(at)

    def state_in_run(self, tx: sa.Connection, address: str) -> State | None:
        """What this run has found at an address; None if it has not been there."""
        row = self._row(tx, address)
        return row["state"] if row and row["run"] == self._run else None

    def _again(self, tx: sa.Connection, limit: int, at: datetime) -> list[dict[str, Any]]:
        """Pages that were read before, those first that are worth most, as many as this run may visit."""
        limit = min(limit, self._allowance)
        if not limit:
            return []
        heads = []
        for queue, place in tx.execute(_HEADS, {"site": self._site}):
            cohort = Cohort.parse(queue) if " " in queue else None
            if cohort and (value := self._learned.schedule.worth(cohort, days_since(place, at))) > 0:
                heads.append((value, cohort))
        heads.sort(key=lambda head: -head[0])  # of others, not even the first page can be among the best
        queues = {cohort: self._ages(tx, cohort, limit, at) for _, cohort in heads[:limit]}
        rows = list(islice(best(queues, self._learned.schedule.worth), limit))
        self._allowance -= len(rows)
        return rows

    def _ages(
        self, tx: sa.Connection, cohort: Cohort, limit: int, at: datetime
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        """The pages of a cohort, the one first that was seen longest ago."""
        for row in self._unvisited(tx, _TABLE.c.queue == str(cohort), _TABLE.c.place, limit):
            yield days_since(row["place"], at), row

    def _others(self, tx: sa.Connection, limit: int) -> list[dict[str, Any]]:
        """Any pages that this run has not visited, lists first."""
        others = sa.select(_TABLE).where(_TABLE.c.site == self._site, _TABLE.c.run < self._run)
        rows: list[dict[str, Any]] = []
        if not self._lists_done:
            rows += _fetch(tx, others.where(_TABLE.c.role == "list").limit(limit))
            self._lists_done = not rows
        return rows or list(_fetch(tx, others.where(_TABLE.c.role == "article").limit(limit)))

    def _unvisited(
        self,
        tx: sa.Connection,
        condition: sa.ColumnElement[bool],
        order: sa.ColumnElement[Any],
        limit: int,
    ) -> Iterator[dict[str, Any]]:
        """Pages that this run has not visited, read row by row, as far as they are wanted."""
        if limit > 0:
            query = sa.select(_TABLE).where(_TABLE.c.site == self._site, condition, _TABLE.c.run != self._run)
            yield from _fetch(tx, query.order_by(order).limit(limit))

    def _new(self, address: str, url: str, context: Context, at: datetime) -> dict[str, Any]:
        return CLEAN | {
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
            "found_at": tables.moment(at),
            "seen_at": "",
            "queue": {"list": NOW, "sitemap": NOW, "attachment": FILE}.get(context.role, NEW),
            "place": context.entry_date if context.role == "article" else "",
            "changes": 0.0,
            "exposure": 0.0,
            "head": 0,
            "post": "",
        }

    def _row(self, tx: sa.Connection, address: str) -> dict[str, Any] | None:
        row = tx.execute(sa.select(_TABLE).where(self._is(address))).mappings().one_or_none()
        return dict(row) if row else None

    def _is(self, address: str) -> sa.ColumnElement[bool]:
        return sa.and_(_TABLE.c.site == self._site, _TABLE.c.address == address)


def _fetch(tx: sa.Connection, query: sa.Select[Any]) -> Iterator[dict[str, Any]]:
    """The rows of a query, one by one as they are wanted."""
    for row in tx.execute(query).mappings():
        yield dict(row)


def _is_better(url: str, row: Mapping[str, Any]) -> bool:
    """Whether a page that was never fetched is better asked for here: at its own address, not at that of a copy."""
    own = row["address"]
    return not row["captured_at"] and canonical(row["url"], _PLAIN) != own and canonical(url, _PLAIN) == own
