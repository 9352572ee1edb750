"""An archived page made fit to be looked at: what it shows, and nothing that it does.

A hacked page is hostile. It is parsed and written anew: scripts, frames, forms, plug-ins and everything that loads, refreshes or
leads away are left out, elements keep only attributes that are known to be harmless, and images and style sheets come from the
archive through the viewer's own addresses, or not at all. What this misses, the Content-Security-Policy of the answer forbids:
it allows no load but from the viewer's folder of resources, and its sandbox neither scripts nor forms nor ways out.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urljoin

from lxml import etree, html

from healthcrawl.core.tree import parse
from healthcrawl.ui.marks import Mark, put_marks

# Gone with all that is in them: what acts, loads, leads away, or is parsed by rules of its own.
_ACTIVE = frozenset({
    "applet", "audio", "base", "basefont", "dialog", "fencedframe", "frame", "frameset",
    "iframe", "isindex", "link", "listing", "math", "meta", "noembed", "noframes", "noscript", "object", "param",
    "plaintext", "portal", "script", "slot", "style", "svg", "template", "title", "video", "xmp",
})  # fmt: skip
# Gone themselves, while what is in them stays. The parser takes what follows some that have no end tag for their content.
_HOLLOW = frozenset({
    "area", "bgsound", "command", "embed", "fieldset", "form", "input", "keygen", "label", "map", "marquee", "meter", "picture",
    "progress", "source", "track",
})  # fmt: skip
_KEPT = frozenset({
    "abbr", "align", "alt", "axis", "bgcolor", "border", "cellpadding", "cellspacing", "char", "charoff", "class", "clear",
    "color", "cols", "colspan", "compact", "datetime", "dir", "face", "frame", "headers", "height", "hidden", "hspace", "id",
    "lang", "nowrap", "open", "reversed", "rows", "rowspan", "rules", "scope", "size", "span", "start", "style", "summary",
    "title", "type", "valign", "value", "vspace", "width", "wrap",
})  # fmt: skip
# In a style: what may load something, or spell it so that it is not seen.
_LOADS = re.compile(r"url|image|src|import|@|\\|expression|behavior|binding|element\s*\(|cross-fade", re.IGNORECASE)
_SHEETS = 12  # style sheets of a page that are looked for
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9-]*")


def rewrite(
    markup: str, url: str, archived: Callable[[str, str], str], marks: Sequence[Mark] = (), sheet: str = ""
) -> bytes:
    """A page as a harmless document in UTF-8.

    `archived` gives the viewer's address of an image ("image") or style sheet ("style") that the archive holds, or an empty
    text; `sheet` is the viewer's own style sheet, for the marks.
    """
    tree = parse(markup)
    base = next(filter(None, (_target(url, one.get("href", "")) for one in tree.iter("base"))), url)
    put_marks(tree, marks)
    sheets = [*_sheets(tree, base, archived)]
    inner = [style for style in (_safe_css(one.text or "") for one in tree.iter("style")) if style]
    for element in [*tree.iter()]:
        _defuse(element, base, archived)
    body = tree if tree.tag == "body" else tree.find("body")
    page = html.Element("html")
    language = tree.get("lang", "")
    if re.fullmatch(r"[A-Za-z-]{2,20}", language):
        page.set("lang", language)
    head = etree.SubElement(page, "head")
    etree.SubElement(head, "meta", charset="utf-8")
    etree.SubElement(head, "title").text = "archived page"
    for address in sheets:
        etree.SubElement(head, "link", rel="stylesheet", href=address)
    for text in [*inner, *filter(None, [sheet])]:
        etree.SubElement(head, "style").text = text
    page.append(body if body is not None else html.Element("body"))
    return b"<!doctype html>\n" + etree.tostring(page, method="html", encoding="utf-8")


def _sheets(tree: html.HtmlElement, base: str, archived: Callable[[str, str], str]) -> Iterator[str]:
    for link in [*tree.iter("link")][:_SHEETS]:
        target = _target(base, link.get("href", ""))
        is_sheet = "stylesheet" in link.get("rel", "").lower().split()
        if is_sheet and target and (address := archived(target, "style")):
            yield address


def _defuse(element: html.HtmlElement, base: str, archived: Callable[[str, str], str]) -> None:
    """Leave of an element what only shows something."""
    tag = element.tag
    if element.getparent() is None:
        element.attrib.clear()
        return
    if not isinstance(tag, str) or tag in _ACTIVE or not _PLAIN_NAME.fullmatch(tag):
        element.drop_tree() if isinstance(tag, str) else _drop(element)
        return
    if tag in _HOLLOW:
        element.drop_tag()
        return
    attributes = dict(element.attrib)
    element.attrib.clear()
    for name, value in attributes.items():
        if name in _KEPT and not (name == "style" and _LOADS.search(value)):
            element.set(name, value)
    if tag == "a" and (target := _target(base, attributes.get("href", ""))):
        element.set("title", target)
    if tag == "img" and (address := archived(_target(base, attributes.get("src", "")), "image")):
        element.set("src", address)
    if tag in {"button", "select", "textarea", "option"}:
        element.set("disabled", "")


def _drop(node: html.HtmlElement) -> None:
    """Take out a comment or the like; what stands behind it stays."""
    parent, tail = node.getparent(), node.tail
    before = node.getprevious()
    parent.remove(node)
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail


def _target(base: str, address: str) -> str:
    """An absolute address of the web; empty for anything else."""
    try:
        target = urljoin(base, address.strip())
    except ValueError:
        return ""
    return target if address.strip() and target.lower().startswith(("http://", "https://")) else ""


def _safe_css(text: str) -> str:
    """A style sheet, if nothing in it can load; the policy would forbid it, and complain."""
    return "" if _LOADS.search(text) or "<" in text else text
