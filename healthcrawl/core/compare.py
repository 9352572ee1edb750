"""What differs between two versions of a text: by paragraph, then by character, so that a person sees it at a glance."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, TypeAlias

from healthcrawl.core.likeness import likeness

_MOST_STEPS = 4_000_000  # of a comparison: 2,000 characters with 2,000
_MOST_PAIRS = 10_000  # of paragraphs that are weighed against each other
_ALIKE = 0.4  # likeness from which one paragraph is a changed form of another
_ISLAND = 3  # characters that two changes have in common by chance
_CLAUSE = re.compile(r"[^，。；！？,;!?]*[，。；！？,;!?]?")

Kind: TypeAlias = Literal["same", "removed", "added"]
_Blocks: TypeAlias = list[tuple[int, int, int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A piece of a paragraph that stayed, went or came."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParagraphChange:
    """One paragraph that differs.

    `number` counts the paragraphs from 1: those of the new version, of a removed one those of the old.
    """

    kind: Literal["changed", "removed", "added"]
    number: int
    stretches: tuple[Stretch, ...]


def compare(old: str, new: str) -> tuple[ParagraphChange, ...]:
    r"""The paragraphs that differ, in the order of the new version. Empty lines count for nothing.

    >>> (change,) = compare("通知\n\n定于三月中旬举办。", "通知\n\n定于三月下旬举办。")
    >>> change.number, [(stretch.kind, stretch.text) for stretch in change.stretches]
    (2, [('same', '定于三月'), ('removed', '中'), ('added', '下'), ('same', '旬举办。')])
    """
    before, after = _paragraphs(old), _paragraphs(new)
    changes: list[ParagraphChange] = []
    for first, end, start, stop in _differing(before, after):
        changes += _pair(before[first:end], after[start:stop], first + 1, start + 1)
    return tuple(changes)


def _paragraphs(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def _pair(old: Sequence[str], new: Sequence[str], old_number: int, new_number: int) -> Iterator[ParagraphChange]:
    """Which paragraph of a stretch became which; they keep their order."""
    partners = _partners(old, new)
    done = 0
    for at, text in enumerate(new):
        partner = partners.get(at)
        if partner is None:
            yield _whole("added", new_number + at, text)
            continue
        for gone in range(done, partner):
            yield _whole("removed", old_number + gone, old[gone])
        done = partner + 1
        yield ParagraphChange(kind="changed", number=new_number + at, stretches=tuple(stretches(old[partner], text)))
    for gone in range(done, len(old)):
        yield _whole("removed", old_number + gone, old[gone])


def _partners(old: Sequence[str], new: Sequence[str]) -> dict[int, int]:
    """For paragraphs of the new version those of the old that they were; what is too much to weigh is taken in order."""
    if len(old) * len(new) > _MOST_PAIRS or sum(map(len, old)) * len(new) > _MOST_STEPS:
        return {at: at for at in range(min(len(old), len(new)))}
    partners: dict[int, int] = {}
    free = 0
    for at, text in enumerate(new):
        weighed = [(likeness(candidate, text), -number) for number, candidate in enumerate(old) if number >= free]
        best, number = max(weighed, default=(0.0, 0))
        if best >= _ALIKE:
            partners[at] = -number
            free = 1 - number
    return partners


def _whole(kind: Literal["removed", "added"], number: int, text: str) -> ParagraphChange:
    return ParagraphChange(kind=kind, number=number, stretches=(Stretch(kind=kind, text=text),))


def stretches(old: str, new: str) -> Iterator[Stretch]:
    """What became of one paragraph: the characters that stayed, went and came; of very long ones, the clauses."""
    by_character = len(old) * len(new) <= _MOST_STEPS
    before, after = (list(text) if by_character else _CLAUSE.findall(text) for text in (old, new))
    at = 0
    for first, end, start, stop in _without_islands(_differing(before, after)):
        if same := "".join(before[at:first]):
            yield Stretch(kind="same", text=same)
        if removed := "".join(before[first:end]):
            yield Stretch(kind="removed", text=removed)
        if added := "".join(after[start:stop]):
            yield Stretch(kind="added", text=added)
        at = end
    if same := "".join(before[at:]):
        yield Stretch(kind="same", text=same)


def _differing(old: Sequence[str], new: Sequence[str]) -> _Blocks:
    """The ranges (of old: first, end; of new: first, end) in which two sequences differ, in order."""
    head = 0
    shorter = min(len(old), len(new))
    while head < shorter and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < shorter - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    before, after = old[head : len(old) - tail], new[head : len(new) - tail]
    # What is everywhere would cost time without end; difflib then leaves it out where it looks for a beginning.
    matcher = SequenceMatcher(a=before, b=after, autojunk=len(before) * len(after) > _MOST_STEPS)
    return [
        (head + first, head + end, head + start, head + stop)
        for kind, first, end, start, stop in matcher.get_opcodes()
        if kind != "equal"
    ]


def _without_islands(blocks: _Blocks) -> _Blocks:
    """Changes with next to nothing between them as one: a character that stayed by chance makes a change unreadable."""
    joined: _Blocks = []
    for block in blocks:
        if joined:
            first, end, start, stop = joined[-1]
            between = block[0] - end
            size = min(max(end - first, stop - start), max(block[1] - block[0], block[3] - block[2]))
            if between < _ISLAND and between <= size:
                joined[-1] = (first, block[1], start, block[3])
                continue
        joined.append(block)
    return joined
