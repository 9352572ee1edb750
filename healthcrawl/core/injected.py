"""Spam in a page's tree: blocks and parts of lines that were put into it as elements of their own.

They are taken out before the article is looked for: a keyword block is prose to whoever weighs prose, a link farm makes a notice
look like a list, and a lone link at the end of an honest line can still be told from the line. What is no element of its own is
left to the rules for lines (`healthcrawl.core.despam`).
"""

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import islice

from lxml import html

from healthcrawl.core.despam import DENSE, density, score, speaks_of_crime
from healthcrawl.core.tree import Block, Index, text_of
from healthcrawl.core.urls import host_of
from healthcrawl.model import Finding
from healthcrawl.rules import Spam

_LENGTHS = range(3, 2000)  # characters of an element that may be an insertion
_FARM = (
    3  # blocks of links that sell beyond doubt, from which the suspect ones belong to them, and the frame around them
)
_GLUE = 6  # letters that may be left of a block whose elements sell: "links:", "see also"
# What a line that warns of spam sets the warned-of words in.
_EMPHASIS = frozenset({"a", "b", "em", "font", "i", "mark", "span", "strong", "u"})
_FRAMES = frozenset({"aside", "center", "div", "dl", "footer", "nav", "ol", "p", "section", "ul"})
# Names of hosts that are registered by the thousand: no office and no newspaper has one.
_THROWAWAY = re.compile(r"\d{3}|\d[a-z]+\d|\.(?:cc|vip|top|xyz|win|bet|club|app|icu|fun|live|tv|me)$")
_DOUBT = 1.0  # by which a link to such a host may be below the mark
_LETTER = re.compile(r"[^\W\d_]")


def drop_injected(index: Index, shown: Sequence[Block], url: str, spam: Spam) -> tuple[Finding, ...]:
    """Take what sells out of the tree, in place; a finding for each element. `shown` are the tree's blocks.

    A link to another host than that of the page's `url` need only be suspect, to a throwaway one not even quite, and blocks of
    links in a link farm need only be suspect.
    """
    density_of = cache(partial(density, spam=spam))

    @cache  # elements in elements have one text
    def value_of(text: str) -> float:
        return score(text, spam) if density_of(text) >= DENSE else -math.inf

    scores = [(block, value_of(block.text)) for block in shown if density_of(block.text)]
    farm = sum(value >= spam.drop for block, value in scores if 2 * block.linked > len(block.text)) >= _FARM
    home = host_of(url)
    findings: list[Finding] = []
    robbed: Counter[html.HtmlElement] = Counter()
    searched: set[html.HtmlElement] = set()
    for block, value in scores:
        if block.element in searched or index.is_gone(block.element):
            continue
        searched.add(block.element)
        inside = _selling_inside(block, home, spam, value_of)
        mark = spam.suspect if farm and 2 * block.linked > len(block.text) else spam.drop
        if value >= mark and _is_whole(block) and _sells_without(inside, block, mark, spam):
            inside = {block.element: value}
        for element, worth in inside.items():
            findings.append(Finding(kind="spam", text=text_of(element), detail=f"element: score {worth:.2f}"))
            robbed.update(element.iterancestors())
            index.drop(element)
    findings += _drop_frames(index, robbed)
    return tuple(findings)


def _drop_frames(index: Index, robbed: Counter[html.HtmlElement]) -> Iterator[Finding]:
    """Take out what stood around farms: their headings and marks, if an element holds nothing else."""
    for frame, count in robbed.items():
        if count < _FARM or frame.tag not in _FRAMES or index.is_gone(frame):
            continue
        text = text_of(frame)
        if text and next(islice(_LETTER.finditer(text), _GLUE, None), None) is None:
            index.drop(frame)
            yield Finding(kind="spam", text=text, detail="around elements that sell")


def _selling_inside(
    block: Block, home: str, spam: Spam, value_of: Callable[[str], float]
) -> dict[html.HtmlElement, float]:
    """The elements that sell and are only a part of their block, with their scores; of one inside the other, the inner."""
    found: dict[html.HtmlElement, float] = {}
    around: set[html.HtmlElement] = set()
    for element in reversed(list(block.element.iterdescendants()) if len(block.element) else ()):
        text = text_of(element)
        if element in around or len(text) not in _LENGTHS:
            continue
        value = value_of(text)
        if value < spam.suspect - _DOUBT:
            continue
        host = host_of(element.get("href", "")) if element.tag == "a" else ""
        foreign = bool(host) and host != home
        if value < spam.suspect - (_DOUBT if foreign and _THROWAWAY.search(host) else 0):
            continue
        if foreign or (value >= spam.drop and not (element.tag in _EMPHASIS and speaks_of_crime(block.text, spam))):
            found[element] = value
            around.update(element.iterancestors())
    return found


def _is_whole(block: Block) -> bool:
    """Whether a block is all the text of its element. A table row is more than that: its cells are looked at one by one."""
    return block.element.tag != "tr" and "".join(block.text.split()) == "".join(text_of(block.element).split())


def _sells_without(inside: dict[html.HtmlElement, float], block: Block, mark: float, spam: Spam) -> bool:
    """Whether what is left of a block without the elements that sell sells too, says nothing, or is little and not honest."""
    rest = block.text
    for element in inside:
        rest = rest.replace(text_of(element), "", 1)
    letters, all_letters = len(_LETTER.findall(rest)), len(_LETTER.findall(block.text))
    value = score(rest, spam)
    return letters <= _GLUE or value >= mark or (3 * letters <= all_letters and value > 0)
