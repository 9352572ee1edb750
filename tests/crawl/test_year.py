"""A bureau's life crawled every day: what is new is found at once, edits in time, and nothing false; a year is in `tests/benchmarks`."""

from pathlib import Path

from tests.crawl.bureau_life import Life
from tests.crawl.years import Year, check


def test_a_fortnight_with_kills(tmp_path: Path) -> None:
    year = Year(Life(50, seed=93, pace=6.0, template_days=(5.0, 10.0)), tmp_path, ceiling=5, share=0.4)
    year.live(14, killed=0.15)
    assert year.kills
    assert {event.what for event in year.life.events} >= {"new", "text", "title", "date", "withdrawn", "back", "moved"}
    check(year, 14)
    year.command("verify")
