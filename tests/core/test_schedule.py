"""Which page to visit next, in small worlds; `tests/benchmarks/test_refresh.py` has large ones."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from healthcrawl.core.schedule import (
    ASSUMED,
    MOST_CHANGES,
    Cohort,
    History,
    Moments,
    Record,
    Schedule,
    Signals,
    Spread,
    best,
    fit,
    quiet,
    visited,
    worth,
)
from tests.core.refresh_world import MIXES, Answers, Known, Learned, Make, Uniform, live, optimum

PAGES = 1500


def freshness(mix: str, policy: str, share: float, answers: Answers | None = None) -> float:
    makes: dict[str, Make] = {"learned": Learned, "known": lambda *_: Known(), "uniform": lambda *_: Uniform()}
    visits = round(PAGES * share)
    return live(MIXES[mix], makes[policy], number=PAGES, visits=visits, days=180, since=0, answers=answers).freshness


@pytest.mark.parametrize("mix", MIXES)
def test_it_is_nearly_as_good_as_if_rates_were_known_and_never_worse_than_uniform(mix: str) -> None:
    learned = freshness(mix, "learned", 0.05)
    assert learned >= 0.96 * freshness(mix, "known", 0.05)
    assert learned >= freshness(mix, "uniform", 0.05) * 0.998


def test_signals_make_it_better_than_known_rates() -> None:
    answers = Answers(recall=0.8, precision=0.9)
    assert freshness("bureau", "learned", 0.02, answers) > 1.03 * freshness("bureau", "known", 0.02)


def test_the_greedy_choice_with_known_rates_is_the_optimum() -> None:
    visits = round(PAGES * 0.1)
    known = live(MIXES["bureau"], lambda *_: Known(), number=PAGES, visits=visits, days=120, since=60).freshness
    assert known == pytest.approx(optimum(MIXES["bureau"], number=PAGES, visits=visits), abs=0.01)


def test_worth_grows_with_age_and_is_less_for_pages_that_change_all_the_time() -> None:
    ages = [worth(age, Spread(mean=0.02, shape=2.0)) for age in (1, 10, 100, 1000)]
    assert ages == sorted(ages)
    hectic = Spread(mean=10.0, shape=50.0)
    assert worth(30, hectic) < worth(30, Spread(mean=0.05, shape=50.0))


@pytest.mark.parametrize("announced", [0.0, 0.5])
def test_worth_is_the_mean_over_the_rates(announced: float) -> None:
    rates, chance = Spread(mean=0.01, shape=1.5), random.Random(3)  # noqa: S311  # repeatable, not secret
    drawn = [Spread(mean=chance.gammavariate(1.5, 0.01 / 1.5), shape=1e7) for _ in range(20_000)]
    mean = sum(worth(60, one, 1 - announced, announced) for one in drawn) / len(drawn)
    assert worth(60, rates, 1 - announced, announced) == pytest.approx(mean, rel=0.03)


def test_rates_are_learned_from_visits_that_see_only_whether_something_changed() -> None:
    chance = random.Random(5)  # noqa: S311  # repeatable, not secret
    prior, history = Spread(mean=0.2, shape=0.5), History()
    for _ in range(3000):
        changed = chance.expovariate(0.05) < 20
        days = quiet(20.0, prior.given(history).mean, changed=changed)
        history = visited(history, days, changed=changed)
    assert prior.given(history).mean == pytest.approx(0.05, rel=0.35)
    assert history.changes <= MOST_CHANGES


def test_a_prior_is_as_wide_as_the_pages_differ() -> None:
    chance = random.Random(7)  # noqa: S311  # repeatable, not secret

    def fitted(shape: float) -> Spread:
        moments = Moments()
        for _ in range(5000):
            rate = chance.gammavariate(shape, 0.01 / shape)
            changes = sum(chance.random() < rate for _ in range(100))
            moments = moments.plus(History(changes=changes, exposure=100.0))
        return fit(moments, ASSUMED["old"])

    assert fitted(1000.0).shape > 20
    wide = fitted(1.0)
    assert wide.mean == pytest.approx(0.01, rel=0.1)
    assert wide.shape == pytest.approx(1.0, rel=0.25)
    assert fit(Moments(), ASSUMED["old"]) == ASSUMED["old"]


def test_a_signal_is_worth_what_it_has_proved() -> None:
    cohort = Cohort(kind="old", level=30, signal="sitemap")
    liar = Signals(records={"sitemap": Record(right=0, wrong=500)}, silent=50, expected=50)
    honest = Signals(records={"sitemap": Record(right=500, wrong=0)}, silent=5, expected=50)
    told = Schedule(signals=honest)
    assert told.worth(cohort, 3) > told.worth(replace(cohort, signal=""), 600)
    told = Schedule(signals=liar)
    assert told.worth(cohort, 3) < told.worth(replace(cohort, signal=""), 100)
    assert Signals(silent=3, expected=90).recall == 0, "nothing announces anything here"


def test_records_of_signals() -> None:
    signals = Signals().noted("list", 0.1, changed=True).noted("list", 0.1, changed=False).noted("", 0.5, changed=True)
    assert signals == Signals(records={"list": Record(right=1, wrong=1)}, silent=1, expected=0.5)


def test_floor_and_ceiling() -> None:
    schedule = Schedule(floor=1.0, ceiling=100.0)
    quiet_page, lively = Cohort(kind="old", level=40), Cohort(kind="fresh", changes=5, level=20)
    assert schedule.worth(lively, 0.9) == 0
    assert schedule.worth(quiet_page, 100.0) > schedule.worth(lively, 99.0)
    assert schedule.worth(lively, 120.0) > schedule.worth(quiet_page, 101.0), "the longest overdue goes first"


def test_cohorts_are_read_only_as_far_as_needed() -> None:
    read = []

    def ages(name: str) -> Iterator[tuple[float, str]]:
        for age in range(50, 0, -1):
            read.append(name)
            yield float(age), f"{name}{age}"

    queues = {Cohort(kind="old", level=level): ages(str(level)) for level in range(10)}
    chosen = best(queues, lambda cohort, age: age - cohort.level)
    assert [next(chosen) for _ in range(4)] == ["050", "049", "150", "048"]
    assert len(read) == 10 + 3


def test_any_cohort_can_be_written_and_read() -> None:
    for cohort in (Cohort.of("old", History()), Cohort.of("fresh", History(changes=24, exposure=1e5), "list")):
        assert Cohort.parse(str(cohort)) == cohort
