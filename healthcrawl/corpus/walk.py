"""What a run has met on its way, in memory: enough to see that a list repeats itself and that redirects go round in circles.

None of it survives a kill, and none needs to: a run that goes on sees the circle once more and leaves it again.
"""

from collections.abc import Iterable
from hashlib import blake2b

LONGEST_CHAIN = 8  # redirects in a row


class Walk:
    """The way of one process through one site."""

    def __init__(self) -> None:
        self._rows: dict[str, set[int]] = {}
        self._redirects: dict[str, tuple[int, bool]] = {}
        self._chains: dict[str, int] = {}

    def brings_news(self, column: str, rows: Iterable[str]) -> bool:
        """Whether a list page has a row that no earlier page of its column had."""
        known = self._rows.setdefault(column, set())
        before = len(known)
        known.update(map(_number, rows))
        return len(known) > before

    def may_follow(self, url: str, target: str, *, sets_cookie: bool) -> bool:
        """Whether a redirect is to be followed.

        One that leads back to where the way has been is a loop, unless a cookie was set: then it is followed once, since
        some sites let nobody in without.
        """
        asked, cookie = self._redirects.get(url, (0, False))
        self._redirects[url] = (asked + 1, cookie or sets_cookie)
        self._chains[target] = max(self._chains.get(target, 0), self._chains.get(url, 0) + 1)
        times, cookie_then = self._redirects.get(target, (0, False))
        if self._chains[target] > LONGEST_CHAIN:
            return False
        return times == 0 or (times == 1 and (sets_cookie or cookie_then))


def _number(address: str) -> int:
    """A number for an address, so that millions of them can be remembered."""
    return int.from_bytes(blake2b(address.encode(errors="replace"), digest_size=8).digest())
