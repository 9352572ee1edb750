"""Glosses: pinyin that a mirror program wrote behind characters of its choice, as in 服務(wù).

Authors do it too, and their readings stay: of a rare character (邢窑(yáo)), in a name list, in a language lesson. So the
text as a whole is asked. A program that tones its pinyin glosses only characters that it has converted to traditional ones,
common ones among them, and each of them always. A program without tones glosses at random, sometimes twice or with the
character itself; a text that it went through is traditional, or holds several such glosses of common characters, but not
one on every other character, as a lesson does.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

from healthcrawl.core.mend.codepage import code, pair
from healthcrawl.core.mend.damage import SWALLOWED
from healthcrawl.core.mend.likelihood import cost_alone
from healthcrawl.core.mend.pinyin import GLOSS, HAN, SYLLABLE
from healthcrawl.model import Finding
from healthcrawl.rules import Mending

COMMON = 10.0
"""Nobody explains the reading of a character that is commoner than this (-ln p)."""
RARE = 12.0
"""A program's table hardly has characters that are rarer than this; their readings are taken for the author's."""
LESSON = 0.45
"""In a text with at least `FEW` glosses: more than this share of its characters glossed is a lesson."""
FEW = 8
CONVERTED = 0.9
"""At least this share of toned glosses stands on traditional characters."""
BARE = 0.1
"""At most this share of the glossed characters' occurrences has no gloss."""
SEVERAL = 3
"""So many different characters, glossed as a program does it, prove the program for the whole text."""
TONELESS = 4
"""So many toneless glosses of different common characters are a program's in a simplified text, ..."""
SPARSE = 0.25
"""... if at most this share of its characters is glossed, ..."""
WITHIN = 0.6
"""... and at least this share of the glosses stands between two characters, not at the end of a name."""

_HAN = re.compile(f"[{HAN}]")
_BLANKS = " \N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}"
_GLOSS = re.compile(rf"[(（](?:[{_BLANKS}]?{SYLLABLE}[{_BLANKS}]?|[{HAN}])[)）](?:{GLOSS})*")
_MISPLACED = re.compile(rf"([{HAN}])([@-~])[(（]({SYLLABLE})[{_BLANKS}]?[)）]")
_BEHIND_LOST = re.compile(f"{SWALLOWED}{GLOSS}")
_SYLLABLE = re.compile(SYLLABLE)
_TONED = re.compile("[āáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜńňǹḿ]")


class _Spot(NamedTuple):
    """A character with its glosses: readings that it does have, or the character itself, in either script.

    `doubled`: no author writes such glosses: two of them, or the traditional character itself. `converted`: a program may have
    made the character out of a simplified one.
    """

    character: str
    plain: str
    text: str
    toned: bool
    doubled: bool
    converted: bool
    start: int = 0
    end: int = 0


def remove(text: str, data: Mending) -> tuple[str, tuple[Finding, ...]]:
    """Take a program's glosses out; leave an author's."""
    if not (spots := _find(text, data)):
        return text, ()
    han = len(_HAN.findall(text))
    if len(spots) >= FEW and len(spots) > LESSON * (han - sum(spot.doubled for spot in spots)):
        return text, ()

    rarity_of = cost_alone(data)

    def rarity(spot: _Spot) -> float:
        return rarity_of.get(spot.plain, RARE + 1)

    toned = [spot for spot in spots if spot.toned]
    toneless = [spot for spot in spots if not spot.toned]
    doomed: list[_Spot] = []
    if _is_toned_program(text, toned, rarity):
        converted = [spot for spot in toned if spot.converted]
        several = len({spot.character for spot in converted}) >= SEVERAL
        doomed += [spot for spot in converted if several or rarity(spot) <= RARE]
    if _is_toneless_program(text, toneless, rarity, data):
        doomed += toneless
    if not doomed:
        return text, ()
    doomed += (*_find_misplaced(text, data), *_find_behind_lost(text))
    doomed.sort(key=lambda spot: spot.start)
    pieces: list[str] = []
    done = 0
    for spot in doomed:
        pieces += text[done : spot.start], spot.character
        done = spot.end
    return "".join(pieces) + text[done:], (_summary(doomed),)


def _find(text: str, data: Mending) -> list[_Spot]:
    spots = []
    known: dict[str, _Spot | None] = {}
    for match in _GLOSS.finditer(text):
        start = match.start() - 1
        if start > 0 and text[start] in _BLANKS:
            start -= 1
        seen = text[max(start, 0) : match.end()]
        if seen not in known:
            known[seen] = _read(seen, data)
        spot = known[seen]
        if spot is not None:
            spots.append(spot._replace(start=start, end=match.end()))
    return spots


def _find_misplaced(text: str, data: Mending) -> Iterator[_Spot]:
    """Glosses of what a program that searches bytes took for a character: the second byte of one, and an ASCII letter.

    了W(xiān)P is 了WP: CB 57, the second byte of 了 and W, would be 薟.
    """
    for match in _MISPLACED.finditer(text):
        raw = code(match[1])
        taken = pair(raw[1], ord(match[2])) if len(raw) == 2 else ""
        if taken and taken in data.readings.get(match[3], ""):
            yield _Spot(match[2], match[2], match[0], True, False, False, match.start(2), match.end())


def _find_behind_lost(text: str) -> Iterator[_Spot]:
    """Glosses of characters that are lost: byte repair left U+FFFD in their place."""
    for match in _BEHIND_LOST.finditer(text):
        yield _Spot(SWALLOWED, SWALLOWED, match[0], True, False, False, match.start(), match.end())


def _read(seen: str, data: Mending) -> _Spot | None:
    """A character with what follows it in brackets, if that is a gloss."""
    character, glosses = seen[0], seen[1:]
    if not _HAN.match(character):
        return None
    plain = data.simplified.get(character, character)
    readings = _SYLLABLE.findall(glosses.replace("ɡ", "g"))
    same = _HAN.search(glosses)
    if same and data.simplified.get(same[0], same[0]) != plain:
        return None
    if not all(character in data.readings.get(reading, "") for reading in readings):
        return None
    return _Spot(
        character=character,
        plain=plain,
        text=seen,
        toned=any(map(_TONED.search, readings)),
        doubled=(same is not None and character != plain) or len(readings) > 1,
        converted=character != plain or character in data.kept,
    )


def _is_toned_program(text: str, spots: list[_Spot], rarity: Callable[[_Spot], float]) -> bool:
    converted = [spot for spot in spots if spot.converted]
    if not any(rarity(spot) <= COMMON for spot in converted) or len(converted) < CONVERTED * len(spots):
        return False
    glossed = Counter(spot.character for spot in converted)
    everywhere = Counter(text)
    occurrences = sum(everywhere[character] for character in glossed)
    return occurrences - len(converted) <= BARE * occurrences


def _is_toneless_program(text: str, spots: list[_Spot], rarity: Callable[[_Spot], float], data: Mending) -> bool:
    traditional = any(character in data.simplified and character not in data.kept for character in text)
    common = {spot.character for spot in spots if rarity(spot) <= (RARE if traditional else COMMON)}
    if not common:
        return False
    if traditional or any(spot.doubled for spot in spots):
        return True
    within = sum(_HAN.match(text, spot.end) is not None for spot in spots)
    sparse = len(spots) <= SPARSE * len(_HAN.findall(text))
    return len(common) >= TONELESS and sparse and within >= WITHIN * len(spots)


def _summary(spots: list[_Spot]) -> Finding:
    counts = Counter(spot.text for spot in spots)
    listed = " ".join(f"{gloss}×{count}" if count > 1 else gloss for gloss, count in counts.items())
    return Finding(kind="gloss", text=spots[0].text, detail=f"{len(spots)} removed: {listed}")
