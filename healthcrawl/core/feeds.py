"""What robots.txt, sitemaps and feeds say of a site's pages: addresses, and when each was last changed.

A sitemap (or an index of sitemaps) is XML or a text with an address a line, a feed RSS or Atom; which it is, is told by its content.
They come from servers like everything else: broken XML is read as far as it goes, entities stay what they are (so none can grow),
and of a file that has no end, only so much is read. Nothing here raises; what is odd is a finding.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, TypeAlias
from urllib.parse import urljoin

from lxml import etree

from healthcrawl.core.dates import CHINA, read_date
from healthcrawl.core.health import judge
from healthcrawl.core.identity import is_article_url
from healthcrawl.core.scope import leads_to, refuse
from healthcrawl.core.urls import host_of
from healthcrawl.model import Entry, Finding, Links
from healthcrawl.rules import Rules

Kind: TypeAlias = Literal["sitemap", "index", "feed"]

LARGEST = 16_000_000  # bytes, unpacked
MOST_ENTRIES = 50_000  # in one file, as sitemaps.org has it
MOST_SITEMAPS = 200  # that one index, or robots.txt, names
_LONGEST_TITLE = 500
_DEEPEST = 8  # elements in one another; the forms have four
_SITEMAP_LINE = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_ROOT = re.compile(r"<(?:\w+:)?(?:urlset|sitemapindex|rss|feed|RDF)\b")
_PARTS = {"url": "sitemap", "sitemap": "index", "item": "feed", "entry": "feed"}
_PLAIN_DATE = re.compile(r"\d{4}(?:-\d\d){0,2}")
_MAIL_DATE = re.compile(r"(?:[A-Za-z]{3,9},\s*)?\d{1,2}[ -][A-Za-z]{3}")
_ZONED = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a sitemap or feed says: of pages, or (`kind` "index") of further sitemaps. `flaw` is why no more could be read."""

    kind: Kind
    entries: tuple[Entry, ...] = ()
    flaw: str = ""


def sitemaps_of(robots: str, url: str) -> tuple[Entry, ...]:
    """The sitemaps that a robots.txt names, whichever crawler it speaks to.

    >>> [one.url for one in sitemaps_of("Sitemap: /map.xml", "http://a.test/robots.txt")]
    ['http://a.test/map.xml']
    """
    found = dict.fromkeys(_resolve(url, match[1]) for match in _SITEMAP_LINE.finditer(robots))
    return tuple(Entry(url=one) for one in found if one)[:MOST_SITEMAPS]


def read(text: str, url: str) -> Told:
    """Read a sitemap or feed that lies at an address.

    >>> read("<urlset><url><loc>/a.html</loc><lastmod>2024-03-01</lastmod></url></urlset>", "http://a.test/").entries
    (Entry(url='http://a.test/a.html', title='', date='', source='', modified='2024-03-01'),)
    """
    if "<" not in text[:1000]:
        lines = (line.strip() for line in text.split("\n", MOST_ENTRIES)[:MOST_ENTRIES])
        entries = tuple(Entry(url=one) for one in dict.fromkeys(lines) if host_of(one))
        return Told(kind="sitemap", entries=entries, flaw="" if entries else "neither XML nor a list of addresses")
    kind: Kind = "sitemap"
    entries_by_url: dict[str, Entry] = {}
    flaw = ""
    try:
        for part in _parts(text):
            kind = _kind(part)
            entry = _feed_entry(part, url) if kind == "feed" else _sitemap_entry(part, url)
            if entry.url:
                entries_by_url.setdefault(entry.url, entry)
            if len(entries_by_url) >= MOST_ENTRIES:
                flaw = f"more than {MOST_ENTRIES} entries"
                break
    except (etree.XMLSyntaxError, ValueError) as error:
        flaw = f"not XML to its end: {error}"
    if not entries_by_url and not flaw and not _ROOT.search(text):
        flaw = "neither a sitemap nor a feed"
    return Told(kind=kind, entries=tuple(entries_by_url.values()), flaw=flaw)


def told(text: str, url: str, rules: Rules) -> Links:
    """What a site is told by a sitemap or feed that lies at an address: pages that may be asked for, and further sitemaps.

    It names pages of all sorts, mostly without a title. So one that is not known yet counts as an entry if its address has the shape
    of an article's, and on a municipal portal only if it is about health; all else is among the `others`.
    """
    said = read(text, url)
    findings = [Finding(kind="metadata", text=text[:80], detail=f"{said.kind}: {said.flaw}")] if said.flaw else []
    inside: list[Entry] = []
    refused: dict[tuple[str, str], list[str]] = {}  # by name and rule
    for entry in said.entries:
        target = leads_to(entry.url, url, rules)
        if refusal := refuse(target, rules):
            refused.setdefault((refusal.name, refusal.rule), []).append(target)
        else:
            inside.append(replace(entry, url=target))
    for (name, rule), urls in refused.items():  # a finding for each of tens of thousands would say no more
        more = f", and {len(urls) - 1} more" if len(urls) > 1 else ""
        findings.append(Finding(kind="scope", text="", detail=f"{name}: {urls[0]} ({rule}{more})"))
    if said.kind == "index":
        newest = sorted(inside, key=lambda entry: entry.modified, reverse=True)[:MOST_SITEMAPS]
        return Links(sitemaps=tuple(newest), told_by="sitemap", findings=tuple(findings))
    wanted = [is_article(entry.url, rules) and judge(entry, "", rules)[0] for entry in inside]
    return Links(
        entries=tuple(entry for entry, is_wanted in zip(inside, wanted, strict=True) if is_wanted),
        others=tuple(entry for entry, is_wanted in zip(inside, wanted, strict=True) if not is_wanted),
        told_by="feed" if said.kind == "feed" else "sitemap",
        findings=tuple(findings),
    )


def is_article(url: str, rules: Rules) -> bool:
    """Whether a page of which nothing but its address is known is likely an article of the site."""
    named = rules.site.families if rules.site else ()
    return any(is_article_url(url, family) for family in rules.families if not named or family.name in named)


def when(text: str) -> str:
    """A date or moment of a sitemap or feed: a day, or a moment in UTC; empty for what is neither. Without a zone, China's is meant.

    >>> when("2024-03-01"), when("2024-03"), when("2024-03-01T09:00+08:00"), when("Fri, 01 Mar 2024 09:00:00 +0800")
    ('2024-03-01', '2024-03-01', '2024-03-01T01:00:00+00:00', '2024-03-01T01:00:00+00:00')
    >>> when("2024/3/1 9:00:00"), when("yesterday")
    ('2024-03-01T01:00:00+00:00', '')
    """
    text = text.strip()[:64]
    try:
        if _PLAIN_DATE.fullmatch(text):
            return f"{datetime.strptime(f'{text}-01-01'[:10], '%Y-%m-%d').date()}"  # noqa: DTZ007  # only its day is used
        if _ZONED.fullmatch(text):
            moment = datetime.fromisoformat(text.upper().replace(",", "."))
        elif _MAIL_DATE.match(text):
            moment = parsedate_to_datetime(text)
        else:
            local = read_date(text)
            if len(local) <= len("2024-03-01"):
                return local
            moment = datetime.fromisoformat(local)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=CHINA)
        return moment.astimezone(UTC).isoformat(timespec="seconds")
    except (ValueError, TypeError, OverflowError, IndexError):
        return ""


def _parts(text: str) -> Iterator[etree._Element]:
    """The elements that say something of one page each, one after the other; what was read is forgotten."""
    parser = etree.XMLPullParser(
        events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
    )
    declared = re.match(r"\s*<\?xml[^>]*\?>", text)
    body = text[declared.end() :] if declared else text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE} \t\r\n")
    depth = 0
    for start in range(0, len(body), 65_536):
        parser.feed(body[start : start + 65_536].encode("utf-8", "replace"))
        for event, element in parser.read_events():
            depth += 1 if event == "start" else -1
            if depth > _DEEPEST:
                raise ValueError(f"elements lie more than {_DEEPEST} deep")
            assert isinstance(element, etree._Element)
            if event == "end" and isinstance(element.tag, str) and _name(element) in _PARTS:
                yield element
                element.clear()
                while element.getprevious() is not None and (parent := element.getparent()) is not None:
                    del parent[0]


def _kind(part: etree._Element) -> Kind:
    kind: Kind = _PARTS[_name(part)]  # type: ignore[assignment]
    return kind


def _name(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def _texts(part: etree._Element) -> dict[str, str]:
    """What the children of an element say, by name: the first of each. Those of extensions (of an image: its address) lie deeper."""
    said: dict[str, str] = {}
    for child in part:
        if isinstance(child.tag, str) and (text := " ".join("".join(map(str, child.itertext())).split())):
            said.setdefault(_name(child), text)
    return said


def _sitemap_entry(part: etree._Element, base: str) -> Entry:
    said = _texts(part)
    return Entry(url=_resolve(base, said.get("loc", "")), modified=when(said.get("lastmod", "")))


def _feed_entry(part: etree._Element, base: str) -> Entry:
    said = _texts(part)
    published = when(said.get("published") or said.get("pubDate") or said.get("date") or said.get("issued") or "")
    return Entry(
        url=_resolve(base, _link(part) or said.get("link", "") or said.get("guid", "")),
        title=said.get("title", "")[:_LONGEST_TITLE],
        date=_local_day(published),
        modified=when(said.get("updated") or said.get("modified") or "") or published,
    )


def _link(part: etree._Element) -> str:
    """Atom: the address in the link that leads to the page itself."""
    links = [child for child in part if isinstance(child.tag, str) and _name(child) == "link" and child.get("href")]
    wanted = next((link for link in links if link.get("rel", "alternate") == "alternate"), None)
    return str(wanted.get("href")) if wanted is not None else ""


def _local_day(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(CHINA).date()}" if len(moment) > len("2024-03-01") else moment


def _resolve(base: str, reference: str) -> str:
    try:
        address = urljoin(base, reference.strip()).partition("#")[0] if reference.strip() else ""
    except ValueError:
        return ""
    return address if host_of(address) else ""
