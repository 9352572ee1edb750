"""How likely a stretch of Chinese text is: what decides between originals that damage would have made alike.

Costs are in nats (-ln p), smaller is likelier. Two small models are asked, since each is blind where the other sees: how
often one character or mark follows another, and how rare the words are into which the text can be split most cheaply. The
undamaged part of the text has a say in the former, since an article keeps to its words: a 专科 that is whole further down
speaks for the 专 that is lost here.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from healthcrawl.core.mend.pinyin import HAN
from healthcrawl.rules import Mending

_HAN = re.compile(f"[{HAN}]")
_WIDE = {**{chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}, " ": "\N{IDEOGRAPHIC SPACE}"}

NEIGHBOURS = 0.7
"""The weight of what neighbours say ..."""
WORDS = 0.7
"""... and of what the words say."""
UNKNOWN = 17.0
"""A character that is not in the table: rarer than one in twenty million."""
ODD = 12.0
"""A mark that hardly ever stands where it does."""
OWN = 0.25
"""The share of the text's own say, where it has the context at all."""
LONGEST_WORD = 4
STRETCH = 6
"""Characters in a stretch."""
QUOTED = 3.0
"""What a quotation mark costs that opens an open quotation or closes none."""


class State(NamedTuple):
    """How far a text has been weighed: its cost, its last characters, whether a quotation is open.

    `ends` is what the words cost up to each of the last four characters' ends.
    """

    cost: float
    tail: str
    quoting: bool
    ends: tuple[float, ...] = (0.0,)


@dataclass(frozen=True, slots=True)
class Likelihood:
    """A scorer for one text: the model, and how often the text itself has one, two and three characters in a row."""

    data: Mending
    own: Mapping[str, int]

    def begin(self, before: str) -> State:
        """Stand behind a text that counts as context only."""
        state = State(0.0, "", before.rfind("“") > before.rfind("”"))
        state = self.read(state, before[-2 * LONGEST_WORD :])
        return state._replace(cost=0.0, ends=tuple(end - state.ends[-1] for end in state.ends))

    def read(self, state: State, text: str) -> State:
        """Weigh the text that follows."""
        cost, tail, quoting, ends = state
        for each in text:
            character = self._plain(each)
            step = self._step(tail[-2:], character, quoting=quoting)
            tail = tail[1 - LONGEST_WORD :] + character
            before = ends[-1]
            if _HAN.match(character):
                spans = range(1, min(len(tail), len(ends)) + 1)
                end = min(ends[-span] + self._word(tail[-span:]) for span in spans)
                ends = (*ends[1 - LONGEST_WORD :], end)
            else:
                ends = (before + step,)
                quoting = (quoting or character == "“") and character != "”"
            cost += NEIGHBOURS * step + WORDS * (ends[-1] - before)
        return State(cost, tail, quoting, ends)

    def _word(self, word: str) -> float:
        return self.data.words.get(word, UNKNOWN if len(word) == 1 else math.inf)

    def worst(self, state: State, text: str) -> float:
        """What a character costs on average in the least likely stretch of a text; nothing in a text shorter than that."""
        costs = [state.cost]
        for each in text:
            state = self.read(state, each)
            costs.append(state.cost)
        stretches = zip(costs, costs[STRETCH:], strict=False)
        return max((after - before for before, after in stretches), default=0.0) / STRETCH

    def _plain(self, character: str) -> str:
        if character.isascii() and character.isalnum():
            return character
        return self.data.simplified.get(character) or _WIDE.get(character, character)

    def _step(self, tail: str, character: str, *, quoting: bool) -> float:
        before = tail[-1:]
        if character.isascii() and character.isalnum():
            return _alphanumeric(before, character)
        cost = self.data.pairs.get(before + character)
        if _HAN.match(character):
            if cost is None:
                cost = self.data.characters.get(character, UNKNOWN) + self.data.others.get(before, 0.0)
            own = self._own(tail, character)
            return -math.log((1 - OWN) * math.exp(-cost) + OWN * own) if own else cost
        if cost is None:
            unusual = self.data.others.get(before, 0.0) if not before or before.isalnum() else ODD
            cost = min(self.data.characters.get(character, ODD) + unusual, ODD)
        if (character == "“" and quoting) or (character == "”" and not quoting):
            cost += QUOTED
        return cost

    def _own(self, tail: str, character: str) -> float:
        """How often the text itself goes on like this, a single occurrence counting half."""
        for context in (tail, tail[-1:]):
            if context and (times := self.own.get(context + character)):
                return times / (self.own[context] + 1)
        return 0.0


def _alphanumeric(before: str, character: str) -> float:
    if before.isascii() and before.isalnum():
        return 2.0 if character.isdecimal() == before.isdecimal() else 5.0
    return 5.0 if character.isdecimal() else 7.5


def listen(sound: str, data: Mending) -> Likelihood:
    """A scorer that knows the model and the given, undamaged part of the text."""
    own: Counter[str] = Counter()
    for run in re.findall(f"[{HAN}]+", sound):
        plain = "".join(data.simplified.get(character, character) for character in run)
        for length in (1, 2, 3):
            own.update(plain[at : at + length] for at in range(len(plain) - length + 1))
    return Likelihood(data, own)
