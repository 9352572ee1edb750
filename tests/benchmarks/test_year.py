"""A year of a bureau with 2,000 articles, crawled every day, some of the crawls killed: what it cost beside fixed visits.

`pytest -n 0 -m slow -s tests/benchmarks/test_year.py` prints what was measured.
"""

from collections import Counter
from pathlib import Path

import pytest

from tests.crawl.bureau_life import Life
from tests.crawl.test_no_change import check as run_twice
from tests.crawl.years import Year, check, compare

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

DAYS = 365


def report(year: Year, days: int) -> None:
    events = Counter(event.what for event in year.life.events)
    later = sorted(year.seconds[1:])
    print(
        f"\n{days} days, {len(year.life.posts)} articles, {dict(events)}; {year.kills} kills; exit statuses {dict(year.statuses)}; "
        f"first run {year.requests[0]} requests in {year.seconds[0]:.1f} s, later {later[len(later) // 2]:.2f} s in the median"
    )
    for name, worth in compare(year, days):
        print(f"{name:34} {worth}")


def test_a_run_without_changes(tmp_path: Path) -> None:
    print("\n" + run_twice(tmp_path, 2000, growth=0.02))


def test_a_year(tmp_path: Path) -> None:
    year = Year(Life(2000), tmp_path, ceiling=90, share=0.02)
    year.live(DAYS, killed=0.08)
    check(year, DAYS)
    report(year, DAYS)
    year.command("verify")
    (_, ours), *fixed = compare(year, DAYS)
    assert ours.fresh > fixed[-1][1].fresh
