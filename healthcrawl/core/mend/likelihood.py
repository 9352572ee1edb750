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
OWN = (0.01, 0.4, 0.6)
"""The share of the text's own say: in how frequent a character is, and where the text goes on like this behind one and two others."""
UNHEARD = 50
"""So many characters more a text is taken to have, in telling how frequent one is."""
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
    return dict(_CELL.findall(line))


@lru_cache(maxsize=50_000)
def _decoded(coded: str) -> tuple[float, Mapping[str, float]]:
    costs = {each: QUANTUM * LEVELS[level] for level, group in _COSTS.findall(coded[1:]) for each in group}
    return QUANTUM * LEVELS[coded[0]], costs


_Rows = tuple[list[tuple[float, Mapping[str, float]]], float]


@dataclass(frozen=True, slots=True)
class Likelihood:
    """A scorer for one text: the model, and how often the text itself has one, two and three characters in a row."""

    data: Mending
    own: Mapping[str, int]
    heard: int
    alone: Mapping[str, float]
    known: dict[str, float] = field(default_factory=dict)
    rows: dict[str, "_Rows"] = field(default_factory=dict)
    weighed: dict[tuple[str, ...], list[tuple[str, str]]] = field(default_factory=dict)

    def plain(self, character: str) -> str:
        """The character as the model knows it: simplified, full-width, any digit, any letter."""
        return self.data.simplified.get(character) or _SPELLING.get(character, character)

    def step(self, tail: str, character: str) -> float:
        """What a plain character costs behind up to two others."""
        key = tail + character
        cost = self.known.get(key)
        return self._learn(tail, character) if cost is None else cost

    def rank(self, tail: str, characters: tuple[str, ...]) -> list[tuple[float, str]]:
        """Characters with what each costs behind up to two plain ones, the likeliest first; those that nobody knows are left out."""
        if (known := self.weighed.get(characters)) is None:
            plain = zip(map(self.plain, characters), characters, strict=True)
            known = self.weighed[characters] = [pair for pair in plain if pair[0] in self.alone or pair[0] in self.own]
        costs, learn = self.known, self._learn
        ranked = [(costs.get(tail + plain) or learn(tail, plain), each) for plain, each in known]
        ranked.sort()
        return ranked

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

    def _learn(self, tail: str, character: str) -> float:
        cost = self.known[tail + character] = self._weigh(tail, character)
        return cost

    def _weigh(self, tail: str, character: str) -> float:
        cost = self._model(tail, character)
        if character == DIGIT:
            cost += WHICH_DIGIT
        elif character == LETTER:
            cost += WHICH_LETTER
        share = math.exp(-cost)
        for length, weight in enumerate(OWN[: len(tail) + 1]):
            context = tail[len(tail) - length :]
            if not context and not character.isalnum():
                continue  # how frequent marks are the model knows better
            times = self.own.get(context + character)
            if not times:
                break
            all_times = self.own[context] + 1 if context else self.heard  # a single occurrence counts half
            share += weight * (times / all_times - share)
        return -math.log(share)

    def _model(self, tail: str, character: str) -> float:
        if character.isspace():
            return BLANK if tail[-1:] in _BEFORE_BLANKS else RARE_BLANK
        rows, left = self.rows.get(tail) or self._read_rows(tail)
        for before, costs in rows:
            cost = costs.get(character)
            if cost is not None:
                return before + cost
        is_mark = not character.isalnum()
        if is_mark and tail and not tail[-1].isalnum():
            return ODD
        return left + self.alone.get(character, ODD if is_mark else UNKNOWN)

    def _read_rows(self, tail: str) -> "_Rows":
        """The rows of a context and of the shorter ones, each with what it costs to get there."""
        rows = []
        left = 0.0
        for start in range(len(tail)):
            found = row(self.data.followers, tail[start:])
            if found is not None:
                rows.append((left, found[1]))
                left += found[0]
        self.rows[tail] = rows, left
        return rows, left


def listen(sound: str, data: Mending) -> Likelihood:
    """A scorer that knows the model and the given, undamaged part of the text."""
    plain = sound.translate({ord(traditional): simplified for traditional, simplified in data.simplified.items()})
    pairs = list(map(add, plain, plain[1:]))
    own = Counter(plain)
    own.update(pairs)
    own.update(map(add, pairs, plain[2:]))
    return Likelihood(data, own, len(plain) + UNHEARD, cost_alone(data))
