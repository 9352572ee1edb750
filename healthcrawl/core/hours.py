"""Hours of a site's day: when it is to be left alone, and which day it is there. All of China keeps one time, without summer time."""

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")
_DAY = 24 * 60


def is_span(text: str) -> bool:
    """Whether a text is a span of hours, like "08:00-18:30"; one that ends before it begins runs over midnight.

    >>> is_span("22:00-06:00"), is_span("8-18"), is_span("08:00-08:00")
    (True, False, False)
    """
    span = _minutes(text)
    return span is not None and span[0] != span[1] and span[1] <= _DAY


def quiet_until(moment: datetime, spans: Iterable[str]) -> datetime | None:
    """When the quiet hours end that a moment lies in; None if it lies in none. Spans that touch are one.

    >>> from datetime import UTC
    >>> str(quiet_until(datetime(2026, 3, 1, 1, 30, tzinfo=UTC), ["08:00-12:00", "12:00-18:00"]))
    '2026-03-01 18:00:00+08:00'
    """
    known = [span for span in map(_minutes, spans) if span]
    local = moment.astimezone(CHINA)
    end = local
    for _ in range(len(known) + 1):
        later = max((_end(end, span) for span in known), default=end)
        if later == end:
            break
        end = later
    return None if end == local else end


def in_china(moment: datetime) -> str:
    """A moment as people there write it.

    >>> from datetime import UTC
    >>> in_china(datetime(2026, 3, 1, 1, 30, tzinfo=UTC))
    '2026-03-01 09:30 (China time)'
    """
    return f"{moment.astimezone(CHINA):%Y-%m-%d %H:%M} (China time)"


def day_of(moment: datetime) -> date:
    """The day that a moment belongs to in China."""
    return moment.astimezone(CHINA).date()


def _end(moment: datetime, span: tuple[int, int]) -> datetime:
    """The end of a span that holds a moment, or the moment itself."""
    first, last = span
    length = (last - first) % _DAY or _DAY
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    minute = (moment - midnight) // timedelta(minutes=1)
    since = (minute - first) % _DAY
    return midnight + timedelta(minutes=minute - since + length) if since < length else moment


def _minutes(text: str) -> tuple[int, int] | None:
    match = _SPAN.fullmatch(text)
    if match is None:
        return None
    from_hour, from_minute, to_hour, to_minute = map(int, match.groups())
    return 60 * from_hour + from_minute, 60 * to_hour + to_minute
