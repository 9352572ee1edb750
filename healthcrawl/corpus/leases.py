"""Leases of sites: where machines share a catalog, one process crawls a site at a time, and what a dead one held comes free.

A lease runs out by itself; its holder renews it long before. All moments are those of the catalog's one clock. Every transaction of the
holder makes sure that the lease is still its own, so that one who was stopped for longer than it ran can't write beside the next.
"""

import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, moment, parse_moment
from healthcrawl.corpus.engines import insert_if_new
from healthcrawl.errors import ArchiveError, SiteLockedError

_TABLE = tables.leases
_RENEWALS = 3  # while a lease runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """A site, who holds it, and what tells this holder from all others."""

    site: str
    holder: str
    token: str
    seconds: float

    def check(self, tx: sa.Connection) -> None:
        """See within a transaction that the lease is still held.

        Raises:
            SiteLockedError: it ran out, and another took it.
        """
        row = tx.execute(sa.select(_TABLE.c.token, _TABLE.c.holder).where(_TABLE.c.site == self.site)).one_or_none()
        if row is None or row.token != self.token:
            raise SiteLockedError(_lost(self.site, row.holder if row else "nobody"))


@contextmanager
def hold(catalog: Catalog, site: str, holder: str, seconds: float, lost: Callable[[str], None]) -> Iterator[Lease]:
    """Hold the lease of a site, renewed by a thread; `lost` is called there, once, when that has failed for too long.

    Meanwhile the catalog refuses to be written to by who has lost it.

    Raises:
        SiteLockedError: another process holds it; the message names that process, and until when.
    """
    lease = Lease(site=site, holder=holder, token=uuid.uuid4().hex, seconds=seconds)
    _claim(catalog, lease)
    over = threading.Event()
    renewal = threading.Thread(target=_renew, args=(catalog, lease, over, lost), daemon=True)
    renewal.start()
    catalog.guard = lease.check
    try:
        yield lease
    finally:
        catalog.guard = None
        over.set()
        renewal.join()
        with catalog.writing_rows() as tx:
            tx.execute(sa.delete(_TABLE).where(_is(lease)))


def _claim(catalog: Catalog, lease: Lease) -> None:
    with catalog.writing_rows() as tx:
        now = catalog.now(tx)
        values = {"holder": lease.holder, "token": lease.token, "until": moment(now + timedelta(seconds=lease.seconds))}
        here = _TABLE.c.site == lease.site
        # A row that another process is just taking is passed over: then it is that one's.
        row = tx.execute(sa.select(_TABLE).where(here).with_for_update(skip_locked=True)).one_or_none()
        if row is None and insert_if_new(tx, _TABLE, {"site": lease.site, **values}):
            return
        until = parse_moment(row.until) if row else None
        if row and until and until <= now:
            tx.execute(sa.update(_TABLE).where(here).values(values))
            return
        row = row or tx.execute(sa.select(_TABLE).where(here)).one_or_none()
    who = row.holder if row else "a process that is just starting"
    until = parse_moment(row.until) if row else None
    runs = f", whose lease runs until {until:%Y-%m-%d %H:%M:%S} UTC and is renewed while it lives" if until else ""
    raise SiteLockedError(f"{lease.site} is being crawled by {who}{runs}; try again when that one is through")


def _renew(catalog: Catalog, lease: Lease, over: threading.Event, lost: Callable[[str], None]) -> None:
    """Renew a lease until it is over; a server that can't be reached is tried until the lease has run out."""
    good_until = time.monotonic() + lease.seconds
    while not over.wait(lease.seconds / _RENEWALS):
        begun = time.monotonic()
        try:
            with catalog.writing_rows() as tx:
                until = moment(catalog.now(tx) + timedelta(seconds=lease.seconds))
                is_mine = tx.execute(sa.update(_TABLE).where(_is(lease)).values(until=until)).rowcount == 1
        except ArchiveError as error:
            if time.monotonic() > good_until:
                lost(f"{lease.site}: its lease could not be renewed: {error}")
                return
            continue
        if not is_mine:
            lost(_lost(lease.site, "another process"))
            return
        good_until = begun + lease.seconds


def _is(lease: Lease) -> sa.ColumnElement[bool]:
    return sa.and_(_TABLE.c.site == lease.site, _TABLE.c.token == lease.token)


def _lost(site: str, holder: str) -> str:
    return (
        f"{site}: its lease ran out, and {holder} has it now; what was kept is kept, the next crawl goes on from there"
    )
