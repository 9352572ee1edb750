"""When two texts are nearly the same: many runs of characters in common, and no figure that only one of each has.

The same notice on two sites, or published again with a small edit, is alike by its runs of five characters. So are the notices
of a series, which differ in a year, a number or a name and are not the same at all: figures and titles decide between these.
"""

import re
from collections.abc import Set as AbstractSet
from difflib import SequenceMatcher

from rensa import RMinHash

from healthcrawl.core.likeness import letters

RUN = 5  # characters
LEAST = 0.75  # of the runs of both texts that both must have: one character in fifty replaced leaves .82
FEWEST = 30  # runs of a text; of shorter ones nothing can be said
HASHES, BANDS = 112, 14  # of 8 rows: texts that share .8 of their runs meet in one band at least with a chance of .92
_SEED = 42
_BLANK = re.compile(r"\s+")
_SPELT = "〇零一二三四五六七八九"
_VALUES = {character: value % 10 for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}
# Figures, and numbers in words where they count something that makes a series.
_NUMBER = re.compile(rf"\d+(?:\.\d+)?|[{_SPELT}十百千]+(?=[年月日号期批次季届周版轮])")


def runs(text: str) -> frozenset[str]:
    """The runs of five characters of a text in the normal form, blanks left out.

    >>> sorted(runs("关于开展 讲座的"))
    ['于开展讲座', '关于开展讲', '开展讲座的']
    """
    bare = _BLANK.sub("", text)
    return frozenset(bare[at : at + RUN] for at in range(len(bare) - RUN + 1))


def jaccard(one: AbstractSet[str], other: AbstractSet[str]) -> float:
    """Jaccard's measure: what both have, as a share of what either has."""
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def figures(text: str) -> tuple[str, ...]:
    """The numbers in a text, in order, written in figures.

    >>> figures("2024年第三期、二〇二三年第十二批(卫〔2024〕07号)")
    ('2024', '3', '2023', '12', '2024', '7')
    """
    return tuple(_figure(match[0]) for match in _NUMBER.finditer(text))


def same_figures(one: str, other: str) -> bool:
    """Whether one of two texts has all the numbers that the other has."""
    these, those = set(figures(one)), set(figures(other))
    return these <= those or those <= these


def named_apart(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two texts, each with its title, are two of a series by a name in both: a district, a hospital, a season.

    It stands in the title and in the text of one and nowhere in the other, whose own name stands in its place.

    >>> named_apart(("青山区义诊通知", "青山区定于三月义诊"), ("白云区义诊通知", "白云区定于三月义诊"))
    True
    >>> named_apart(("青山区义诊通知", "青山区定于三月义诊"), ("转发:青山区义诊", "青山区定于三月义诊"))
    False
    """
    (title, text), (other_title, other_text) = ((letters(title), letters(text)) for title, text in (one, other))
    if title == other_title:
        return False
    for kind, start, end, other_start, other_end in SequenceMatcher(
        None, title, other_title, autojunk=False
    ).get_opcodes():
        for more in (0, 1) if kind == "replace" else ():  # with what stands behind, a short word is in fewer others
            name, instead = _named(title, start, end + more), _named(other_title, other_start, other_end + more)
            if name in text and instead in other_text and name not in other_text and instead not in text:
                return True
    return False


def _named(title: str, start: int, end: int) -> str:
    """A part of a title, two characters at least: one is in too many words."""
    return title[start : max(end, start + 2)] if start + 2 <= len(title) else title[-2:]


def sketch(title: str, found: AbstractSet[str]) -> RMinHash:
    """A sketch of a text's runs by which like texts are found. Those whose titles have other numbers are never like."""
    named = " ".join(figures(title))
    hashes = RMinHash(HASHES, _SEED)
    hashes.update([named + run for run in sorted(found)])
    return hashes


def _figure(number: str) -> str:
    if number[0].isdigit():
        return number.lstrip("0") or "0"
    if not any(unit in number for unit in _UNITS):
        return "".join(str(_VALUES[figure]) for figure in number).lstrip("0") or "0"
    total, digit = 0, 0
    for character in number:
        if character in _UNITS:
            total += (digit or 1) * _UNITS[character]
            digit = 0
        else:
            digit = _VALUES[character]
    return str(total + digit)
