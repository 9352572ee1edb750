"""Clocks that stand still, for the setting `CLOCK`."""

from datetime import UTC, datetime


def at_2026_03_01() -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC)


def at_2026_03_09() -> datetime:
    return datetime(2026, 3, 9, tzinfo=UTC)


def at_2036_03_01() -> datetime:
    """Ten years on."""
    return datetime(2036, 3, 1, 8, 30, tzinfo=UTC)
