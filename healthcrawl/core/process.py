"""The one function that reads the archive: a capture in, a document or a rejection out.

The recipe is flat. From the bytes: decode, drop what no reader sees and what was put in, find the article, read metadata, read
lines. Then the text stages, the same for texts that were saved without their page (`clean`): mend, furniture, despam, normalise.
Mending comes before the line rules, since these are written in simplified characters and a mirror's text is not; and title,
source and body are mended as one text, since what proves a mirror's damage is spread over all of it. Normalising comes last: it
erases the evidence that mending needs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import chain

from lxml import etree

from healthcrawl.core.continued import drop_turning, goes_on_at
from healthcrawl.core.decode import Unreadable, decode
from healthcrawl.core.despam import drop_spam, unconverted
from healthcrawl.core.embedded import awaits_script, embed, find_embedded, find_held
from healthcrawl.core.extract import Place, extract, locate
from healthcrawl.core.furniture import drop_furniture
from healthcrawl.core.hidden import cut_before_root, drop_hidden
from healthcrawl.core.identity import bears_mark, recognise
from healthcrawl.core.injected import drop_injected
from healthcrawl.core.mend import mend
from healthcrawl.core.metadata import read_attachments, read_metadata
from healthcrawl.core.normalise import normalise, split_paragraphs
from healthcrawl.core.plaintext import find_files, find_title, is_site_name, join_labels, read_furniture, take_byline
from healthcrawl.core.refuse import refuse_page, refuse_protected, refuse_response
from healthcrawl.core.tree import Index, blocks, parse
from healthcrawl.core.urls import canonical
from healthcrawl.model import Attachment, Capture, Document, Finding, Metadata, Page, Rejection
from healthcrawl.rules import Family, Furniture, Layout, Rules

# What the libraries raise on hostile input: lxml its own errors and ValueError (names and text that XML can't hold), the
# serialisers RecursionError, htmldate ValueError and OverflowError. Nothing wider: our own mistakes are to be seen.
BROKEN = (etree.LxmlError, RecursionError, ValueError, OverflowError)

_SHORT = 600  # characters; where a page shows fewer, its article may be in a script
_MENUS = {
    "breadcrumb",
    "menu",
    "menu, a word a line",
    "site bar",
    "search box",
}  # rules for what stands below a site's name
_MOST_LINES = 30_000
_LONGEST_TEXT = 1_000_000  # characters; a book of five hundred pages has fewer, and reading more takes minutes
_HTML_TYPES = {"text/html", "application/xhtml+xml", "text/xml", "application/xml"}
_NEXT_TO_NOTHING = 80  # characters of text that may be left of a page that only sells


@dataclass(frozen=True, slots=True, kw_only=True)
class _Article:
    """An article on its way through the text stages.

    `doubtful` are those of its lines that stand where spam is put; `hacked` is said of a page into which spam was put beyond doubt.
    """

    metadata: Metadata
    lines: tuple[str, ...]
    doubtful: frozenset[str] = frozenset()
    hacked: bool = False
    attachments: tuple[Attachment, ...] = ()
    findings: tuple[Finding, ...] = ()


def process(capture: Capture, rules: Rules) -> Document | Rejection:
    """Read a capture. Any bytes give a document or a rejection, and the same capture and rules always the same one."""
    if refusal := refuse_response(capture, rules):
        return _reject(capture.url, rules, refusal)
    page = decode(capture, rules.max_chars)
    if isinstance(page, Unreadable):
        return _reject(capture.url, rules, page)
    if refusal := refuse_protected(capture, page, rules):
        return _reject(capture.url, rules, refusal, page.findings)
    if page.media_type not in _HTML_TYPES:
        return _reject(capture.url, rules, Unreadable(reason="not-html", detail=page.media_type), page.findings)
    try:
        return _process_page(page, rules)
    except BROKEN as error:
        return _reject(capture.url, rules, Unreadable(reason="broken", detail=repr(error)), page.findings)


def clean(text: str, rules: Rules, findings: tuple[Finding, ...] = ()) -> Document | Rejection:
    """Read an article that was saved as plain text. Any text gives a document or a rejection.

    The text stages are those of `process`; title, date and source are found in the text's own lines. Cleaning what was cleaned
    changes nothing. `findings` are those of decoding.
    """
    lines = tuple(line.strip() for line in text.splitlines() if line.strip())
    article = _Article(metadata=Metadata(), lines=lines, findings=findings)
    article = _mend(article, rules)
    article = _read_lines(article, rules)
    article = _normalise(article, rules)
    if not article.lines:
        return _reject("", rules, _why_empty(article), article.findings)
    return _document("", "", article, rules)


def _process_page(page: Page, rules: Rules) -> Document | Rejection:
    source, cut = cut_before_root(page.text)
    tree = parse(source)
    index = Index(tree)
    findings = (*page.findings, *cut, *drop_hidden(index, rules.spam))
    family, marked = recognise(page, index, rules), bears_mark(page, index, rules)
    following = goes_on_at(page, index, family)
    findings = (*findings, *drop_turning(page, index, following))
    layout = _layout(page, family, rules)
    _drop_parts(index, layout)
    shown = blocks(tree)
    bare = sum(len(block.text) - block.linked for block in shown) < _SHORT or awaits_script(index, layout)
    if bare and (markup := find_embedded(page.text) or find_held(tree)):
        findings = (*findings, *embed(index, layout, markup, rules.spam))
        index = Index(tree)
        shown = blocks(tree)
    if len(shown) > _MOST_LINES:
        return _reject(page.url, rules, Unreadable(reason="too-large", detail=f"{len(shown)} lines"), findings, family)
    injected = drop_injected(index, shown, page.url, rules.spam)
    place = locate(index, layout, None if injected else shown)
    findings = (*findings, *_drift(place, family, rules))
    if refusal := refuse_page(page, tree, place, family):
        if injected and refusal.reason == "no-text":
            refusal = Unreadable(reason="spam", detail=f"besides, {refusal.detail}")
        return _reject(page.url, rules, refusal, (*findings, *injected), family)
    metadata, said = read_metadata(page, index, place, layout, rules.spam, weak_pub_date=family.weak_pub_date)
    attachments = read_attachments(page, index, place, layout)
    lines, copies = extract(tree, place)
    if (length := sum(map(len, lines))) > _LONGEST_TEXT:
        return _reject(
            page.url, rules, Unreadable(reason="too-large", detail=f"a text of {length} characters"), findings, family
        )
    article = _Article(
        metadata=metadata,
        lines=lines,
        doubtful=frozenset(block.text for block in place.lines if 2 * block.linked > len(block.text)),
        hacked=any(finding.kind == "spam" for finding in (*findings, *said)),
        attachments=attachments,
        findings=(*findings, *injected, *said, *copies),
    )
    article = _mend(article, rules)
    article = _drop_lines(article, rules, tuple(rule for rule in rules.furniture if not rule.scraped))
    article = _normalise(article, rules)
    outcome = _settle(page, family, article, rules, marked=marked)
    return replace(outcome, goes_on_at=following) if isinstance(outcome, Document) else outcome


def _settle(page: Page, family: Family, article: _Article, rules: Rules, *, marked: bool) -> Document | Rejection:
    """What an article comes to. `marked`: the page itself shows that it is of one of the site's families."""
    if not article.lines:  # a notice that is nothing but its files names them
        article = replace(article, lines=tuple(attachment.name for attachment in article.attachments))
    if not article.lines:
        return _reject(page.url, rules, _why_empty(article), article.findings, family)
    if _only_sells(article):
        return _reject(
            page.url, rules, Unreadable(reason="spam", detail="next to nothing left"), article.findings, family
        )
    if marked:
        return _document(page.url, family.name, article, rules)
    missing = f"no mark of {' or '.join(rules.site.families if rules.site else ())} is in the page"
    if not article.metadata.title:  # text alone may be a protection's, of a kind that no rule knows
        why = Unreadable(reason="blocked", detail=f"{missing}, and no headline")
        return _reject(page.url, rules, why, article.findings, family)
    doubt = Finding(kind="marker", text=article.metadata.title, detail=f"{missing}; kept for its headline and text")
    return _document(page.url, family.name, replace(article, findings=(*article.findings, doubt)), rules)


def _drift(place: Place, family: Family, rules: Rules) -> tuple[Finding, ...]:
    """That an article does not stand where its site's pages have it: a sign of a new template, if it comes all at once."""
    site = rules.site
    if site is not None and site.families and family is rules.families[-1]:
        return (Finding(kind="template", text="", detail=f"none of the site's families: {', '.join(site.families)}"),)
    if family is not rules.families[-1] and not place.certain:
        return (Finding(kind="template", text="", detail=f"{family.name}: no container that its layouts name"),)
    return ()


def _only_sells(article: _Article) -> bool:
    """Whether a page has no headline of its own and hardly a line that doesn't sell."""
    kept = sum(map(len, article.lines))
    sold = sum(len(finding.text) for finding in article.findings if finding.kind == "spam")
    return not article.metadata.title and not article.attachments and kept <= _NEXT_TO_NOTHING and sold >= 4 * kept


def _why_empty(article: _Article) -> Unreadable:
    """Why an article without a line is rejected: it sold something, or it never had a text."""
    sold = any(finding.kind == "spam" for finding in article.findings)
    return Unreadable(reason="spam" if sold else "no-text", detail="no line left")


def _layout(page: Page, family: Family, rules: Rules) -> Layout:
    """One layout out of the site's, the family's and the generic one, in this order, each as it was on the day of the capture."""
    day = page.captured_at.date() if page.captured_at else date.max
    chosen = [_in_force(layouts, day) for layouts in (family.layouts, rules.families[-1].layouts)]
    if rules.site is not None:
        chosen.insert(0, _in_force(rules.site.layouts, day))
    return Layout(
        title=_joined(layout.title for layout in chosen),
        published=_joined(layout.published for layout in chosen),
        source=_joined(layout.source for layout in chosen),
        body=_joined(layout.body for layout in chosen),
        attachments=_joined(layout.attachments for layout in chosen),
        drop=_joined(layout.drop for layout in chosen),
    )


def _in_force(layouts: Sequence[Layout], day: date) -> Layout:
    return next((layout for layout in reversed(layouts) if layout.since is None or layout.since <= day), Layout())


def _joined(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(selector for part in parts for selector in part))


def _drop_parts(index: Index, layout: Layout) -> None:
    for selector in layout.drop:
        for element in index.matches(selector):
            index.drop(element)


def _mend(article: _Article, rules: Rules) -> _Article:
    """Title, source, names of files and lines mended as one text and taken apart again."""
    metadata, attachments = article.metadata, article.attachments
    fields = [_in_one_line(text) for text in (metadata.title, metadata.source, metadata.author, metadata.column)]
    names = [_in_one_line(attachment.name) for attachment in attachments]
    mended = mend("\n".join([*fields, *names, *article.lines]), rules.mending, simplify=rules.script == "simplified")
    title, source, author, column, *rest = mended.text.split("\n")
    pieces = [split_paragraphs(line).split("\n") for line in rest[len(names) :]]
    doubtful = article.doubtful | unconverted(article.lines, rules.spam.simplified)
    return _Article(
        metadata=replace(metadata, title=title, source=source, author=author, column=column),
        lines=tuple(chain.from_iterable(pieces)),
        doubtful=frozenset(
            piece for old, parts in zip(article.lines, pieces, strict=False) if old in doubtful for piece in parts
        ),
        hacked=article.hacked,
        attachments=tuple(replace(attachment, name=name) for attachment, name in zip(attachments, rest, strict=False)),
        findings=(*article.findings, *mended.findings),
    )


def _drop_lines(article: _Article, rules: Rules, furniture_rules: tuple[Furniture, ...]) -> _Article:
    """The lines without furniture and spam."""
    known = article.metadata
    lines, furniture = drop_furniture(article.lines, furniture_rules, known.title, known.published)
    lines, spam = drop_spam(lines, rules.spam, article.doubtful, hacked=article.hacked)
    return replace(article, lines=lines, findings=(*article.findings, *furniture, *spam))


def _normalise(article: _Article, rules: Rules) -> _Article:
    """All texts in the normal form."""

    def normal(text: str) -> str:
        return _in_one_line(normalise(text, rules.script, rules.width))

    metadata = article.metadata
    return replace(
        article,
        metadata=replace(
            metadata,
            title=normal(metadata.title),
            source=normal(metadata.source),
            author=normal(metadata.author),
            column=normal(metadata.column),
            document_number=normal(metadata.document_number),
            index_number=normal(metadata.index_number),
        ),
        lines=tuple(filter(None, normalise("\n".join(article.lines), rules.script, rules.width).split("\n"))),
        attachments=tuple(replace(attachment, name=normal(attachment.name)) for attachment in article.attachments),
    )


def _in_one_line(text: str) -> str:
    return text.replace("\n", " ").strip()


def _read_lines(article: _Article, rules: Rules) -> _Article:
    """Title, date, source and files of a plain text, and its lines without furniture and spam."""
    labelled = replace(article, lines=tuple(join_labels(article.lines)))
    bare = _drop_lines(labelled, rules, rules.furniture)
    furniture = tuple(finding.text for finding in bare.findings if finding.kind == "furniture")
    above = _site_name(labelled.lines, bare)
    headline = find_title(bare.lines[len(above) :])
    lines, byline = take_byline(headline.lines)
    metadata, said = read_furniture(furniture, byline, lines)
    told = (
        [(line, "site name") for line in above]
        + [(line, "title") for line in headline.repeats]
        + [(byline, "byline")] * bool(byline)
    )
    lines, dated = drop_furniture(lines, rules.furniture, headline.title, metadata.published)
    return replace(
        bare,
        metadata=replace(metadata, title=headline.title),
        lines=lines,
        attachments=find_files(furniture),
        findings=(
            *bare.findings,
            *(Finding(kind="furniture", text=line, detail=rule) for line, rule in told),
            *dated,
            *said,
        ),
    )


def _site_name(lines: tuple[str, ...], bare: _Article) -> tuple[str, ...]:
    """The first line of a text, if it is left and only names the site whose menus stand below it."""
    menus = {finding.text for finding in bare.findings if finding.detail in _MENUS}
    if bare.lines[:1] == lines[:1] and bare.lines[1:] and lines[1] in menus and is_site_name(lines[0]):
        return lines[:1]
    return ()


def _document(url: str, family: str, article: _Article, rules: Rules) -> Document:
    return Document(
        address=canonical(url, rules),
        url=url,
        site=rules.site.name if rules.site else "",
        family=family,
        metadata=article.metadata,
        text="\n".join(article.lines),
        attachments=article.attachments,
        findings=article.findings,
    )


def _reject(
    url: str, rules: Rules, why: Unreadable, findings: Sequence[Finding] = (), family: Family | None = None
) -> Rejection:
    return Rejection(
        address=canonical(url, rules),
        url=url,
        site=rules.site.name if rules.site else "",
        reason=why.reason,
        detail=why.detail,
        family=family.name if family else "",
        findings=tuple(findings),
    )
