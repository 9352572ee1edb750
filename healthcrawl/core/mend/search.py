"""The search for originals: which texts does damage turn into the one that is there?

Behind a lost byte the text is read one byte off. Reading it back needs no guess where the bytes are all there: each
character gives the second byte of one original character and the first of the next. Guesses are needed at the beginning (the
lost first byte of a character), at the end (a lost second byte), where a full-width form may have been folded to ASCII and
where a private-use character may have been dropped. So it is a beam search: the likeliest beginnings are kept.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from healthcrawl.core.mend.codepage import (
    EURO_BYTE,
    LEADS,
    LOST,
    code,
    encode,
    is_private,
    is_trail,
    pair,
    private_pairs,
    wide,
)
from healthcrawl.core.mend.damage import SWALLOWED, Shift
from healthcrawl.core.mend.likelihood import UNKNOWN, Likelihood, State
from healthcrawl.core.mend.pinyin import SYLLABLE, drop_glosses
from healthcrawl.rules import Mending

RUN = 400
"""A run that is not put right after so many characters is given up."""
GUESSED_RUN = 60
"""So many characters behind a spot, private-use characters are no longer guessed."""
BEAM = 24
"""Originals kept at each step."""
ENDS = 4
"""Originals kept where the second byte of their last character is lost: that many times a hundred are tried."""
ENDINGS = 40
"""Endings kept there."""
LOSSES = 2
"""Bytes taken for lost in one run: the first that is puts the text right."""
GUESSES = 8
"""Guesses kept for each place where a private-use character may have been dropped."""
HOPELESS = 15.0
"""A search is given up where its best original is so much less likely than the text as it stands."""

_SPLIT = re.compile("[?？!！;；]")
_PUT_RIGHT = re.compile("[?？!！;；。，,]")
_READING = re.compile(rf"({SYLLABLE})[)）]")
_TAG = re.compile(r"/?(?:p|br|strong|b|em|i|u|span|font|div|td|tr|table|li|ul|a|h[1-6])\s*/?>", re.IGNORECASE)


class _Trace(NamedTuple):
    """An original in the making: its cost, its text, how many private-use characters it takes for dropped."""

    cost: float
    original: str
    dropped: int
    state: State


class _Ending(NamedTuple):
    """An original that is complete, where the damaged text goes on, and what put it right."""

    trace: _Trace
    end: int
    cut: bool = False
    by_reading: bool = False
    tag: str = ""


def context(text: str, spot: int) -> str:
    """The line's text before a spot, without glosses."""
    return drop_glosses(text[max(text.rfind("\n", 0, spot) + 1, spot - 2000) : spot])


def find_originals(text: str, spot: int, scorer: Likelihood, *, may_drop: bool) -> Iterator[Shift]:
    """What may have been where the `?` at `spot` and the text behind it stand.

    `may_drop`: private-use characters may have been dropped from the text.
    """
    if reading := _READING.match(text, spot + 1):
        yield from _after_gloss(text, spot, reading, scorer, may_drop=may_drop)
    if _SPLIT.match(text, spot + 1):
        yield from _after_cut(text, spot, scorer, may_drop=may_drop)


def _after_cut(text: str, spot: int, scorer: Likelihood, *, may_drop: bool) -> Iterator[Shift]:
    """Originals of `?？…`: a character lost its first byte to a cut in front of its second and the next one's first."""
    second, first = code(wide(text[spot + 1]))
    start = _Trace(0.0, "", 0, scorer.begin(context(text, spot)))
    lost = [pair(lead, second) for lead in LEADS]
    beam = [_extend(start, each, 0, scorer) for each in lost if _is_written(each)]
    as_it_stands = scorer.read(start.state, text[spot : spot + 2])
    for ending in _follow(text, spot + 2, first, beam, scorer, as_it_stands, may_drop=may_drop):
        cuts = (1, len(encode(ending.trace.original))) if ending.cut else (1,)
        yield _shift(ending, spot, cuts=cuts)


def _after_gloss(
    text: str, spot: int, reading: re.Match[str], scorer: Likelihood, *, may_drop: bool
) -> Iterator[Shift]:
    """Originals of `因?yàn)…`: the gloss of a character that was found across two stands between their bytes."""
    raw = code(text[spot - 1]) if spot else b""
    if len(raw) != 2:
        return
    start = _Trace(0.0, text[spot - 1], 0, scorer.begin(context(text, spot)))
    as_it_stands = scorer.read(start.state, text[spot : reading.end()])
    for first in _trails(raw[1], reading[1], scorer.data):
        for ending in _follow(text, reading.end(), first, [start], scorer, as_it_stands, may_drop=may_drop):
            if not ending.cut:
                yield _shift(ending, spot - 1, gloss=(3, f"({reading[1]})"), by_reading=True)


def _shift(
    ending: _Ending,
    start: int,
    *,
    cuts: tuple[int, ...] = (),
    gloss: tuple[int, str] | None = None,
    by_reading: bool = False,
) -> Shift:
    return Shift(
        original=ending.trace.original + ending.tag,
        start=start,
        end=ending.end + len(ending.tag),
        cuts=cuts,
        gloss=gloss,
        dropped=ending.trace.dropped,
        by_reading=by_reading or ending.by_reading,
        tag=ending.tag,
    )


def _follow(
    text: str, at: int, first: int, beam: list[_Trace], scorer: Likelihood, as_it_stands: State, *, may_drop: bool
) -> Iterator[_Ending]:
    """Read on, one byte off, until the text is put right.

    All of the beam waits for the second byte to the same `first` one, since that is the last byte of the last character.
    """
    beam = sorted(beam)
    losses = 0
    for index in range(at, min(len(text), at + RUN)):
        character = text[index]
        if character == "\n" or first not in LEADS:
            return
        as_it_stands = scorer.read(as_it_stands, character)
        if character == LOST:
            yield from _lost_trail(text, index, first, beam, scorer)
            losses += 1
            if losses == LOSSES or _SPLIT.match(text, index + 1):  # the next cut puts right whatever was shifted
                return
        guess = may_drop and index < at + GUESSED_RUN
        going: list[_Trace] = []
        following = 0
        for unit in _units(character):
            tails = _tails(first, unit[0], scorer, guess=guess)
            steps = [_extend(trace, tail, dropped, scorer) for trace in beam for tail, dropped in tails]
            if len(unit) == 1:
                yield from (_Ending(step, index + 1) for step in steps)
            elif unit[1] < EURO_BYTE:
                letter = chr(unit[1])
                yield from (_Ending(step._replace(original=step.original + letter), index + 1) for step in steps)
            else:
                going += steps
                following = unit[1]
        beam = sorted(going)[:BEAM]
        first = following
        if not beam or beam[0].cost > as_it_stands.cost + HOPELESS:
            return


def _units(character: str) -> Iterator[bytes]:
    """The bytes that a character may stand for: its own, and those of the full-width form it may have been folded from."""
    raw = code(character)
    if raw and (len(raw) == 2 or is_trail(raw[0])):
        yield raw
    if wide(character) != character:
        yield code(wide(character))


def _is_written(character: str) -> bool:
    return character != "" and not is_private(character)


def _extend(trace: _Trace, tail: str, dropped: int, scorer: Likelihood) -> _Trace:
    state = scorer.read(trace.state, tail)
    return _Trace(state.cost, trace.original + tail, trace.dropped + dropped, state)


def _tails(first: int, second: int, scorer: Likelihood, *, guess: bool) -> list[tuple[str, int]]:
    """What two bytes give: one character, or two with a dropped private-use one between."""
    whole = pair(first, second)
    tails = [(whole, 0)] if _is_written(whole) else []
    if guess:
        tails += [(each, 1) for each in _around_dropped(first, second, scorer.data)]
    return tails


def _around_dropped(first: int, second: int, data: Mending) -> list[str]:
    """The likeliest two characters of which one begins with the first byte and the other ends with the second.

    The bytes between were those of a private-use character.
    """

    def plain(character: str) -> str:
        return data.simplified.get(character, character)

    def rare(character: str) -> float:
        return data.characters.get(plain(character), UNKNOWN)

    begun = sorted(
        (rare(one), one, trails) for trail, trails in private_pairs().items() if _is_written(one := pair(first, trail))
    )
    both = sorted(
        (cost + data.pairs.get(plain(one) + plain(two), rare(two)), one + two)
        for cost, one, leads in begun[:GUESSES]
        for lead in leads
        if _is_written(two := pair(lead, second))
    )
    return [each for _, each in both[:GUESSES]]


def _lost_trail(text: str, index: int, first: int, beam: list[_Trace], scorer: Likelihood) -> Iterator[_Ending]:
    """Endings at a `?`: the second byte of the last character is lost, to a cut, to the end, or with an ASCII character."""
    end = index + 1
    if reading := _READING.match(text, end):
        for trail in _trails(first, reading[1], scorer.data):
            for trace in beam:
                step = _extend(trace, pair(first, trail), 0, scorer)
                yield _Ending(step._replace(original=step.original + "("), end, by_reading=True)
    tag = _TAG.match(text, end)
    cut = _PUT_RIGHT.match(text, end) is not None
    over = end == len(text) or text[end] == "\n"
    swallowed = "" if cut or over else "<" if tag else SWALLOWED
    lost = [pair(first, trail) for trail in LEADS]
    steps = [_extend(trace, each, 0, scorer) for each in lost if _is_written(each) for trace in beam[:ENDS]]
    for step in sorted(steps)[:ENDINGS]:
        whole = step._replace(original=step.original + swallowed)
        yield _Ending(whole, end, cut=cut, tag=tag[0] if tag else "")


def _trails(lead: int, reading: str, data: Mending) -> list[int]:
    """Second bytes with which a first byte makes a character of that reading; converted characters, if there are any."""
    known = data.readings.get(reading, "")
    trails = [trail for trail in LEADS if pair(lead, trail) and pair(lead, trail) in known]
    converted = [trail for trail in trails if pair(lead, trail) in data.simplified]
    return converted or trails
