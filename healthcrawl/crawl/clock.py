"""The crawler's only source of the present time; `CLOCK` puts another in its place, so that tests can play years."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from scrapy.settings import BaseSettings
from scrapy.utils.misc import load_object

from healthcrawl.errors import UsageError

Clock: TypeAlias = Callable[[], datetime]

MOST_AHEAD = timedelta(days=31)  # that an archive may be before the clock


def system_clock() -> datetime:
    """The present moment in UTC, in whole seconds (as WARC keeps it)."""
    return datetime.now(UTC).replace(microsecond=0)


def not_before(clock: Clock, earliest: datetime | None) -> Clock:
    """A clock that never goes behind what is archived already, where it would make old of new.

    What lies beyond MOST_AHEAD was dated by a clock that was wrong, and binds nobody: no crawl keeps such a date for ever.
    """
    if earliest is None or earliest - clock() > MOST_AHEAD:
        return clock
    return lambda: max(clock(), earliest)


def load_clock(settings: BaseSettings) -> Clock:
    """The clock that `CLOCK` names (a callable or its import path).

    Raises:
        UsageError: there is no such thing.
    """
    named = settings.get("CLOCK") or system_clock
    try:
        clock = load_object(named)
        told = clock()
    except (ImportError, NameError, ValueError, TypeError) as error:
        raise UsageError(f"CLOCK: expected the import path of a function that gives the time, got {named!r}") from error
    if not isinstance(told, datetime):
        raise UsageError(f"CLOCK: {named!r} gives {told!r}, expected a datetime")
    return lambda: clock().astimezone(UTC).replace(microsecond=0)
