"""Which lines belong to the page and not to the article.

Templates put the title, a line with date and source, buttons, breadcrumbs, neighbours and a footer around an article, often
inside its container. The rules are data; here is only where they apply: some lines are furniture anywhere, some only above the
first or below the last paragraphs of a text, since an article may say the same words in its middle.
"""

import re
from collections.abc import Iterable

from healthcrawl.core.fold import fold
from healthcrawl.model import Finding
from healthcrawl.rules import Furniture

_EDGE = 12  # lines, not counting furniture, to which "head" and "foot" rules reach
_FOOT_PARAGRAPHS = 2  # paragraphs that "foot" rules reach over: a disclaimer, a postal address
_PARAGRAPH = re.compile(r".{25,}[。!?;:][”’」』)]?")


def drop_furniture(
    lines: tuple[str, ...], rules: tuple[Furniture, ...], title: str = ""
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Lines without furniture, and a finding with the rule's name for each line dropped.

    "head" rules end at the first paragraph, "foot" rules soon after the last; a head line that repeats the title is furniture.
    """
    views = [fold(line) for line in lines]
    names = [_match(view, rules, "any") for view in views]
    wanted = "".join(fold(title).split())
    for at in _reach(views, names, paragraphs=0):
        repeated = wanted and "".join(views[at].split()) == wanted
        names[at] = names[at] or ("title" if repeated else _match(views[at], rules, "head"))
    backwards = range(len(lines) - 1, -1, -1)
    for at in _reach(views, names, paragraphs=_FOOT_PARAGRAPHS, order=backwards):
        names[at] = names[at] or _match(views[at], rules, "foot")
    for at in range(_end(views, names, rules), len(lines)):
        names[at] = names[at] or "after the end"
    kept = tuple(line for line, name in zip(lines, names, strict=True) if not name)
    dropped = ((line, name) for line, name in zip(lines, names, strict=True) if name)
    return kept, tuple(Finding(kind="furniture", text=line, detail=name) for line, name in dropped)


def _match(view: str, rules: tuple[Furniture, ...], place: str) -> str:
    """The name of the first rule for that place that matches the whole line, or empty."""
    return next((rule.name for rule in rules if rule.place == place and rule.pattern.fullmatch(view)), "")


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
    """Where a text ends: at the first line dropped by a rule that ends it, in the second half; else behind the last line."""
    ending = {rule.name for rule in rules if rule.ends}
    whole, before = sum(map(len, views)), 0
    for at, (view, name) in enumerate(zip(views, names, strict=True)):
        if name in ending and 2 * before > whole:
            return at
        before += len(view)
    return len(views)
