"""What an article that was saved as plain text says of itself: headline, date, source, number, names of files.

A text file has no markup, only lines in an order that templates share: site bars and breadcrumbs, headline, a line with date and
source, the text, signature, attachments, footer. What the line rules have dropped as furniture is where date and source are
looked for; the headline is the first line that can be one. Where a text doesn't say, nothing is guessed, except that the date
it is signed with stands in for that of publication, with a finding.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from healthcrawl.core.dates import find_date
from healthcrawl.core.fold import fold
from healthcrawl.core.metadata import clean_title, read_labels
from healthcrawl.model import Attachment, Finding, Metadata

_LONGEST_TITLE = 80  # characters
_LONGEST_VALUE = 30
_LONGEST_NEIGHBOUR = 80
_HEAD = 6  # lines after the first in which a title is repeated or a byline stands
_SIGNATURE = 8  # lines at the end of a text in which its signature is

_LONE_LABEL = re.compile(
    r"[\[【]?(?:发布|发表|更新|成文|生成|公开)?(?:时间|日期)[\]】]?\s*:|(?:信息|文章|稿件|新闻)?(?:来源|出处|作者)\s*:|"
    r"(?:责任)?编辑\s*:|(?:浏览|阅读|点击|访问)(?:次数|量|数)?\s*:|(?:索\s*引\s*号|发\s*文\s*字\s*号|文\s*号|(?:发布|发文)机[构关])\s*:"
)
_NEIGHBOUR = re.compile(r"[<\[【]?(?:上|下|前|后)一(?:篇|条|则)(?:文章|新闻|信息)?[\]】]?\s*[:>]?")
_NO_VALUE = re.compile(r".*[:。!?;,]|(?:[一二三四五六七八九十]+|第.{1,3}[章条]|\d+)[、.章条 ].*|[(（].*")

# Lines at the top of a text that are no headline: what opens a letter, a list, a table, a document.
_NO_TITLE = re.compile(
    r".*[。;,:…]"
    r"|[一二三四五六七八九十]{1,3}、.*|第[一二三四五六七八九十\d]{1,3}[章条].*|[(][一二三四五六七八九十\d]{1,2}[)].*|\d{1,2}[.、](?!\d).*"
    r"|[▲△■●★◆].*|图为.*|[(][^()]*[)]|.* \| .* \| .*|.*(?:\d{3,4}-\d{7,8}|1\d{10}).*"
    r"|[\d\s年月日:./-]+|(?:时间|地点|内容|主讲人|联系人|联系电话|附件)\s*:.*"
)
_LETTERHEAD = re.compile(
    r"[\u4e00-\u9fff]{1,12}[〔\[(]\s*(?:19|20)\d\d\s*[〕\])]\s*第?\s*\d{1,5}\s*号|[\u4e00-\u9fff]{4,25}(?:局|委|委员会|政府|办公室|中心|院)文件"
)
_OFFICE = re.compile(r"[\u4e00-\u9fff、 ]{3,40}(?:局|委|委员会|政府|办公室|办|中心|所|院|站|厅|处|部|会)")
_SUBJECT = re.compile(r"(?:关于|转发|印发).{4,}")
_SITE_TAIL = re.compile(
    r"\s*[-_|>\N{EN DASH}\N{EM DASH}]+\s*\S{0,20}(?:局|委|网|网站|政府|中心|院|门户|平台|频道|栏目|动态|公告|资讯|新闻)"
)
_MARKS = re.compile(r"[\s:,、_|·-]+")

_MACHINE_DATE = r"(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?:\s*\d{1,2}:\d{2}(?::\d{2})?)?"
_NAME = r"[\u4e00-\u9fff“”《》()]{2,20}"
_BYLINE = re.compile(
    rf"(?:原创[\s|]+)?(?P<before>(?:{_NAME}[\s|]+)*){_MACHINE_DATE}(?P<after>(?:[\s|]+{_NAME})*)(?:[\s|]+(?:浏览|阅读|点击|访问)\S*\s*\d*次?)?"
)
_BARE_DATE = re.compile(r"(?:19|20)\d\d\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日(?:\s*\d{1,2}:\d{2}(?::\d{2})?)?")
_LABELLED = tuple(
    re.compile(rf"(?:{label})[\s\]】]{{0,5}}:[\s\[【(]{{0,5}}(?P<date>\d{{4}}.{{0,24}})")
    for label in (
        r"发\s?布\s?(?:时\s?间|日\s?期)|发表(?:时间|日期|于)|公开日期|发布于",
        r"(?<![\u4e00-\u9fff])(?:时\s?间|日\s?期)",
        r"更新(?:时间|日期|于)",
    )
)
_OTHER_DATE = re.compile(r"今天|现在|成文|生成|[生失]效|废止|版权|copyright|©|备|截止|有效期|发文", re.IGNORECASE)
_SIGNED = re.compile(r"[(]?(?:19|20)\d\d\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日[)]?")

_FILE = re.compile(
    r"(?:\[?(?:附件|下载)\d{0,2}\]?\s*[:.]?\s*)?(?:\d{1,2}\s*[.、]\s*)?(?P<name>[^:|。;]{1,120}\.(?:pdf|docx?|xlsx?|pptx?|wps|et|ofd|ceb|zip|rar|7z))"
    r"(?:\s*[(\[].{0,20}[)\]])?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """A text's title, empty if it has none, the lines that are left without it, and those that only repeated it."""

    title: str
    lines: tuple[str, ...]
    repeats: tuple[str, ...] = ()


def join_labels(lines: Iterable[str]) -> Iterator[str]:
    """Lines with the labels of fields, and those of neighbours, joined to the values that stand below them.

    >>> list(join_labels(["发布时间：", "2024-03-01", "来源：", "各有关单位："]))
    ['发布时间： 2024-03-01', '来源：', '各有关单位：']
    """
    label, longest = "", 0
    for line in lines:
        view = fold(line) if len(line) <= _LONGEST_NEIGHBOUR else ""
        if label and view and len(view) <= longest and not _NO_VALUE.fullmatch(view):
            yield f"{label} {line}"
            label = ""
            continue
        if label:
            yield label
        longest = _LONGEST_NEIGHBOUR if _NEIGHBOUR.fullmatch(view) else _LONGEST_VALUE
        label = line if longest == _LONGEST_NEIGHBOUR or _LONE_LABEL.fullmatch(view) else ""
        if not label:
            yield line
    if label:
        yield label


def is_site_name(line: str) -> bool:
    """Whether a line is just the name of an office or a site, as it stands above menus.

    >>> is_site_name("云海市卫生健康局"), is_site_name("云海市卫生健康局召开会议")
    (True, False)
    """
    return bool(_OFFICE.fullmatch(fold(line).removesuffix("门户网站").removesuffix("网站")))


def find_title(lines: tuple[str, ...]) -> Headline:
    """Find the headline of a text without furniture: its first line below the letterhead, where that can be one.

    A name of an office and the subject below it make one headline, names of site and column behind it are left out, and lines
    below that repeat it, in one piece or in several, go with it.
    """
    head = next((at for at, line in enumerate(lines[:3]) if not _LETTERHEAD.fullmatch(fold(line))), 0)
    letterhead, lines = lines[:head], lines[head:]
    if len(lines) < 2 or not _can_be_title(lines[0]):
        return Headline(title="", lines=letterhead + lines)
    title, rest = lines[0], lines[1:]
    if _OFFICE.fullmatch(fold(title)) and _SUBJECT.fullmatch(fold(rest[0])) and _can_be_title(rest[0]) and rest[1:]:
        title, rest = title + rest[0], rest[1:]
    bare = clean_title(title)
    if bare != title and (_SITE_TAIL.fullmatch(title.removeprefix(bare)) or bare in rest[:_HEAD]):
        title = bare
    repeats = _repeats(title, rest)
    return Headline(title=title, lines=letterhead + rest[repeats:], repeats=rest[:repeats])


def _can_be_title(line: str) -> bool:
    return len(line) <= _LONGEST_TITLE and not _NO_TITLE.fullmatch(fold(line))


def _repeats(title: str, lines: tuple[str, ...]) -> int:
    """How many of the first lines say together what the title says."""
    wanted, said = _MARKS.sub("", fold(title)), ""
    for at, line in enumerate(lines[:_HEAD]):
        said += _MARKS.sub("", fold(line))
        if said == wanted:
            return at + 1
        if not wanted.startswith(said):
            return 0
    return 0


def take_byline(lines: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The lines under a title without the one that is just a date, or a date as programs write it and short names; that one."""
    for at, line in enumerate(lines[:2]):
        if _BYLINE.fullmatch(fold(line)) or (at == 0 and _BARE_DATE.fullmatch(fold(line)) and lines[1:]):
            return lines[:at] + lines[at + 1 :], line
    return lines, ""


def read_furniture(
    furniture: tuple[str, ...], byline: str, text: tuple[str, ...]
) -> tuple[Metadata, tuple[Finding, ...]]:
    """What the lines dropped as furniture, a byline (or empty) and the signature of a text say of it."""
    said = read_labels(furniture)
    published, findings = _published([fold(line) for line in furniture], fold(byline), text)
    return replace(said, source=said.source or _named(byline), published=published), findings


def _published(furniture: list[str], byline: str, text: tuple[str, ...]) -> tuple[str, tuple[Finding, ...]]:
    """The date of publication: where furniture names it, in the byline, elsewhere in furniture, else the signature's."""
    for label in _LABELLED:
        for view in furniture:
            if (match := label.search(view)) and (found := find_date(match["date"])):
                return found, ()
    for view in (byline, *furniture):
        if not _OTHER_DATE.search(view) and (found := find_date(view)):
            return found, ()
    for line in reversed(text[-_SIGNATURE:]):
        if _SIGNED.fullmatch(fold(line)) and (found := find_date(fold(line))):
            return found, (Finding(kind="metadata", text=line, detail="date of the signature"),)
    return "", ()


def _named(byline: str) -> str:
    """The first name in a byline; empty if there is none."""
    match = _BYLINE.fullmatch(fold(byline))
    names = re.split(r"[\s|]+", f"{match['before']} {match['after']}") if match else []
    return next((name for name in names if name and not name.startswith("发表于")), "")


def find_files(furniture: Iterable[str]) -> tuple[Attachment, ...]:
    """Names of attached files; a text knows no addresses."""
    names = [match["name"].strip() for line in furniture if (match := _FILE.fullmatch(fold(line)))]
    return tuple(Attachment(name=name, url="") for name in dict.fromkeys(names))
