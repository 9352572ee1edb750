"""What mirror programs do to bytes, as a function; and what proves that a text is the original of a damaged one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf
from typing import NamedTuple

from healthcrawl.core.mend.codepage import code, encode, is_private, narrow, read, wide

SPLITTERS = frozenset(map(code, "？！；。，"))
"""The byte pairs in front of which text is cut, wherever they are found."""
CUT = ""
"""What stands for a cut where something was put in."""
SWALLOWED = "\N{REPLACEMENT CHARACTER}"
"""Stands in an original for an ASCII character that was swallowed and can't be known."""

ANY = "0"
"""What stands for it where bytes are counted or damaged again: an ASCII character, whichever."""

_OPENING = frozenset("“‘《（")
_INLINE = re.compile(r"/?(?:strong|b|em|i|u|span|font|a)\b", re.IGNORECASE)
_MARKUP = re.compile(r"<(/?[a-z][^<>]*>)|\n", re.IGNORECASE)


class Piece(NamedTuple):
    """A piece of an original, by how much it is likelier than the next best in its place (nats), and that."""

    text: str
    margin: float = inf
    other: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A possible original of the damaged `text[start:end]`, and how the damage was done.

    `edits` are what was put in, each with its byte offset in the original: `CUT`, or a gloss. `dropped` counts private-use
    characters that damage made and somebody has dropped since. `by_reading`: a gloss told which character was lost. `gain`: by
    how much it is likelier than the text as it stands, in nats.
    """

    pieces: tuple[Piece, ...]
    start: int
    end: int
    edits: tuple[tuple[int, str], ...] = ()
    dropped: int = 0
    by_reading: bool = False
    gain: float = inf

    @property
    def original(self) -> str:
        """The whole original."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def margin(self) -> float:
        """By how much the original is likelier than any other, the text as it stands included."""
        return min([self.gain, *(piece.margin for piece in self.pieces)])

    def known(self, margin: float) -> str:
        """The original, with U+FFFD for each character that is not that much likelier than any other."""
        return "".join(piece.text if piece.margin >= margin else SWALLOWED * len(piece.text) for piece in self.pieces)

    def told_apart(self, margin: float, stop_margin: float) -> "Shift":
        """The same, with what need not be that much likelier than the rest made certain.

        A stop in front of an opening mark is by far the commonest damage, and a character that a gloss names (a bracket
        follows) is one of a few: `stop_margin` is enough for them.
        """
        pieces = list(self.pieces)
        for at, piece in enumerate(pieces):
            following = pieces[at + 1].text if at + 1 < len(pieces) else ""
            named = self.by_reading or following.startswith("(") or (piece.text == "。" and following in _OPENING)
            if named and stop_margin <= piece.margin < margin:
                pieces[at] = piece._replace(margin=margin)
        return replace(self, pieces=tuple(pieces))


def without_markup(original: str) -> str:
    """What takes the damaged place: a tag that comes back with its `<` is no text, and a line's end ends a paragraph."""
    return _MARKUP.sub(_as_text, original)


def _as_text(markup: re.Match[str]) -> str:
    return "" if markup[1] and _INLINE.match(markup[1]) else "\N{PARAGRAPH SEPARATOR}"


def damage(original: str, edits: Iterable[tuple[int, str]], *, euro: bool = True) -> str:
    """Damage a text: cut it at byte offsets, or push glosses in at some, and read the pieces (see `codepage.read`).

    >>> damage("專科建設(", [(1, CUT)])
    '?？平ㄔO('
    >>> damage("因為中國", [(3, "(yàn)")])
    '因?yàn)橹袊?'
    """
    raw = encode(original)
    done = 0
    text = ""
    piece = b""
    for at, what in sorted(edits):
        piece += raw[done:at]
        done = at
        if what == CUT:
            text += read(piece, euro=euro)
            piece = b""
        else:
            piece += encode(what)
    return text + read(piece + raw[done:], euro=euro)


def is_proven(text: str, shift: Shift) -> bool:
    """Whether the original, damaged again, gives the text that is there.

    Widths may have been folded, private-use characters dropped since, each or all; the decoder may have known the euro sign or
    not. A swallowed character that is unknown may
    have been any: the damaged text is the same.
    """
    original = shift.original.replace(SWALLOWED, ANY)
    following = text[shift.end : shift.end + 1]
    raw = encode(original) + code(wide(following))
    if any(what == CUT and raw[at : at + 2] not in SPLITTERS for at, what in shift.edits):
        return False
    seen = text[shift.start : shift.end]
    return any(_may_be_seen_as(damage(original, shift.edits, euro=euro), seen) for euro in (True, False))


def _may_be_seen_as(damaged: str, seen: str) -> bool:
    at = 0
    for character in damaged:
        if at < len(seen) and seen[at] in {character, narrow(character)}:
            at += 1
        elif not is_private(character):
            return False
    return at == len(seen)
