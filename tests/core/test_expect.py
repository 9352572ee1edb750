"""What a run is measured by: what the site file says, and the runs before."""

from datetime import date
from typing import Any

import pytest

from healthcrawl.core.expect import Breach, Vitals, breaches, vitals_of
from healthcrawl.rules import Expectations

TODAY = date(2026, 3, 9)
GOOD = Vitals(seen=100, in_all=100, asked=100, rejected=5, newest=date(2026, 3, 8), entries={"通知公告": 20})


def judged(now: Vitals, *before: Vitals, standing: tuple[str, ...] = (), **expect: Any) -> list[str]:
    return [one.name for one in breaches(Expectations(**expect), now, before, TODAY, standing)]


def like(base: Vitals, **changes: Any) -> Vitals:
    values = {name: getattr(base, name) for name in Vitals.__slots__}
    return Vitals(**{**values, **changes})


def test_a_run_like_those_before_breaks_nothing() -> None:
    assert judged(GOOD, *[GOOD] * 8) == []


def test_a_first_run_has_nothing_to_be_compared_with() -> None:
    assert judged(Vitals(seen=1, asked=50, rejected=49, entries={"通知公告": 0})) == []


@pytest.mark.parametrize(
    ("changes", "expect", "name"),
    [
        ({"seen": 99}, {"min_documents": 100}, "min_documents"),
        ({"in_all": 99}, {"min_in_all": 100}, "min_in_all"),
        ({"rejected": 21}, {"max_rejected": 0.2}, "max_rejected"),
        ({"spam": 1}, {"max_spam": 0.0}, "max_spam"),
        ({"charset": 3}, {"max_charset_losses": 0.02}, "max_charset_losses"),
        ({"drift": 51}, {"max_drift": 0.5}, "max_drift"),
        ({"newest": date(2026, 1, 1)}, {"newest_days": 30}, "newest_days"),
        ({"newest": None}, {"newest_days": 30}, "newest_days"),
    ],
)
def test_what_the_site_file_expects(changes: dict[str, Any], expect: dict[str, Any], name: str) -> None:
    assert judged(like(GOOD, **changes), **expect) == [name]
    assert judged(GOOD, **(expect | ({"newest_days": 30} if "newest_days" in expect else {}))) == []


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"seen": 79}, "documents"),
        ({"rejected": 31}, "rejected"),
        ({"spam": 26}, "spam"),
        ({"charset": 26}, "charset"),
        ({"drift": 26}, "drift"),
        ({"entries": {"通知公告": 0}}, "list 通知公告"),
    ],
)
def test_what_the_last_eight_runs_let_expect(changes: dict[str, Any], name: str) -> None:
    odd = like(GOOD, seen=500, rejected=90, spam=90, charset=90, drift=90)
    assert judged(like(GOOD, **changes), odd, *[GOOD] * 7) == [name]


def test_what_the_site_file_says_goes_before_the_median() -> None:
    hacked = like(GOOD, spam=60)
    assert judged(hacked, GOOD, max_spam=0.7) == []
    assert judged(like(GOOD, seen=40), GOOD, min_documents=50) == ["min_documents"]


def test_of_few_pages_no_share_is_told() -> None:
    few = like(GOOD, asked=9, rejected=9, spam=9, drift=9)
    assert judged(few, *[GOOD] * 8, max_rejected=0.1, max_spam=0.0) == []


def test_an_empty_list_is_told_until_somebody_mends_it() -> None:
    empty = like(GOOD, entries={"通知公告": 0})
    assert judged(empty, *[empty] * 8, standing=("list 通知公告",)) == ["list 通知公告"]
    assert judged(GOOD, *[empty] * 8, standing=("list 通知公告",)) == []


def test_a_list_that_was_not_read_in_full_says_nothing() -> None:
    assert judged(like(GOOD, entries={}), *[GOOD] * 8) == []


def test_a_breach_says_what_is_so_and_shows_an_example() -> None:
    now = like(GOOD, rejected=60, examples={"rejected": "http://a.test/1"})
    (told,) = breaches(Expectations(), now, [GOOD] * 3, TODAY)
    assert told == Breach(
        name="rejected",
        what="60 of 100 pages are no articles (60%), the median of the last 3 runs is 5%",
        advice="`scrapy extract` shows why a page is rejected",
        example="http://a.test/1",
    )


def test_numbers_are_kept_and_found_again() -> None:
    again = vitals_of(GOOD.counts())
    assert again == like(GOOD, newest=None)
