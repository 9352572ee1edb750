"""What stands in a page but is not shown to its readers.

Injected blocks are pushed off the screen, shrunk to nothing or made transparent, by style attributes or by a class of a
`<style>` element beside them. A block that is merely folded away is another matter: answers, tabs and print panes are hidden
with `display:none` until they are asked for. So what no reader can ever see goes; what a script may show goes only if it is spam.
"""

import re
from bisect import bisect
from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate

from lxml import html

from healthcrawl.core.despam import DENSE, density, score
from healthcrawl.core.tree import Index, text_of
from healthcrawl.model import Finding, FindingKind
from healthcrawl.rules import Spam

_Style = dict[str, str]

# Values, in lower case and without blanks, by which a block can't be seen, by property.
_SHIFTED = r"-(?:\d{4,}|[5-9]\d\d)(?:\.\d+)?(?:px|pt|r?em|%)?"
_UNSEEN = {
    **dict.fromkeys(("left", "top", "right", "bottom", "margin-left", "margin-top"), re.compile(_SHIFTED)),
    "text-indent": re.compile(rf"{_SHIFTED}|-[2-9]\dr?em"),
    "font-size": re.compile(r"0(?:px|pt|r?em|%)?|[01](?:\.\d+)?p[xt]|0?\.[0-2]\d*r?em|\d%"),
    "opacity": re.compile(r"0(?:\.0\d*)?|\.0\d*"),
    "filter": re.compile(r".*opacity[(=]0\).*"),
    "visibility": re.compile("hidden"),
    "clip": re.compile(r"rect\((?:0|1px)[,0-9px]*\)"),
}
# Values by which a block is folded away, or may be: much of this is also done to pictures' captions and moving parts.
_FOLDED = {
    "display": re.compile("none"),
    "margin": re.compile(r".*-\d{4,}(?:px|pt|em).*"),
    "transform": re.compile(r".*(?:scale\w*\(0[,)]|translate\w*\(-(?:\d{4,}|\d00%)).*"),
    "clip-path": re.compile(r"(?:inset\((?:50|100)%|circle\(0).*"),
    "color": re.compile("transparent"),
    "font": re.compile(r"0(?:px)?(?:/.*)?"),
    "z-index": re.compile(r"-\d+"),
    **dict.fromkeys(("height", "width", "line-height", "max-height", "max-width"), re.compile("0(?:px|em|%)?")),
}
_EXTENTS = ("height", "width", "max-height", "max-width")
# Values by which a child shows itself again, whatever its parent has.
_SHOWN = {
    "font-size": re.compile(r"(?:[2-9]|1\d|0?\.[5-9]|1(?:\.\d+)?r?em).*"),
    "visibility": re.compile("visible"),
}
# What a declaration that hides or shows has in it, in lower case and without blanks.
_TELLING = (
    "display:none",
    "visib",
    "opac",
    "clip",
    "scale",
    "transparent",
    "font:0",
    "index:-",
    *(f"{extent}:{size}" for extent in ("height", "width") for size in ("0", "1px")),
    *(f"color:{ink}" for ink in ("white", "#fff", "#fefefe", "rgb(255")),
)
_SHIFT = re.compile(r"-(?:\d{3}|[2-9]\dr?em)")
_TINY = re.compile(r"font-size:(?:0|1?\.|1p|\d%)")
_COMMENT = re.compile(r"/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/)?")  # one without an end goes to the end, as in browsers
_KEY = re.compile(r"([a-z]\w*)?([.#][\w-]+)", re.IGNORECASE)
_WHITE = {"white", "#fff", "#ffffff", "#fefefe", "rgb(255,255,255)"}
_ROOT = re.compile(r"<html[\s>]", re.IGNORECASE)
_PAGE_PART = re.compile(r"<(?:head|body)[\s>]|<script\b(?!.*</script)", re.IGNORECASE | re.DOTALL)
_NO_TEXT = re.compile(r"<!--.*?-->|<(script|style|noscript|title)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)

_ROOT_REACH = 20_000  # characters; a root that begins later is a page within a page
_NO_BLOCKS = frozenset({"html", "body", "script", "style"})
_LONGEST_STYLE = 4096  # characters; no hand and no editor writes more into one rule
_MOST_CLASSES = 32  # of one element
_EXCERPT = 200  # characters of a dropped block that a finding keeps


def cut_before_root(text: str) -> tuple[str, tuple[Finding, ...]]:
    """A page's source without visible text in front of its `<html>` tag, where no CMS writes any.

    >>> cut_before_root("<!DOCTYPE html><div>广告</div><html><body><p>第一段。</p><p>第二段。</p></body></html>")[0]
    '<html><body><p>第一段。</p><p>第二段。</p></body></html>'
    """
    root = _ROOT.search(text, 0, _ROOT_REACH)
    if root is None or 2 * root.start() > len(text):
        return text, ()
    prefix = text[: root.start()]
    before = " ".join(_NO_TEXT.sub(" ", prefix).split())
    if not before or _PAGE_PART.search(prefix):  # the tag is a second one, or in a script
        return text, ()
    return text[root.start() :], (Finding(kind="hidden", text=before[:_EXCERPT], detail="before <html>"),)


def drop_hidden(index: Index, spam: Spam) -> tuple[Finding, ...]:
    """Take the blocks that no reader sees out of the tree, in place; a finding for each that held text.

    A block that holds most of the page's text stays: then the style is the site's own doing (a page faded in by script).
    """
    sheet = _Sheet(_class_styles(index), index)
    hidden = [(element, why) for element in sheet.concerned(_hides) if (why := sheet.why_hidden(element))]
    undone = any(why.partition(":")[0] in _SHOWN for _, why in hidden)
    returning = (
        _around_shown((element, sheet.style_of(element)) for element in sheet.concerned(_shows)) if undone else {}
    )
    whole = 0
    findings: list[Finding] = []
    kind: FindingKind
    judged: dict[str, float] = {}  # blocks in blocks often have the same text
    for element, unseen in hidden:
        # What the children undo, the page itself brings back.
        name = unseen.partition(":")[0]
        returns = element in returning.get(name, ()) or (name == "font-size" and _sizes_its_children(element))
        why = "folded" if returns else unseen
        text = text_of(element)
        if text not in judged:
            judged[text] = score(text, spam) if density(text, spam) >= DENSE else 0.0
        selling = judged[text] >= spam.suspect
        if why == "folded" and not selling:
            continue
        # A page faded in by script hides all of its article (WeChat does), an injection is a small part.
        faded = why.startswith(("visibility", "opacity"))
        if text:
            whole = whole or len(text_of(index.tree))  # before any text is dropped
            if (4 if faded else 2) * len(text) > whole and not selling:
                continue
            kind, detail = ("spam", f"{why}: score {judged[text]:.2f}") if selling else ("hidden", why)
            findings.append(Finding(kind=kind, text=text[:_EXCERPT], detail=detail))
        index.drop(element)
    return tuple(findings)


def _sizes_its_children(element: html.HtmlElement) -> bool:
    """Whether an element has no text of its own, and children whose size another style sheet may set.

    Templates set the size of a container to 0 to close the gaps between its children.
    """
    own = (element.text, *(child.tail for child in element))
    return not any(text and text.strip() for text in own) and any(
        child.get("class") or child.get("id") for child in element.iterdescendants()
    )


class _Sheet:
    """What the styles of a page say of its elements; equal attributes are read once, since pages repeat them by the thousand."""

    def __init__(self, rules: dict[str, _Style], index: Index) -> None:
        self.rules = rules
        self.index = index
        self.styles: dict[tuple[str | None, ...], _Style] = {}
        self.verdicts: dict[tuple[object, ...], str] = {}

    def concerned(self, says: Callable[[str], bool]) -> list[html.HtmlElement]:
        """The elements that may be hidden or shown: by a rule, by an attribute, by a style of their own that `says` so."""
        index = self.index
        found = set(index.moved)
        for style, elements in index.styled.items():
            if says(_bare(style)):
                found.update(elements)
        if self.rules:
            named = {key[1:] for key in self.rules if key.startswith(".")}
            for classes, elements in index.classes.items():
                if not named.isdisjoint(_names(classes)):
                    found.update(elements)
            for name, elements in index.ids.items():
                if f"#{name}" in self.rules:
                    found.update(elements)
        return [element for element in index.in_order(found) if element.tag not in _NO_BLOCKS]

    def style_of(self, element: html.HtmlElement) -> _Style:
        """The declarations in force for an element."""
        key = self._told(element)
        if key not in self.styles:
            style: _Style = {}
            for name in _keys(element.get("id", ""), element.get("class", "")) if self.rules else ():
                style |= self.rules.get(name, {})
            self.styles[key] = style | _declared(element.get("style", ""))
        return self.styles[key]

    def why_hidden(self, element: html.HtmlElement) -> str:
        """By which declaration an element can't be seen, "folded" if it may come back, empty if it is shown."""
        sizes = (element.get("height"), element.get("width")) if element.tag == "marquee" else ()
        key = (*self._told(element), element.get("hidden"), *sizes)
        if key not in self.verdicts:
            self.verdicts[key] = _why_hidden(element, self.style_of(element))
        return self.verdicts[key]

    def _told(self, element: html.HtmlElement) -> tuple[str | None, ...]:
        """The attributes of an element that tell its style."""
        return tuple(map(element.get, ("style", "class", "id") if self.rules else ("style",)))


def _keys(own: str, classes: str) -> list[str]:
    """The simple selectors by which a rule can name an element of that id and those classes."""
    return ["#" + own, *("." + name for name in _names(classes))]


def _names(classes: str) -> list[str]:
    return classes.split(None, _MOST_CLASSES)[:_MOST_CLASSES]


def _why_hidden(element: html.HtmlElement, style: _Style) -> str:
    if unseen := _first(style, _UNSEEN) or _without_extent(style):
        moved = any("animation" in name or "transition" in name for name in style)
        return "folded" if moved else unseen
    if element.tag == "marquee" and {element.get("height"), element.get("width")} & {"0", "1", "0px", "1px"}:
        return "marquee without size"
    folded = _is_blank(style) or "hidden" in element.attrib or _first(style, _FOLDED)
    return "folded" if folded else ""


def _is_blank(style: _Style) -> bool:
    """Whether text has the colour of what is behind it; most pages are white."""
    ink, paper = style.get("color", ""), style.get("background-color") or style.get("background") or "white"
    return bool(ink) and (ink == paper or (ink in _WHITE and paper in _WHITE))


def _first(style: _Style, values: Mapping[str, re.Pattern[str]]) -> str:
    """The first declaration whose value is one of those, as `name:value`; empty if there is none."""
    for name, value in style.items():
        if name in values and values[name].fullmatch(value):
            return f"{name}:{value}"
    return ""


def _without_extent(style: _Style) -> str:
    thin = next((f"{name}:1px" for name in _EXTENTS if style.get(name) == "1px"), "")
    return thin if style.get("overflow") == "hidden" else ""


def _around_shown(styled: Iterable[tuple[html.HtmlElement, _Style]]) -> dict[str, set[html.HtmlElement]]:
    """By property, the elements around those that show themselves by it."""
    around: dict[str, set[html.HtmlElement]] = {name: set() for name in _SHOWN}
    for element, style in styled:
        for name, pattern in _SHOWN.items():
            if pattern.fullmatch(style.get(name, "")):
                for ancestor in element.iterancestors():
                    if ancestor in around[name]:  # and with it all that are around it
                        break
                    around[name].add(ancestor)
    return around


def _class_styles(index: Index) -> dict[str, _Style]:
    """Declarations of a page's own style elements that hide or show, by class (`.name`) or id (`#name`).

    A rule that hides counts where it names nothing else, and may fold away where it names more; one that shows counts for
    whatever its selector ends in: what may be seen is not to be lost. Sizes of letters, which most rules have, only count in
    pages that shrink some to nothing.
    """
    sheets = [_COMMENT.sub("", text) for element in index.tree.iter("style") if (text := element.text)]
    plain = list(map(_bare, sheets))
    sized = any(map(_TINY.search, (*plain, _bare("}".join(index.styled)))))
    styles: dict[str, _Style] = {}
    for text, bare in zip(sheets, plain, strict=True):
        seen = bare.split("}")
        wanted = _telling(bare, seen, "font-size" if sized else "display:none")
        if wanted:
            heads = text.split("}")
            for at in sorted(wanted):
                _add_rule(heads[at], seen[at], index, styles)
    return styles


def _bare(style: str) -> str:
    """A style or a style sheet in lower case and without blanks."""
    return "".join(style.lower().split())


def _hides(style: str) -> bool:
    """Whether a bare style may have a declaration that hides."""
    return (
        "/*" in style
        or "background" in style
        or bool(_TINY.search(style) or _SHIFT.search(style))
        or any(sign in style for sign in _TELLING)
    )


def _shows(style: str) -> bool:
    """Whether a bare style may have a declaration that shows."""
    return "/*" in style or any(name in style for name in _SHOWN)


def _telling(sheet: str, rules: list[str], *more: str) -> set[int]:
    """The places of those rules of a style sheet in which something is said that hides or shows."""
    ends = list(accumulate(len(rule) + 1 for rule in rules))
    found = {bisect(ends, match.start()) for match in _SHIFT.finditer(sheet)}
    for sign in (*_TELLING, *more):
        at = sheet.find(sign)
        while at >= 0:
            rule = bisect(ends, at)
            found.add(rule)
            at = sheet.find(sign, ends[rule])
    return found


def _add_rule(head: str, rule: str, index: Index, styles: dict[str, _Style]) -> None:
    """Add what a rule says of the page's classes and ids. `head` ends in the rule's declarations as written, `rule` is it without blanks."""
    ending = [selector[-_LONGEST_STYLE:].split() for selector in head.rpartition("{")[0].rpartition("{")[2].split(",")]
    keys = [
        (named[2], len(parts) == 1 and not named[1])
        for parts in ending
        if parts and (named := _KEY.fullmatch(parts[-1])) and index.has(named[2])
    ]
    if not keys:
        return
    style = _declared(rule.rpartition("{")[2])
    hides = bool(_first(style, _UNSEEN) or _without_extent(style) or _first(style, _FOLDED) or _is_blank(style))
    if hides or _first(style, _SHOWN):
        for key, alone in keys:
            styles[key] = styles.get(key, {}) | (style if alone or not hides else {"display": "none"})


def _declared(style: str) -> _Style:
    """The values of a style by property, in lower case and without blanks; the last one of a property counts."""
    style = _COMMENT.sub("", style) if "/*" in style else style
    pairs = (part.partition(":") for part in _bare(style[:_LONGEST_STYLE]).split(";"))
    return {name: value.partition("!")[0] for name, colon, value in pairs if colon}
