"""Byte shifts: text that was cut, or had a gloss pushed in, in the middle of a two-byte character.

Mirror programs put noise in front of punctuation and pinyin behind chosen characters by searching *bytes*. Where the bytes
they look for lie across two characters, the text is cut there, and what follows is read one byte off until an ASCII byte,
a lost byte or the next cut puts it right: 專科建設(shè) becomes ？？平ㄔO(shè), 因為中國 becomes 因?yàn)橹袊.

`repair` asks `search`, for each `?` that may be a lost byte, for the likeliest original that `damage` turns into what is there,
and takes it if it is far likelier than the text as it stands. Whatever is put in has been damaged again and come out as the
input; the rest stays as it is. A lost byte leaves about a hundred characters that look alike once damaged: where none of them
is far likelier than the others, the text is put right around it, and U+FFFD takes its place.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from healthcrawl.core.mend.codepage import LOST, is_private
from healthcrawl.core.mend.damage import SWALLOWED, Shift, is_proven, without_markup
from healthcrawl.core.mend.likelihood import Likelihood, listen
from healthcrawl.core.mend.pinyin import HAN, SYLLABLE, drop_glosses
from healthcrawl.core.mend.search import context, find_original
from healthcrawl.model import Finding
from healthcrawl.rules import Mending

FRUITLESS = 30
"""After so many searches in a row that mended nothing, the rest is left alone, and told: such `?` are of another kind."""

GAIN = 1.5
"""An original must be so much likelier than the text as it stands, in nats (see `likelihood`), to be taken; ..."""
MARGIN = 2.2
"""... each of its characters so much likelier than any other in its place, or its place is marked as unknown. Measured on four dozen
damaged articles that the model was not made from, 65,000 characters: at 3 instead, a quarter more stays unknown, and hardly less is
wrong; in an earlier two dozen nearly half of those between 1 and 2 were wrong; ..."""
STOP_MARGIN = 1.0
"""... this is enough for a stop before an opening mark and for a character that its gloss names; ..."""
HEARD = 6.0
"""A character that much likelier than any other speaks for itself at other places; ..."""
CERTAIN = 8.0
"""... beyond this margin a lost full stop counts as certain."""
GARBLED = 13.0
"""An original with a stretch whose characters cost so much each is no better than what it would replace."""

DENSE, MANY = 10, 40
"""In a text with a spot in every so many characters only so many are searched: no program damages that much. The rest is told."""
NEAR = 8
"""Characters before and behind a spot that are near."""

_HAN = re.compile(f"[{HAN}]")
_SPOT = re.compile(rf"\?(?<!\?\?)(?=[?？!！;；](?![?？]{{3}})|{SYLLABLE}[ ]?[)）])")


def repair(text: str, data: Mending) -> tuple[str, tuple[Finding, ...]]:
    """Undo byte shifts; say what was done, and which spots look shifted but can't be told."""
    if LOST not in text:
        return text, ()
    spots = [match.start() for match in _SPOT.finditer(text) if _is_chinese(text, match.start())]
    if not spots or not data.followers:
        return text, ()
    may_drop = not any(map(is_private, text))
    outcomes, left, unsearched = _search(text, spots, listen(_undamaged(text, spots), data), may_drop=may_drop)
    outcomes = _ask_again(text, outcomes, data, may_drop=may_drop)
    pieces: list[str] = []
    done = 0
    for outcome in outcomes:
        if outcome.text is not None:
            pieces += text[done : outcome.shift.start], outcome.text
            done = outcome.shift.end
    findings = tuple(finding for outcome in outcomes for finding in outcome.findings)
    findings += _leave(text, unsearched, "not searched to the end: there are too many, or the run is too long")
    if pieces:  # what else would be an author's is suspicious beside damage
        findings += _leave(text, left, "no original is likelier than the text as it stands")
    return "".join(pieces) + text[done:], findings


def _search(
    text: str, spots: Sequence[int], scorer: Likelihood, *, may_drop: bool
) -> tuple[list["_Outcome"], list[int], list[int]]:
    """What was found, the spots at which nothing was, and those at which a bound ended the search or forbade it."""
    most = MANY if len(spots) * DENSE > len(text) else len(spots)
    outcomes: list[_Outcome] = []
    left: list[int] = []
    unsearched: list[int] = []
    done = fruitless = 0
    for at, spot in enumerate(spots):
        if spot < done:
            continue
        if at >= most or fruitless == FRUITLESS:
            unsearched.append(spot)
            continue
        found = find_original(text, spot, scorer, may_drop=may_drop)
        fruitless += 1
        if found.given_up:
            unsearched.append(spot)
        if found.shift is not None:
            outcomes.append(_judge(text, found.shift, scorer))
            fruitless = 0 if outcomes[-1].text is not None else fruitless
            done = found.end
        elif not found.given_up:
            left.append(spot)
    return outcomes, left, unsearched


class _Outcome(NamedTuple):
    """A likely original, what is to be put in its place, if anything is, and what is to be said of it."""

    shift: Shift
    text: str | None
    findings: tuple[Finding, ...]

    @property
    def is_resolved(self) -> bool:
        return all(finding.kind != "unresolved" for finding in self.findings)


def _ask_again(text: str, outcomes: list[_Outcome], data: Mending, *, may_drop: bool) -> list[_Outcome]:
    """Search once more where there are doubts, since what was put in without a doubt has a say too."""
    if len(outcomes) < 2 or all(outcome.is_resolved for outcome in outcomes):
        return outcomes
    scorer = listen(drop_glosses(_put_in(text, outcomes, HEARD)), data)
    answers = []
    for outcome in outcomes:
        if not outcome.is_resolved:
            shift = find_original(text, outcome.shift.start, scorer, may_drop=may_drop).shift
            if shift is not None and shift.end == outcome.shift.end:
                answers.append(_judge(text, shift, scorer))
                continue
        answers.append(outcome)
    return answers


def _leave(text: str, spots: Iterable[int], why: str) -> tuple[Finding, ...]:
    """Say that spots were left as they are; once for all that look alike."""
    alike: defaultdict[str, list[int]] = defaultdict(list)
    for spot in spots:
        alike[text[spot : spot + 2]].append(spot)
    return tuple(
        Finding(
            kind="unresolved",
            text=text[max(first - NEAR, 0) : first + NEAR],
            detail=f"byte shift? {form} at {1 + len(more)} places: {why}",
        )
        for form, (first, *more) in alike.items()
    )


def _put_in(text: str, outcomes: list[_Outcome], margin: float) -> str:
    """The text with the originals in their places, as far as they are known; without what could not be told."""
    pieces: list[str] = []
    done = 0
    for shift, put_in, _ in outcomes:
        pieces += text[done : shift.start], "\n" if put_in is None else shift.known(margin)
        done = shift.end
    return "".join(pieces) + text[done:]


def _is_chinese(text: str, spot: int) -> bool:
    """Whether a Chinese character stands near a spot."""
    return _HAN.search(text, max(spot - NEAR, 0), spot + NEAR) is not None


def _undamaged(text: str, spots: list[int]) -> str:
    """The text without glosses, and without what follows a spot in its line: it may be damaged."""
    parts = []
    done = 0
    for spot in spots:
        if spot >= done:
            parts.append(text[done:spot])
            line_end = text.find("\n", spot)
            done = line_end if line_end >= 0 else len(text)
    return drop_glosses("\n".join([*parts, text[done:]]))


def _judge(text: str, shift: Shift, scorer: Likelihood) -> _Outcome:
    """What is to be put in, if anything is, and what is to be said of it."""
    seen = text[shift.start : shift.end]
    garbled = scorer.worst(context(text, shift.start), shift.original) > GARBLED
    if garbled or shift.gain < GAIN or not is_proven(text, shift):
        detail = f"byte shift: {shift.original}? (margin {shift.gain:.1f})"
        return _Outcome(shift, None, (Finding(kind="unresolved", text=seen, detail=detail),))
    weighed, shift = shift, shift.told_apart(MARGIN, STOP_MARGIN)
    shown = shift.known(MARGIN)
    findings = []
    kept = (was for was, piece in zip(weighed.pieces, shift.pieces, strict=True) if piece.margin >= MARGIN)
    margin = min([shift.gain, *(piece.margin for piece in kept)])
    if shift.original.startswith("。") and not shift.dropped and margin >= CERTAIN:
        findings.append(Finding(kind="byte-shift", text=seen, detail=f"→ {shown}"))
    else:
        how = "by the reading, " if shift.by_reading else ""
        findings.append(Finding(kind="inferred", text=seen, detail=f"→ {shown} ({how}margin {margin:.1f})"))
    if SWALLOWED in shown:
        doubts = [f"{piece.text} or {piece.other}" for piece in shift.pieces if piece.margin < MARGIN]
        detail = ", ".join([*doubts, *("an ASCII character" for piece in shift.pieces if piece.text == SWALLOWED)])
        findings.append(Finding(kind="unresolved", text=shown, detail=f"byte shift: {SWALLOWED} was {detail}"))
    return _Outcome(shift, without_markup(shown), tuple(findings))
