"""What a page says of its article: headline, date, source, numbers, files.

What a reader sees beats what the meta tags say: tags are filled by machines, with the time of generation for the date and the
site's name for the title. Where the page shows nothing, the tags come next, then what the list said when the crawl was there,
then the address. A headline that spam has replaced is taken from the next place that still has it, with a finding. No date is
later than the capture, and none is taken from a clock.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice, pairwise, takewhile

import htmldate
from lxml import html

from healthcrawl.core.dates import CHINA, find_date, read_date
from healthcrawl.core.despam import is_suspect
from healthcrawl.core.extract import Place
from healthcrawl.core.fold import fold, unfold
from healthcrawl.core.headline import names_site
from healthcrawl.core.rows import resolve
from healthcrawl.core.tree import Index, text_of
from healthcrawl.core.urls import host_of
from healthcrawl.model import Attachment, Finding, Metadata, Page
from healthcrawl.rules import Layout, Spam

_FAR = date(2099, 12, 31)  # the latest date of a page whose capture has none
_MOST_ATTRIBUTES = 500  # of one element, for htmldate to be asked
_MOST_SCRIPTS = 200  # of a page, in which JSON-LD is looked for
_LONGEST_NAME = 40  # characters
_SHORT_LINE = 160  # characters; a longer line is prose, whatever words it holds
_BEFORE_BODY = 15  # lines in front of the body in which an unlabelled date is the article's
_TITLE = range(4, 121)  # characters that a headline has
_HEADLINE = range(8, 61)  # the same, of one that no tag and no heading shows
_ROW = 6  # characters of a link that a row of a list has at least
_PROSE = re.compile("[。；;]")

_TELLING = re.compile(r"[\d:|\N{FULLWIDTH COLON}\N{RATIO}\N{FULLWIDTH VERTICAL LINE}号號]")
_DATE = r"\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}"
_YEAR = re.compile(r"\d{4}\s?[-/.年]")
# Labels of the date, best first. 时间 and 日期 also end longer words (会议时间) that mean another date.
_DATE_LABELS = tuple(
    re.compile(rf"(?:{label})[\s\]】]{{0,9}}[:|]?[\s\[【(]{{0,9}}(?P<date>{_DATE}.{{0,20}})")
    for label in (
        r"发\s?布\s?(?:时\s?间|日\s?期)|发表(?:时间|日期)|公开日期|发布于",
        r"(?<![\u4e00-\u9fff])(?:时\s?间|日\s?期)",
        r"更新(?:时间|日期)",
        r"发文(?:时间|日期)|生成日期|信息时效期",
    )
)
# In an article, the time is that of an event unless other fields of an info line stand beside it.
_BARE_LABEL = _DATE_LABELS[1]
_FIELDS = re.compile(r"(?:来\s?源|作\s?者|浏览|阅读|点击|访问|编辑)\S{0,4}\s*[:|]")
_OTHER_DATE = re.compile(r"今天|现在时间|截止|有效期|报名|星期[一二三四五六日天]|成文")
# A page of a newspaper, which is dated with its weekday.
_SHEET = re.compile(r"第\s?[A-Z]?\d{1,3}\s?版|[上下]一版|版面导航|[A-D]?\d{1,2}版\s?:")
_WEEKDAY = re.compile(r"星期[一二三四五六日天]")
# Where the value of a field ends: templates run fields together without anything between them.
_NEXT = (
    r"(?:发布|发表|更新)(?=[时日机单人者于:|\d])|时间|日期|作者|编辑|责任编辑|责编|浏览|阅读|点击|访问|字体|字号|打印|分享|收藏|来源|审核|摄影|人气|"
    r"关键[词字]|参与互动|举报|文章类型|视力保护|\d{4}[-/.年]"
)
_SAID = rf"\s*(?!{_NEXT})(?P<value>[^\s:|\[\]【】]{{2,40}}?)(?={_NEXT}|[\s:|\[\]【】]|$)"
_VALUE = rf"\s*[:|]\s*\|?{_SAID}"  # the colon may stand in a cell of its own
_SOURCE = re.compile(rf"(?:信息|文章|稿件|新闻|内容)?(?:来\s?源|出处){_VALUE}")
_PUBLISHER = re.compile(rf"(?:发布|发文|供稿)\s?(?:机构|单位|机关|部门)\s*(?:[\]】]\s*[:|]?|[:|]\s*\|?){_SAID}")
# In an info line, beside the date and without a label: only what is named like a publisher.
_NAMED = (
    r"(?:[\u4e00-\u9fff]{1,16}(?:[日晚时早周青商学]报|都市报|[^地一]报|杂志|周刊|电视台|电台|[新政科]\S?\S?网|在线|客户端|通讯社|融媒|融媒体中心|发布|卫健委|[局厅委办处所院社署厂台]|"
    r"委员会|中心|医院|人民政府|政府|大学|学院|公司|频道|健康网)|健康[\u4e00-\u9fff]{2,4}|[\u4e00-\u9fff]{2,4}健康)"
)
_CLOCK = r"日?(?:\s*\d{1,2}:\d{1,2}(?::\d{1,2})?)?"
_UNLABELLED_SOURCES = (
    re.compile(rf"^(?:发布(?:时间|日期)\s*:)?\s*{_DATE}{_CLOCK}[\s|·]+(?!{_NEXT})(?P<value>{_NAMED})(?=$|[\s|·])"),
    re.compile(rf"^(?:文\s*[/|]\s*)?(?P<value>{_NAMED})[\s|·]*{_DATE}"),
)
# What an element named by the layout holds beside nothing else: words of buttons are no names.
_ONLY_NAME = re.compile(rf"(?!.*(?:{_NEXT}))[\u4e00-\u9fff]{{4,20}}")
_AUTHOR = re.compile(rf"(?<![\u4e00-\u9fff])作\s?者{_VALUE}")
_INDEX_NUMBER = re.compile(
    r"索\s*[引取]\s*号[\s\]】]{0,9}[:|]?\s{0,9}\|?\s{0,9}(?P<value>[\w\[\]()〔〕/.-]{5,60})", re.ASCII
)
_NUMBERED = r"[\u4e00-\u9fff]{1,12}[〔\[(]\s*(?:19|20)\d\d\s*[〕\])]\s*第?\s*\d{1,5}\s*号"
_DOCUMENT_NUMBER = re.compile(
    rf"(?:文\s*号|发\s*文\s*字\s*号|文\s*件\s*编\s*号)[\s\]】]{{0,9}}[:|]?\s{{0,9}}\|?\s{{0,9}}(?P<value>{_NUMBERED})"
)
_BARE_NUMBER = re.compile(_NUMBERED)
# In an index table.
_LISTED_TITLE = re.compile(
    r"(?:^|\|)\s?[\[【]?(?:公文|文件|信息)\s?(?:名\s*称|标\s*题)[\]】]?\s*:?\s?\|?\s?(?P<value>[^\s:|][^|]{7,120}?)(?=\s*(?:\||$))"
)
_LONE_LABEL = re.compile(r"[\[【]?[\u4e00-\u9fff ]{2,8}[\]】]?\s*:")
_URL_DATES = (
    re.compile(r"/t((?:19|20)\d{2})(\d{2})(\d{2})_"),
    re.compile(r"/((?:19|20)\d{2})[-/]?(\d{1,2})[-/](\d{1,2})(?=/|_|\.)"),
    re.compile(r"/((?:19|20)\d{2})(\d{2})(\d{2})(?=/|_|\.|-)"),
    re.compile(r"/((?:19|20)\d{2})-?(\d{2})/t?(?:(?:19|20)\d{4})?(\d{2})[/_]"),
)

# Tails and heads of a <title>: parts that name the site or column.
_TITLE_PARTS = re.compile(r"\s*(?:[_|\N{FULLWIDTH VERTICAL LINE}»>]+|\s[-\N{EN DASH}\N{EM DASH}]+\s|-{2,})\s*")
_TITLE_HYPHEN = re.compile(r"(\s*(?:[-\N{EN DASH}]|\N{EM DASH}{2,})\s*)")
_LOST = "\N{REPLACEMENT CHARACTER} "
_CUT = re.compile(r"(?:…|\.{3})\s*$")
_HEADINGS = ("h1", "h2", "h3")

# Addresses of files, in lower case.
_FILES = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|wps|et|ofd|ceb|zip|rar|7z)(?:$|[?#&])|/download(?:attach)?\b|download\.jsp\?|downloadattach|wbfileid="
)


_SECOND_LEVEL = {"gov", "com", "org", "net", "edu", "ac", "mil"}  # as in .gov.cn


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """Where a page may say something of its article: meta tags by name in lower case, lines around the body, the first in it.

    The lines are folded; `raw` has them as they stand on the page. `linked` is what JSON-LD says of the article.
    """

    meta: dict[str, str]
    head: tuple[str, ...]
    rest: tuple[str, ...]
    body: tuple[str, ...]
    raw: Mapping[str, str]
    linked: Mapping[str, object]


def read_metadata(
    page: Page, index: Index, place: Place, layout: Layout, spam: Spam, *, weak_pub_date: bool
) -> tuple[Metadata, tuple[Finding, ...]]:
    """Read a page's metadata. `place` is where its article is; `weak_pub_date` as in `Family`.

    Texts are as the page has them, not mended and not normalised.
    """
    clues = collect_clues(index.tree, place)
    title, title_findings = _title(page, index, place, layout, spam, clues)
    published, date_findings = _published(page, index, place, layout, clues, weak_pub_date=weak_pub_date)
    everywhere = (*clues.head, *clues.rest)
    metadata = Metadata(
        title=title,
        published=published,
        source=_source(index, layout, clues),
        author=_labelled(_AUTHOR, (*clues.head[-_BEFORE_BODY:], *clues.body), clues.raw)
        or _name(clues.linked.get("author")),
        column=clues.meta.get("columnname", "") or page.context.column,
        document_number=_labelled(_DOCUMENT_NUMBER, everywhere) or _bare_number(clues.body),
        index_number=_labelled(_INDEX_NUMBER, (*everywhere, *clues.body)),
    )
    metadata, sold = _without_sold(metadata, spam)
    return metadata, (*title_findings, *date_findings, *sold, *_mirrored(page, clues))


def _without_sold(metadata: Metadata, spam: Spam) -> tuple[Metadata, tuple[Finding, ...]]:
    """Metadata without source, author and column where they sell something; a finding for each."""
    named = {"source": metadata.source, "author": metadata.author, "column": metadata.column}
    sold = {name: text for name, text in named.items() if text and is_suspect(text, spam)}
    return replace(metadata, **dict.fromkeys(sold, "")), tuple(
        Finding(kind="spam", text=text, detail=f"replaced {name}") for name, text in sold.items()
    )


def read_attachments(page: Page, index: Index, place: Place, layout: Layout) -> tuple[Attachment, ...]:
    """The files that an article links to: in its body, in the parts that the layout names, and right behind the body."""
    base = next((resolve(page.url, element.get("href", "")) for element in index.tree.iter("base")), "") or page.url
    regions = [place.element]
    for selector in layout.attachments:
        regions += index.matches(selector)
    for element in (place.element, *list(place.element.iterancestors())[:2]):
        if element.tag not in {"body", "html"}:
            regions += element.itersiblings()
    found: dict[str, str] = {}
    for region in regions:
        for anchor in region.iter("a", "iframe", "embed", "object"):
            target = anchor.get("href") or anchor.get("src") or anchor.get("data") or ""
            if _FILES.search(target.lower()):
                name = " ".join(text_of(anchor).split()) or anchor.get("title", "").strip()
                if (url := resolve(base, target)) and not found.get(url):
                    found[url] = name
    return tuple(Attachment(name=name or url.rsplit("/", 1)[-1], url=url) for url, name in found.items())


def collect_clues(tree: html.HtmlElement, place: Place) -> Clues:
    """Meta tags and short lines of a page, those in front of the body apart from those behind it and those in it."""
    meta: dict[str, str] = {}
    for tag in tree.iter("meta"):
        name = (tag.get("name") or tag.get("property") or tag.get("itemprop") or "").lower()
        content = " ".join(tag.get("content", "").split())
        if name and content:
            meta.setdefault(name, content)
    inside = set(place.element.iter())
    lines: dict[str, list[str]] = {"head": [], "rest": [], "body": []}
    raw: dict[str, str] = {}
    where = "head"
    # Where headline and info line are inside, the body begins below them.
    first = place.start if place.start and place.shown[place.start - 1].element in inside else 0
    for at, block in enumerate(place.shown):
        # What has neither figures nor a mark behind a label says nothing that would be looked for.
        view = fold(block.text) if _TELLING.search(block.text) else block.text
        if len(block.text) > _SHORT_LINE and block.element not in inside:
            view = ""
        raw[view] = block.text
        if block.element in inside and at >= first:
            where = "rest"
            lines["body"].append(view)
        elif view:
            lines[where].append(view)
    return Clues(
        meta=meta,
        head=_with_labels(lines["head"], raw),
        rest=_with_labels(lines["rest"], raw),
        body=_with_labels(lines["body"][:_BEFORE_BODY], raw),
        raw=raw,
        linked=_linked_data(tree),
    )


def _with_labels(lines: list[str], raw: dict[str, str]) -> tuple[str, ...]:
    """Lines with each label that stands alone joined to the line behind it, its value."""
    joined: list[str] = []
    for line in lines:
        if joined and _LONE_LABEL.fullmatch(joined[-1]):
            label = joined.pop()
            joined.append(f"{label} {line}")
            raw[joined[-1]] = f"{raw[label]} {raw[line]}"
        else:
            joined.append(line)
    return tuple(joined)


# Headlines


def clean_title(title: str, site_name: str = "") -> str:
    """A document title without the names of site and column around the headline.

    >>> clean_title("关于开展健康讲座的通知_通知公告_云海市卫生健康局"), clean_title("云海市：2024-2025年健康行动")
    ('关于开展健康讲座的通知', '云海市：2024-2025年健康行动')
    """
    parts = [part for part in _TITLE_PARTS.split(" ".join(title.split())) if part]
    headline = max([part for part in parts if not _is_site(part, site_name)] or parts, key=len, default="")
    pieces = _TITLE_HYPHEN.split(headline)  # hyphens and dashes stand at odd places: headlines have them too
    first, last = 0, len(pieces)
    while last - first > 1 and _is_site(pieces[last - 1], site_name):
        last -= 2
    while last - first > 1 and _is_site(pieces[first], site_name):
        first += 2
    return "".join(pieces[first:last])


def _is_site(part: str, site_name: str) -> bool:
    return part == site_name or names_site(part)


def _title(
    page: Page, index: Index, place: Place, layout: Layout, spam: Spam, clues: Clues
) -> tuple[str, tuple[Finding, ...]]:
    """The headline: the first honest one; one that a list has cut short only if there is no other."""
    documents = [
        clues.meta.get("og:title", ""),
        *(text_of(element).strip(_LOST) for element in index.tree.iter("title")),
    ]
    replaced = [text for text in documents if is_suspect(text, spam)]
    honest: list[str] = []
    for text in _titles(page, index, place, layout, clues, documents):
        if text in replaced or is_suspect(text, spam):
            replaced.append(text)
        elif not replaced or not find_date(fold(text)):
            honest.append(text)
            if not replaced and not _CUT.search(text):
                break
    title = _told_by_body(honest, place) if replaced else ""
    title = title or next((text for text in honest if not _CUT.search(text)), "") or next(iter(honest), "")
    return title, tuple(Finding(kind="spam", text=text, detail="replaced title") for text in dict.fromkeys(replaced))


def _told_by_body(honest: list[str], place: Place) -> str:
    """The headline of a page whose title was replaced: the first honest one, else the longest line near by, that the body repeats.

    A third of the pairs of its characters are to be found in other lines.
    """
    inside = set(place.element.iter())
    above = list(takewhile(lambda block: block.element not in inside, place.shown))
    near = [block.text for block in (*above[-_BEFORE_BODY:], *place.lines[:1]) if 2 * block.linked <= len(block.text)]
    for text in (*honest, *sorted(near, key=len, reverse=True)):
        fits = len(text) in _HEADLINE and not _PROSE.search(text) and not find_date(fold(text))
        if fits and 3 * _repeated(text, place) >= 1:
            return text
    return ""


def _by_body(shown: str, cleaned: list[str], place: Place) -> list[str]:
    """What the page shows and what its titles say, what the body repeats more first: some titles are the same on all pages."""
    first = bool(shown) and _repeated(shown, place) > max((_repeated(text, place) for text in cleaned), default=0.0)
    return [shown, *cleaned] if first else [*cleaned, shown]


def _repeated(text: str, place: Place) -> float:
    """The share of the pairs of a line's characters that the other lines of the body have."""
    pairs = _pairs(text)
    others = set().union(*(_pairs(block.text) for block in place.lines if block.text != text))
    return len(pairs & others) / len(pairs) if pairs else 0.0


def _pairs(text: str) -> set[str]:
    bare = "".join(filter(str.isalnum, _squeeze(text)))
    return {bare[at : at + 2] for at in range(len(bare) - 1)}


def _titles(
    page: Page, index: Index, place: Place, layout: Layout, clues: Clues, documents: list[str]
) -> Iterator[str]:
    """What may be the headline, best first; the name of the site is no headline unless nothing else is there."""
    tagged, entry = clues.meta.get("articletitle", ""), page.context.entry_title
    site_name = clues.meta.get("sitename", "") or clues.meta.get("og:site_name", "")
    nameless = {site_name, clues.meta.get("columnname", "")}

    def is_headline(text: str) -> bool:
        return len(text) in _TITLE and text not in nameless

    if is_headline(tagged):
        yield tagged
    shown = place.headline.text
    if place.headline.confirmed and is_headline(shown):
        yield shown
    cleaned = [clean_title(text, site_name) for text in documents]
    headings: list[str] = []
    for text in _headings(index, place, layout):
        headings.append(text)
        fits = is_headline(text) and not _is_site(text, site_name)
        if fits and _is_confirmed(text, [tagged, entry], documents, cleaned):
            yield text
    listed = _labelled(_LISTED_TITLE, (*clues.head, *clues.rest, *clues.body), clues.raw)
    if is_headline(listed):
        yield listed
    others = [
        text
        for text in (
            *(cleaned if place.headline.confirmed else _by_body(shown, cleaned, place)),
            *_above_info(clues),
            *headings,
        )
        if is_headline(text) and not _is_site(text, site_name) and not _is_labelled_date(fold(text))
    ]
    if is_headline(entry):
        others.insert(0, entry)
    headline = clues.linked.get("headline")
    if isinstance(headline, str) and is_headline(linked := " ".join(headline.split())):
        others.append(linked)
    yield from others or [text for text in cleaned if text and text not in nameless]


def _is_labelled_date(view: str) -> bool:
    return any(label.search(view) for label in _DATE_LABELS)


def _headings(index: Index, place: Place, layout: Layout) -> Iterator[str]:
    """Headlines shown on the page: what the layout names, then headings, then what is called a title."""
    inside = set(place.element.iterdescendants())
    for selector in (
        *layout.title,
        *_HEADINGS,
        "[class*=title], [class*=Title], [class*=tit], [id*=title], [id*=Title]",
    ):
        for element in index.matches(selector):
            if element not in inside or element.tag in _HEADINGS:
                yield text_of(element)


def _is_confirmed(heading: str, tagged: list[str], documents: list[str], cleaned: list[str]) -> bool:
    """Whether a headline elsewhere holds a heading, or begins it and is cut; a document's title, besides the site's name."""
    bare = _squeeze(heading)
    if any(
        bare in other or (_CUT.search(other) and bare.startswith(other.rstrip(".…")))
        for other in map(_squeeze, (*tagged, *cleaned))
    ):
        return True
    pairs = zip(map(_squeeze, documents), map(_squeeze, cleaned), strict=True)
    return any(own and own in bare and bare in document for document, own in pairs)


def _above_info(clues: Clues) -> Iterator[str]:
    """The line above the one with the date of publication, where headlines stand."""
    for above, line in pairwise(clues.head):
        labelled = _DATE_LABELS[0].search(line) or _SOURCE.match(line)
        if labelled and " | " not in above and ":" not in above[:8]:
            yield clues.raw[above]


def _squeeze(text: str) -> str:
    return "".join(fold(text).split())


# Dates


def _published(
    page: Page, index: Index, place: Place, layout: Layout, clues: Clues, *, weak_pub_date: bool
) -> tuple[str, tuple[Finding, ...]]:
    latest = _FAR if page.captured_at is None else page.captured_at.date() + timedelta(days=1)
    pub_date = find_date(clues.meta.get("pubdate", ""))
    # Some systems write when the page was generated into both.
    weak_pub_date = weak_pub_date or (bool(pub_date) and find_date(clues.meta.get("others", "")) == pub_date)
    findings: list[Finding] = []
    for step, found in _dates(page, index, layout, clues, pub_date, weak_pub_date=weak_pub_date):
        if not found:
            continue
        if found[:10] > latest.isoformat():
            late = Finding(kind="metadata", text=found, detail="date later than the capture")
            findings += [late] if late not in findings else []
            continue
        if step == "PubDate" and weak_pub_date:
            findings.append(Finding(kind="metadata", text=found, detail="date from PubDate, which is weak here"))
        return found, tuple(findings)
    if index.tree.xpath(f"boolean(//*[count(@*) > {_MOST_ATTRIBUTES}])"):  # lxml reads them all for each of them
        return "", tuple(findings)
    # The last resort reads all sorts of attributes; it must be told what the latest date is, or it takes today.
    guessed = htmldate.find_date(
        index.tree, original_date=True, extensive_search=False, max_date=latest.isoformat(), url=None
    )
    if not guessed or _dates_others(guessed, place):
        return "", tuple(findings)
    return guessed, (*findings, Finding(kind="metadata", text=guessed, detail="date guessed by htmldate"))


def _dates_others(day: str, place: Place) -> bool:
    """Whether a page shows a day in rows of lists only: then other articles are of that day."""
    shown = place.shown
    dated = [at for at, block in enumerate(shown) if _YEAR.search(block.text) and find_date(block.text)[:10] == day]
    return bool(dated) and all(max(shown[at].linked, shown[at - 1].linked if at else 0) >= _ROW for at in dated)


def _dates(
    page: Page, index: Index, layout: Layout, clues: Clues, pub_date: str, *, weak_pub_date: bool
) -> Iterator[tuple[str, str]]:
    """What may be the date, best first, with where it was found; some are empty."""
    yield from _shown_dates(index, layout, clues)
    if not weak_pub_date:
        yield "PubDate", pub_date
    yield from _unlabelled(clues)
    yield "list", page.context.entry_date
    yield "address", _date_in(page.url)
    if weak_pub_date:
        yield "PubDate", pub_date
    for found in _bare_dates(clues):
        yield "shown", found
    yield "JSON-LD", _local(clues.linked.get("datePublished"))
    if any(_SHEET.search(line) for line in clues.head):
        for line in clues.head:
            yield "issue", find_date(line) if _WEEKDAY.search(line) else ""


def _shown_dates(index: Index, layout: Layout, clues: Clues) -> Iterator[tuple[str, str]]:
    for selector in layout.published:
        for element in index.matches(selector):
            yield "shown", find_date(fold(text_of(element)))
    for lines in (clues.head, clues.body, clues.rest):
        dated = [line for line in lines if len(line) <= _SHORT_LINE and _YEAR.search(line)]
        for label in _DATE_LABELS:
            for line in reversed(dated) if lines is clues.head else dated:
                if label is _BARE_LABEL and lines is not clues.head:
                    continue
                if match := label.search(line):
                    yield "shown", find_date(match["date"])


def _bare_dates(clues: Clues) -> Iterator[str]:
    for line in (*clues.body, *clues.rest):
        if len(line) <= _SHORT_LINE and _FIELDS.search(line) and (match := _BARE_LABEL.search(line)):
            yield find_date(match["date"])


def _unlabelled(clues: Clues) -> Iterator[tuple[str, str]]:
    """Dates in short lines right above the body, the nearest first."""
    for line in reversed(clues.head[-_BEFORE_BODY:]):
        if len(line) <= 80 and not _OTHER_DATE.search(line):
            yield "above the body", find_date(line)


def _date_in(url: str) -> str:
    for form in _URL_DATES:
        if match := form.search(url):
            return find_date("-".join(match.groups()))
    return ""


# Source, numbers and whereabouts


def _source(index: Index, layout: Layout, clues: Clues) -> str:
    named = {
        fold(text): text
        for selector in layout.source
        for element in index.matches(selector)
        if (text := text_of(element))
    }
    near = [*named, *reversed(clues.head[-_BEFORE_BODY:]), *clues.body]
    return (
        _labelled(_SOURCE, near, {**clues.raw, **named})
        or next((text for text in named.values() if _ONLY_NAME.fullmatch(text)), "")
        or next(
            filter(
                None, (_labelled(form, reversed(clues.head[-_BEFORE_BODY:]), clues.raw) for form in _UNLABELLED_SOURCES)
            ),
            "",
        )
        or clues.meta.get("contentsource", "")
        or _labelled(_PUBLISHER, (*clues.head, *clues.rest), clues.raw)
        or _name(clues.linked.get("publisher"))
    )


def _linked_data(tree: html.HtmlElement) -> dict[str, object]:
    """What the first article of a page's JSON-LD says of itself; empty if there is none."""
    for script in islice(tree.iter("script"), _MOST_SCRIPTS):
        if script.get("type", "").strip().lower() != "application/ld+json":
            continue
        try:
            said = json.loads(script.text or "", strict=False)
        except (ValueError, RecursionError):
            continue
        graph = said.get("@graph", said) if isinstance(said, dict) else said
        for item in graph if isinstance(graph, list) else [graph]:
            if isinstance(item, dict) and "datePublished" in item:
                return item
    return {}


def _local(said: object) -> str:
    """A date of JSON-LD in Chinese time, where it names a zone."""
    try:
        moment = datetime.fromisoformat(said) if isinstance(said, str) else None
        return read_date(moment.astimezone(CHINA).isoformat() if moment and moment.tzinfo else said)
    except (ValueError, OverflowError):
        return read_date(said)


def _name(of: object) -> str:
    """The name of a person or an organisation in JSON-LD, of several the first, where it is one line."""
    of = of[0] if isinstance(of, list) and of else of
    name = of.get("name") if isinstance(of, dict) else of
    return " ".join(name.split()) if isinstance(name, str) and len(name) <= _LONGEST_NAME else ""


def read_labels(lines: Iterable[str]) -> Metadata:
    """What the labelled fields of lines say: source, author, numbers. Texts are as the lines have them.

    >>> read_labels(["发布时间：2024-03-05 来源：云海市卫生健康局 浏览：8"]).source
    '云海市卫生健康局'
    """
    raw = {fold(line): line for line in lines}
    return Metadata(
        source=_labelled(_SOURCE, raw, raw) or _labelled(_PUBLISHER, raw, raw),
        author=_labelled(_AUTHOR, raw, raw),
        document_number=_labelled(_DOCUMENT_NUMBER, raw, raw),
        index_number=_labelled(_INDEX_NUMBER, raw, raw),
    )


def _labelled(pattern: re.Pattern[str], lines: Iterable[str], raw: Mapping[str, str] | None = None) -> str:
    """The value that a pattern finds first in folded lines; with `raw`, as it stands on the page."""
    for line in lines:
        if len(line) <= _SHORT_LINE and (match := pattern.search(line)):
            value = unfold(raw[line], *match.span("value")) if raw else match["value"]
            return value.rstrip(")\N{FULLWIDTH RIGHT PARENTHESIS}") if _is_unbalanced(value) else value
    return ""


def _is_unbalanced(value: str) -> bool:
    view = fold(value)
    return view.count(")") > view.count("(")


def _bare_number(lines: Iterable[str]) -> str:
    return next((line for line in lines if _BARE_NUMBER.fullmatch(line)), "")


def _mirrored(page: Page, clues: Clues) -> Iterator[Finding]:
    """A page that names another site's host as its own is a copy, and its text to be mistrusted."""
    named = clues.meta.get("sitedomain", "").lower()
    named = host_of(named) or host_of(f"http://{named}")
    host = host_of(page.url)
    if host and "." in named and _owner(named) != _owner(host):
        yield Finding(kind="mirror", text=named, detail=f"SiteDomain names another host than {host}")


def _owner(host: str) -> str:
    """The part of a host name that one owner has: `dg.gov.cn` of `wjj.dg.gov.cn`, `example.com` of `www.example.com`."""
    labels = host.split(".")
    return ".".join(labels[-3:] if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else labels[-2:])
