"""What schedules are worth: weighted freshness beside that of known rates, of uniform visits and the best there is.

`pytest -n 0 -m slow -s tests/benchmarks/test_refresh.py` prints the table; the worlds are those of `tests/core/refresh_world.py`.
"""

import pytest

from tests.core.refresh_world import MIXES, Answers, Known, Learned, Make, Measured, Uniform, live, optimum

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

PAGES = 10_000
# Visits a day as a share of the pages, days in all, the day from which on it counts.
BUDGETS = {"2 %": (0.02, 180, 0), "10 %": (0.10, 180, 0), "0.5 %, steady": (0.005, 1460, 1095)}
FLOORS = {"2 %": 0.97, "10 %": 0.99, "0.5 %, steady": 0.978}
MAKERS: dict[str, Make] = {"known": lambda *_: Known(), "uniform": lambda *_: Uniform(), "learned": Learned}


def run(mix: str, policy: str, budget: str, answers: Answers | None = None) -> Measured:
    share, days, since = BUDGETS[budget]
    visits = round(share * PAGES)
    measured = live(MIXES[mix], MAKERS[policy], number=PAGES, visits=visits, days=days, since=since, answers=answers)
    print(
        f"\n{mix:12} {budget:14} {policy + (' + signals' if answers else ''):17} freshness {measured.freshness:.4f}, "
        f"mean age {measured.mean_age:6.1f} d, 95 % below {measured.p95_age:5.0f} d, found after {measured.delay:6.1f} d",
        end="",
    )
    return measured


@pytest.mark.parametrize("budget", BUDGETS)
@pytest.mark.parametrize("mix", MIXES)
def test_table(mix: str, budget: str) -> None:
    share = BUDGETS[budget][0]
    best = optimum(MIXES[mix], number=PAGES, visits=round(share * PAGES))
    print(f"\n{mix:12} {budget:14} in the long run     freshness {best:.4f}", end="")
    known, uniform, learned = (run(mix, policy, budget).freshness for policy in ("known", "uniform", "learned"))
    told = run(mix, "learned", budget, Answers(recall=0.8, precision=0.9)).freshness
    print(
        f"\n{mix:12} {budget:14} to known rates: learned {learned / known:.3f}, uniform {uniform / known:.3f}, "
        f"with signals {told / known:.3f}"
    )
    assert learned >= 0.999 * uniform
    assert told > known
    if mix == "bureau":
        assert learned >= FLOORS[budget] * known
