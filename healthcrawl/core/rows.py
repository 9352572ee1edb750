"""The rows of an HTML list: which links are entries, their headlines and dates.

List templates differ from site to site and change with every redesign, but a row has one shape everywhere: a link with a
headline, a date beside it, and no other headline. So rows are found by that shape, unless the family names them; where the
link has the shape of the family's articles, it needs no date. Menus, pagers and breadcrumbs have neither.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias
from urllib.parse import urldefrag, urljoin

from lxml import html

from healthcrawl.core.dates import find_date
from healthcrawl.core.identity import is_article_url
from healthcrawl.core.tree import matches
from healthcrawl.core.urls import canonical, host_of
from healthcrawl.model import Entry
from healthcrawl.rules import Family, Rules

HEADLINE = 6  # characters at least; menu items are shorter
LONGEST_URL = 2000
LONGEST_ROW = 1200  # characters; a row may hold a summary, but more than this is half a page
_WIDEST_GAP = 4  # elements between two links of a list without rows
_ROW_TAGS = frozenset({"article", "dd", "dt", "li", "tr"})
_LIST_TAGS = frozenset({"body", "dl", "html", "ol", "table", "tbody", "ul"})
_HEADINGS = "h1, h2, h3, h4, h5, h6, [class*=title], [class*=tit]"

_OPEN, _CLOSE = (
    r"[\[(\N{FULLWIDTH LEFT PARENTHESIS}\N{LEFT BLACK LENTICULAR BRACKET}]",
    r"[\])\N{FULLWIDTH RIGHT PARENTHESIS}\N{RIGHT BLACK LENTICULAR BRACKET}]",
)
_BULLETS = (
    "\N{MIDDLE DOT}\N{BULLET}\N{KATAKANA MIDDLE DOT}\N{BLACK SMALL SQUARE}\N{BLACK SQUARE}\N{BLACK DIAMOND}\N{BLACK CIRCLE}"
    ">|\N{RIGHT-POINTING DOUBLE ANGLE QUOTATION MARK}\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
)
# [市卫生健康局], [查看详情]: what stands before or behind a headline.
_LABEL = re.compile(rf"{_OPEN}[^\[\]]*{_CLOSE}")
# Who published it: behind a label, or in brackets.
_SOURCE = re.compile(
    rf"(?:来源|发布机构|发布单位|发布部门|发文机关)\s*[:\N{{FULLWIDTH COLON}}]\s*([^\s:|]{{2,30}})"
    rf"|{_OPEN}\s*([^\s\[\]]{{2,30}}(?:局|委|委员会|办|办公室|院|中心|站|部|厅|街道|镇|政府))\s*{_CLOSE}"
)
_ELLIPSIS = ".\N{HORIZONTAL ELLIPSIS}\N{MIDLINE HORIZONTAL ELLIPSIS}"
# Nothing but a date, as a row shows it: in brackets, with a label or a time.
_ONLY_DATE = re.compile(
    rf"{_OPEN}?\s*(?:(?:发布|更新)?(?:时间|日期)\s*[:\N{{FULLWIDTH COLON}}]?\s*)?[\d\s\-/.年月日:]{{4,25}}\s*{_CLOSE}?"
)
# A date without its year shows that the row is one of a list, but is no date.
_SHORT_DATE = re.compile(rf"[{_BULLETS}]*{_OPEN}?(?:0?[1-9]|1[0-2])[-/.月](?:0?[1-9]|[12]\d|3[01])日?{_CLOSE}?")
# A date in figures at either end of a link's text belongs to the row; one in words (2024年3月1日) may belong to the headline.
_FIGURES = r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?:\s+\d{1,2}:\d\d(?::\d\d)?)?"
_DATE_AT_END = re.compile(rf"^{_OPEN}?{_FIGURES}{_CLOSE}?\s*(?=\D)|(?<=\D)\s*{_OPEN}?{_FIGURES}{_CLOSE}?$")
# Addresses of lists, not of entries.
_LIST_ADDRESS = re.compile(r"(?:/|/(?:index|list|default|more)(?:_\d+)?\.\w+)(?:\?.*)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A link of a page: its absolute URL, its canonical address, and whether that has the shape of an article's."""

    url: str
    key: str
    is_article: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a list: its entry, whether it shows a date (be it without a year), and its place: the same for all of a list."""

    entry: Entry
    dated: bool
    place: tuple[str, ...]


Anchors: TypeAlias = Mapping[html.HtmlElement, Anchor]


def find_anchors(tree: html.HtmlElement, base: str, family: Family, rules: Rules) -> dict[html.HtmlElement, Anchor]:
    """The http(s) links of a page in document order."""
    anchors: dict[html.HtmlElement, Anchor] = {}
    known: dict[str, Anchor] = {}
    for element in tree.iter("a"):
        url = resolve(base, element.get("href", ""))
        if url and url not in known:
            key = canonical(url, rules)
            known[url] = Anchor(url=url, key=key, is_article=is_article_url(url, family))
        if url:
            anchors[element] = known[url]
    return anchors


def resolve(base: str, reference: str) -> str:
    """The absolute http(s) URL of a link without its fragment; empty if it leads nowhere else or is no address to keep.

    >>> resolve("http://a.example.gov.cn/b/", " ./c.html#top"), resolve("http://a.example.gov.cn/", "javascript:void(0)")
    ('http://a.example.gov.cn/b/c.html', '')
    """
    reference = reference.strip()
    if not reference or reference.startswith("#"):
        return ""
    try:
        url = urldefrag(urljoin(base, reference)).url
    except ValueError:  # brackets or ports that no address has
        return ""
    return url if len(url) <= LONGEST_URL and host_of(url) else ""


def read_rows(tree: html.HtmlElement, anchors: Anchors, family: Family) -> list[Row]:
    """The rows of a list page in page order, one for each address."""
    for selector in family.lists.rows:
        if rows := _one_for_each(_row_of(element, anchors) for element in matches(tree, selector)):
            return rows
    return _without_sidebars(_one_for_each(_rows_by_shape(anchors)))


def _row_of(element: html.HtmlElement, anchors: Anchors) -> Row | None:
    """The row in an element that a family's selector has named: its first article link, else its first headline."""
    inside = [anchor for anchor in element.iter("a") if anchor in anchors]
    ranked = sorted(inside, key=lambda anchor: (not anchors[anchor].is_article, not _is_headline(anchor)))
    if not ranked:
        return None
    address = anchors[ranked[0]]
    return _read(element, [anchor for anchor in inside if anchors[anchor].key == address.key], address)


def _rows_by_shape(anchors: Anchors) -> Iterator[Row | None]:
    same: dict[str, list[html.HtmlElement]] = {}
    for element, anchor in anchors.items():
        same.setdefault(anchor.key, []).append(element)
    headlines = {
        key: _headline_of(elements)
        for key, elements in same.items()
        if anchors[elements[0]].is_article or any(map(_is_headline, elements))
    }
    below = _keys_below({key: same[key] for key in headlines})
    for key, headline in headlines.items():
        row = _grow(headline, key, below)
        inside = set(row.iter("a"))
        yield _read(row, [element for element in same[key] if element in inside], anchors[headline])


def _is_headline(anchor: html.HtmlElement) -> bool:
    text = _spaced(anchor)
    return len(text) >= HEADLINE and not _LABEL.fullmatch(text)


def _keys_below(same: Mapping[str, list[html.HtmlElement]]) -> dict[html.HtmlElement, str]:
    """For each element around headlines the one address they lead to, or the empty string if there are several."""
    below: dict[html.HtmlElement, str] = {}
    for key, elements in same.items():
        for element in elements:
            for around in element.iterancestors():
                known = below.setdefault(around, key)
                if not known:
                    break  # so it is with all that is around it
                below[around] = key if known == key else ""
    return below


def _grow(headline: html.HtmlElement, key: str, below: Mapping[html.HtmlElement, str]) -> html.HtmlElement:
    """The largest element around a headline that holds no other: its row."""
    row = headline
    for around in headline.iterancestors():
        if around.tag in _LIST_TAGS or below[around] != key:
            break
        row = around
        if around.tag in _ROW_TAGS:
            break
    return row if row is headline or len(_spaced(row)) <= LONGEST_ROW else headline


def _read(row: html.HtmlElement, elements: list[html.HtmlElement], address: Anchor) -> Row | None:
    outside = _outside(row, elements)
    date = find_date(outside)
    title = _title(elements, ends_count=bool(date))
    date = date or _date_inside(elements) or find_date(_beside(row))
    dated = bool(date or _SHORT_DATE.fullmatch(outside))
    if not address.is_article and (not dated or len(title) < HEADLINE or _LIST_ADDRESS.search(address.url)):
        return None
    place = tuple(f"{element.tag} {element.get('class', '')}" for element in islice(row.iterancestors(), 2))
    said = _SOURCE.search(outside)
    source = (said[1] or said[2]) if said else ""
    return Row(entry=Entry(url=address.url, title=title, date=date, source=source), dated=dated, place=place)


def _one_for_each(rows: Iterable[Row | None]) -> list[Row]:
    """The rows without those that repeat an address (a picture beside the headline); the first title and date count."""
    found: dict[str, Row] = {}
    for row in rows:
        if row is not None and (row.entry.url not in found or not found[row.entry.url].entry.title):
            found[row.entry.url] = row
    return list(found.values())


def _without_sidebars(rows: list[Row]) -> list[Row]:
    """A list without any date beside lists with dates is a side bar (most read, related), not what the page is for."""
    dated = {row.place for row in rows if row.dated}
    return [row for row in rows if row.place in dated or not dated]


def _headline_of(elements: list[html.HtmlElement]) -> html.HtmlElement:
    """Of the links to one address the first that reads like a headline: neither a picture nor 查看详情."""
    return next((element for element in elements if _is_headline(element)), elements[0])


def _uncut(title: str) -> str:
    """A headline without the dots that say it was cut short; one full stop is none of them."""
    bare = title.rstrip(_ELLIPSIS)
    return title if title[len(bare) :] in {"", "."} else bare


def _title(elements: list[html.HtmlElement], *, ends_count: bool) -> str:
    """The headline: the whole one of the title attribute where the text is cut short, without bullets.

    A date in figures at its ends is the row's and no part of it, unless `ends_count`: the row has another.
    """
    if not elements:
        return ""
    anchor = _headline_of(elements)
    headings = [heading for heading in matches(anchor, _HEADINGS) if len(_spaced(heading)) >= HEADLINE]
    dates = {part for element in _date_elements(anchor) for part in element.iter()}
    shown = _clean("".join(_texts(headings[0] if headings else anchor, dates)), ends_count=ends_count)
    start = _uncut(shown).strip()
    for element in elements:
        whole = _clean(element.get("title", ""), ends_count=ends_count)
        alike = whole.startswith(start[:HEADLINE]) and len(whole) > len(start)
        if whole and _uncut(whole) == whole and (alike or start != shown):
            return whole
    return shown


def _clean(text: str, *, ends_count: bool) -> str:
    folded = " ".join(text.split()).strip(_BULLETS)
    return folded if ends_count else _DATE_AT_END.sub("", folded).strip(_BULLETS)


def _date_inside(elements: list[html.HtmlElement]) -> str:
    """The date in links that hold the whole row, in an element of its own or at an end of the text."""
    own = [_spaced(part) for element in elements for part in _date_elements(element)]
    ends = [match[0] for element in elements for match in _DATE_AT_END.finditer(_spaced(element).strip(_BULLETS))]
    return next((date for text in (*own, *ends) if (date := find_date(text))), "")


def _outside(row: html.HtmlElement, elements: list[html.HtmlElement]) -> str:
    """The text of a row outside its links."""
    links = {part for element in elements for part in element.iter()}
    return " ".join(" ".join(_texts(row, links)).split())


def _date_elements(anchor: html.HtmlElement) -> list[html.HtmlElement]:
    return [
        part for part in anchor.iterdescendants() if _ONLY_DATE.fullmatch(_spaced(part)) and find_date(_spaced(part))
    ]


def _beside(row: html.HtmlElement) -> str:
    """The text between a row that is nothing but its link and the next: `<a>…</a> 2024-03-01<br>`, `<dt><a>…</a></dt><dd>…`.

    Where the dates stand in front of the links, it is the text between the row and the one before.
    """
    parent = row.getparent()
    if parent is None:
        return ""
    first, last = parent.find(row.tag), next(parent.iterchildren(row.tag, reversed=True))
    in_front = find_date(_gap(first, before=True)) and find_date(_gap(last, before=True)) and not find_date(_gap(last))
    text = _gap(row, before=bool(in_front))
    return text if row.tag == "a" or _ONLY_DATE.fullmatch(text) else ""


def _gap(row: html.HtmlElement, *, before: bool = False) -> str:
    """The text from a row to the next element with a link, or from the last one before it."""
    texts = [] if before else [row.tail or ""]
    for sibling in islice(row.itersiblings(preceding=before), _WIDEST_GAP):
        linked = next(sibling.iter("a"), None) is not None
        parts = ["" if linked else _spaced(sibling), sibling.tail or ""]
        texts = [*parts, *texts] if before else [*texts, *([] if linked else parts)]
        if linked:
            break
    else:
        parent = row.getparent()
        texts = [(parent.text or "") if before and parent is not None else "", *texts]
    return " ".join(" ".join(texts).split())


def _texts(element: html.HtmlElement, without: set[html.HtmlElement]) -> Iterator[str]:
    """The texts below an element, except those of some elements."""
    for part in element.iter():
        if part not in without and part.text and isinstance(part.tag, str) and part.tag not in {"script", "style"}:
            yield part.text
        if part is not element and part.tail and part.getparent() not in without:
            yield part.tail


def _spaced(element: html.HtmlElement) -> str:
    return " ".join(" ".join(_texts(element, set())).split())
