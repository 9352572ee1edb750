"""What stands in a page but is not shown to its readers.

Injected blocks are pushed off the screen, shrunk to nothing or made transparent, by style attributes or by a class of a
`<style>` element beside them. A block that is merely folded away is another matter: answers, tabs and print panes are hidden
with `display:none` until they are asked for. So what no reader can ever see goes; what a script may show goes only if it is spam.
"""

import re
from collections.abc import Iterator

from lxml import html

from healthcrawl.core.despam import is_suspect
from healthcrawl.core.tree import text_of
from healthcrawl.model import Finding
from healthcrawl.rules import Spam

# Declarations, in lower case and without blanks, by which a block can't be seen.
_UNSEEN = re.compile(
    r"""
      (?:^|;) (?:left|top|right|bottom|margin-left|margin-top|text-indent) :-(?:\d{4,}|[5-9]\d\d)(?:\.\d+)?(?:px|pt|em|rem|%)?(?:;|!|$)
    | (?:^|;) text-indent:-[2-9]\dr?em
    | (?:^|;) font-size:(?:0(?:px|pt|r?em|%)?|[01](?:\.\d+)?p[xt]|0?\.[0-2]\d*r?em|\d%)(?:;|!|$)
    | (?:^|;) opacity:0?(?:\.0+)?(?:;|!|$)
    | (?:^|;) filter:[^;]*opacity[(=]0\)
    | (?:^|;) visibility:hidden
    | (?:^|;) (?:max-)?(?:height|width):1px (?=.*;overflow:hidden)
    | (?:^|;) overflow:hidden (?=.*;(?:max-)?(?:height|width):1px)
    | (?:^|;) clip:rect\((?:0|1px)[\s,0-9px]*\)
    """,
    re.VERBOSE,
)
# Declarations by which a block is folded away.
_FOLDED = re.compile(r"(?:^|;)(?:display:none|(?:max-)?(?:height|width|line-height):0(?:px|em|%)?(?:;|!|$))")
_INK = re.compile(r"(?:^|;)color:([^;!]+)")
_PAPER = re.compile(r"(?:^|;)background(?:-color)?:([^;!]+)")
_SIMPLE_SELECTOR = re.compile(r"[.#][\w-]+")
_READABLE_SIZE = re.compile(r"font-size:(?:[2-9]|1\d|0?\.[5-9]|1(?:\.\d+)?em)")
_ROOT = re.compile(r"<html[\s>]", re.IGNORECASE)
_PAGE_PART = re.compile(r"<(?:head|body)[\s>]|<script\b(?!.*</script)", re.IGNORECASE | re.DOTALL)
_NO_TEXT = re.compile(r"<!--.*?-->|<(script|style|noscript|title)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)

_ROOT_REACH = 20_000  # characters; a root that begins later is a page within a page
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


def drop_hidden(tree: html.HtmlElement, spam: Spam) -> tuple[Finding, ...]:
    """Take the blocks that no reader sees out of the tree, in place; a finding for each that held text.

    A block that holds most of the page's text stays: then the style is the site's own doing (a page faded in by script).
    """
    whole = len(text_of(tree))
    styles = _class_styles(tree)
    findings: list[Finding] = []
    for element in list(_styled(tree, styles)):
        style = _style_of(element, styles)
        why = _why_hidden(element, style)
        if not why:
            continue
        text = text_of(element)
        selling = is_suspect(text, spam)
        if why == "folded" and not selling:
            continue
        if text and 2 * len(text) > whole and not selling:
            continue
        if text:
            findings.append(Finding(kind="spam" if selling else "hidden", text=text[:_EXCERPT], detail=why))
        if element.getparent() is not None:
            element.drop_tree()
    return tuple(findings)


def _styled(tree: html.HtmlElement, styles: dict[str, str]) -> Iterator[html.HtmlElement]:
    keys = {key[1:] for key in styles}
    for element in tree.iter(html.etree.Element):
        if element.tag in {"html", "body", "script", "style"}:
            continue
        attributes = element.attrib
        if (
            "style" in attributes
            or "hidden" in attributes
            or element.tag == "marquee"
            or (keys and (attributes.get("id") in keys or not keys.isdisjoint(attributes.get("class", "").split())))
        ):
            yield element


def _style_of(element: html.HtmlElement, styles: dict[str, str]) -> str:
    names = ["#" + element.get("id", ""), *("." + name for name in element.get("class", "").split())]
    own = _squeeze(element.get("style", ""))
    return ";".join([*(styles[name] for name in names if name in styles), own])


def _why_hidden(element: html.HtmlElement, style: str) -> str:
    if match := _UNSEEN.search(style):
        # The idiom of a parent without size whose children set their own.
        resized = "font-size" in match[0] and any(
            _READABLE_SIZE.search(_squeeze(child.get("style", ""))) for child in element.iterdescendants()
        )
        if not resized:
            return match[0].strip(";")
    if element.tag == "marquee" and {element.get("height"), element.get("width")} & {"0", "1", "0px", "1px"}:
        return "marquee without size"
    ink, paper = _INK.search(style), _PAPER.search(style)
    if (ink and paper and ink[1] == paper[1]) or "hidden" in element.attrib or _FOLDED.search(style):
        return "folded"
    return ""


def _class_styles(tree: html.HtmlElement) -> dict[str, str]:
    """Declarations of a page's own style elements that hide, by class (`.name`) or id (`#name`)."""
    styles: dict[str, str] = {}
    for element in tree.iter("style"):
        for rule in (element.text or "").split("}"):
            head, _, declarations = rule.rpartition("{")
            names = [
                name
                for selector in head.rpartition("{")[2].split(",")
                if _SIMPLE_SELECTOR.fullmatch(name := selector.strip())
            ]
            if names and (_UNSEEN.search(style := _squeeze(declarations)) or _FOLDED.search(style)):
                styles |= dict.fromkeys(names, style)
    return styles


def _squeeze(style: str) -> str:
    return "".join(style.lower().split())
