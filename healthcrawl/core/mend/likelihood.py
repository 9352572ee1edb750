"""How likely a stretch of Chinese text is: what decides between originals that damage would have made alike.

Costs are in nats (-ln p), smaller is likelier. A character is weighed by the two before it, or by the one before it where the
model has not seen the two together. The undamaged part of the text has a say, since an article keeps to its words: a 专科
that is whole further down speaks for the 专 that is lost here.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from operator import add

from healthcrawl.rules import Mending

UNKNOWN = 17.0
"""A character that is not in the table: rarer than one in twenty million."""
ODD = 12.0
"""A mark that hardly ever stands where it does."""
BLANK, RARE_BLANK = 3.0, 7.0
"""A blank behind a sentence or another blank; any other."""
OWN = 0.25
"""The share of the text's own say, where it has the context at all."""
ORDER = 3
"""Characters that are weighed together."""
STRETCH = 6
"""Characters in a stretch."""
QUOTED = 3.0
"""What a quotation mark costs that opens an open quotation or closes none."""
DIGIT, LETTER = "０", "Ａ"
"""What stands for all digits and for all letters in the model ..."""
WHICH_DIGIT, WHICH_LETTER = math.log(10), 3.0
"""... and what it costs to say which."""
QUANTUM = 0.25
"""The model's costs are multiples of it."""
LEVELS = {chr(0x21 + at): at for at in range(94)}
"""The characters that stand for costs in the model's rows."""

_BEFORE_BLANKS = "。！？；：” \N{IDEOGRAPHIC SPACE}"
_CELL = re.compile(r"([^!-~\t]?)([^\t]+)")
_COSTS = re.compile(r"([!-~])([^!-~]*)")
_SPELLING = {
    chr(code + wide): DIGIT if chr(code).isdigit() else LETTER if chr(code).isalpha() else chr(code + 0xFEE0)
    for code in range(0x21, 0x7F)
    for wide in (0, 0xFEE0)
}


def row(followers: Mapping[str, str], context: str) -> tuple[float, Mapping[str, float]] | None:
    r"""A row of the model: the cost of leaving it for the next shorter context, and the costs of what may follow.

    >>> row({"目": '%!的"了在\t前!!，'}, "目")
    (1.0, {'的': 0.0, '了': 0.25, '在': 0.25})
    >>> row({"目": '%!的"了在\t前!!，'}, "目前")
    (0.0, {'，': 0.0})
    """
    coded = _coded_rows(followers.get(context[:1], "")).get(context[1:])
    return _decoded(coded) if coded else None


def cost_alone(data: Mending) -> Mapping[str, float]:
    """What each character costs behind nothing: how rare it is."""
    found = row(data.followers, "")
    return found[1] if found else {}


@lru_cache(maxsize=10_000)
def _coded_rows(line: str) -> dict[str, str]:
    """The rows of all contexts that begin alike, by the rest of the context."""
    return dict(cell.groups() for cell in _CELL.finditer(line))


@lru_cache(maxsize=50_000)
def _decoded(coded: str) -> tuple[float, Mapping[str, float]]:
    costs = {each: QUANTUM * LEVELS[level] for level, group in _COSTS.findall(coded[1:]) for each in group}
    return QUANTUM * LEVELS[coded[0]], costs


@dataclass(frozen=True, slots=True)
class Likelihood:
    """A scorer for one text: the model, and how often the text itself has one, two and three characters in a row."""

    data: Mending
    own: Mapping[str, int]
    known: dict[str, float] = field(default_factory=dict)

    def plain(self, character: str) -> str:
        """The character as the model knows it: simplified, full-width, any digit, any letter."""
        return self.data.simplified.get(character) or _SPELLING.get(character, character)

    def step(self, tail: str, character: str) -> float:
        """What a plain character costs behind up to two others."""
        key = tail + character
        cost = self.known.get(key)
        if cost is None:
            cost = self.known[key] = self._weigh(tail, character)
        return cost

    def costs(self, before: str, text: str) -> Iterator[float]:
        """What each character of a text costs behind another text."""
        tail = "".join(map(self.plain, before[1 - ORDER :]))
        for each in text:
            character = self.plain(each)
            yield self.step(tail, character)
            tail = tail[2 - ORDER :] + character

    def worst(self, before: str, text: str) -> float:
        """What a character costs on average in the least likely stretch of a text; nothing in a text shorter than that."""
        costs = list(self.costs(before, text.replace("\N{REPLACEMENT CHARACTER}", "")))
        return max((sum(costs[at : at + STRETCH]) for at in range(len(costs) - STRETCH + 1)), default=0.0) / STRETCH

    def _weigh(self, tail: str, character: str) -> float:
        cost = self._model(tail, character)
        if character == DIGIT:
            cost += WHICH_DIGIT
        elif character == LETTER:
            cost += WHICH_LETTER
        own = self._own(tail, character)
        return -math.log((1 - OWN) * math.exp(-cost) + OWN * own) if own else cost

    def _model(self, tail: str, character: str) -> float:
        if character.isspace():
            return BLANK if tail[-1:] in _BEFORE_BLANKS else RARE_BLANK
        left = 0.0
        for start in range(len(tail) + 1):
            context = tail[start:]
            if not context and tail and not (character.isalnum() or tail[-1].isalnum()):
                return ODD
            found = row(self.data.followers, context)
            if found is not None:
                leaving, costs = found
                if (cost := costs.get(character)) is not None:
                    return left + cost
                left += leaving
        return left + (UNKNOWN if character.isalnum() else ODD)

    def _own(self, tail: str, character: str) -> float:
        """How often the text itself goes on like this, a single occurrence counting half."""
        for context in (tail, tail[-1:]):
            if context and (times := self.own.get(context + character)):
                return times / (self.own[context] + 1)
        return 0.0


def listen(sound: str, data: Mending) -> Likelihood:
    """A scorer that knows the model and the given, undamaged part of the text."""
    plain = sound.translate({ord(traditional): simplified for traditional, simplified in data.simplified.items()})
    pairs = list(map(add, plain, plain[1:]))
    own = Counter(plain)
    own.update(pairs)
    own.update(map(add, pairs, plain[2:]))
    return Likelihood(data, own)
