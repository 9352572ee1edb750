"""What a page was asked for: the parts of its address and the fields of its query, checked where they are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from healthcrawl.errors import UsageError

_LONGEST = 2_048  # characters of a value; longer ones are no address and no search


@dataclass(frozen=True, slots=True)
class Query:
    """Named values as they came. What is not given is empty."""

    given: Mapping[str, str]

    def text(self, name: str) -> str:
        """A value as text.

        Raises:
            UsageError: it is too long.
        """
        value = self.given.get(name, "").strip()
        if len(value) > _LONGEST:
            raise UsageError(f"{name}: expected at most {_LONGEST} characters, got {len(value)}")
        return value

    def number(self, name: str, default: int = 0) -> int:
        """A value that is a whole number, 0 or more.

        Raises:
            UsageError: it is not.
        """
        value = self.text(name)
        if not value:
            return default
        if not (value.isascii() and value.isdecimal() and len(value) <= 15):
            raise UsageError(f"{name}: expected a whole number, got {value!r}")
        return int(value)

    def day(self, name: str) -> str:
        """A value that is an ISO date.

        Raises:
            UsageError: it is not.
        """
        value = self.text(name)
        try:
            return date.fromisoformat(value).isoformat() if value else ""
        except ValueError as error:
            raise UsageError(f"{name}: expected a date like 2026-03-01, got {value!r}") from error

    def choice(self, name: str, choices: Mapping[str, object] | tuple[str, ...] | frozenset[str]) -> str:
        """A value that is empty or one of some.

        Raises:
            UsageError: it is another.
        """
        value = self.text(name)
        if value and value not in choices:
            raise UsageError(f"{name}: expected one of {', '.join(sorted(choices))}, got {value!r}")
        return value


def beginning(**asked: str) -> str:
    """What was asked for, as the beginning of a query that something is to be added to.

    >>> beginning(site="demo", since="", q="卫生&健康")
    'site=demo&q=%E5%8D%AB%E7%94%9F%26%E5%81%A5%E5%BA%B7&'
    """
    given = {name: value for name, value in asked.items() if value}
    return f"{urlencode(given)}&" if given else ""
