"""Decoded HTML to a tree, and what is asked of it.

libxml2 starts a second root at an early `</html>` or `</body>` and loses what follows; such tags are dropped before parsing.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cssselect import HTMLTranslator, SelectorError
from lxml import etree, html

_STRAY_END = re.compile(r"</(?:html|body)\s*>", re.IGNORECASE)
_PROLOGUE = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
# Characters that XML does not allow; libxml2 stops at NUL.
_FORBIDDEN = re.compile(r"[\x00-\x04\x0b\x0c\x0e-\x1f\ufffe\uffff]")

# Elements that start a new line; all others, unknown ones included, run on like a `<span>`.
_BREAKING = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "caption", "center", "dd", "details", "dialog",
    "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4",
    "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li", "main", "menu", "nav", "ol", "optgroup",
    "option", "p", "pre", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "ucapcontent", "ul",
})  # fmt: skip
# Elements whose text no reader sees, or that repeat how a character is read (rt, rp).
_SILENT = frozenset({
    "audio", "canvas", "datalist", "embed", "head", "iframe", "link", "map", "math", "meta", "noscript",
    "object", "rp", "rt", "script", "select", "style", "svg", "template", "textarea", "title", "video",
})  # fmt: skip
# What HTML calls blank. Wide and hard spaces inside a line are left: in a mirror's text they are bytes of damaged characters.
_BLANKS = re.compile("[ \t\n\r\f]+")
_LONGEST_CELL = 1500  # characters; a longer cell holds an article, and its table lays out the page


def parse(text: str) -> html.HtmlElement:
    """Parse decoded HTML; any text gives a tree.

    >>> parse("<p>一</p></body></html><p>二").text_content()
    '一二'
    """
    cleaned = _FORBIDDEN.sub("", _STRAY_END.sub("", _PROLOGUE.sub("", text)))
    parser = html.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        tree = html.document_fromstring(cleaned.encode("utf-8", "replace"), parser=parser, ensure_head_body=True)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing in it but blanks, comments or noise
        return html.document_fromstring(b"<html><head></head><body></body></html>", parser=parser)
    return tree


@lru_cache(maxsize=4096)
def compile_css(selector: str) -> etree.XPath:
    """Compile a CSS selector.

    Raises:
        ValueError: it is not one.
    """
    try:
        return etree.XPath(HTMLTranslator().css_to_xpath(selector))
    except (SelectorError, etree.XPathError) as error:
        raise ValueError(f"not a CSS selector: {selector!r} ({error})") from error


def select(tree: html.HtmlElement, selectors: tuple[str, ...]) -> list[html.HtmlElement]:
    """The elements of the first selector that matches anything, in document order."""
    for selector in selectors:
        if found := matches(tree, selector):
            return found
    return []


def matches(tree: html.HtmlElement, selector: str) -> list[html.HtmlElement]:
    """All elements that a selector matches, in document order."""
    found = compile_css(selector)(tree)
    return [element for element in found if isinstance(element, html.HtmlElement)] if isinstance(found, list) else []


def text_of(element: html.HtmlElement) -> str:
    """The text of an element with runs of blanks folded.

    >>> text_of(parse("<p> 一  <b>二</b> 三 </p>"))
    '一 二 三'
    """
    return " ".join(str(element.text_content()).split())


@dataclass(frozen=True, slots=True)
class Block:
    """One line of a page as a reader sees it: its text, how many characters of it are links, the block element it is in."""

    text: str
    linked: int
    element: html.HtmlElement


def blocks(root: html.HtmlElement) -> list[Block]:
    """The lines below an element, in reading order: broken at block elements and `<br>`, a table row being one line.

    >>> [block.text for block in blocks(parse("<div>一<br>二<table><tr><td>三<td>四</table><p>五<b>六</b></div>"))]
    ['一', '二', '三 | 四', '五六']
    """
    return list(_Walk(root).run())


def within(shown: Sequence[Block], element: html.HtmlElement) -> list[Block]:
    """Those blocks of a tree that are inside an element of it."""
    if element.tag not in _BREAKING:  # its text is part of a line
        return blocks(element)
    members = set(element.iter())
    return [block for block in shown if block.element in members]


def lines_of(root: html.HtmlElement) -> list[str]:
    """The texts of an element's blocks."""
    return [block.text for block in blocks(root)]


class _Walk:
    """One pass over a tree, without recursion: pages nest as deep as they like."""

    def __init__(self, root: html.HtmlElement) -> None:
        self.root = root
        self.parts: list[str] = []
        self.linked = 0
        self.anchors = 0
        self.holders = [root]

    def run(self) -> Iterator[Block]:
        walk = etree.iterwalk(self.root, events=("start", "end"))
        for event, element in walk:
            tag = element.tag
            if event == "start":
                skipped = tag in _SILENT
                row = None if skipped or tag != "tr" else _row(element)
                if tag in _BREAKING or (tag == "span" and "display:block" in element.get("style", "").replace(" ", "")):
                    yield from self._flush()
                    self.holders.append(element)
                if skipped or row is not None:
                    walk.skip_subtree()
                if row:
                    yield Block(row, _linked(element), element)
                elif not skipped and row is None:
                    self.anchors += tag == "a"
                    self._add(element.text)
                continue
            self.anchors -= tag == "a" and self.anchors > 0
            if self.holders[-1] is element:
                yield from self._flush()
                if element is not self.root:
                    self.holders.pop()
            if element is not self.root:
                self._add(element.tail)
        yield from self._flush()

    def _add(self, text: str | None) -> None:
        if text:
            self.parts.append(text)
            if self.anchors:
                self.linked += len("".join(text.split()))

    def _flush(self) -> Iterator[Block]:
        if text := _BLANKS.sub(" ", "".join(self.parts)).strip():
            yield Block(text, self.linked, self.holders[-1])
        self.parts.clear()
        self.linked = 0


def _row(row: html.HtmlElement) -> str | None:
    """A row of a data table as one line; None for a row that only lays out the page."""
    cells = [cell for cell in row if cell.tag in {"td", "th"}]
    if len(cells) < 2 or row.find(".//table") is not None:
        return None
    texts = [" ".join(lines_of(cell)) for cell in cells]
    if max(map(len, texts)) > _LONGEST_CELL or sum(map(bool, texts)) < 2:
        return None
    return _BLANKS.sub(" ", " | ".join(texts)).strip(" |")


def _linked(element: html.HtmlElement) -> int:
    return sum(len("".join(str(anchor.text_content()).split())) for anchor in element.iter("a"))
