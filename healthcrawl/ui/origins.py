"""Where on its page a document's metadata stand: a value of the catalog beside the words that say it.

The core reads the best place and does not keep which it was. So a page is asked for all places that say the same, in the order
in which the core would have preferred them: what a reader sees, tags, what the list said, the address.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lxml import html

from healthcrawl.core.dates import find_date
from healthcrawl.core.fold import fold
from healthcrawl.core.likeness import letters
from healthcrawl.core.tree import lines_of, text_of
from healthcrawl.model import Context

_LONGEST = 160  # characters of a line that says something of its article
_MOST = 3  # places told of a value
_LINES = 500  # of a page that are looked at, from its top
_LABELS = {
    "title": re.compile("(?!)"),
    "published": re.compile("时间|日期|時間"),
    "source": re.compile("来源|來源|机构|機構|单位|單位|供稿"),
    "author": re.compile("作者|编辑|編輯"),
    "column": re.compile("位置|栏目|欄目"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A place that says a value: "heading", "line", "title" (the document's), "meta" (`name` is its name), "list" or "address".

    `text` are its words.
    """

    where: Literal["heading", "line", "title", "meta", "list", "address"]
    text: str
    name: str = ""


def origins(
    tree: html.HtmlElement, url: str, context: Context, values: Mapping[str, str], simplified: Mapping[int, str]
) -> dict[str, tuple[Origin, ...]]:
    """For each value by its name (`published` is a date) the places that say it, best first; none, if it was put together."""
    places = [*_places(tree, url, context)]
    return {
        name: tuple(_saying(places, name, value, simplified))[:_MOST] if value else () for name, value in values.items()
    }


def _places(tree: html.HtmlElement, url: str, context: Context) -> Iterator[Origin]:
    for tag in ("h1", "h2", "h3"):
        for element in tree.iter(tag):
            yield Origin(where="heading", text=text_of(element), name=tag)
    for line in lines_of(tree)[:_LINES]:
        if len(line) <= _LONGEST:
            yield Origin(where="line", text=line)
    for meta in tree.iter("meta"):
        name = meta.get("name") or meta.get("property") or meta.get("itemprop") or ""
        if name and (content := " ".join(meta.get("content", "").split())):
            yield Origin(where="meta", text=content, name=name)
    for element in tree.iter("title"):
        yield Origin(where="title", text=text_of(element))
    for text in (context.entry_title, context.entry_date, context.column):
        if text:
            yield Origin(where="list", text=text)
    yield Origin(where="address", text=url)


def _saying(places: Sequence[Origin], name: str, value: str, simplified: Mapping[int, str]) -> Iterator[Origin]:
    wanted = letters(value)
    said: set[tuple[str, str]] = set()
    ranked = sorted(places, key=lambda place: _rank(place, name))
    for place in ranked:
        if name == "published":
            says = _says_date(place, value)
        else:
            says = bool(wanted) and wanted in letters(fold(place.text).translate(simplified))
        if says and (place.where, place.text) not in said:
            said.add((place.where, place.text))
            yield place


def _rank(place: Origin, name: str) -> tuple[int, int]:
    """Headings first, then lines that name the field, tags, what the list said, the address, and other lines, the shortest first."""
    if place.where == "line":
        return (1, 0) if _LABELS[name].search(place.text) else (5, len(place.text))
    return {"heading": 0, "meta": 2, "list": 3, "address": 4, "title": 2}[place.where], 0


def _says_date(place: Origin, value: str) -> bool:
    day = value[:10]
    if place.where == "address":
        return day.replace("-", "") in place.text or day in place.text or day.replace("-", "/") in place.text
    return find_date(fold(place.text))[:10] == day
