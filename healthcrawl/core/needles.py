r"""What a text must hold for a pattern to be found in it: a quick look before a dear one.

To look for a string takes a fiftieth of the time that a pattern like `/\d+\.jhtml` takes, and most pages have few of the signs
that they are searched for.
"""

import re
import sys
from functools import lru_cache

_SHORTEST = 3  # letters of markup and scripts; what is shorter is in every page
# One piece of a pattern: an escape, a set, the beginning or the end of a group, a repetition, any other character.
_PIECES = re.compile(
    r"(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\()|(?P<close>\))|(?P<repeat>[*+?]|\{\d*,?\d*\})|(?P<any>.)",
    re.DOTALL,
)


def found(pattern: re.Pattern[str], text: str, start: int = 0, end: int = sys.maxsize) -> bool:
    r"""Whether a pattern is found in a text, or between two places of it: what its `search` tells, sooner where it is not.

    >>> found(re.compile(r"/t\d+_\d+\.s?html"), "<a href='/t1_2.html'>"), found(re.compile("一二三|四五六"), "一二四五")
    (True, False)
    """
    return may_be_found(pattern, text, start, end) and pattern.search(text, start, end) is not None


def may_be_found(pattern: re.Pattern[str], text: str, start: int = 0, end: int = sys.maxsize) -> bool:
    """Whether a text has what a pattern needs; True where only a search can tell."""
    needed = needles(pattern)
    return not needed or any(all(text.find(needle, start, end) >= 0 for needle in choice) for choice in needed)


@lru_cache(maxsize=1024)
def needles(pattern: re.Pattern[str]) -> tuple[tuple[str, ...], ...]:
    r"""Strings, for each alternative of a pattern, all of which a text that it is found in holds; none if one alternative has none.

    The longest comes first: it is the least common, if anything tells.

    >>> needles(re.compile(r"/c\d+/\d{6}/[0-9a-f]{32}\.shtml")), needles(re.compile(r"abc?d{2}efg+(hij)klmn|_ta_js"))
    ((('.shtml',),), (('klmn', 'efg'), ('_ta_js',)))
    >>> needles(re.compile(r"共\s*\d+\s*页")), needles(re.compile("(?i)abc")), needles(re.compile("abc|[def]{9}"))
    ((('共', '页'),), (), ())
    """
    if pattern.flags & (re.IGNORECASE | re.VERBOSE):
        return ()
    runs, depth, choices = [""], 0, list[tuple[str, ...]]()
    for piece in _PIECES.finditer(pattern.pattern + "|"):
        kind, text = piece.lastgroup, piece[0]
        plain = (kind == "any" and text not in ".^$|") or (kind == "escape" and not text[1].isalnum())
        if depth == 0 and plain:
            runs[-1] += text[-1]
        elif depth == 0 and text == "|":
            choices.append(tuple(sorted(filter(_tells, runs), key=len, reverse=True)))
            runs = [""]
        elif depth == 0:
            if kind == "repeat" and text != "+":
                runs[-1] = runs[-1][:-1]
            runs.append("")
        depth += (kind == "open") - (kind == "close")
    return tuple(choices) if all(choices) else ()


def _tells(run: str) -> bool:
    """Whether a string is rare enough to be looked for."""
    return len(run) >= _SHORTEST or not run.isascii()
