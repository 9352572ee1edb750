"""Which lines belong to the page and not to the article.

Templates put the title, a line with date and source, buttons, breadcrumbs, neighbours and a footer around an article, often
inside its container. The rules are data; here is only where they apply: some lines are furniture anywhere, some only above the
first or below the last paragraphs of a text, since an article may say the same words in its middle.
"""

import re
from collections.abc import Iterable

from healthcrawl.core.dates import find_date
from healthcrawl.core.fold import fold
from healthcrawl.model import Finding
from healthcrawl.rules import Furniture

_EDGE = 12  # lines, not counting furniture, to which "head" and "foot" rules reach
_TITLE_LINES = 4  # lines into which a title may be broken
_FOOT_PARAGRAPHS = 2  # paragraphs that "foot" rules reach over: a disclaimer, a postal address
# A line that ends as sentences do, or is long and has one in it: who wrote it may stand behind.
_PARAGRAPH = re.compile(r".{25,}[。!?;:][”’」』)]?|(?=.*[。!?;]).{60,}")


def drop_furniture(
    lines: tuple[str, ...], rules: tuple[Furniture, ...], title: str = "", published: str = ""
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Lines without furniture, and a finding with the rule's name for each line dropped.

    "head" rules end at the first paragraph, "foot" rules soon after the last and never reach above the first; a head line that
    repeats the title is furniture, and so is one that repeats the date on which the article was published. A rule that ends a text
    drops nothing where it can't: a heading whose lines stay, stays.
    """
    views = [fold(line) for line in lines]
    names = [_match(views, at, rules, "any") for at in range(len(lines))]
    undated = tuple(rule for rule in rules if not rule.published)
    wanted = "".join(fold(title).split())
    for at in _reach(views, names, paragraphs=0):
        names[at : at + _TITLE_LINES] = _name_title(views, names, at, wanted)
        # Below two lines of text a date is that of an event, or the signature of a text without paragraphs.
        dated = published and names[:at].count("") < 2 and find_date(views[at])[:10] == published[:10]
        names[at] = names[at] or _match(views, at, rules if dated else undated, "head")
    first = next((at for at, view in enumerate(views) if not names[at] and _PARAGRAPH.fullmatch(view)), 0)
    backwards = range(len(lines) - 1, first - 1, -1)
    for at in _reach(views, names, paragraphs=_FOOT_PARAGRAPHS, order=backwards):
        names[at] = names[at] or _match(views, at, undated, "foot")
    for at in range(_end(views, names, rules), len(lines)):
        names[at] = names[at] or "after the end"
    kept = tuple(line for line, name in zip(lines, names, strict=True) if not name)
    dropped = ((line, name) for line, name in zip(lines, names, strict=True) if name)
    return kept, tuple(Finding(kind="furniture", text=line, detail=name) for line, name in dropped)


def _name_title(views: list[str], names: list[str], at: int, wanted: str) -> list[str]:
    """The names of the next lines, with those that repeat the title, which may be broken into several."""
    coming = names[at : at + _TITLE_LINES]
    joined = ""
    for count, view in enumerate(views[at : at + _TITLE_LINES], 1):
        joined += "".join(view.split())
        if joined and joined == wanted:
            return ["title"] * count + coming[count:]
        if not wanted.startswith(joined):
            break
    return coming


def _match(views: list[str], at: int, rules: tuple[Furniture, ...], place: str) -> str:
    """The name of the first rule for that place that matches the whole line and has what must stand beside it, or empty."""
    matching = (rule for rule in rules if rule.place == place and rule.pattern.fullmatch(views[at]))
    return next((rule.name for rule in matching if _confirmed(views, at, rule)), "")


def _confirmed(views: list[str], at: int, rule: Furniture) -> bool:
    """Whether what a rule wants beside a line is in the run of lines that match it, or in the line before or after the run."""
    if rule.beside is None or rule.beside.search(views[at]):
        return True
    for way in (views[at + 1 : at + _EDGE], views[max(0, at - _EDGE) : at][::-1]):
        for view in way:
            if rule.beside.search(view):
                return True
            if not rule.pattern.fullmatch(view):
                break
    return False


def _reach(views: list[str], names: list[str], paragraphs: int, order: Iterable[int] | None = None) -> Iterable[int]:
    """The lines from one end of a text to which rules for that end apply. `names` is read as it is being filled."""
    lines = 0
    for at in range(len(views)) if order is None else order:
        yield at
        if names[at]:
            continue
        lines += 1
        paragraphs -= bool(_PARAGRAPH.fullmatch(views[at]))
        if lines >= _EDGE or paragraphs < 0:
            return


def _end(views: list[str], names: list[str], rules: tuple[Furniture, ...]) -> int:
    """Where a text ends: at the first line dropped by a rule that ends it, if less text follows than went before.

    Headings of what would have been cut off, but stays, are taken out of `names`.
    """
    ending = {rule.name: rule for rule in rules if rule.ends}
    kept, before = sum(len(view) for view, name in zip(views, names, strict=True) if not name), 0
    for at, (view, name) in enumerate(zip(views, names, strict=True)):
        if not name:
            before += len(view)
        elif (rule := ending.get(name)) and rule.ends:
            rest = [after for after, gone in zip(views[at + 1 :], names[at + 1 :], strict=True) if not gone]
            if 2 * before > kept and all(map(rule.ends.fullmatch, rest)):
                return at
            if rule.heads and rest:
                names[at] = ""
    return len(views)
