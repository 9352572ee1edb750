"""Until when servers have asked to be left alone, over all runs and sites."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog

_TABLE = tables.rests
LONGEST_REST = timedelta(days=7)  # who asks for more (or was asked by a clock that was wrong) is tried again after that


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """A server's wish not to be asked again before a moment, and the answer that said so."""

    until: datetime
    why: str


def keep_rest(catalog: Catalog, server: str, rest: Rest) -> None:
    """Note a server's wish, in place of an earlier one.

    Raises:
        ArchiveError: the catalog can't be written.
    """
    with catalog.writing() as tx:
        tx.execute(sa.delete(_TABLE).where(_TABLE.c.server == server))
        tx.execute(sa.insert(_TABLE).values(server=server, until=tables.moment(rest.until), why=rest.why))


def rest_of(catalog: Catalog, server: str, now: datetime) -> Rest | None:
    """The wish of a server that holds now; None if there is none.

    Raises:
        ArchiveError: the catalog can't be read.
    """
    with catalog.reading() as tx:
        row = tx.execute(sa.select(_TABLE.c.until, _TABLE.c.why).where(_TABLE.c.server == server)).one_or_none()
    until = datetime.fromisoformat(row.until) if row else now
    return Rest(until=until, why=row.why) if row and now < until <= now + LONGEST_REST else None
