"""The runs of sites: each has a number, and one that was cut off goes on under its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from healthcrawl.core.expect import Breach
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.vitals import note_problems


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
