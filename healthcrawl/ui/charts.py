"""Charts as values: where each bar lies, on a canvas of whole units. The template `chart.html` draws them as SVG.

A bar is a group of stacked parts; every part has a name, by which it is coloured and told to those who can't see it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_GAP = 0.25  # of a bar's width
_LEAST = (
    1.0  # units that a part has which is not zero: one withdrawn document beside ten thousand new ones is to be seen
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A rectangle."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What belongs to one label, from the bottom up, with the place that a pointer finds it at."""

    label: str
    values: Mapping[str, int]
    x: float
    width: float
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars on a canvas; `highest` is the sum that reaches its top."""

    width: int
    height: int
    highest: int
    bars: tuple[Bar, ...]


def bars(rows: Sequence[tuple[str, Mapping[str, int]]], *, width: int, height: int, slots: int = 0) -> Chart:
    """A chart of rows, each a label and its numbers by name. With fewer rows than `slots` they stand at the right.

    >>> chart = bars([("a", {"new": 4}), ("b", {"new": 1, "changed": 1})], width=20, height=8)
    >>> [(part.name, part.y, part.height) for bar in chart.bars for part in bar.parts]
    [('new', 0.0, 8.0), ('new', 6.0, 2.0), ('changed', 4.0, 2.0)]
    """
    number = max(slots, len(rows), 1)
    step = width / number
    highest = max((sum(values.values()) for _, values in rows), default=0)
    made = []
    for at, (label, values) in enumerate(rows, number - len(rows)):
        x, top, parts = at * step, float(height), []
        for name, value in values.items():
            if value:
                tall = max(value / highest * height, _LEAST)
                top = max(top - tall, 0.0)
                parts.append(
                    Part(
                        name=name,
                        x=_round(x + step * _GAP / 2),
                        y=_round(top),
                        width=_round(step * (1 - _GAP)),
                        height=_round(tall),
                    )
                )
        made.append(Bar(label=label, values=dict(values), x=_round(x), width=_round(step), parts=tuple(parts)))
    return Chart(width=width, height=height, highest=highest, bars=tuple(made))


def _round(value: float) -> float:
    return round(value, 2)
