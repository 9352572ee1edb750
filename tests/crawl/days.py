"""Clocks that stand still, for the setting `CLOCK`."""

import os
from datetime import UTC, datetime


def at_2026_03_01() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


def at_2026_03_09() -> datetime:
    return datetime(2026, 3, 9, tzinfo=UTC)


def at_2036_03_01() -> datetime:
    """Ten years on."""
    return datetime(2036, 3, 1, 8, 30, tzinfo=UTC)


def told() -> datetime:
    """The moment that the environment variable TEST_NOW names, so that each of many runs can have a day of its own."""
    return datetime.fromisoformat(os.environ["TEST_NOW"]).replace(tzinfo=UTC)
