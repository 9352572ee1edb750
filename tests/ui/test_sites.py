"""How the state of a site is told in one word."""

import pytest

from healthcrawl.corpus.condition import Condition
from healthcrawl.corpus.vitals import Problem
from healthcrawl.ui.views.sites import rejected_of, state_of

YESTERDAY, BEFORE, LATER = "2026-03-02T08:00:00+00:00", "2026-03-01T08:00:00+00:00", "2026-03-03T07:00:00+00:00"


def problem(name: str) -> Problem:
    return Problem(name=name, what="", example="", since="", runs=1)


@pytest.mark.parametrize(
    ("condition", "state"),
    [
        (Condition(site="a", started_at=BEFORE, ended_at=BEFORE, counts={}), "ok"),
        (Condition(site="a", started_at=LATER, counts={}), "running"),
        (Condition(site="a", started_at=BEFORE, counts={}), "stopped"),
        (Condition(site="a", ended_at=BEFORE, counts={}, problems=(problem("newest"),)), "broken"),
        (Condition(site="a", ended_at=BEFORE, counts={}, problems=(problem("newest"), problem("failed"))), "failed"),
    ],
)
def test_a_state_is_one_word(condition: Condition, state: str) -> None:
    assert state_of(condition, YESTERDAY) == state


def test_a_share_needs_something_that_was_asked_for() -> None:
    assert rejected_of(Condition(site="a", counts={})) is None
    assert rejected_of(Condition(site="a", counts={"health.asked": 8, "health.rejected": 2})) == 0.25
