"""The article's own lines out of a page's tree.

An element that the site or its family names is certain, and all its lines are taken. Else one pass over the tree finds where
the prose is, and trafilatura reads that place, once. It says what is article there, but not how it reads: it runs short lines
together and takes tables apart, which notices are full of. So its answer only chooses among the lines as the page shows them.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile

import trafilatura
from lxml import html

from healthcrawl.core.headline import Headline, find_headline
from healthcrawl.core.tree import Block, Index, blocks, within
from healthcrawl.model import Finding
from healthcrawl.rules import Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an article is. `certain`: a layout names the element; `sure`: that, or most of the page's prose is in it.

    `shown` are the lines of the page, `lines` those of the element; `link_share` is how much of their text is links.
    """

    element: html.HtmlElement
    certain: bool
    sure: bool
    shown: Sequence[Block]
    lines: Sequence[Block]
    link_share: float
    headline: Headline

    @property
    def start(self) -> int:
        """The first of the shown lines behind the headline and the line that says when and whence the article is; 0 if unknown."""
        return self.headline.start


# Parts of a page that hold no article, by the words in their class or id.
_ASIDE = re.compile(
    r"(?:^|[\s_-])(?:foot(?:er)?|copy(?:right)?|nav(?:bar|igation)?|menu|side(?:bar)?|breadcrumb|crumbs?|share|related?|"
    r"recommend|comments?|hot|rank(?:ing)?|login|search|friend(?:link)?s?|links?|pinglun|tuijian|top(?:bar)?|header)(?:$|[\s_\d-])",
    re.IGNORECASE,
)
_ASIDE_TAGS = {"footer", "nav", "aside", "header", "button"}
_INNER_TAGS = {"p", "span", "font", "b", "strong", "em", "i", "a", "h1", "h2", "h3", "h4", "h5", "h6", "li", "blockquote",
               "tr", "tbody", "thead", "br", "center", "dd", "dt", "figcaption", "u"}  # fmt: skip
_SENTENCE = re.compile("[。!?！？；;：:][”’」』)）]?$|，|,")
_LONG_LINE = 25  # characters: prose even without a full stop
_ENOUGH = 80  # characters of prose from which a place can be an article
_LITTLE = 30  # the same right behind the headline
_MAJORITY = 0.6  # share of the prose that one child must hold to be looked into
_LINKED = 0.3  # share of links from which even a named element is asked about
_LINK_RUN = 3  # lines that are links, one after the other, behind which the article is over
_TEASER_REACH = 3  # elements around a headline that may be its teaser
_LONGEST_TEASER = 300  # characters of its prose
_PARAGRAPHS = 2  # right below a headline, from which they are the beginning of the text
_FAR = 4  # by what prose counts less that stands away from the headline
_MOST = 0.8  # share of a page's prose from which what a template calls an aside is none
_MOST_AND_FIRST = 0.5  # the same where the prose begins in it
_NEARLY = 0.9  # share of what is no link from which trafilatura's own reading leaves out little
_CLEAN = 0.9  # share of prose from which a place holds nothing that would have to be sorted out
_GAP = 3  # lines that may be missing between two that are read
_TOO_LINKED = 0.4  # share of links from which a place found by its prose is not relied on
_HEADINGS = {"h1", "h2", "h3"}
_HEADS = {*_HEADINGS, "h4", "h5", "h6", "dt"}
_ROW_DATE = re.compile(r"[\d\s:：/.年月日\[\]()（）-]+")
_HEADLINE = 6  # characters that a headline has at least
# What only the foot of a page says, and what stands above it there: who keeps the site, and where.
_FOOT = re.compile(
    r"关于我们\W+(?:[Aa]bout [Uu]s|联系我们|网站)|版权所有|[Ii][Cc][Pp]备\s?(?:案号)?\W?\d|网站标识码|公网安备|[Cc][Oo][Pp][Yy][Rr]ight|COPYRIGHT"
)
_OFFICE = re.compile(
    r"(?:(?:主办|承办|主管|运维)(?:单位|机构)?|(?:联系|单位|通信)?地址|(?:联系|值班|传真)?电话|邮编|技术支持|备案号)\s?[:：]"
)
_ENCLOSURE = re.compile(r"^\W?附件|\.(?:pdf|docx?|xlsx?|pptx?|wps|ofd|zip|rar)\W*$", re.IGNORECASE)
_FILES_BELOW = re.compile(r"附件(?:下载|列表)?\W*$")
_COPY = 60  # characters from which a repeated run of lines can be a copy
_COPY_SHARE = 0.2  # share of all lines from which it is: articles quote, and tables repeat themselves
_TWIN_SHARE = (
    0.45  # the same for a single line, which is a copy only if it is the whole article: lists repeat addresses
)


def locate(index: Index, layout: Layout, shown: Sequence[Block] | None = None) -> Place:
    """Find the article's element: what the layout names, else where most of the prose is. `shown` are the tree's blocks, if known."""
    tree = index.tree
    shown = blocks(tree) if shown is None else shown
    headline = find_headline(tree, shown)
    named = _named(index, shown, layout.body)
    if named is not None:
        element, sure, lines = named, True, within(shown, named)
    else:
        element, sure, lines = _scan(tree, shown, headline)
    return Place(
        element=element,
        certain=named is not None,
        sure=sure,
        shown=shown,
        lines=lines,
        link_share=_link_share(lines),
        headline=headline,
    )


def extract(tree: html.HtmlElement, place: Place) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """The article's lines, one a paragraph, and a finding for each copy left out."""
    if not place.sure:
        found: Sequence[Block] = _read_unsure(tree, place)
    elif all(map(_is_sound, place.lines)) or (place.link_share <= _LINKED and (place.certain or _is_clean(place))):
        found = place.lines
    else:
        agreed = set(map(id, _agreed(place.lines, place.element)))
        found = [block for block in place.lines if id(block) in agreed or _is_sound(block)]
        found = _with_short_lines(place, found) or place.lines
    return drop_copies(tuple(block.text for block in _without_copied_headings(found, place)))


def _without_copied_headings(found: Sequence[Block], place: Place) -> Iterator[Block]:
    """Blocks without headings that stood before: each copy of a text has its headline."""
    seen = set() if place.headline.element in {block.element for block in found} else {place.headline.text}
    for block in found:
        if block.element.tag not in _HEADINGS or block.text not in seen:
            yield block
        if block.element.tag in _HEADINGS:
            seen.add(block.text)


def _with_short_lines(place: Place, found: Sequence[Block]) -> list[Block]:
    """Blocks with those that are marked up as they are, of what stands below the headline: greetings, signatures, dates.

    The names of files stay behind their heading; the headings of other lists of links are left out.
    """
    alike = {_kind(block) for block in found}
    below = set(map(id, place.shown[place.start :])) if place.start else set()
    known = set(map(id, found))
    kept: list[Block] = []
    files = False
    for block, after in zip(place.lines, [*place.lines[1:], None], strict=True):
        files = bool(_FILES_BELOW.search(block.text)) or (files and bool(block.linked))
        if block.element.tag in _HEADS and after is not None and _is_link(after) and not files:
            continue
        short = (
            id(block) in below
            and (not block.linked or _names_file(block.text))
            and block.element.tag not in _HEADS
            and _kind(block) in alike
        )
        if short or files or id(block) in known:
            kept.append(block)
    return kept


def _kind(block: Block) -> tuple[object, ...]:
    """What blocks that are marked up in the same way, beside each other, have in common."""
    element, tags = block.element, [block.element.tag]
    while (parent := element.getparent()) is not None and len(parent) == 1 and len(tags) < _TEASER_REACH:
        element = parent
        tags.append(parent.tag)
    return parent, *tags, block.element.get("class")


def _is_link(block: Block) -> bool:
    """Whether a line is links for the most part, and not the name of a file. The date of a row of a list says nothing here."""
    if not block.linked or (2 * block.linked <= len(block.text) and 2 * block.linked <= _undated(block.text)):
        return False
    return not _names_file(block.text)


def _undated(line: str) -> int:
    """The length of a line without figures, dates and blanks."""
    return len(_ROW_DATE.sub("", line))


def _names_file(line: str) -> bool:
    """Whether a line is the name of a file, or begins with the word for an enclosure."""
    return ("." in line or "附件" in line) and _ENCLOSURE.search(line) is not None


def _is_sound(block: Block) -> bool:
    """Whether a line of a place that is relied on belongs to the article, whatever trafilatura says: prose, or a table's row."""
    return _prose(block) > 0 or (block.element.tag == "tr" and not block.linked)


def _is_clean(place: Place) -> bool:
    """Whether a place holds little but running text, so that there is nothing to ask trafilatura."""
    return not any(map(_is_link, place.lines)) and sum(map(_prose, place.lines)) >= _CLEAN * _size(place.lines)


def drop_copies(lines: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Lines without runs that stood before: pages hold their text twice, for screen and phone or for print.

    >>> drop_copies(("标题", "长" * 60, "尾", "长" * 60, "尾"))[0] == ("标题", "长" * 60, "尾")
    True
    """
    first: dict[str, int] = {}
    kept: list[str] = []
    findings: list[Finding] = []
    whole = sum(map(len, lines))
    at = 0
    while at < len(lines):
        earlier = first.setdefault(lines[at], at)
        run = 0
        while at + run < len(lines) and earlier + run < at and lines[at + run] == lines[earlier + run]:
            run += 1
        copy = lines[at : at + max(run, 1)]
        size, longest = sum(map(len, copy)), max(map(len, copy))
        varied = len(set(copy)) > 1 or run == 1
        share = _TWIN_SHARE if run == 1 else _COPY_SHARE
        if run and varied and longest >= _LONG_LINE and size >= max(_COPY, share * whole):
            findings.append(Finding(kind="hidden", text=copy[0], detail=f"copy of {run} earlier lines"))
        else:
            kept += copy
        at += len(copy)
    return tuple(kept), tuple(findings)


def _named(index: Index, shown: Sequence[Block], selectors: Iterable[str]) -> html.HtmlElement | None:
    """The first element that a selector names and that holds enough text; failing that, the one that holds most.

    What is only around a short text named before holds its headline and files besides, and no more of it.
    """
    fullest, most = None, 0
    for selector in selectors:
        for element in index.matches(selector):
            size = _size(within(shown, element))
            if size > most and (most < _LITTLE or fullest is None or element not in fullest.iterancestors()):
                fullest, most = element, size
        if most >= _ENOUGH:
            break
    return fullest


def _read_unsure(tree: html.HtmlElement, place: Place) -> list[Block]:
    """The article's blocks on a page whose prose doesn't show where it is: tables, poems, notices of one sentence.

    Of such a text trafilatura takes navigation for the article as soon as that is longer. So between headline and footer all
    that isn't beside the article is kept, unless trafilatura takes more than half of it.
    """
    kept: list[Block] = []
    around = set(place.shown[place.start - 1].element.iterancestors()) if place.start else set()
    below = list(place.shown[place.start : _foot(place.shown, place.start, _running(place.shown))])
    for block in _without_teasers(below, _teasers(place.shown), place.headline):
        path = (block.element, *block.element.iterancestors())
        if not _is_link(block) and not any(_is_aside(element) for element in path if element not in around):
            kept.append(block)
    agreed = _agreed(kept, tree)
    return kept if place.start and 2 * _size(agreed) < _size(kept) else agreed


def _size(found: Sequence[Block]) -> int:
    return sum(len(block.text) for block in found)


def _agreed(found: Sequence[Block], element: html.HtmlElement) -> list[Block]:
    """The blocks of an element that trafilatura takes for the article.

    The extractors that it falls back on cost twice as much as its own; they are asked where that leaves out much.
    """
    own = _held(found, _read(element, fast=True))
    enough = _NEARLY * sum(len(block.text) for block in found if not _is_link(block))
    return own if _size(own) >= enough else _held(found, _read(element, fast=False))


def _read(element: html.HtmlElement, *, fast: bool) -> str:
    """What trafilatura takes for the article in an element; `fast`: without the extractors that it falls back on."""
    document = trafilatura.bare_extraction(
        element, include_comments=False, include_tables=True, include_formatting=False, deduplicate=False, fast=fast
    )
    return "" if document is None or isinstance(document, dict) else document.text or ""


def _held(found: Sequence[Block], read: str) -> list[Block]:
    """The blocks that are in the text read, and those between them that it passed over or ran together.

    A long block counts as read if most of it is in the text, a short one only as a whole line: its words are elsewhere too.
    """
    pieces = _pieces(read)
    lines = {"".join(line.split()).lstrip("-") for row in read.split("\n") for line in (row, *row.split("|"))}
    kept: list[Block] = []
    waiting: list[Block] = []
    strangers = 0
    for block in found:
        if _is_link(block):
            waiting, strangers = ([], strangers + 1) if kept else ([], 0)
            continue
        held = _share(_pieces(block.text), pieces) >= 0.5
        if (held and len(block.text) >= _LONG_LINE) or "".join(block.text.split()) in lines:
            kept += waiting if strangers <= _GAP else []
            kept.append(block)
            waiting, strangers = [], 0
        elif held and kept and not strangers:
            kept.append(block)
        elif held or kept:
            waiting.append(block)
            strangers += not held
    return kept


def _pieces(text: str) -> set[str]:
    """All runs of four characters of a text."""
    bare = "".join(text.split())
    return {bare[at : at + 4] for at in range(max(len(bare) - 3, 1))}


def _share(pieces: set[str], whole: set[str]) -> float:
    return len(pieces & whole) / len(pieces)


def _without_teasers(lines: list[Block], teasers: Collection[html.HtmlElement], headline: Headline) -> list[Block]:
    """Lines without the teasers that stand in one element with an article; all of them where there is no article beside."""
    if not teasers or not headline.start:
        return lines
    rest = [block for block in lines if not _is_teaser(block, teasers)]
    return rest if sum(map(_prose, rest)) >= _LITTLE else lines


def _is_teaser(block: Block, teasers: Collection[html.HtmlElement]) -> bool:
    return any(element in teasers for element in _up(block))


def _scan(
    tree: html.HtmlElement, shown: Sequence[Block], headline: Headline
) -> tuple[html.HtmlElement, bool, list[Block]]:
    """The element that most of the page's prose is in, whether that can be relied on, and its lines.

    From the body down, the child that holds the majority of the prose is followed until there is none. Where that leads away
    from the headline, or nowhere (a short notice among long teasers), the prose around the headline is the article.
    """
    body = tree.find("body")
    top = tree if body is None else body
    start = headline.start
    teasers = _teasers(shown)
    mass = _weigh(shown, start, teasers)
    place = top
    while (heaviest := max(place, key=lambda child: mass[child], default=None)) is not None:
        if not mass[heaviest] or mass[heaviest] < _MAJORITY * mass[place]:
            break
        place = heaviest
    place = _with_opening(place, shown, start, mass)
    titled = next((around for around in _around_headline(headline) if mass[around] >= _ENOUGH), None)
    if titled is not None and titled not in {place, *place.iterancestors()}:
        place = titled
    while place.tag in _INNER_TAGS and (parent := place.getparent()) is not None:
        # Into the body for paragraphs that stand in it beside each other: else it has only what is around the article.
        if parent.tag == "body" and not any(mass[one] for one in parent.iterchildren(place.tag) if one is not place):
            break
        place = parent
    lines = _without_teasers(within(shown, place), teasers, headline)
    after = set(map(id, shown[start:]))
    running = [block for block in lines if block.element.tag != "tr" and id(block) in after]
    solid = 2 * mass[place] > _size(running)
    sure = mass[place] >= _ENOUGH if place is not top else mass[place] >= _ENOUGH and solid
    sure = sure or (start > 0 and solid and mass[place] >= _LITTLE)
    return place, sure and _link_share(lines) < _TOO_LINKED, lines


def _with_opening(
    place: html.HtmlElement, shown: Sequence[Block], start: int, mass: Mapping[html.HtmlElement, int]
) -> html.HtmlElement:
    """A place with the paragraphs between it and the headline, if it holds more: a text's later parts may have an element of their own.

    One alone is none: it is what the site says of the article.
    """
    members = set(place.iter())
    opening = list(takewhile(lambda block: block.element not in members, shown[start:])) if start else []
    if len(opening) < _PARAGRAPHS or not all(len(block.text) >= _LONG_LINE and _prose(block) for block in opening):
        return place
    inside = {opening[0].element, *opening[0].element.iterancestors()}
    around = next((element for element in place.iterancestors() if element in inside), place)
    return around if around.tag not in {"body", "html"} and 2 * mass[place] > mass[around] else place


def _weigh(shown: Sequence[Block], start: int, teasers: Collection[html.HtmlElement]) -> Counter[html.HtmlElement]:
    """The characters of prose in each element that holds any, parts that are beside the article left out."""
    running = _running(shown)
    whole = sum(running)
    first = next((block.element for block in shown[start:] if len(block.text) >= _LONG_LINE and _prose(block)), None)
    opening = {first, *first.iterancestors()} if start and first is not None else set()
    beside: dict[html.HtmlElement, bool] = {}
    mass: Counter[html.HtmlElement] = Counter()
    for block, weight in _weights(shown, start, running):
        path = (block.element, *block.element.iterancestors())
        share = weight if not _is_teaser(block, teasers) else 0 if start else weight // _FAR
        if block.element.tag == "tr":  # a table is never all of an article: what introduces it stands in front of it
            path = path[next((at for at, element in enumerate(path) if element.tag == "table"), 0) + 1 :]
        for element in path:
            if element not in beside:
                # What holds most of the page's prose, and what comes first, is not beside it, whatever the template calls it.
                most = _MOST_AND_FIRST if element in opening else _MOST
                beside[element] = _is_aside(element) and _inside(element, shown, running) <= most * whole
        if not any(beside[element] for element in path):
            for element in path:
                mass[element] += share
    return mass


def _teasers(shown: Sequence[Block]) -> set[html.HtmlElement]:
    """Elements beside others of the same kind that each hold a headline with a link: what else the site has to offer.

    What holds most of the prose is none, if it is too long for one.
    """
    kinds: dict[tuple[object, ...], set[html.HtmlElement]] = {}
    for block in shown:
        if block.linked >= _HEADLINE and _is_link(block):
            for element in _up(block):
                kind = (element.getparent(), element.tag, element.get("class"))
                kinds.setdefault(kind, set()).add(element)
    found = {element for alike in kinds.values() if len(alike) >= _LINK_RUN for element in alike}
    running = _running(shown) if found else []
    prose: Counter[html.HtmlElement] = Counter()
    for block, size in zip(shown, running, strict=False):
        if size:
            prose.update(dict.fromkeys(_up(block), size))
    most = max(_LONGEST_TEASER, sum(running) // 2)
    return {element for element in found if prose[element] <= most}


def _up(block: Block) -> tuple[html.HtmlElement, ...]:
    """The element of a block and those around it that may be a teaser."""
    return (block.element, *islice(block.element.iterancestors(), _TEASER_REACH - 1))


def _weights(shown: Sequence[Block], start: int, running: Sequence[int]) -> Iterator[tuple[Block, int]]:
    """The blocks with prose in them, and how much it counts.

    Where the headline and the line below it are known, the article is what comes next, and teasers stand behind a run of links.
    """
    links = 0
    for at, block in enumerate(shown[: _foot(shown, start, running)]):
        weight = _prose(block)
        links = links + 1 if _is_link(block) else links if links >= _LINK_RUN else 0
        if at == start:
            links = 0
        if weight:
            yield block, weight if not start or (at >= start and links < _LINK_RUN) else weight // _FAR


def _foot(shown: Sequence[Block], start: int, running: Sequence[int]) -> int:
    """Where the foot of a page begins whose headline is known; behind all lines if none is seen, or prose follows."""
    if not start:
        return len(shown)
    at = next((at for at in range(start, len(shown)) if _FOOT.search(shown[at].text)), len(shown))
    if sum(running[at:]) > max(sum(running[start:at]), _ENOUGH):
        return len(shown)
    while at > start and _OFFICE.match(shown[at - 1].text):
        at -= 1
    return at


def _running(shown: Sequence[Block]) -> list[int]:
    """Characters of running text in each line, without what pages have at their foot."""
    sizes = map(_prose, shown)
    return [
        0 if size and (_FOOT.search(block.text) or _OFFICE.match(block.text)) else size
        for block, size in zip(shown, sizes, strict=True)
    ]


def _inside(element: html.HtmlElement, shown: Sequence[Block], sizes: Sequence[int]) -> int:
    """The sizes of those lines together that are inside an element."""
    members = set(element.iter())
    return sum(size for block, size in zip(shown, sizes, strict=True) if size and block.element in members)


def _around_headline(headline: Headline) -> Iterator[html.HtmlElement]:
    """The elements around a headline that the document's title confirms, from the inside out, without the body."""
    if headline.element is not None and headline.confirmed and len(headline.text) >= _HEADLINE:
        for element in headline.element.iterancestors():
            if element.tag not in {"body", "html"}:
                yield element


def _prose(block: Block) -> int:
    """Characters of running text in a block: what isn't links, if it is a sentence or long."""
    size = len(block.text)
    if _is_link(block) or (size < _LONG_LINE and not _SENTENCE.search(block.text)):
        return 0
    return size - block.linked


def _is_aside(element: html.HtmlElement) -> bool:
    return element.tag in _ASIDE_TAGS or bool(
        _ASIDE.search(element.get("class", "")) or _ASIDE.search(element.get("id", ""))
    )


def _link_share(found: Sequence[Block]) -> float:
    size = _size(found)
    return sum(block.linked for block in found) / size if size else 0.0
