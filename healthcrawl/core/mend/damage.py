"""What mirror programs do to bytes, as a function; and what proves that a text is the original of a damaged one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from healthcrawl.core.mend.codepage import code, encode, is_private, narrow, read, wide

SPLITTERS = frozenset(map(code, "？！；。，"))
"""The byte pairs in front of which text is cut, wherever they are found."""
SWALLOWED = "\N{REPLACEMENT CHARACTER}"
"""Stands for an ASCII character that was swallowed and can't be known: such an original only says that there is damage."""

_INLINE = re.compile(r"/?(?:strong|b|em|i|u|span|font|a)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A possible original of the damaged `text[start:end]`, and how the damage was done.

    `cuts` are byte offsets in the original; `gloss` is the offset of a gloss and its text. `dropped` counts private-use
    characters that damage made and somebody has dropped since. `by_reading`: a gloss told which character was lost. `tag`
    is the rest of an HTML tag that lost its `<`; with it the original ends.
    """

    original: str
    start: int
    end: int
    cuts: tuple[int, ...] = ()
    gloss: tuple[int, str] | None = None
    dropped: int = 0
    by_reading: bool = False
    tag: str = ""

    @property
    def text(self) -> str:
        """What takes the damaged place: a tag that came back with its `<` is markup again, not text."""
        if not self.tag:
            return self.original
        end = "" if self.is_inline else "\N{PARAGRAPH SEPARATOR}"
        return self.original.removesuffix("<" + self.tag) + end

    @property
    def is_inline(self) -> bool:
        """Whether the tag stands within a paragraph."""
        return _INLINE.match(self.tag) is not None

    @property
    def is_whole(self) -> bool:
        """Whether the original is known to its last character."""
        return not self.original.endswith(SWALLOWED)


def damage(original: str, *, cuts: Iterable[int] = (), gloss: tuple[int, str] | None = None) -> str:
    """Damage a text: cut it at byte offsets, or push a gloss in at one, and read the pieces.

    >>> damage("專科建設(", cuts=[1])
    '?？平ㄔO('
    >>> damage("因為中國", gloss=(3, "(yàn)"))
    '因?yàn)橹袊?'
    """
    raw = encode(original)
    if gloss is not None:
        at, reading = gloss
        return read(raw[:at] + encode(reading) + raw[at:])
    return "".join(read(raw[start:end]) for start, end in pairwise([0, *sorted(cuts), len(raw)]))


def is_proven(text: str, shift: Shift) -> bool:
    """Whether the original, damaged again, gives the text that is there.

    Widths may have been folded, private-use characters dropped since, each or all. An original that is not whole passes, for
    it is never put in: it is there to be likelier than a wrong one.
    """
    if not shift.is_whole:
        return True
    following = text[shift.end : shift.end + 1]
    raw = encode(shift.original) + code(wide(following))
    if any(raw[cut : cut + 2] not in SPLITTERS for cut in shift.cuts):
        return False
    again = damage(shift.original, cuts=shift.cuts, gloss=shift.gloss)
    return _may_be_seen_as(again, text[shift.start : shift.end])


def _may_be_seen_as(damaged: str, seen: str) -> bool:
    at = 0
    for character in damaged:
        if at < len(seen) and seen[at] in {character, narrow(character)}:
            at += 1
        elif not is_private(character):
            return False
    return at == len(seen)
