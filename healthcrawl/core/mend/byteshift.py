"""Byte shifts: text that was cut, or had a gloss pushed in, in the middle of a two-byte character.

Mirror programs put noise in front of punctuation and pinyin behind chosen characters by searching *bytes*. Where the bytes
they look for lie across two characters, the text is cut there, and what follows is read one byte off until an ASCII byte,
a lost byte or the next cut puts it right: 專科建設(shè) becomes ？？平ㄔO(shè), 因為中國 becomes 因?yàn)橹袊.

`repair` asks `search`, for each `?` that may be a lost byte, for the originals that `damage` turns into what is there, and
takes the likeliest, provided that it is far likelier than the text as it stands and than the next best original. Whatever
is put in has been damaged again and come out as the input; the rest stays as it is.
"""

import re

from healthcrawl.core.mend.codepage import is_private
from healthcrawl.core.mend.damage import Shift, is_proven
from healthcrawl.core.mend.likelihood import Likelihood, listen
from healthcrawl.core.mend.pinyin import SYLLABLE, drop_glosses
from healthcrawl.core.mend.search import context, find_originals
from healthcrawl.model import Finding
from healthcrawl.rules import Mending

FRUITLESS = 30
"""After so many searches in a row that mended nothing, the rest is left alone: such `?` are of another kind."""
AROUND = 8
"""Characters behind the damage that have a say in what is likely."""

# Costs and margins in nats, see `likelihood`.
DAMAGE = 4.0
"""What it costs to assume damage at a spot; the text as it stands costs nothing."""
TAG = 6.0
"""What it costs to assume that a tag lost its `<`."""
GAIN = 6.0
"""An original must be so much likelier than the text as it stands ..."""
MARGIN = 2.0
"""... and than any other original ..."""
GUESSED_MARGIN = 2.5
"""... (than any other, where private-use characters had to be guessed) ..."""
CERTAIN = 6.5
"""... to be taken; beyond this margin a lost full stop counts as certain."""
GARBLED = 13.0
"""An original with a stretch whose characters cost so much each is no better than what it would replace."""

_SPOT = re.compile(rf"(?<!\?)\?(?=[?？!！;；](?!\?\?)|{SYLLABLE}[)）])")
_NEXT_MARK = re.compile("[，。；、,;?\\n]")
_ENDS = "。！？；…”’）》】"
_OPENERS = "“‘（《【"
_GOES_ON = f"，、{_OPENERS}"


def repair(text: str, data: Mending) -> tuple[str, tuple[Finding, ...]]:
    """Undo byte shifts; say what was done, and which spots look shifted but can't be told."""
    spots = [match.start() for match in _SPOT.finditer(text) if _is_chinese(text, match.start())]
    if not spots or not data.characters:
        return text, ()
    scorer = listen(_undamaged(text, spots), data)
    may_drop = not any(map(is_private, text))
    pieces: list[str] = []
    findings: list[Finding] = []
    done = fruitless = 0
    for spot in spots:
        if spot < done or fruitless == FRUITLESS:
            continue
        shift, finding = _choose(text, spot, scorer, may_drop=may_drop)
        findings += [finding] if finding else []
        fruitless += 1
        if shift is not None and shift.start >= done:
            pieces += text[done : shift.start], shift.text
            done = shift.end
            fruitless = 0
    return "".join(pieces) + text[done:], tuple(findings)


def _is_chinese(text: str, spot: int) -> bool:
    """Whether what stands before a `?`, or behind it and the mark that follows, is more than ASCII."""
    behind = text[spot + 2 : spot + 3]
    return not (behind.isascii() and context(text, spot)[-1:].isascii())


def _undamaged(text: str, spots: list[int]) -> str:
    """The text without glosses, and without what follows a spot as far as the next mark: it may be damaged."""
    parts = []
    done = 0
    for spot in spots:
        parts.append(text[done:spot])
        mark = _NEXT_MARK.search(text, spot + 2)
        done = max(done, mark.start() if mark else len(text))
    return drop_glosses("\n".join([*parts, text[done:]]))


def _choose(text: str, spot: int, scorer: Likelihood, *, may_drop: bool) -> tuple[Shift | None, Finding | None]:
    """The likeliest original at a spot, if it can be told, and what is to be said of it, if it looks damaged."""
    shifts = [each for each in find_originals(text, spot, scorer, may_drop=may_drop) if is_proven(text, each)]
    if not shifts:
        return None, None
    ranked, as_it_stands = _rank(text, shifts, scorer)
    cost, best = ranked[0]
    if as_it_stands - cost < GAIN:
        return None, None
    margin = min([as_it_stands, *(other for other, _ in ranked[1:2])]) - cost
    before = scorer.begin(context(text, best.start))
    garbled = scorer.worst(before, best.text.rstrip("(\N{PARAGRAPH SEPARATOR}")) > GARBLED
    seen = text[best.start : best.end]
    if garbled or not best.is_whole or margin < (GUESSED_MARGIN if best.dropped else MARGIN):
        rivals = " / ".join(shift.original for _, shift in ranked[:3])
        return None, Finding(kind="unresolved", text=seen, detail=f"byte shift: {rivals} (margin {margin:.1f})")
    if len(ranked) == 1 or (best.original.startswith("。") and not best.dropped and margin >= CERTAIN):
        return best, Finding(kind="byte-shift", text=seen, detail=f"→ {best.original}")
    how = "by the reading, " if best.by_reading else ""
    return best, Finding(kind="inferred", text=seen, detail=f"→ {best.original} ({how}margin {margin:.1f})")


def _rank(text: str, shifts: list[Shift], scorer: Likelihood) -> tuple[list[tuple[float, Shift]], float]:
    """The originals with their costs, the best first, and the cost of the text as it stands.

    All are weighed over the same stretch of text, so that it does not matter where they end.
    """
    start = min(shift.start for shift in shifts)
    last = max(shift.end for shift in shifts)
    line_end = text.find("\n", last)
    horizon = min(last + AROUND, line_end if line_end >= 0 else len(text))
    before = scorer.begin(context(text, start))

    def weigh(outcome: str) -> float:
        return scorer.read(before, drop_glosses(outcome)).cost

    ranked: dict[str, tuple[float, Shift]] = {}
    for shift in shifts:
        known = shift.text if shift.is_whole else shift.text[:-1] + "0"
        outcome = text[start : shift.start] + known + text[shift.end : horizon]
        cost = weigh(outcome) + DAMAGE + _ending_cost(text, shift)
        if outcome not in ranked or cost < ranked[outcome][0]:
            ranked[outcome] = (cost, shift)
    return sorted(ranked.values(), key=lambda each: each[0]), weigh(text[start:horizon])


def _ending_cost(text: str, shift: Shift) -> float:
    """What it costs to assume that a tag lost its `<`, and that a paragraph or an element ends where none should."""
    last = shift.original.removesuffix("<" + shift.tag)[-1:]
    if not shift.tag:
        return 2 * TAG if text[shift.end : shift.end + 1] in {"", "\n"} and last in _GOES_ON else 0.0
    if shift.tag.startswith("/") and (last in _OPENERS or last.isspace()):
        return 3 * TAG
    return TAG if last in _ENDS or shift.is_inline else 2 * TAG
