"""A text beside the page that it was read from: what was dropped in its place, and what was mended, character by character.

Findings do not say where they stood. The page's lines do: a paragraph and the line that it came from have the same letters, or
nearly, once both are written in one script without glosses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from healthcrawl.core.compare import Stretch, stretches
from healthcrawl.core.fold import fold
from healthcrawl.core.likeness import letters
from healthcrawl.core.normalise import normalise
from healthcrawl.model import Finding

_DROPS = frozenset({"spam", "furniture", "hidden"})
_MENDS = frozenset({"gloss", "byte-shift", "script", "inferred", "mirror", "control"})
_MOST = 500  # paragraphs whose place is looked for; a hostile page has thirty thousand
_FAR = 400  # lines of the page that are gone through for one
_NEAR = 12  # lines of the page that a paragraph may be away from the one before
_ALIKE = 0.6
_LOOK = 60  # letters of a line that are compared
_BEGINNING = 8  # letters that tell a line from others
_LONGEST = 1_500  # characters of a line that is compared with its paragraph
_LONGER = 4  # times its paragraph's length: of such a line the paragraph is a part


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the text, or one that is not in it.

    "title" and "kept" are the text's own, in pieces that stayed, went and came; "dropped" stood on the page, with the number of
    the finding that tells it.
    """

    kind: Literal["title", "kept", "dropped"]
    stretches: tuple[Stretch, ...]
    finding: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aligned:
    """The lines in reading order, and the numbers of dropping findings whose place is not known."""

    lines: tuple[Line, ...]
    elsewhere: tuple[int, ...]


def align(
    shown: Sequence[str],
    title: str,
    paragraphs: Sequence[str],
    findings: Sequence[Finding],
    simplified: Mapping[int, str],
) -> Aligned:
    """Put a text beside the lines that its page shows. `simplified` turns traditional characters into simplified ones."""
    keys = [_key(line, simplified) for line in shown]
    places = [*_places(paragraphs[:_MOST], keys), *([None] * len(paragraphs[_MOST:]))]
    drops = {
        number: _find(_key(one.text, simplified), keys) for number, one in enumerate(findings) if one.kind in _DROPS
    }
    is_mended = any(one.kind in _MENDS for one in findings)
    lines: list[Line] = []
    if title:
        lines.append(Line(kind="title", stretches=(Stretch(kind="same", text=title),)))
    waiting = sorted((place, number) for number, place in drops.items() if place is not None)
    for text, place in zip(paragraphs, places, strict=True):
        while waiting and place is not None and waiting[0][0] < place:
            lines.append(_dropped(findings, waiting.pop(0)[1]))
        edits = (
            _edits(shown[place], text, simplified)
            if is_mended and place is not None
            else (Stretch(kind="same", text=text),)
        )
        lines.append(Line(kind="kept", stretches=edits))
    lines += [_dropped(findings, number) for _, number in waiting]
    return Aligned(lines=tuple(lines), elsewhere=tuple(number for number, place in drops.items() if place is None))


def _dropped(findings: Sequence[Finding], number: int) -> Line:
    return Line(kind="dropped", stretches=(Stretch(kind="removed", text=findings[number].text),), finding=number)


def _key(text: str, simplified: Mapping[int, str]) -> str:
    return letters(fold(text).translate(simplified))


def _places(paragraphs: Sequence[str], keys: Sequence[str]) -> Iterator[int | None]:
    """For each paragraph the line that it came from, in the page's order; None where none is like it."""
    at = 0
    for text in paragraphs:
        wanted = letters(text)
        place = _same(wanted, keys, at)
        if place is None:
            place = _begun(wanted, keys, at)
        if place is None:
            place = _like(wanted, keys, at)
        at = at if place is None else place
        yield place


def _ahead(keys: Sequence[str], start: int, number: int) -> range:
    return range(start, min(start + number, len(keys)))


def _same(wanted: str, keys: Sequence[str], start: int) -> int | None:
    return next((at for at in _ahead(keys, start, _FAR) if wanted and wanted in keys[at]), None)


def _begun(wanted: str, keys: Sequence[str], start: int) -> int | None:
    beginning = wanted[:_BEGINNING]
    return next((at for at in _ahead(keys, start, _FAR) if beginning and keys[at].startswith(beginning)), None)


def _like(wanted: str, keys: Sequence[str], start: int) -> int | None:
    """A line near by that begins nearly the same; damage may have come to its first letters."""
    for at in _ahead(keys, start, _NEAR):
        first, other = keys[at][:_LOOK], wanted[:_LOOK]
        if first and SequenceMatcher(None, first, other, autojunk=False).ratio() >= _ALIKE:
            return at
    return None


def _find(wanted: str, keys: Sequence[str]) -> int | None:
    if not wanted:
        return None
    start = wanted[:_BEGINNING]
    whole = (place for place, key in enumerate(keys) if wanted in key)
    begun = (
        place
        for place, key in enumerate(keys)
        if key and ((key in wanted and len(key) >= _BEGINNING) or key.startswith(start))
    )
    return next(whole, next(begun, None))


def _edits(line: str, text: str, simplified: Mapping[int, str]) -> tuple[Stretch, ...]:
    """What became of a line, but for what every text loses: widths, blanks, and traditional characters, which would hide the rest."""
    before = normalise(line, "keep").replace("\n", " ").translate(simplified)
    if before == text or len(before) > _LONGEST or len(before) > _LONGER * len(text):
        return (Stretch(kind="same", text=text),)
    return tuple(stretches(before, text))
