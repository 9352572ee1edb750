"""How many requests a server got on a day, over all runs and sites; only servers with a daily budget are counted."""

from datetime import date

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog

_TABLE = tables.requests


def spend(catalog: Catalog, server: str, day: date, budget: int) -> bool:
    """Count one more request to a server, unless its budget for the day is spent; say whether it was counted.

    Raises:
        ArchiveError: the catalog can't be written.
    """
    this = sa.and_(_TABLE.c.server == server, _TABLE.c.day == day.isoformat())
    with catalog.writing() as tx:
        spent = tx.execute(sa.select(_TABLE.c.number).where(this)).scalar_one_or_none()
        if (spent or 0) >= budget:
            return False
        if spent is None:
            tx.execute(sa.delete(_TABLE).where(_TABLE.c.server == server))  # other days no longer count
            tx.execute(sa.insert(_TABLE).values(server=server, day=day.isoformat(), number=1))
        else:
            tx.execute(sa.update(_TABLE).where(this).values(number=spent + 1))
        return True
