"""No-break spaces that became `?`: the code page has none, so where a mirror program met one it wrote what it writes for the lost.

Authors write `?` too, and several in a row. So only a text in which something else proves the program is looked at, and only
what no author would write: several `?` in a row behind what is no question, a `?` at the beginning of a line or behind a blank.
A single `?` in the middle of a sentence stays, and is reported.
"""

import re
from collections.abc import Iterator

from healthcrawl.core.mend.pinyin import HAN
from healthcrawl.model import Finding

LOST = "?"
"""What a no-break space has become."""

_LOST = re.compile(r"(?P<sign>(?i:copyright)\s?)\?|(?P<start>^|(?<=[ \u3000\n]))\?+(?!\?)|\?{2,}", re.MULTILINE)
_SINGLE = re.compile(f"(?<=[{HAN}])\\?(?=[{HAN}])")
_ASKED = re.compile(r"[吗嗎呢么麼何谁誰哪几幾吧否怎甚啥孰豈岂]")
_CLAUSE_BREAKS = "，。；！？!?;,\n"
_HAN = re.compile(f"[{HAN}]")
CLAUSE = 60
"""Characters of a clause that are looked at."""
SHOWN = 6
"""Characters shown before and behind a place that is left."""


def restore(text: str) -> tuple[str, tuple[Finding, ...]]:
    """Write a blank where a no-break space was lost; the copyright sign is lost in the same way."""
    pieces: list[str] = []
    findings: list[Finding] = []
    done = 0
    for match in _LOST.finditer(text):
        if match["sign"] is not None:
            blank = match["sign"] + "\N{COPYRIGHT SIGN}"
        elif _is_question(text, match.start()) or not _HAN.search(text, match.end(), match.end() + CLAUSE):
            continue
        else:
            blank = "\N{NO-BREAK SPACE}" * len(match[0])
        pieces += text[done : match.start()], blank
        done = match.end()
        findings.append(Finding(kind="inferred", text=match[0], detail="a lost no-break space or sign"))
    text = "".join(pieces) + text[done:]
    return text, (*findings, *_unresolved(text))


def _unresolved(text: str) -> Iterator[Finding]:
    """A single `?` amid Chinese where nothing is asked: a blank, a character, a question? It stays, and is told once a text."""
    places = [match.start() for match in _SINGLE.finditer(text) if not _is_question(text, match.start())]
    if places:
        seen = text[max(places[0] - SHOWN, 0) : places[0] + 1 + SHOWN]
        yield Finding(kind="unresolved", text=seen, detail=f"a lost blank or character? ? at {len(places)} places")


def _is_question(text: str, end: int) -> bool:
    """Whether a clause that ends there asks something."""
    start = max((text.rfind(mark, max(0, end - CLAUSE), end) for mark in _CLAUSE_BREAKS), default=-1) + 1
    return _ASKED.search(text, max(start, end - CLAUSE), end) is not None
