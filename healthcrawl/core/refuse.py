"""Which captures hold no article: told by the exchange alone, or by the shape of the page.

An answer that is not an article must never take an article's place in the corpus: an error page, a shell that a script would
fill, a protection's challenge, a list. Each has its reason, so that the crawl can act on it.
"""

import re
from collections.abc import Sequence

from lxml import html

from healthcrawl.core import message
from healthcrawl.core.dates import find_date
from healthcrawl.core.decode import Unreadable, decode
from healthcrawl.core.extract import Place
from healthcrawl.core.headline import INFO_LINE
from healthcrawl.core.identity import is_article_url
from healthcrawl.core.protections import find_protection
from healthcrawl.core.rows import HEADLINE
from healthcrawl.core.tree import Block
from healthcrawl.model import Capture, Page, Reason
from healthcrawl.rules import Family, Protection, Rules

_STATUS_REASONS: dict[int, Reason] = {304: "not-modified", 404: "not-found", 410: "not-found"}
# Scripts of protections: they set a cookie or a token and load the page again.
_CHALLENGE = re.compile(
    r"\$_ts\b|__jsl|C3VK|document\.cookie\s*=|location\s*\.\s*(?:href|reload|replace)|location\s*=|captcha|\beval\(|_0x[0-9a-f]{4}"
)
_GONE = re.compile(
    r"(?:页面|网页|文章|内容|信息|资源|文件|栏目)(?:已经?)?(?:不存在|未找到|找不到|没有找到|无法找到|被?删除|被?移除|失效|下线)|无法找到(?:该|此)页|"
    r"404\s*(?:not found|错误|页面)|not found",
    re.IGNORECASE,
)
# What servers and protections say with status 200.
_FAILED = re.compile(r"无法(?:打开|访问)|系统(?:繁忙|错误|异常)|内部(?:服务器)?错误|出错了|服务不可用")
_BLOCKED = re.compile(r"被[\u4e00-\u9fff]{0,8}拦截|请求编号|访问(?:被拒绝|受限)")
_SEARCH = re.compile(r"(?:搜索|检索|查询)结果|(?:站内|全文|高级)(?:搜索|检索)|^\s*(?:搜索|检索)")
_FOUND = re.compile(
    r"(?:共|约|找到|搜索到|检索到)[^。]{0,20}\d+\s*[条个篇项][^。]{0,6}(?:结果|记录|信息)|结果约?\s*\d+\s*[条个篇项]"
)
_EMPTY = 20  # characters of visible text; a page with fewer says nothing
_SHELL = 200  # characters of visible text; a page with fewer may be a script's shell
_NOTE = 400  # characters of visible text; a page with fewer may only say that there is nothing
_LINK_PAGE = 0.5  # share of links from which a place holds a list
_YEAR = re.compile(r"(?:19|20)\d\d")
_DATE_LINE = 30  # characters of a line that only says when
_MANY_ROWS = 5  # dated links from which a page may be a list
_MANY_LISTS = 2  # headings from which a page of links is an overview of several lists
_HEADLINE = 4  # characters that the headline of a notice has at least
_EXCUSES: tuple[tuple[Reason, re.Pattern[str]], ...] = (
    ("not-found", _GONE),
    ("blocked", _BLOCKED),
    ("http-error", _FAILED),
)


def refuse_response(capture: Capture, rules: Rules) -> Unreadable | None:
    """Why a response is not to be decoded (what it was asked for as, its status, its end), or None."""
    role, answer = capture.context.role, message.parse(capture.response)
    if capture.unresolved:
        return Unreadable(reason="unresolved", detail=f"a revisit of {capture.refers_to}, whose capture is not there")
    if role != "robots" and not 200 <= answer.status < 300:
        return _refuse_status(capture, answer, rules)
    if capture.truncated or not answer.whole:
        return Unreadable(reason="truncated", detail=capture.truncated or "fewer bytes than promised")
    return None if role == "article" else Unreadable(reason=role, detail=f"asked for as {role}")


def refuse_page(page: Page, tree: html.HtmlElement, place: Place, family: Family) -> Unreadable | None:
    """Why a page can't be an article (a shell, an error, a list), or None. `place` is where its article would be."""
    if place.certain:
        return None
    refusal = _refuse_shell(page, tree, place)
    if refusal is None and not is_article_url(page.url, family):
        refusal = _refuse_list(tree, place)
        if refusal is not None:
            refusal = _refuse_form(page, tree, place) or refusal
    return refusal


def refuse_protected(capture: Capture, page: Page, rules: Rules) -> Unreadable | None:
    """Why a page that was answered as if all were well is a protection's, or None."""
    return _of(find_protection(message.parse(capture.response), page.text, rules))


def _refuse_status(capture: Capture, answer: message.Message, rules: Rules) -> Unreadable:
    status = f"status {answer.status}"
    if answer.status in _STATUS_REASONS:
        return Unreadable(reason=_STATUS_REASONS[answer.status], detail=status)
    if 300 <= answer.status < 400:
        return Unreadable(reason="redirect", detail=f"{status} to {answer.header('Location')}")
    page = decode(capture, rules.max_chars)
    protection = find_protection(answer, page.text if isinstance(page, Page) else "", rules) if answer.status else None
    return _of(protection) or Unreadable(reason="http-error", detail=status)


def _of(protection: Protection | None) -> Unreadable | None:
    return (
        None
        if protection is None
        else Unreadable(reason=protection.reason, detail=f"{protection.name}: {protection.title}")
    )


def _refuse_shell(page: Page, tree: html.HtmlElement, place: Place) -> Unreadable | None:
    visible = sum(len(block.text) for block in place.shown)
    if visible < _SHELL and any("url=" in "".join(said.split()) for said in _tagged(tree, "http-equiv", "refresh")):
        return Unreadable(reason="redirect", detail="meta refresh")
    if visible >= _NOTE or _is_notice(tree, place):
        return None
    if visible < _SHELL and _CHALLENGE.search(page.text):
        return Unreadable(reason="challenge", detail=f"script shell with {visible} characters of text")
    for reason, pattern in _EXCUSES:
        if said := next((block.text for block in place.shown if pattern.search(block.text)), ""):
            return Unreadable(reason=reason, detail=said)
    if visible < _EMPTY:
        return _refuse_form(page, tree, place) or Unreadable(reason="no-text", detail=f"{visible} characters of text")
    return None


def _refuse_form(page: Page, tree: html.HtmlElement, place: Place) -> Unreadable | None:
    """Why a page that has no article's shape is there for its form."""
    if any(field.get("type", "").strip().lower() == "password" for field in tree.iter("input")):
        return Unreadable(reason="login", detail="a field for a password")
    headlines = [str(title.text_content()) for title in tree.iter("title")]
    if _SEARCH.search(" ".join(headlines)) or any(_FOUND.search(block.text) for block in place.shown):
        return Unreadable(reason="search", detail=page.url or "results of a search")
    return None


def _is_notice(tree: html.HtmlElement, place: Place) -> bool:
    """Whether a short page has what only articles have: a headline that it shows, and when or whence they are."""
    headlines = [*(str(title.text_content()) for title in tree.iter("title")), *_tagged(tree, "name", "articletitle")]
    shown = {text for block in place.shown if len(text := "".join(block.text.split())) >= _HEADLINE}
    return _is_informed(tree, place) and any(
        text in "".join(headline.split()) and not any(pattern.search(text) for _, pattern in _EXCUSES)
        for headline in headlines
        for text in shown
    )


def _is_informed(tree: html.HtmlElement, place: Place) -> bool:
    """Whether a page says once, as only articles do, when and whence it is."""
    lines = sum(bool(INFO_LINE.search(block.text)) for block in place.shown)
    return lines in {1, 2} or any(_tagged(tree, "name", "articletitle"))


def _tagged(tree: html.HtmlElement, key: str, value: str) -> list[str]:
    """What the meta tags with an attribute of this value say, in lower case."""
    tags = (tag for tag in tree.iter("meta") if tag.get(key, "").strip().lower() == value)
    return [tag.get("content", "").strip().lower() for tag in tags]


def _refuse_list(tree: html.HtmlElement, place: Place) -> Unreadable | None:
    detail = _list_shape(tree, place)
    if not detail:
        return None
    linked = place.link_share >= _LINK_PAGE
    if linked and _headings(tree, place) >= _MANY_LISTS:
        return Unreadable(reason="index-page", detail=detail)
    many = sum(map(_is_date_line, place.lines)) >= _MANY_ROWS or len(_rows(place.shown)) >= _MANY_ROWS
    return Unreadable(reason="list-page" if linked or many else "not-an-article", detail=detail)


def _list_shape(tree: html.HtmlElement, place: Place) -> str:
    """What of a page's shape is a list's and not an article's; empty if nothing is."""
    if place.link_share >= _LINK_PAGE:
        return f"{place.link_share:.0%} of the text are links"
    informed = place.headline.informed or _is_informed(tree, place)
    if place.sure and informed:
        return ""
    if not place.sure and not informed:
        return "neither a text nor a line that says when and whence it is"
    if place.sure and sum(map(_is_date_line, place.lines)) >= _MANY_ROWS:
        return "a list of dated teasers"
    rows = _rows(place.shown)
    prose = sum(len(block.text) - block.linked for block in place.lines)
    if len(rows) < _MANY_ROWS or (place.sure and prose >= sum(rows)):
        return ""
    return f"a list of {len(rows)} dated links"


def _headings(tree: html.HtmlElement, place: Place) -> int:
    """How many headings a page shows that are no rows: each is that of a list where links are most of the text."""
    headings = {element for element in tree.iter("h1", "h2", "h3", "h4") if element.find(".//a") is None}
    return sum(block.element in headings for block in place.shown)


def _rows(shown: Sequence[Block]) -> list[int]:
    """The lengths of the headlines of a list: links with a date in their line, or in a line beside it that has little else."""
    dates = [bool(_YEAR.search(block.text) and find_date(block.text)) for block in shown]
    alone = [_is_date_line(block) for block in shown]
    beside = zip(dates, [False, *alone], [*alone[1:], False], strict=False)
    return [block.linked for block, near in zip(shown, beside, strict=True) if block.linked >= HEADLINE and any(near)]


def _is_date_line(block: Block) -> bool:
    return len(block.text) <= _DATE_LINE and bool(_YEAR.search(block.text) and find_date(block.text))
