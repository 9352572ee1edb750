"""Where the headline of a page's article is shown, and where what comes below it begins.

Documents' titles hold the names of site and column beside the headline, or nothing else; headings name columns and blocks too. So
two witnesses are heard: that the title, or a meta tag, has a line, and that the line stands where headlines stand.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from lxml import html

from healthcrawl.core.tree import Block

INFO_LINE = re.compile(r"(?:发[布表]|發[布佈表])[时時]?[间間日]?期?\s*[:：]|[来來]源\s*[:：]")
_COLON = re.compile("[:：]")
_DAY = r"\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}"
_PUBLISHED = re.compile(r"(?:发[布表]|發[布佈表])[时時日]?[间間期]?\s*[:：].{0,9}\d{4}")
# The same without such a label: a source and a day.
_INFORMING = re.compile(
    rf"(?=.*[来來]源\s*[:：])(?:[\[（(【]|[^。，]{{0,6}}[:：])?\s*{_DAY}|[来來]源\s*[:：].{{1,30}}{_DAY}"
)
_FIGURES = re.compile(r"\d\d")
_ONLY_DATE = re.compile(rf"[(（\[【]?\s*{_DAY}\s?日?[\s\d:：]{{0,12}}[)）\]】]?")
_SPELT_DATE = re.compile(
    "[(（]?[〇○零一二三四五六七八九]{4}年[一二三四五六七八九十]{1,2}月[一二三四五六七八九十]{1,3}日[)）]?"
)
# A line with the time of day beside the day, and no sentence.
_CLOCKED = re.compile(
    rf"[^。，,；;！!？?]*(?:\b\d\d[-/.]\d\d[-/.]\d\d|{_DAY})\s?日?\s*\d{{1,2}}[:：]\d{{2}}[^。，,；;！!？?]*"
)
# What stands above an info line beside headlines: the way to the page, and buttons.
_NO_HEADLINE = re.compile(
    r"[>›»→]| \| |位置|[首主][页頁]|[:：]$|^\W*(?:分享|打印|关闭|收藏|字[体号]|扫一扫|登录|搜索|关注|点击|返回|上一|下一|来源|时间|日期|作者|索引号|视力保护)"
)
# Names of sites and columns.
_SITE = re.compile(
    r".*(?:网|网站|局|厅|委|委员会|政府|中心|门户|平台|频道|栏目|官网|公开|动态|新闻|通知公告|公示公告|首页|正文|详情|内容页|资讯|要闻|办公室|医院|公安|在线|"
    r"\.com|\.cn|\.net|日报|晚报|时报|健康报)-?$|.*(?:网站|门户|首页).*",
    re.IGNORECASE,
)
_LONGEST_NAME = 25  # characters of such a name
_LOST = "\N{REPLACEMENT CHARACTER} \r\n\t"  # what a damaged title may end with
_CONFIRMING = {"articletitle", "og:title"}  # meta tags
_HEADINGS = {"h1", "h2", "h3"}
_NAME = 4  # characters from which a line can be the headline of a notice
_ALONE = range(8, 121)  # characters of a headline for which there is one witness only
_SHORT_LINE = 160  # characters; a longer line is prose, whatever words it holds
_DATE_LINE = 30  # characters of a line that holds nothing but a date
_INFO_LINE = 80  # characters of an info line without labels
_INFO_REACH = 5  # lines behind the headline in which the info line is
_MOST_LINES = 4  # into which a headline is broken
_DATE_REACH = 2  # lines above the source in which the date is, where both stand alone
_ABOVE = 3  # lines above an info line in which a headline that nothing confirms may be
_PROSE = 40  # characters from which a line is taken for running text here
_PARTED = r"(?:^|[-_|—–｜·»>\s]|$)"  # what stands between the parts of a title, and at its ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """The headline, if one is shown: its text, its first element, and what is below it.

    `start` is the first of the lines below it and below the info line; 0 if neither is known. `informed`: it stands where only an
    article's headline does, as a heading or above an info line. `confirmed`: the document's title or a meta tag has it.
    """

    text: str = ""
    element: html.HtmlElement | None = None
    start: int = 0
    informed: bool = False
    confirmed: bool = False


def names_site(text: str) -> bool:
    """Whether a text has the form of the name of a site or of one of its columns.

    >>> names_site("云海市卫生健康局"), names_site("云海市卫生健康局召开工作会议")
    (True, False)
    """
    return len(text) <= _LONGEST_NAME and bool(_SITE.fullmatch(text))


def find_headline(tree: html.HtmlElement, shown: Sequence[Block]) -> Headline:
    """The headline among a page's lines.

    Of the lines that the title has, a heading, one above an info line, and one that is a whole part of the title may be it, and
    the longest is. Without such a line it is what stands right above the line that says when the article was published.
    """
    titles = [str(title.text_content()).strip(_LOST) for title in tree.iter("title")]
    titles += [
        tag.get("content", "")
        for tag in tree.iter("meta")
        if (tag.get("name") or tag.get("property") or "").lower() in _CONFIRMING
    ]
    named = "".join("".join(titles).split())
    informing = [
        at
        for at, block in enumerate(shown)
        if len(block.text) <= _SHORT_LINE and _COLON.search(block.text) and INFO_LINE.search(block.text)
    ]
    dated = {at for at, block in enumerate(shown) if _says_when(block.text)}
    found, longest = Headline(), 0
    for at, block in enumerate(shown):
        bare = "".join(block.text.split())
        if len(bare) < _NAME or 2 * block.linked > len(bare) or bare not in named:
            continue
        lines, bare = _continued(shown, at, bare, named)
        if len(bare) <= longest:
            continue
        text = " ".join(shown[line].text for line in lines) if lines[1:] else block.text
        info = _info_below(lines[-1], informing, dated)
        if info != lines[-1] + 1 and names_site(text):
            continue
        heading = block.element.tag in _HEADINGS
        if heading or info is not None or (len(bare) in _ALONE and _is_part(text, titles) and _is_above(shown, at)):
            longest = len(bare)
            start = (lines[-1] if info is None else info) + 1
            informed = heading or info is not None
            found = Headline(text=text, element=block.element, start=start, informed=informed, confirmed=True)
    return found if found.start else _unconfirmed(shown, informing, dated)


def _says_when(text: str) -> bool:
    """Whether a line holds a date and little else, as info lines do that have no labels."""
    if len(text) > _INFO_LINE:
        return False
    if not _FIGURES.search(text):
        return _SPELT_DATE.fullmatch(text) is not None
    return bool((len(text) <= _DATE_LINE and _ONLY_DATE.fullmatch(text)) or _CLOCKED.fullmatch(text))


def _continued(shown: Sequence[Block], at: int, bare: str, named: str) -> tuple[range, str]:
    """The lines into which a headline is broken, from one line on, and what they say without blanks."""
    end = at + 1
    while end < min(at + _MOST_LINES, len(shown)) and shown[end].element.tag == shown[at].element.tag:
        longer = bare + "".join(shown[end].text.split())
        if longer not in named:
            break
        bare, end = longer, end + 1
    return range(at, end), bare


def _info_below(at: int, informing: Sequence[int], dated: Collection[int]) -> int | None:
    """The info line that belongs to a line; one that has nothing but the date stands right below it."""
    below = next((line for line in informing if at < line <= at + _INFO_REACH), None)
    return at + 1 if below is None and at + 1 in dated else below


def _unconfirmed(shown: Sequence[Block], informing: Sequence[int], dated: Collection[int]) -> Headline:
    """The headline of a page whose title names only the site: of the lines right above the info line the highest heading, else the next."""
    for info in informing:
        text = shown[info].text
        near = [line for line in range(info - _DATE_REACH, info + 2) if line in dated]
        if _PUBLISHED.search(text) or ((near or _INFORMING.match(text)) and _is_above(shown, info)):
            first, last = min([info, *near]), max([info, *near])
            above = [block for block in shown[max(0, first - _ABOVE) : first] if _may_be_headline(block)]
            block = min(reversed(above), key=_rank, default=None)
            if block is None:
                return Headline(start=last + 1, informed=True)
            return Headline(text=block.text, element=block.element, start=last + 1, informed=True)
    return Headline()


def _rank(block: Block) -> str:
    return str(block.element.tag) if block.element.tag in _HEADINGS else "other"


def _may_be_headline(block: Block) -> bool:
    text = block.text
    return (
        len(text) in _ALONE and 2 * block.linked <= len(text) and not _NO_HEADLINE.search(text) and not names_site(text)
    )


def _is_part(text: str, titles: Sequence[str]) -> bool:
    """Whether a line is a title, or one or more of its parts."""
    words = r"\s*".join(map(re.escape, text.split()))
    return any(re.search(f"{_PARTED}\\s*{words}\\s*{_PARTED}", title) for title in titles)


def _is_above(shown: Sequence[Block], at: int) -> bool:
    """Whether most of the running text stands below a line."""
    before, after = (
        sum(len(block.text) for block in part if len(block.text) >= _PROSE and 2 * block.linked <= len(block.text))
        for part in (shown[:at], shown[at + 1 :])
    )
    return after >= before
