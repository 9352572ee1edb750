"""Where a list goes on: in the pager's link, in a script that would write the pager, or in the numbers of a JSON answer."""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from lxml import html

from healthcrawl.core.needles import may_be_found
from healthcrawl.core.rows import resolve
from healthcrawl.core.services import SERVICES
from healthcrawl.core.tree import matches
from healthcrawl.rules import Family, Pager

_LINE_COMMENT = re.compile(
    r"(?m)^[^\S\n]*//.*$"
)  # blanks of its own line only: else runs of empty lines cost their square
_FILE_NAME = re.compile(r"(?P<stem>.*?)(?:_(?P<n>\d{1,6}))?\.(?P<ext>\w+)")


def next_page(url: str, tree: html.HtmlElement, base: str, family: Family, text: str = "") -> str:
    """The address of the list page after this one, as its first pager that has an answer gives it; empty: none.

    `text` is the page as it came, which services are told by.
    """
    script = _LINE_COMMENT.sub("", str(tree.text_content()))
    for pager in family.pagers:
        if pager.kind == "link":
            found: str | None = _follow_link(pager, tree, base)
        elif pager.kind == "script":
            found = _read_script(pager, script, url, base)
        elif pager.kind == "service":
            asked = SERVICES[pager.service](url, text)
            found = resolve(base, asked) if asked else asked
        else:
            found = None
        if found is not None:
            return found
    return ""


def script_pages(family: Family, text: str, url: str, base: str) -> Iterator[str]:
    """The next pages that a page's scripts, whose `text` this is, would write into a pager, be it a list or an article in parts."""
    told = [pager for pager in family.pagers if pager.kind == "script" and _may_tell(pager, text)]
    script = _LINE_COMMENT.sub("", text) if told else ""
    for pager in told:
        if found := _read_script(pager, script, url, base):
            yield found


def next_answer(url: str, answer: object, entries: int, family: Family) -> str:
    """The address of the JSON answer after this one, which held so many entries; empty: none."""
    return next((_count_up(pager, url, answer, entries) for pager in family.pagers if pager.kind == "query"), "")


def look_up(data: object, path: str) -> object:
    """The value at a dotted path of a JSON value; None if there is none.

    >>> look_up({"classify": {"post_count": 3}}, "classify.post_count")
    3
    """
    for key in path.split("."):
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _follow_link(pager: Pager, tree: html.HtmlElement, base: str) -> str | None:
    named = [element for element in matches(tree, "a[href]") if pager.pattern and _says(element, pager.pattern)]
    for element in [*matches(tree, "link[rel~=next], a[rel~=next]"), *named]:
        if address := resolve(base, element.get("href", "")):
            return address
    return None


def _says(element: html.HtmlElement, pattern: re.Pattern[str]) -> bool:
    texts = (str(element.text_content()), element.get("title", ""))
    return any(pattern.fullmatch("".join(text.split())) for text in texts)


def _may_tell(pager: Pager, text: str) -> bool:
    return pager.pattern is not None and may_be_found(pager.pattern, text)


def _read_script(pager: Pager, script: str, url: str, base: str) -> str | None:
    match = pager.pattern.search(script) if pager.pattern else None
    if match is None:
        return None
    groups = {name: value for name, value in match.groupdict().items() if value}
    # A page can name itself wrongly; resolve() knows which addresses can be taken apart.
    own = _FILE_NAME.fullmatch(urlsplit(resolve(url, url)).path.rpartition("/")[2])
    fields = {"stem": "index", "ext": "html", **(own.groupdict("") if own else {}), **groups}
    here = _position(pager, fields, own)
    pages = _pages(groups)
    if pages is not None and here + 1 >= pager.first + pages:
        return ""
    return resolve(base, pager.template.format_map({**fields, "n": here + 1}))


def _position(pager: Pager, fields: dict[str, str], own: re.Match[str] | None) -> int:
    """The number of the page: the one in its address, since scripts are copied from page to page, else the script's."""
    if own and own["n"] and own["stem"] == fields["stem"]:
        return int(own["n"])
    return int(fields.get("current", pager.first))


def _pages(groups: dict[str, str]) -> int | None:
    if "count" in groups:
        return int(groups["count"])
    if "records" in groups and int(groups.get("size", 0)):
        return -(-int(groups["records"]) // int(groups["size"]))
    return None


def _count_up(pager: Pager, url: str, answer: object, entries: int) -> str:
    address, _, query = url.partition("?")
    fields = parse_qsl(query, keep_blank_values=True)
    value = dict(fields).get(pager.parameter, "1")
    here = max(int(value), 1) if value.isdecimal() and len(value) < 9 else 1
    size = _first_number(answer, pager.rows) or pager.size
    if not entries or _is_last(here, entries, size, _first_number(answer, pager.total)):
        return ""
    if pager.parameter not in dict(fields):
        fields.append((pager.parameter, ""))
    raised = [(name, str(here + 1) if name == pager.parameter else text) for name, text in fields]
    return f"{address}?{urlencode(raised)}"


def _first_number(answer: object, paths: Sequence[str]) -> int | None:
    values = (look_up(answer, path) for path in paths)
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)


def _is_last(here: int, entries: int, size: int, total: int | None) -> bool:
    """Whether the entries up to this page make up the total, at the usual size of a page or at that of this one.

    A short page alone proves nothing: totals count withdrawn entries too, and some servers give smaller pages. One
    request too many costs less than a list cut short.
    """
    return total is not None and ((here - 1) * size + entries == total or here * entries >= total)
