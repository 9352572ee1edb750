"""What is known of how a site's pages change: read from the catalog, taught by every visit, fitted anew when a run ends."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from healthcrawl.core.schedule import (
    ASSUMED,
    Ages,
    Cohort,
    History,
    Moments,
    Record,
    Schedule,
    Signals,
    Spread,
    fit,
    quiet,
    visited,
)
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.queues import CLEAN, Visit, days_since, kind_of
from healthcrawl.rules import Revisiting

_PAGES = tables.pages
_EARLY = 1 / 12  # days by which a run may come early
_WEIGHTS = {"fresh": 2.0}  # young articles are read more than old ones


class Learned:
    """The schedule of a site, and what it is made of. `revisiting` is what the site file says about visiting pages again."""

    def __init__(self, catalog: Catalog, site: str, revisiting: Revisiting) -> None:
        self._catalog = catalog
        self._site = site
        self.schedule = self._load(revisiting)

    def read(self, tx: sa.Connection, row: Mapping[str, Any], visit: Visit) -> dict[str, Any]:
        """What a page that was read shows of its changes, and its place among its like."""
        history, kind = History(changes=row["changes"], exposure=row["exposure"]), kind_of(row, visit.at)
        before = tables.parse_moment(row["seen_at"])
        if before is not None and kind_of(row, before) != kind:  # how it changed when it was young tells little
            history = History()
        elif before is not None:
            signal, days = row["signal"], days_since(row["seen_at"], visit.at)
            rate = self.schedule.rates(Cohort.of(kind, history, signal), days).mean
            calm = quiet(days, rate, changed=visit.changed, announced=bool(signal))
            history = visited(history, calm, changed=visit.changed)
            if kind != "list":  # no signal speaks of lists
                self._keep(tx, signals=self.schedule.signals.noted(signal, rate * calm, changed=visit.changed))
        return CLEAN | {
            "queue": str(Cohort.of(kind, history)),
            "place": tables.moment(visit.at),
            "seen_at": tables.moment(visit.at),
            "changes": history.changes,
            "exposure": history.exposure,
        }

    def look_ahead(self, tx: sa.Connection, visits: int, at: datetime) -> None:
        """Choose so that the ceiling is kept by so many visits a run, where runs are a day apart."""
        day = sa.func.substr(_PAGES.c.place, 1, len("2026-01-31"))
        query = sa.select(day, sa.func.count()).where(_PAGES.c.site == self._site, _PAGES.c.queue.contains(" "))
        seen = (
            (days_since(f"{date}T00:00:00+00:00", at), days_since(f"{date}T23:59:59+00:00", at), number)
            for date, number in tx.execute(query.group_by(day).order_by(day))
        )
        self.schedule = self.schedule.ahead(seen, visits)

    def fit(self, at: datetime) -> None:
        """Fit the priors of this site's pages anew, by all that is known of them."""
        moments = dict.fromkeys(ASSUMED, Moments())
        signals = self.schedule.signals
        query = sa.select(_PAGES.c.queue, _PAGES.c.place).where(_PAGES.c.site == self._site)
        query = query.where(_PAGES.c.queue.contains(" ")).order_by(_PAGES.c.queue, _PAGES.c.place)
        with self._catalog.reading() as tx:
            rows = tx.execute(query.execution_options(yield_per=5000))
            for queue, pages in groupby(rows, key=itemgetter(0)):
                cohort = Cohort.parse(queue)
                ages = Ages.of(days_since(place, at) for _, place in pages)
                moments[cohort.kind] = signals.over(moments[cohort.kind], cohort, ages)
        priors = {name: fit(moments[name], assumed) for name, assumed in ASSUMED.items()}
        with self._catalog.writing() as tx:
            self._keep(tx, priors=priors)

    def _load(self, revisiting: Revisiting) -> Schedule:
        """What is known of how the site's pages change."""
        table = tables.learned
        query = sa.select(table.c.priors, table.c.signals).where(table.c.site == self._site)
        with self._catalog.reading() as tx:
            row = tx.execute(query).one_or_none()
        priors, signals = dict(ASSUMED), Signals()
        if row is not None:
            priors |= {name: Spread(**spread) for name, spread in row.priors.items()}
            records = {name: Record(**record) for name, record in row.signals["records"].items()}
            signals = Signals(**{**row.signals, "records": records})
        return Schedule(
            priors=priors,
            signals=signals,
            weights=_WEIGHTS,
            floor=max(revisiting.floor_days - _EARLY, 0.0),
            ceiling=revisiting.ceiling_days,
        )

    def _keep(self, tx: sa.Connection, **learned: Any) -> None:
        """Keep what was learned: `priors` or `signals`."""
        self.schedule = replace(self.schedule, **learned)
        table, schedule = tables.learned, self.schedule
        values = {
            "priors": {name: asdict(spread) for name, spread in schedule.priors.items()},
            "signals": asdict(schedule.signals),
        }
        if tx.execute(sa.update(table).where(table.c.site == self._site).values(**values)).rowcount == 0:
            tx.execute(sa.insert(table).values(site=self._site, **values))
