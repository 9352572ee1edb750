"""The article that a page carries as data, for a script to put in its place.

Disclosure platforms and news portals send an empty container and, as data, the markup that belongs into it. It is a JSON string
under one of a few names, or stands in a field or a template that is not shown; what else there is of the kind (lists of other
items, settings) is shorter or no markup.
"""

import json
import re
from itertools import islice

from lxml import html

from healthcrawl.core.hidden import drop_hidden
from healthcrawl.core.tree import Index, parse, text_of, too_much
from healthcrawl.model import Finding
from healthcrawl.rules import Layout, Spam

_STRING = re.compile(r':\s*"')  # where the value of a key begins
_KEY = re.compile(r"""\b(?:content|contentHtml|articleContent|article_content|body|html|detail|zhengwen)["']?\s*\Z""")
_LONGEST_KEY = 40  # characters, with what is around it
_JSON = json.JSONDecoder(strict=False)
_TEMPLATES = {"text/template", "text/html", "text/x-template", "text/plain", "text/x-handlebars-template"}
_MOST_HELD = 500  # elements that are looked at
_MARKUP = re.compile(r"<(?:p|div|span|br|table|section)\b", re.IGNORECASE)
_MOST = 50  # strings that are looked at
_ENOUGH = 20  # characters of text in the markup


def find_embedded(source: str) -> str:
    r"""The longest markup in a JSON string of a page's scripts; empty if there is none.

    >>> find_embedded('<script>var d = {DETAIL: {"content":"\\u003Cp\\u003E各单位：请认真贯彻执行，并于月底前上报情况。\\u003C/p\\u003E"}}</script>')
    '<p>各单位：请认真贯彻执行，并于月底前上报情况。</p>'
    """
    longest, at, looked = "", 0, 0
    while looked < _MOST and (match := _STRING.search(source, at)):
        at = match.end()
        if not _KEY.search(source, max(match.start() - _LONGEST_KEY, 0), match.start()):
            continue
        looked += 1
        try:
            text, at = _JSON.raw_decode(source, at - 1)
        except json.JSONDecodeError:
            continue
        if len(text) > len(longest) and _MARKUP.search(text):
            longest = text
    return longest


def find_held(tree: html.HtmlElement) -> str:
    """The longest markup in a field or a template that is not shown; empty if there is none.

    >>> find_held(parse("<textarea>&lt;p&gt;各单位：请认真贯彻执行，并于月底前上报情况。&lt;/p&gt;</textarea>"))
    '<p>各单位：请认真贯彻执行，并于月底前上报情况。</p>'
    """
    held = [_held(element) for element in islice(tree.iter("textarea", "input", "script", "template"), _MOST_HELD)]
    return max(filter(_MARKUP.search, held), key=len, default="")


def _held(element: html.HtmlElement) -> str:
    if element.tag == "input":
        return element.get("value", "") if element.get("type", "").lower() == "hidden" else ""
    if element.tag == "script" and element.get("type", "").strip().lower() not in _TEMPLATES:
        return ""
    return (element.text or "") + "".join(html.tostring(child, encoding="unicode") for child in element)


def embed(index: Index, layout: Layout, markup: str, spam: Spam) -> tuple[Finding, ...]:
    """Put markup where the layout has its empty container, else at the end of the body, in place; what was hidden in it.

    Markup without text, or with more elements than a page may have, changes nothing.
    """
    if too_much(markup):
        return ()
    inner = parse(markup)
    findings = drop_hidden(Index(inner), spam)
    body = inner.find("body")
    if body is None or len(text_of(body)) < _ENOUGH:
        return ()
    body.tag = "div"
    container = _container(index, layout)
    if container is None:
        container = index.tree.find("body")
    (index.tree if container is None else container).append(body)
    return findings


def awaits_script(index: Index, layout: Layout) -> bool:
    """Whether a container that the layout names is there, and empty."""
    return _container(index, layout) is not None


def _container(index: Index, layout: Layout) -> html.HtmlElement | None:
    named = (element for selector in layout.body for element in index.matches(selector))
    return next((element for element in named if not len(element) and not text_of(element)), None)
