"""Quiet hours are those of China's clocks, over midnight too."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.core.hours import CHINA, day_of, is_span, quiet_until


def china(hour: int, minute: int = 0, day: int = 2) -> datetime:
    return datetime(2026, 3, day, hour, minute, tzinfo=CHINA)


@pytest.mark.parametrize(
    ("moment", "end"),
    [
        (china(7, 59), None), (china(8), china(18)), (china(17, 59), china(18)), (china(18), None),
        (china(22), china(6, day=3)), (china(5, 59), china(6)), (china(6), None),
    ],
)  # fmt: skip
def test_a_span_holds_its_beginning_and_not_its_end(moment: datetime, end: datetime | None) -> None:
    assert quiet_until(moment.astimezone(UTC), ["08:00-18:00", "22:00-06:00"]) == end


def test_spans_that_touch_are_one() -> None:
    assert quiet_until(china(9), ["12:00-14:00", "08:00-12:00", "14:00-24:00"]) == china(0, day=3)


@pytest.mark.parametrize(
    "text", ["", "8-18", "08:00", "24:00-06:00", "08:00-24:01", "08:60-09:00", "09:00-09:00", "a-b"]
)
def test_what_is_no_span(text: str) -> None:
    assert not is_span(text)


def test_a_day_begins_at_midnight_in_china() -> None:
    assert str(day_of(datetime(2026, 3, 1, 15, 59, tzinfo=UTC))) == "2026-03-01"
    assert str(day_of(datetime(2026, 3, 1, 16, 0, tzinfo=UTC))) == "2026-03-02"


minutes = st.integers(0, 24 * 60 - 1).map(lambda at: f"{at // 60:02}:{at % 60:02}")
spans = st.tuples(minutes, minutes).map("-".join).filter(is_span)


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.lists(spans, max_size=4))  # noqa: DTZ001
def test_the_end_comes_later_and_is_quiet_no_more_unless_all_day_is(moment: datetime, quiet: list[str]) -> None:
    moment = moment.replace(tzinfo=UTC)
    end = quiet_until(moment, quiet)
    assert end is None or end > moment
    if end is not None and end - moment < timedelta(days=1):
        assert quiet_until(end, quiet) is None
