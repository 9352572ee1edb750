"""A world of pages that change by chance, to try schedules on: which page is fresh when, for how long, and what was found late.

Changes of a page are a Poisson process; a share of them (the recall) is announced by a signal, which also announces changes that
never were (one minus the precision). Once a day a policy visits as many pages as it may. The mix of pages is data. What is
measured counts from the day `since` on.
"""

import random
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, expm1, inf
from typing import Protocol, TypeAlias

from healthcrawl.core.schedule import (
    ASSUMED,
    Cohort,
    History,
    Moments,
    PageClass,
    Schedule,
    Signals,
    best,
    fit,
    quiet,
    visited,
)

FIT_DAYS = 7  # priors are fitted so often


@dataclass(frozen=True, slots=True)
class Kind:
    """A share of the pages: their class, the weight of their freshness, mean and shape of their rates of change (a day)."""

    name: PageClass
    share: float
    weight: float
    mean: float
    shape: float = inf


@dataclass(frozen=True, slots=True)
class Answers:
    """What signals do: the share of changes that they announce, and the share of their announcements that is true."""

    recall: float = 0.0
    precision: float = 1.0


# What stands in each: 2 % lists, 8 % young articles, the rest old. Only the rates are assumed.
MIXES: Mapping[str, tuple[Kind, ...]] = {
    "bureau": (
        Kind("list", 0.02, 5.0, 0.5, 2.0),
        Kind("fresh", 0.08, 2.0, 1 / 30, 1.0),
        Kind("old", 0.90, 1.0, 1 / 400, 0.5),
    ),
    "flat": (
        Kind("list", 0.02, 1.0, 1 / 100),
        Kind("fresh", 0.08, 1.0, 1 / 100),
        Kind("old", 0.90, 1.0, 1 / 100),
    ),
    "uneven": (
        Kind("list", 0.02, 1.0, 0.2, 0.5),
        Kind("fresh", 0.08, 1.0, 1 / 20, 0.3),
        Kind("old", 0.90, 1.0, 1 / 100, 0.2),
    ),
    "upside down": (
        Kind("list", 0.02, 1.0, 1 / 1000, 1.0),
        Kind("fresh", 0.08, 1.0, 1 / 500, 1.0),
        Kind("old", 0.90, 1.0, 1 / 50, 1.0),
    ),
}


@dataclass(slots=True)
class Page:
    """A page and what will come of it. `change`, `announcement`: when it next changes, is next said to have changed."""

    number: int
    kind: PageClass
    weight: float
    rate: float
    seen: float = 0.0
    change: float = inf
    announcement: float = inf
    history: History = field(default_factory=History)
    signal: str = ""


@dataclass(slots=True)
class Measured:
    """Weighted freshness, ages in days (0 of a fresh page), and the delay until a change was found, from the day `since` on."""

    since: float
    fresh: float = 0.0
    stale: float = 0.0
    weight: float = 0.0
    ages: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)

    @property
    def freshness(self) -> float:
        return self.fresh / self.weight

    @property
    def mean_age(self) -> float:
        return sum(self.ages) / len(self.ages)

    @property
    def p95_age(self) -> float:
        return sorted(self.ages)[int(0.95 * len(self.ages))]

    @property
    def delay(self) -> float:
        """The mean delay until a change of a list was found: by it a new article is known."""
        return sum(self.delays) / max(len(self.delays), 1)

    def note(self, page: Page, until: float) -> None:
        """Count the time since a page was last seen."""
        start = max(page.seen, self.since)
        if until > start:
            self.fresh += page.weight * max(min(page.change, until) - start, 0.0)
            self.weight += page.weight * (until - start)
        if page.change <= until and until > self.since and page.kind == "list":
            self.delays.append(until - page.change)


def marginal(age: float, rate: float) -> float:
    """The derivative of a page's freshness by the number of its visits (Cho and Garcia-Molina's, by intervals of that age)."""
    return (1 - exp(-rate * age) * (1 + rate * age)) / rate


class Policy(Protocol):
    """Chooses pages and hears what became of each."""

    def choose(self, pages: Sequence[Page], now: float, number: int) -> list[Page]: ...

    def noted(self, page: Page, now: float, *, changed: bool) -> None: ...

    def announced(self, page: Page) -> None: ...


Make: TypeAlias = Callable[[Sequence[Kind], list[Page]], Policy]


class Uniform:
    """Each page in its turn."""

    def choose(self, pages: Sequence[Page], now: float, number: int) -> list[Page]:
        return sorted(pages, key=lambda page: (page.seen, page.number))[:number]

    def noted(self, page: Page, now: float, *, changed: bool) -> None:
        pass

    def announced(self, page: Page) -> None:
        pass


class Known(Uniform):
    """The best that can be done without signals: the index, with the rates that nobody knows."""

    def choose(self, pages: Sequence[Page], now: float, number: int) -> list[Page]:
        return sorted(pages, key=lambda page: page.weight * marginal(now - page.seen, page.rate), reverse=True)[:number]


class Learned:
    """What healthcrawl does: cohorts, posteriors and signals as learned, priors fitted anew every day."""

    def __init__(self, kinds: Iterable[Kind], pages: Iterable[Page]) -> None:
        self._weights: dict[str, float] = {kind.name: kind.weight for kind in kinds}
        self._pages = list(pages)
        self._priors = dict(ASSUMED)
        self._signals = Signals()
        self._cohorts: dict[Cohort, deque[Page]] = {}
        self._schedule = Schedule()
        self._now = 0.0
        for page in self._pages:
            self._put(page)

    def choose(self, pages: Sequence[Page], now: float, number: int) -> list[Page]:
        self._now = now
        if now % FIT_DAYS == 0:
            self._fit()
        self._schedule = Schedule(priors=self._priors, signals=self._signals, weights=self._weights)
        queues = {cohort: self._ages(cohort, queue) for cohort, queue in self._cohorts.items()}
        chosen = best(queues, self._schedule.worth)
        return [page for page, _ in zip(chosen, range(number), strict=False)]

    def noted(self, page: Page, now: float, *, changed: bool) -> None:
        rate = self._schedule.rates(_cohort(page), now - page.seen).mean
        days = quiet(now - page.seen, rate, changed=changed, announced=bool(page.signal))
        history = visited(page.history, days, changed=changed)
        self._take(page)
        self._signals = self._signals.noted(page.signal, rate * days, changed=changed)
        page.history, page.signal, page.seen = history, "", now
        self._put(page)

    def announced(self, page: Page) -> None:
        self._take(page)
        page.signal = "list"
        queue = self._cohorts.setdefault(_cohort(page), deque())
        insort(queue, page, key=lambda one: one.seen)

    def _fit(self) -> None:
        moments = dict.fromkeys(ASSUMED, Moments())
        for page in self._pages:
            age = (page.announcement if page.signal else self._now) - page.seen
            moments[page.kind] = moments[page.kind].plus(self._signals.until_now(page.history, age, page.signal))
        self._priors = {name: fit(moments[name], assumed) for name, assumed in ASSUMED.items()}

    def _put(self, page: Page) -> None:
        self._cohorts.setdefault(_cohort(page), deque()).append(page)

    def _take(self, page: Page) -> None:
        self._cohorts[_cohort(page)].remove(page)

    def _ages(self, cohort: Cohort, queue: Iterable[Page]) -> Iterator[tuple[float, Page]]:
        return ((self._now - page.seen, page) for page in list(queue)) if queue else iter(())


def _cohort(page: Page) -> Cohort:
    return Cohort.of(page.kind, page.history, page.signal)


def make_pages(kinds: Iterable[Kind], number: int, chance: random.Random) -> list[Page]:
    """So many pages of a mix."""
    pages: list[Page] = []
    for kind in kinds:
        for _ in range(round(kind.share * number)):
            rate = kind.mean if kind.shape == inf else chance.gammavariate(kind.shape, kind.mean / kind.shape)
            pages.append(Page(len(pages), kind.name, kind.weight, max(rate, 1e-9)))
    return pages


def live(
    kinds: Sequence[Kind],
    make: Make,
    *,
    number: int,
    visits: int,
    days: int,
    since: int,
    answers: Answers | None = None,
    seed: int = 1,
) -> Measured:
    """Let a policy visit so many pages a day; give what was measured from the day `since` on."""
    chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
    signals = answers or Answers()
    pages = make_pages(kinds, number, chance)
    policy = make(kinds, pages)
    measured = Measured(float(since))
    said: dict[int, list[tuple[Page, float]]] = {}

    def begin(page: Page, now: float) -> None:
        """Draw what happens to a page that was just seen."""
        announced = now + chance.expovariate(page.rate * signals.recall) if signals.recall else inf
        silent = now + chance.expovariate(page.rate * (1 - signals.recall)) if signals.recall < 1 else inf
        wrong_rate = page.rate * signals.recall * (1 - signals.precision) / signals.precision
        wrong = now + chance.expovariate(wrong_rate) if wrong_rate else inf
        page.seen, page.change, page.announcement = now, min(announced, silent), min(announced, wrong)
        if page.announcement < days:
            said.setdefault(int(page.announcement) + 1, []).append((page, page.announcement))

    for page in pages:
        begin(page, 0.0)
    for day in range(1, days + 1):
        now = float(day)
        for page, moment in said.pop(day, []):
            if page.announcement == moment and not page.signal:
                policy.announced(page)
        for page in policy.choose(pages, now, visits):
            measured.note(page, now)
            policy.noted(page, now, changed=page.change <= now)
            begin(page, now)
        if day > since and day % 10 == 0:
            measured.ages += [max(now - page.change, 0.0) for page in pages]
    for page in pages:
        measured.note(page, float(days))
    return measured


def optimum(kinds: Iterable[Kind], *, number: int, visits: int, seed: int = 1) -> float:
    """The best weighted freshness that any schedule of so many visits a day reaches in the long run, with known rates.

    With visits spread evenly over time: the multiplier at which the best interval of each page adds up to the budget is found by
    bisection.
    """
    pages = make_pages(kinds, number, random.Random(seed))  # noqa: S311  # repeatable, not secret
    low, high = 0.0, max(page.weight / page.rate for page in pages)
    intervals: list[float] = []
    for _ in range(50):
        price = (low + high) / 2
        intervals = [_interval(page, price) for page in pages]
        low, high = (price, high) if sum(1 / one for one in intervals) > visits else (low, price)
    fresh = sum(
        page.weight * -expm1(-page.rate * one) / (page.rate * one)
        for page, one in zip(pages, intervals, strict=True)
        if one < inf
    )
    return fresh / sum(page.weight for page in pages)


def _interval(page: Page, price: float) -> float:
    """The age at which a visit of a page is worth a price; infinite where it never is."""
    if page.weight / page.rate <= price:
        return inf
    low, high = 0.0, 80.0
    for _ in range(40):
        middle = (low + high) / 2
        value = page.weight * marginal(middle / page.rate, page.rate)
        low, high = (middle, high) if value < price else (low, middle)
    return max(high, 1e-9) / page.rate
