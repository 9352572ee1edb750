"""Decoded HTML to a tree, and what is asked of it.

libxml2 starts a second root at an early `</html>` or `</body>` and loses what follows; such tags are dropped before parsing.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from operator import itemgetter

import cssselect
from cssselect import HTMLTranslator, SelectorError
from cssselect.parser import Attrib, Class, CombinedSelector, Element, Hash
from lxml import etree, html

_STRAY_END = re.compile(rb"</(?:[hH][tT][mM][lL]|[bB][oO][dD][yY])\s*>")  # sets keep the search for `</` fast
# libxml2 compares each attribute of an element with all others.
_LONG_TAG = re.compile(rb"(<[a-zA-Z][\w-]{0,40})[^<>]{20000,}>")
_LOOK = 10_000  # bytes: of each so long tag there is a stretch, counted from the start, without an end of a tag
_MOST_ATTRIBUTES = 5000
# What a tree is made of takes about a hundred bytes each, however few characters it was written with.
_MOST_TAGS = 150_000
_MOST_FIELDS = 600_000  # attributes in all
_TAG = re.compile("<[a-zA-Z][^<>]*")
# Values, which may hold blanks, and what parts attributes as a blank does.
_BETWEEN = re.compile(r"""=\s*(?:"[^"]*"|'[^']*')|/""")
_FIELDS_NEED = 2 * _MOST_FIELDS  # characters
_PARTING = " \t\n\r\f/\"'"  # one of these is in front of every attribute
_PROLOGUE = re.compile(r"\s*<\?xml[^>]*\?>", re.IGNORECASE)
# Characters that XML does not allow, in UTF-8; libxml2 stops at NUL.
_CONTROLS = bytes({*range(0x05), 0x0B, 0x0C, *range(0x0E, 0x20)})
_NONCHARACTERS = ("\ufffe", "\uffff")
# All elements are of one class: lxml's own parser asks a Python function for the class of each.
_LOOKUP = etree.ElementDefaultClassLookup(element=html.HtmlElement)

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
# Selectors that an index can answer alone.
_PLAIN = re.compile(r"[.#]?[\w-]+|\[(?:class|id)\*=[\w-]+\]")
_PARTED = frozenset({"class", "id"})  # attributes of which selectors name parts
# What HTML calls blank. Wide and hard spaces inside a line are left: in a mirror's text they are bytes of damaged characters.
_BLANKS = re.compile("[ \t\n\r\f]+")
_RUNS = ("  ", "\n", "\t", "\r", "\f")  # one of which a line has in which blanks are to be folded
# A title and what follows it; what damage may leave of the title's end tag.
_TITLE = re.compile(r"(?P<tag><title\b[^<>]*>)(?P<text>[^<]*)(?P<next><[/!]?\w*)?", re.IGNORECASE)
_END_LEFT = re.compile(r"[^<\w\s]?/title\s*>.*", re.IGNORECASE | re.DOTALL)
_TITLE_END = re.compile("</title", re.IGNORECASE)
_BODY = re.compile(r"<body\b|\Z", re.IGNORECASE)
_IN_HEAD = frozenset({"<!", "</head", "<base", "<body", "<link", "<meta", "<script", "<style"})
_HEAD_REACH = 50_000  # characters; a page's title begins before
_LONGEST_CELL = 1500  # characters; a longer cell holds an article, and its table lays out the page


def parse(text: str) -> html.HtmlElement:
    """Parse decoded HTML; any text gives a tree.

    >>> parse("<p>一</p></body></html><p>二").text_content()
    '一二'
    """
    if prologue := _PROLOGUE.match(text):
        text = text[prologue.end() :]
    for noncharacter in _NONCHARACTERS:
        if noncharacter in text:
            text = text.replace(noncharacter, "")
    source = _without_stuffed_tags(_with_title_closed(text).encode("utf-8", "replace").translate(None, _CONTROLS))
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=False, remove_comments=True, remove_pis=True)
    parser.set_element_class_lookup(_LOOKUP)
    try:
        tree = html.document_fromstring(_STRAY_END.sub(b"", source), parser=parser, ensure_head_body=True)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing in it but blanks, comments or noise
        return html.document_fromstring(b"<html><head></head><body></body></html>", parser=parser)
    return tree


def _with_title_closed(text: str) -> str:
    """A page's source with its title ended where damage took the end tag, lest the whole page be a part of the title.

    >>> _with_title_closed("<title>通知\N{REPLACEMENT CHARACTER}/title><meta name=a><body><p>正文"), _with_title_closed("<title>a</title>")
    ('<title>通知</title><meta name=a><body><p>正文', '<title>a</title>')
    """
    title = _TITLE.search(text, 0, _HEAD_REACH)
    if title is None or (title["next"] or "").lower() not in _IN_HEAD:
        return text
    body = _BODY.search(text, title.end())
    if _TITLE_END.search(text, title.end(), body.start() if body else len(text)):
        return text
    return f"{text[: title.end('tag')]}{_END_LEFT.sub('', title['text'])}</title>{text[title.end('text') :]}"


def _without_stuffed_tags(source: bytes) -> bytes:
    """A source with those tags emptied that hold thousands of attributes."""
    start, starts = 0, set[int]()
    for at in range(0, len(source) - _LOOK + 1, _LOOK):
        start = max(source.rfind(b"<", start, at + _LOOK), start)
        if source.find(b">", at, at + _LOOK) < 0:
            starts.add(start)
    fields = (source.count(b"=", start, source.find(b"<", start + 1)) for start in starts)
    if max(fields, default=0) < _MOST_ATTRIBUTES:
        return source
    return _LONG_TAG.sub(lambda tag: tag[0] if tag[0].count(b"=") < _MOST_ATTRIBUTES else tag[1] + b">", source)


def too_much(text: str) -> str:
    """What of a page's markup is so much that its tree would fill the memory; empty if nothing is.

    >>> too_much("<p>text</p>"), too_much("<br>" * 200_000), too_much("<p" + " a" * 700_000 + ">")
    ('', '200000 tags', '700000 attributes')
    """
    if (signs := text.count("<")) > _MOST_TAGS and (tags := signs - text.count("</")) > _MOST_TAGS:
        return f"{tags} tags"
    if len(text) < _FIELDS_NEED or sum(map(text.count, _PARTING)) <= _MOST_FIELDS:
        return ""
    fields = sum(len(_BETWEEN.sub(" ", tag).split()) - 1 for tag in map(itemgetter(0), _TAG.finditer(text)))
    return f"{fields} attributes" if fields > _MOST_FIELDS else ""


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


def matches(tree: html.HtmlElement, selector: str) -> list[html.HtmlElement]:
    """All elements that a selector matches, in document order."""
    found = compile_css(selector)(tree)
    return [element for element in found if isinstance(element, html.HtmlElement)] if isinstance(found, list) else []


def select(tree: html.HtmlElement, selectors: tuple[str, ...]) -> list[html.HtmlElement]:
    """The elements of the first selector that matches anything, in document order."""
    for selector in selectors:
        if found := matches(tree, selector):
            return found
    return []


@dataclass(frozen=True, slots=True)
class _Need:
    """What a page must have for an element to match: names as `_named_in` gives them, parts of the values of class or id."""

    names: frozenset[str]
    parts: tuple[tuple[str, str], ...]


class Index:
    """The elements of a tree by what selectors name, from one pass.

    Most selectors name a class or an id that a page doesn't have; the index knows that at once. It also keeps lxml's elements
    alive: to make one anew costs more than to look at it. `drop` keeps tree and index together. `ids`, `classes` and `styled` have
    the elements by the whole of the attribute id, class or style, `moved` those hidden by an attribute and the moving ones; what
    was dropped since is among them.

    >>> index = Index(parse("<p class='a b'>一<p id=c>二"))
    >>> [element.text for element in index.matches(".b")], index.matches("#b")
    (['一'], [])
    """

    def __init__(self, tree: html.HtmlElement) -> None:
        self.tree = tree
        self._alive = list(tree.iter())
        self._gone: set[html.HtmlElement] = set()
        self.ids: dict[str, list[html.HtmlElement]] = {}
        self.classes: dict[str, list[html.HtmlElement]] = {}
        self.styled: dict[str, list[html.HtmlElement]] = {}
        self.moved: list[html.HtmlElement] = []
        fields: set[str] = set()
        for element in self._alive:
            if names := element.get("class"):
                self.classes.setdefault(names, []).append(element)
            if name := element.get("id"):
                self.ids.setdefault(name, []).append(element)
            if field := element.get("name"):
                fields.add(field)
            if style := element.get("style"):
                self.styled.setdefault(style, []).append(element)
            if element.get("hidden") is not None or element.tag == "marquee":
                self.moved.append(element)
        tags = {element.tag for element in self._alive}
        self._names = {
            *(f".{name}" for names in self.classes for name in names.split()),
            *(f"#{name}" for name in self.ids),
            *(f"@{field}" for field in fields),
            *(f"<{tag}" for tag in tags if isinstance(tag, str)),
        }
        self._values = {"id": "\n".join(self.ids), "class": "\n".join(self.classes)}

    def matches(self, selector: str) -> list[html.HtmlElement]:
        """All elements that a selector matches, in document order."""
        if not any(map(self._may_match, _needed(selector))):
            return []
        plain = _plain(selector)
        if plain is None:
            return matches(self.tree, selector)
        found = {element for where, value in plain for element in self._named(where, value)} - self._gone
        return self.in_order(found)

    def _named(self, where: str, value: str) -> Iterator[html.HtmlElement]:
        """The elements that have a class, an id or a tag, or the value as part of the attribute `where`."""
        if where == "<":
            return iter(self.tree.iter(value))
        if where == "#":
            return iter(self.ids.get(value, ()))
        attributes = self.ids if where == "id" else self.classes
        alike = (names for names in attributes if value in (names.split() if where == "." else names))
        return chain.from_iterable(map(attributes.__getitem__, alike))

    def has(self, name: str) -> bool:
        """Whether an element has this class (`.name`) or id (`#name`)."""
        return name in self._names

    def _may_match(self, need: _Need) -> bool:
        return need.names <= self._names and all(value in self._values[where] for where, value in need.parts)

    def in_order(self, elements: Collection[html.HtmlElement]) -> list[html.HtmlElement]:
        """Elements of the tree in document order."""
        return [element for element in self._alive if element in elements] if elements else []

    def is_gone(self, element: html.HtmlElement) -> bool:
        """Whether an element was dropped, or one around it."""
        return element in self._gone

    def drop(self, element: html.HtmlElement) -> None:
        """Take an element out of the tree; the text behind it stays."""
        if element.getparent() is not None and element not in self._gone:
            self._gone.update(element.iter())
            element.drop_tree()


@lru_cache(maxsize=4096)
def _needed(selector: str) -> tuple[_Need, ...]:
    """What a page must have for a selector to match, by the selector's alternatives."""
    found = [list(_named_in(each.parsed_tree)) for each in cssselect.parse(selector)]
    return tuple(
        _Need(
            frozenset(where + value for where, value in needs if where not in _PARTED),
            tuple(need for need in needs if need[0] in _PARTED),
        )
        for needs in found
    )


@lru_cache(maxsize=4096)
def _plain(selector: str) -> tuple[tuple[str, str], ...] | None:
    """The alternatives of a selector, if each of them wants nothing but one class, id, tag or part of class or id; else None."""
    choices = [tuple(_named_in(each.parsed_tree)) for each in cssselect.parse(selector)]
    parts = [_PLAIN.fullmatch(part.strip()) is not None for part in selector.split(",")]
    return tuple(need for (need,) in choices) if all(parts) and all(len(needs) == 1 for needs in choices) else None


def _named_in(part: object) -> Iterator[tuple[str, str]]:
    """What the last element of a part of a selector must have: a class (".", "a"), an id ("#", "a"), a part of one ("id", "a").

    What is left out here costs time, not truth.
    """
    while part is not None:
        if isinstance(part, Class):
            yield ".", str(part.class_name)
        elif isinstance(part, Hash):
            yield "#", str(part.id)
        elif isinstance(part, Attrib) and part.attrib in _PARTED and part.operator in {"^=", "*=", "$="}:
            yield part.attrib, str(getattr(part.value, "value", ""))
        elif isinstance(part, Attrib) and part.attrib == "name" and part.operator == "=":
            yield "@", str(getattr(part.value, "value", ""))
        elif isinstance(part, Element) and part.element:
            yield "<", str(part.element)
        part = part.subselector if isinstance(part, CombinedSelector) else getattr(part, "selector", None)


def text_of(element: html.HtmlElement) -> str:
    """The text of an element with runs of blanks folded.

    >>> text_of(parse("<p> 一  <b>二</b> 三 </p>"))
    '一 二 三'
    """
    text = element.text_content() if len(element) else element.text or ""
    return " ".join(str(text).split())


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
    return _Walk(root).run()


def within(shown: Sequence[Block], element: html.HtmlElement) -> list[Block]:
    """Those blocks of a tree that are inside an element of it."""
    if element.tag not in _BREAKING:  # its text is part of a line
        return blocks(element)
    members = set(element.iter())
    return [block for block in shown if block.element in members] or blocks(element)


def lines_of(root: html.HtmlElement) -> list[str]:
    """The texts of an element's blocks."""
    return [block.text for block in blocks(root)]


class _Walk:
    """One pass over a tree, without recursion: pages nest as deep as they like."""

    def __init__(self, root: html.HtmlElement) -> None:
        self.root = root
        self.found: list[Block] = []
        self.parts: list[str] = []
        self.linked = 0
        self.anchors = 0
        self.holders = [root]

    def run(self) -> list[Block]:  # noqa: C901, PLR0912  # where reading spends most time: calls would cost a third more
        walk = etree.iterwalk(self.root, events=("start", "end"))
        parts, holders, root = self.parts, self.holders, self.root
        for event, element in walk:
            tag = element.tag
            if event == "start":
                if tag in _BREAKING or (tag == "span" and _is_block(element)):
                    if parts:
                        self._flush()
                    if element is not root:
                        holders.append(element)
                    if tag == "tr" and self._take_row(element):
                        walk.skip_subtree()
                        continue
                elif tag == "a":
                    self.anchors += 1
                elif tag in _SILENT:
                    walk.skip_subtree()
                    continue
                text = element.text
            else:
                if tag == "a" and self.anchors:
                    self.anchors -= 1
                if holders[-1] is element:
                    if parts:
                        self._flush()
                    if element is not root:
                        holders.pop()
                text = None if element is root else element.tail
            if text and (parts or not text.isspace()):  # a line begins with what is no blank
                parts.append(text)
                if self.anchors:
                    self.linked += len("".join(text.split()))
        self._flush()
        return self.found

    def _take_row(self, element: html.HtmlElement) -> bool:
        """Whether a table row is one line, which it is then taken for."""
        row = _row(element)
        if row:
            self.found.append(Block(row, _linked(element), element))
        return row is not None

    def _flush(self) -> None:
        if text := _folded("".join(self.parts)):
            self.found.append(Block(text, self.linked, self.holders[-1]))
        self.parts.clear()
        self.linked = 0


def _folded(line: str) -> str:
    """A line with each run of blanks as one, and none at its ends."""
    line = line.strip()
    return _BLANKS.sub(" ", line) if any(map(line.__contains__, _RUNS)) else line  # to look is cheaper than to replace


def _is_block(span: html.HtmlElement) -> bool:
    style = span.get("style")
    return style is not None and "display" in style and "display:block" in style.replace(" ", "")


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
