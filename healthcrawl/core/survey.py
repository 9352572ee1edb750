"""What a site that nobody has described shows of itself: which of its links lead to columns, and what its lists hold.

A first look must cost few requests, so columns are told by the names under which home pages link to them, and a list is
judged by one page of it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import html

from healthcrawl.core.health import why_health
from healthcrawl.core.identity import is_article_url, recognise
from healthcrawl.core.links import links
from healthcrawl.core.rows import find_anchors, resolve
from healthcrawl.core.tree import Index, matches, parse
from healthcrawl.core.urls import host_of
from healthcrawl.model import Entry, Page
from healthcrawl.rules import Family, Pattern, Rules

LONGEST_NAME = 16  # characters; what is longer is a headline
_AROUND = re.compile(r"^[\s>\u00bb\u203a+\u00b7|\[\uff08(]+|[\s>\u00bb\u203a+\u00b7|\]\uff09)]+$")
_MORE = re.compile(r"(?i:更多|查看更多|more|详细|\+)")
_MORE_ABOVE = 3  # elements between a link "more" and the block that its heading stands in
_BUREAU = re.compile("卫生健康|卫健|卫生局|卫生和计划生育|卫计|疾病预防|疾控|中医药管理")
# What never holds articles: searches, letters, services with a login.
_NO_COLUMN = re.compile(r"/(?:search|was5|jsearch|so|login|hdjl|hudong|xinxiang|english|en|big5)(?:[/?.]|$)")

_FEED_TYPES = {"application/rss+xml", "application/atom+xml", "application/rdf+xml"}

# A page that is only there to send its readers on.
_LONGEST_SHELL = 5000
_REFRESH = re.compile(r"(?i)url\s{0,9}=\s{0,9}['\"]?([^'\"\s;]+)")
_SCRIPTED = re.compile(r"""\blocation(?:\.href)?\s{0,9}=\s{0,9}["']([^"'\n]{1,500})["']""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A link that looks like a column: the name it is shown under, its URL, whether the name speaks of health."""

    name: str
    url: str
    health: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """A home page: what the site calls itself, whose it is, its family, its candidates in page order, the feeds that it names."""

    title: str
    kind: str
    family: str
    candidates: tuple[Candidate, ...]
    feeds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReading:
    """One page of a list: its family, how many entries, of these with a date and with the address of an article, its next page.

    `articles` holds the first addresses of entries, those with the shape of an article first.
    """

    url: str
    family: str
    entries: int
    dated: int
    shaped: int
    next_page: str
    articles: tuple[str, ...]


def survey(page: Page, rules: Rules, names: Pattern) -> Survey:
    """Read a home page. `names` match the whole names of columns."""
    tree = parse(page.text)
    family = recognise(page, Index(tree), rules)
    title = _title(tree)
    found: dict[str, Candidate] = {}
    for name, url in _named_links(page, tree, family, rules):
        health = bool(why_health(Entry(url=url, title=name), rules.health))
        if (names.fullmatch(name) or health) and not _NO_COLUMN.search(url):
            found.setdefault(url, Candidate(name=name, url=url, health=health))
    return Survey(
        title=title,
        kind="bureau" if _BUREAU.search(title) else "municipal",
        family=family.name,
        candidates=tuple(found.values()),
        feeds=tuple(dict.fromkeys(_feeds(page, tree))),
    )


def moved_to(page: Page) -> str:
    """Where a page sends its readers at once, by a meta element or a script; empty if it keeps them."""
    for said in _said(parse(page.text), "http-equiv", "refresh"):
        if match := _REFRESH.search(said):
            return resolve(page.url, match[1])
    match = _SCRIPTED.search(page.text) if len(page.text) < _LONGEST_SHELL else None
    return resolve(page.url, match[1]) if match else ""


def read_list(page: Page, rules: Rules) -> ListReading:
    """Judge a list by one page."""
    family = recognise(page, Index(parse(page.text)), rules)
    found = links(page, rules)
    shaped = [entry.url for entry in found.entries if is_article_url(entry.url, family)]
    others = [entry.url for entry in found.entries if entry.url not in shaped]
    return ListReading(
        url=page.url,
        family=family.name,
        entries=len(found.entries),
        dated=sum(bool(entry.date) for entry in found.entries),
        shaped=len(shaped),
        next_page=found.next_page,
        articles=tuple([*shaped, *others][:5]),
    )


def _feeds(page: Page, tree: html.HtmlElement) -> Iterator[str]:
    """The feeds of the page's own host that its head names."""
    for link in tree.iter("link"):
        is_feed = link.get("type", "").strip().lower() in _FEED_TYPES and "alternate" in link.get("rel", "").lower()
        url = resolve(page.url, link.get("href", "")) if is_feed else ""
        if url and host_of(url) == host_of(page.url):
            yield url


def _title(tree: html.HtmlElement) -> str:
    for said in _said(tree, "name", "sitename"):
        if name := " ".join(said.split()):
            return name
    titles = [" ".join(str(element.text_content()).split()) for element in matches(tree, "title")]
    return titles[0] if titles else ""


def _said(tree: html.HtmlElement, key: str, value: str) -> list[str]:
    """What the meta elements say whose attribute has this value, in small or capital letters."""
    return [meta.get("content", "") for meta in tree.iter("meta") if meta.get(key, "").lower() == value]


def _named_links(page: Page, tree: html.HtmlElement, family: Family, rules: Rules) -> Iterator[tuple[str, str]]:
    """The links of the page's own host that are neither its articles nor its home page, each with its name."""
    for element, anchor in find_anchors(tree, page.url, family, rules).items():
        if (
            anchor.is_article
            or host_of(anchor.url) != host_of(page.url)
            or anchor.url.rstrip("/") == page.url.rstrip("/")
        ):
            continue
        name = _bare(str(element.text_content())) or _bare(element.get("title", ""))
        if _MORE.fullmatch(name):
            name = _heading(element)
        if 0 < len(name) <= LONGEST_NAME:
            yield name, anchor.url


def _heading(more: html.HtmlElement) -> str:
    """The heading beside a link "more": the other text of the smallest block around it that has any, if it is short."""
    own = _bare(str(more.text_content()))
    for depth, around in enumerate(more.iterancestors()):
        text = _bare(str(around.text_content()))
        if depth >= _MORE_ABOVE or len(text) > LONGEST_NAME * 2:
            break
        if text != own:
            return _bare(text.removesuffix(own).removeprefix(own))
    return ""


def _bare(text: str) -> str:
    return _AROUND.sub("", "".join(text.split()))
