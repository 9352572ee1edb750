"""Articles over several pages: which page a text goes on at.

Three things are called 下一页: the next page of the same text, the next page of a list, and on some sites the next article. Only
the first has the very address of the page it stands on, but for a number behind it that is one higher, or a parameter that counts
pages. So the address decides, and the words only say where to look.
"""

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

from lxml import html

from healthcrawl.core.pagers import script_pages
from healthcrawl.core.rows import resolve
from healthcrawl.core.tree import Index, text_of
from healthcrawl.model import Finding, Page
from healthcrawl.rules import Family

MOST_PAGES = 99
# What a page with a link to its next one nearly always says; a pattern that begins with one character is searched soonest.
_WORDS = (re.compile(r"下\s?一?\s?[页頁]"), re.compile(r"后\s?一?\s?[页頁]"))
_NEXT = re.compile(r"[\[(【]?(?:下一?[页頁]|后一?页|[Nn]ext(?:[Pp]age)?)[\])】>›»→]*|[>›»]")
_NUMBERED = re.compile(r"(?P<stem>.+?)(?:(?P<mark>[_-])(?P<n>[1-9]\d?))?(?P<end>\.\w{2,6})?")
_COUNTERS = frozenset({"page", "p", "pn", "pageno", "pageindex", "pagenum", "currentpage", "curpage", "page_no"})
_TURNING = re.compile(
    r"(?:[\[(（【<《]?(?:\d{1,3}|(?:上|下|前|后)一?页|首页|尾页|末页|第一页|最后一页|(?:共|第)\d{1,3}页|跳?转?到|页)[\])）】>》]?|[/|.…·<>«»‹›])+"
)
_FIRST = (1, 2)  # what the second page of a text may be numbered


def goes_on_at(page: Page, index: Index, family: Family) -> str:
    """The address of the next page of the same text; empty if it ends here.

    >>> from healthcrawl.core.tree import parse
    >>> from healthcrawl.model import Context
    >>> def at(url, text):
    ...     page = Page(url=url, captured_at=None, context=Context(), text=text, media_type="", charset="", charset_source="")
    ...     return goes_on_at(page, Index(parse(text)), Family(name="x", title="x"))
    >>> at("http://a.example/t1_100001.html", "<a href='t1_100001_2.html'>下一页</a>")
    'http://a.example/t1_100001_2.html'
    >>> at("http://a.example/t1_100001.html", "<a href='t1_100002.html'>下一页</a>")
    ''
    """
    return next((url for url in _candidates(page, index, family) if _continues(page, url)), "")


def drop_turning(page: Page, index: Index, following: str) -> tuple[Finding, ...]:
    """Drop what leads from one page of a text to the others (1 2 3 下一页), where it has several; a finding for each block."""
    name = urlsplit(page.url).path.rpartition("/")[2]
    own = _NUMBERED.fullmatch(name)
    if own is None or not (following or _is_first_or_later(page.context.via, own["stem"], own["end"] or "")):
        return ()
    findings = []
    gone: set[html.HtmlElement] = set()
    for anchor in index.matches("a[href]"):
        address = resolve(page.url, anchor.get("href", ""))
        if (
            not address
            or anchor in gone
            or (address != following and not _is_first_or_later(address, own["stem"], own["end"] or ""))
        ):
            continue
        block = anchor
        while (around := block.getparent()) is not None and _TURNING.fullmatch("".join(text_of(around).split())):
            block = around
        text = " ".join(text_of(block).split())
        if text and _TURNING.fullmatch("".join(text.split())):
            gone.update(block.iter())
            index.drop(block)
            findings.append(Finding(kind="furniture", text=text, detail="leads to the text's other pages"))
    return tuple(findings)


def _candidates(page: Page, index: Index, family: Family) -> Iterator[str]:
    worded = any(words.search(page.text) for words in _WORDS)
    for element in index.tree.iter("link", "a"):
        said = element.get("rel")
        if (said and "next" in said.lower().split()) or (worded and element.tag == "a" and _says_next(element)):
            yield resolve(page.url, element.get("href", ""))
    scripts = "\n".join(element.text for element in index.tree.iter("script") if element.text)
    yield from script_pages(family, scripts, page.url, page.url)


def _says_next(anchor: html.HtmlElement) -> bool:
    return any(_NEXT.fullmatch("".join(text.split())) for text in (text_of(anchor), anchor.get("title")) if text)


def _continues(page: Page, url: str) -> bool:
    """Whether an address is that of the page behind this one, as `page` is that of its text's first page or a later one."""
    own, other = urlsplit(page.url), urlsplit(url)
    if not url or (own.hostname, own.port) != (other.hostname, other.port):
        return False
    if own.path == other.path:
        return _counts_on(own.query, other.query)
    if own.query != other.query:
        return False
    folder, _, name = own.path.rpartition("/")
    other_folder, _, other_name = other.path.rpartition("/")
    here, there = _NUMBERED.fullmatch(name), _NUMBERED.fullmatch(other_name)
    if folder != other_folder or not here or not there or not there["n"] or here["end"] != there["end"]:
        return False
    if there["stem"] == name.removesuffix(here["end"] or ""):
        return int(there["n"]) in _FIRST
    # From the second page on, the page that led here must be of the same text, lest 3-7.html lead to 3-8.html.
    return (
        here["stem"] == there["stem"]
        and bool(here["n"])
        and int(there["n"]) == int(here["n"]) + 1
        and _is_first_or_later(page.context.via, here["stem"], here["end"] or "")
    )


def _is_first_or_later(via: str, stem: str, end: str) -> bool:
    name = urlsplit(via).path.rpartition("/")[2]
    return bool(re.fullmatch(rf"{re.escape(stem)}(?:[_-]\d{{1,2}})?{re.escape(end)}", name))


def _counts_on(own: str, other: str) -> bool:
    """Whether two queries differ in nothing but a counter of pages that is one higher in the second.

    >>> _counts_on("id=7", "id=7&page=2"), _counts_on("id=7&page=2", "id=7&page=3"), _counts_on("page=1", "page=2")
    (True, True, False)
    """
    here, there = dict(parse_qsl(own)), dict(parse_qsl(other))
    counters = [name for name in there if name.lower() in _COUNTERS and there[name] != here.get(name)]
    rest = [{name: value for name, value in fields.items() if name not in counters} for fields in (here, there)]
    if len(counters) != 1 or not rest[0] or rest[0] != rest[1]:
        return False
    now, then = here.get(counters[0], "1"), there[counters[0]]
    return now.isdecimal() and then.isdecimal() and len(then) < 3 and int(then) == int(now) + 1
