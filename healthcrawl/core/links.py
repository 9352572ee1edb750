"""What a list page leads to: its entries and the next list page, from HTML and from JSON alike."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from lxml import html

from healthcrawl.core.dates import read_date
from healthcrawl.core.health import judge
from healthcrawl.core.identity import recognise
from healthcrawl.core.pagers import look_up, next_answer, next_page
from healthcrawl.core.rows import find_anchors, read_rows, resolve
from healthcrawl.core.scope import Refusal, leads_to, refuse
from healthcrawl.core.services import COLUMNS
from healthcrawl.core.tree import Index, parse
from healthcrawl.core.urls import canonical, host_of
from healthcrawl.model import Entry, Finding, Links, Page
from healthcrawl.rules import Family, Rules

# Rules that hold only what all servers hold equal.
_PLAIN = Rules(families=())
_XML_ISLAND = re.compile(
    r"""<script\b[^>]{0,200}\btype\s{0,9}=\s{0,9}["']?(?:text|application)/xml[^>]{0,200}>""", re.IGNORECASE
)


def links(page: Page, rules: Rules) -> Links:
    """Read a list page.

    Entries are in page order, one for each canonical address, with absolute URLs without fragments; a row that leads on through
    a jump page has the address it leads to. Rows that lead out of the site (or, without a site, to another host), into a trap,
    or on a municipal portal to what is not about health, are findings only; `detail` begins with the name of the decision.
    `next_page` is empty on the last page. `lists` are those of the site that the page names beside its own.
    """
    family = recognise(page, Index(parse(page.text)), rules)
    answer, findings = _load(page) if _is_json(page) else (None, [])
    if _is_json(page) and not (family.lists.items or family.lists.fragment):
        family = rules.families[-1]  # told by the addresses in it: articles of one product are listed by another
    markup = _markup(page, answer, family)
    if markup is None:
        entries, following = _read_json(page, answer, family, rules)
        lists: list[Entry] = []
        addresses = [entry.url for entry in entries]
    else:
        tree = parse(markup)
        base = _base(page, tree)
        anchors = find_anchors(tree, base, family, rules)
        entries = [row.entry for row in read_rows(tree, anchors, family)]
        addresses = list(dict.fromkeys(anchor.url for anchor in anchors.values()))
        following = next_page(page.url, tree, base, family, markup)
        lists = _further(page, base, family)
    entries = [replace(entry, url=leads_to(entry.url, page.url, rules)) for entry in entries]
    inside, rows, decisions = _sort_out(entries, _originals(addresses, page, rules), page, rules)
    if canonical(following, rules) == canonical(page.url, rules):
        following = ""
    elif following and (refusal := _refuse(following, page, rules)):
        decisions.append(_decision("next page", refusal, following))
        following = ""
    kept = []
    for one in lists:
        if refusal := _refuse(one.url, page, rules):
            decisions.append(_decision(one.title, refusal, one.url))
        else:
            kept.append(one)
    return Links(entries=inside, next_page=following, lists=tuple(kept), rows=rows, findings=(*findings, *decisions))


def missing(url: str, rules: Rules) -> Links:
    """Where to go on when a list page is not there, though the one before announced it: as its family says.

    >>> from healthcrawl.knowledge.load import load_rules
    >>> missing("http://a.example/gkmlpt/api/all/0?page=2&sid=9", load_rules()).next_page
    'http://a.example/gkmlpt/index?columns=all'
    """
    rewrites = (rewrite for family in rules.families for rewrite in family.lists.instead)
    return Links(
        next_page=next((one.pattern.sub(one.replacement, url) for one in rewrites if one.pattern.search(url)), "")
    )


def _further(page: Page, base: str, family: Family) -> list[Entry]:
    """The lists that a page names, with absolute addresses."""
    if not family.lists.columns:
        return []
    named = COLUMNS[family.lists.columns](page.url, page.text)
    return [replace(one, url=url) for one in named if (url := resolve(base, one.url))]


def _is_json(page: Page) -> bool:
    return page.media_type.endswith("json") or page.text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE} \t\r\n")[:1] in {
        "{",
        "[",
    }


def _load(page: Page) -> tuple[object, list[Finding]]:
    try:
        return json.loads(page.text.lstrip("\N{ZERO WIDTH NO-BREAK SPACE}")), []
    except (ValueError, RecursionError) as error:
        return None, [Finding(kind="metadata", text=page.text[:80], detail=f"not a JSON list: {error}")]


def _markup(page: Page, answer: object, family: Family) -> str | None:
    """The HTML that holds the list: the page, the fragment in a JSON answer, or None if the list is JSON itself.

    Records that scripts are to show are written as CDATA, in which a parser of HTML sees a comment, within an XML island,
    in which it sees a script.
    """
    if _is_json(page):
        fragments = (look_up(answer, path) for path in family.lists.fragment)
        fragment = next((one for one in fragments if isinstance(one, str)), None)
        return None if fragment is None else fragment.encode("utf-8", "replace").decode()
    if "<![CDATA[" not in page.text:
        return page.text
    return _XML_ISLAND.sub("<div>", page.text).replace("<![CDATA[", "").replace("]]>", "")


def _read_json(page: Page, answer: object, family: Family, rules: Rules) -> tuple[list[Entry], str]:
    arrays = (items for path in family.lists.items if isinstance(items := look_up(answer, path), list))
    objects = [item for item in next(arrays, []) if isinstance(item, dict)]
    entries = [entry for item in objects if (entry := _read_item(item, page, family, rules)).url]
    return entries, next_answer(page.url, answer, len(objects), family) if entries else ""


def _read_item(item: dict[str, object], page: Page, family: Family, rules: Rules) -> Entry:
    def texts(keys: Iterable[str]) -> list[str]:
        # JSON can write halves of characters, which no text can hold.
        values = [value.encode("utf-8", "replace").decode() for key in keys if isinstance(value := item.get(key), str)]
        return [value for value in values if value.strip()]

    urls = [url for text in texts(family.lists.url) if (url := resolve(page.url, text))]
    return Entry(
        url=next((url for url in urls if not _refuse(url, page, rules)), next(iter(urls), "")),
        title=" ".join(next(iter(texts(family.lists.title)), "").split()),
        date=next((date for key in family.lists.date if (date := read_date(item.get(key)))), ""),
        source=" ".join(next(iter(texts(family.lists.source)), "").split()),
    )


def _base(page: Page, tree: html.HtmlElement) -> str:
    element = next(tree.iter("base"), None)
    return (resolve(page.url, element.get("href", "")) if element is not None else "") or page.url


def _sort_out(
    entries: Iterable[Entry], originals: Mapping[str, str], page: Page, rules: Rules
) -> tuple[tuple[Entry, ...], tuple[str, ...], list[Finding]]:
    """Entries to follow, one for each canonical address other than the page's own; all addresses; what was decided."""
    rows: dict[str, Entry] = {}
    decisions: list[Finding] = []
    for entry in entries:
        key = canonical(entry.url, rules)
        rows.setdefault(key, replace(entry, url=originals.get(key, entry.url)))
        decisions += _told_of(entry, rules)
    own = canonical(page.url, rules)
    inside = []
    for key, entry in rows.items():
        if key == own:
            continue
        if refusal := _refuse(entry.url, page, rules):
            decisions.append(_decision(entry.title, refusal, entry.url))
            continue
        wanted, decision = judge(entry, page.context.column, rules)
        decisions += [decision] if decision else []
        inside += [entry] if wanted else []
    return tuple(inside), tuple(rows), decisions


def _originals(addresses: Iterable[str], page: Page, rules: Rules) -> dict[str, str]:
    """For each canonical address the one of a page's that is no copy's, and of several the one nearest to the page's own."""
    best: dict[str, str] = {}

    def rank(url: str, key: str) -> tuple[bool, bool, bool]:
        scheme, _, rest = url.partition("://")
        return canonical(url, _PLAIN) == key, page.url.startswith(f"{scheme}://"), key.endswith(f"://{rest}")

    for url in addresses:
        key = canonical(url, rules)
        if key not in best or rank(url, key) > rank(best[key], key):
            best[key] = url
    return best


def _told_of(entry: Entry, rules: Rules) -> list[Finding]:
    """What in an entry's address its canonical one lacks and people want to know of."""
    plain = canonical(entry.url, _PLAIN)
    named = [rewrite for rewrite in rules.addresses.duplicates if rewrite.name and rewrite.pattern.search(plain)]
    return [_decision(entry.title, Refusal(name=one.name, rule=one.pattern.pattern), entry.url) for one in named[:1]]


def _refuse(url: str, page: Page, rules: Rules) -> Refusal | None:
    if rules.site is None and host_of(url) != host_of(page.url):
        return Refusal(name="outside", rule="another host")
    return refuse(url, rules)


def _decision(text: str, refusal: Refusal, url: str) -> Finding:
    return Finding(kind="scope", text=text, detail=f"{refusal.name}: {url} ({refusal.rule})")
