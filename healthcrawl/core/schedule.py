"""When to look at a page again: the most freshness for a given number of visits.

How often a page changes is learned by its visits: a gamma posterior of the rate of a Poisson process (Cho and Garcia-Molina,
"Effective page refresh policies", 2003), whose prior is that of the page's class, learned from all pages of the class. The next
page to visit is the one where a visit is worth most: `worth` is the derivative of the long-run freshness by the number of
visits, so that the greedy choice is the optimal one for any budget (Azar et al., "Tractable near-optimal policies for
crawling", 2018). It is a mean over the posterior, since a page of which little is known may well be a calm one.

Pages that were found the same way form a cohort. Within one, the page seen longest ago is worth most: whoever keeps each cohort
in the order of its visits finds the best of a million pages by looking at the head of each.

Times are in days, rates in changes a day.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from math import exp, expm1, inf, log1p, log2, sqrt
from typing import Literal, Self, TypeAlias, TypeVar

PageClass: TypeAlias = Literal["list", "fresh", "old"]
Item = TypeVar("Item")

FRESH_DAYS = 90.0  # an article younger than this is "fresh"
MOST_CHANGES = 24  # beyond it, a page's history counts half: its rate may have changed too
_LEVELS = 4  # steps of a cohort's exposure in each doubling
_HORIZON = 730.0  # days for which a visit may do good
_SURE = 1e12  # what a visit is worth that was promised
_WIDEST, _NARROWEST = 0.05, 200.0  # shapes of a prior
_PSEUDO_SILENT, _PSEUDO_EXPECTED = 9.0, 10.0  # the same of the share of changes that no signal announces
_PSEUDO_CHANGES = 2.0  # the weight of what is assumed of a class before anything is known of it


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the visits of a page have shown: how many found it changed, and for how many days it was seen not to change."""

    changes: float = 0.0
    exposure: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Pages of one class with like histories; `signal` names what says that they have changed, if anything does.

    `level` is their exposure, in `_LEVELS` steps for each doubling.
    """

    kind: PageClass
    changes: int = 0
    level: int = 0
    signal: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.changes} {self.level} {self.signal}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The cohort that is written so.

        >>> Cohort.parse("old 2 37 sitemap")
        Cohort(kind='old', changes=2, level=37, signal='sitemap')
        """
        kind, changes, level, signal = text.split(" ")
        return cls(kind=kind, changes=int(changes), level=int(level), signal=signal)  # type: ignore[arg-type]

    @classmethod
    def of(cls, kind: PageClass, history: History, signal: str = "") -> Self:
        """The cohort of a page.

        >>> str(Cohort.of("fresh", History(changes=1, exposure=30.0)))
        'fresh 1 20 '
        """
        return cls(
            kind=kind,
            changes=round(history.changes),
            level=round(_LEVELS * log2(1 + history.exposure)),
            signal=signal,
        )

    @property
    def history(self) -> History:
        """What the visits of its pages have shown, as near as the cohort tells."""
        return History(changes=self.changes, exposure=2 ** (self.level / _LEVELS) - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How rates are spread, over a class or over what one page's may be: a gamma distribution (narrow with a large shape)."""

    mean: float
    shape: float

    def given(self, history: History) -> Self:
        """What a page's rate may be when its visits have shown this.

        >>> Spread(mean=0.01, shape=1.0).given(History(changes=1, exposure=100.0))
        Spread(mean=0.01, shape=2.0)
        """
        shape = self.shape + history.changes
        return replace(self, mean=shape / (self._scale + history.exposure), shape=shape)

    def unchanged(self, days: float) -> float:
        """The chance that a page does not change in so many days.

        >>> round(Spread(mean=0.01, shape=2.0).unchanged(100), 3)
        0.444
        """
        return exp(-self.shape * log1p(days / self._scale))

    def fresh(self, days: float) -> float:
        """For how many of so many days a page stays as it is, in the mean: the integral of `unchanged`.

        >>> round(Spread(mean=0.01, shape=2.0).fresh(100), 3)
        66.667
        """
        stretch = log1p(days / self._scale)
        if abs(self.shape - 1) < 1e-6:
            return self._scale * stretch
        return self._scale * expm1((1 - self.shape) * stretch) / (1 - self.shape)

    @property
    def _scale(self) -> float:
        return self.shape / self.mean


@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """How long ago some pages were seen: how many they are, the sum of the days, the sum of their squares."""

    number: int
    total: float
    squares: float

    @classmethod
    def of(cls, ages: Iterable[float]) -> Self:
        """The sums of some ages, which are not kept.

        >>> Ages.of(iter([1.0, 3.0]))
        Ages(number=2, total=4.0, squares=10.0)
        """
        number, total, squares = 0, 0.0, 0.0
        for number, age in enumerate(ages, 1):  # noqa: B007  # the last one counts
            total += age
            squares += age * age
        return cls(number=number, total=total, squares=squares)


_NO_AGE = Ages(number=1, total=0.0, squares=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moments:
    """Sums over the histories of a class: all that fitting its prior needs."""

    changes: float = 0.0
    exposure: float = 0.0
    changes_squared: float = 0.0
    exposure_squared: float = 0.0
    product: float = 0.0

    def plus(self, history: History, ages: Ages = _NO_AGE, share: float = 0.0) -> Self:
        """The sums with pages of one history, to whose exposure that share of each one's age is added.

        >>> one, other = History(changes=2, exposure=10.5), History(changes=2, exposure=11.5)
        >>> Moments().plus(one).plus(other) == Moments().plus(History(changes=2, exposure=10.0), Ages.of([1.0, 3.0]), 0.5)
        True
        """
        changes, known = history.changes, history.exposure
        exposure = ages.number * known + share * ages.total
        squared = ages.number * known**2 + 2 * known * share * ages.total + share**2 * ages.squares
        return replace(
            self,
            changes=self.changes + ages.number * changes,
            exposure=self.exposure + exposure,
            changes_squared=self.changes_squared + ages.number * changes**2,
            exposure_squared=self.exposure_squared + squared,
            product=self.product + changes * exposure,
        )


# Before anything is known of them, all classes are taken to be alike: so nothing is visited less than it would be in turn.
ASSUMED: Mapping[str, Spread] = dict.fromkeys(("list", "fresh", "old"), Spread(mean=0.01, shape=2.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How a signal has done: visits that it asked for in vain, and changes that it announced."""

    right: int = 0
    wrong: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What signals (a new date in a list, lastmod in a sitemap) have been worth: a record for each, and what none announced.

    `silent` changes were found by visits that no signal had asked for, `expected` ones would have been by the rates of the
    pages. Announced changes can't be set against silent ones: those are found at once, these only where somebody looks.
    """

    records: Mapping[str, Record] = field(default_factory=dict)
    silent: float = 0.0
    expected: float = 0.0

    @property
    def recall(self) -> float:
        """The share of changes that some signal announces; few, as long as nothing is known."""
        if not self.records:
            return 0.0
        return 1 - min((self.silent + _PSEUDO_SILENT) / (self.expected + _PSEUDO_EXPECTED), 1.0)

    def precision(self, name: str = "") -> float:
        """The share of a signal's announcements that are true; without a name, of all."""
        records = [self.records.get(name, Record())] if name else self.records.values()
        right, wrong = sum(one.right for one in records), sum(one.wrong for one in records)
        return (right + 2) / (right + wrong + 3)

    def noted(self, signal: str, expected: float, *, changed: bool) -> Self:
        """The records after a visit; `signal` is what asked for it, if one did, `expected` the changes that its page's rate promised."""
        if not signal:
            return replace(self, silent=self.silent + changed, expected=self.expected + expected)
        record = self.records.get(signal, Record())
        record = Record(right=record.right + changed, wrong=record.wrong + (not changed))
        return replace(self, records={**self.records, signal: record})

    def until_now(self, history: History, age: float, signal: str = "") -> History:
        """A page's history with what signals have said of it since it was seen: that none came tells something too."""
        if signal:
            return History(changes=history.changes + self.precision(signal), exposure=history.exposure + age)
        return History(changes=history.changes, exposure=history.exposure + self.recall * age)

    def over(self, moments: Moments, cohort: Cohort, ages: Ages) -> Moments:
        """The sums with the histories of a cohort's pages, each as `until_now` tells it."""
        share = 1.0 if cohort.signal else self.recall
        return moments.plus(self.until_now(cohort.history, 0.0, cohort.signal), ages, share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """What is known of a site's pages when a run begins: how often those of each class change, and what signals are worth.

    `floor` and `ceiling` are the least and the most days between two visits of a page; who is due by the ceiling goes first.
    `weights` say how much more the freshness of one class counts than that of another (1 where nothing is said).
    """

    priors: Mapping[str, Spread] = field(default_factory=lambda: dict(ASSUMED))
    signals: Signals = field(default_factory=Signals)
    weights: Mapping[str, float] = field(default_factory=dict)
    floor: float = 0.0
    ceiling: float = inf

    def ahead(self, seen: Iterable[tuple[float, float, int]], visits: float) -> Self:
        """The schedule with its ceiling brought forward as far as it takes that so many `visits` a day keep it for all pages.

        Pages that were found on one day would come to the ceiling on one day, and wait for each other. `seen` gives, those seen
        longest ago first, the greatest and the least age of some pages and how many they are.

        >>> Schedule(ceiling=90.0).ahead([(80.0, 79.0, 40), (60.0, 59.0, 50)], visits=4).ceiling
        79.0
        """
        due, ceiling = 0, self.ceiling
        for oldest, youngest, number in seen:
            due += number
            if due >= visits * (self.ceiling - oldest):  # then all these are visited first, in this order
                ceiling = min(self.ceiling, youngest)
        return replace(self, ceiling=ceiling)

    def rates(self, cohort: Cohort, age: float) -> Spread:
        """What the rate of a cohort's page may be that was seen `age` days ago."""
        return self.priors[cohort.kind].given(self.signals.until_now(cohort.history, age, cohort.signal))

    def worth(self, cohort: Cohort, age: float) -> float:
        """What a visit is worth of a page seen `age` days ago: 0 before the floor, more than any other beyond the ceiling.

        >>> schedule = Schedule(priors={"old": Spread(mean=0.01, shape=1.0)}, floor=1.0, ceiling=365.0)
        >>> calm = Cohort(kind="old", level=30)
        >>> [round(schedule.worth(calm, age), 2) for age in (0.5, 10, 100, 1000)]
        [0.0, 0.17, 11.82, 1000000001000.0]
        >>> schedule.worth(replace(calm, signal="list"), 10) > schedule.worth(calm, 300)
        True
        """
        if age < self.floor:
            return 0.0
        if age >= self.ceiling:
            return _SURE + age
        rates = self.rates(cohort, age)
        silent = 1 - self.signals.recall
        announced = self.signals.recall / self.signals.precision()
        value = worth(age, rates, silent, announced)
        if cohort.signal:
            doubt = 1 - self.signals.precision(cohort.signal)
            total = silent + announced
            value = max(value, (1 - doubt * rates.unchanged(silent * age)) * rates.fresh(total * _HORIZON) / total)
        return self.weights.get(cohort.kind, 1.0) * value


def worth(age: float, rates: Spread, silent: float = 1.0, announced: float = 0.0) -> float:
    """What a visit is worth of a page of weight 1 that was seen `age` days ago and that no signal has announced since.

    Of its changes a share `silent` comes without a signal; signals, false ones too, come `announced` times as often as changes.
    A policy that visits a page when it is announced, or else at the age T, has cycles of a mean length L(T) = (1 − e^(−aT)) / a,
    of which G(T) = (1 − e^(−(s + a)T)) / (s + a) are fresh, where s is the rate of silent changes and a that of signals. The
    number of visits is best spread where G(T) − e^(−sT)·L(T) is the same for all pages. Without signals that is
    (1 − e^(−u)·(1 + u)) / λ with u = λ·T. Given is the mean over the rates that the page may have.

    >>> sure = Spread(mean=0.01, shape=1e6)
    >>> round(worth(100, sure), 2), round(worth(100, sure, silent=0.2, announced=0.8), 2)
    (26.42, 6.86)
    """
    if announced < 1e-9:
        return rates.fresh(age) - age * rates.unchanged(age)
    total = silent + announced
    fresh = rates.fresh(total * age)
    return fresh / total - (fresh - rates.fresh(silent * age)) / announced


def quiet(days: float, rate: float, *, changed: bool, announced: bool = False) -> float:
    """How many of the days between two visits a page stayed as it was.

    When a change lies between, nobody saw when: the mean is given, by the `rate` that was expected. A visit that a signal asked for
    comes right after the change.

    >>> quiet(10.0, 0.01, changed=False), round(quiet(10.0, 0.01, changed=True), 2)
    (10.0, 4.92)
    """
    if not changed or announced or rate * days < 1e-9:
        return days
    return 1 / rate - days * exp(-rate * days) / -expm1(-rate * days)


def visited(history: History, quiet_days: float, *, changed: bool) -> History:
    """The history after one more visit."""
    changes, exposure = history.changes + changed, history.exposure + quiet_days
    if changes > MOST_CHANGES:
        return History(changes=changes / 2, exposure=exposure / 2)
    return History(changes=changes, exposure=exposure)


def fit(moments: Moments, assumed: Spread) -> Spread:
    """The prior of a class by the histories of its pages.

    The spread is what the counts vary by beyond what chance makes of equal rates. It and the assumed one are weighed by how sure
    they are, so that nothing is made of differences that may be chance: where all pages are alike, the prior becomes narrow
    and every page is visited equally often.
    """
    mean = (moments.changes + _PSEUDO_CHANGES) / (moments.exposure + _PSEUDO_CHANGES / assumed.mean)
    variance = mean**2 / assumed.shape
    if moments.exposure_squared > 0:
        excess = (
            moments.changes_squared
            - 2 * mean * moments.product
            + mean**2 * moments.exposure_squared
            - mean * moments.exposure
        )
        seen = excess / moments.exposure_squared
        doubt = sqrt(2 * mean**2 * moments.exposure_squared + mean * moments.exposure) / moments.exposure_squared
        trust = variance**2 / (variance**2 + doubt**2)
        variance += trust * (seen - variance)
    shape = mean**2 / variance if variance > 0 else _NARROWEST
    return Spread(mean=mean, shape=min(max(shape, _WIDEST), _NARROWEST))


def best(
    queues: Mapping[Cohort, Iterator[tuple[float, Item]]], worth_of: Callable[[Cohort, float], float]
) -> Iterator[Item]:
    """The items of all queues, those worth most first. Each queue gives ages and items, the oldest first; it is read as far as needed.

    >>> queues = {Cohort(kind="old"): iter([(9.0, "a"), (1.0, "b")]), Cohort(kind="fresh"): iter([(3.0, "c")])}
    >>> list(best(queues, lambda cohort, age: age - 2))
    ['a', 'c']
    """
    heap: list[tuple[float, int, Cohort, Item]] = []

    def push(order: int, cohort: Cohort) -> None:
        head = next(queues[cohort], None)
        if head is not None and (value := worth_of(cohort, head[0])) > 0:
            heapq.heappush(heap, (-value, order, cohort, head[1]))

    for order, cohort in enumerate(queues):
        push(order, cohort)
    while heap:
        _, order, cohort, item = heapq.heappop(heap)
        yield item
        push(order, cohort)
