"""What became of the corpus since a day, or since somebody last asked: for jobs that follow it.

The journal is the order. A cursor is a place between two of its lines: who goes on from the last one that was given misses nothing
and meets nothing twice, whatever clocks say.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from healthcrawl.corpus.catalog import moment
from healthcrawl.corpus.history import Part, differing
from healthcrawl.corpus.manifest import Manifest, Step
from healthcrawl.errors import UsageError

Kind: TypeAlias = Literal["new", "changed", "withdrawn", "taken-back", "back", "adopted", "taken-over"]
_CURSOR = re.compile(r"j(\d{1,18})")


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """One step of a document.

    "withdrawn": its page is gone, the file stays; "taken-back": our rules take it for no article any more, the file is gone.
    "adopted": a number of an older corpus; "taken-over": its article was found. `former` is the name of the file that it had before (empty: none). `what` differs from the step before; by `rules` if it was
    the same capture that was read anew. `cursor` is the place behind it.
    """

    kind: Kind
    step: Step
    cursor: str
    former: str = ""
    what: tuple[Part, ...] = ()
    rules: bool = False


def place_of(cursor: str, manifest: Manifest) -> int | None:
    """The byte of the journal that a cursor names; None for what does not look like one.

    Raises:
        UsageError: it is of another journal.
    """
    match = _CURSOR.fullmatch(cursor)
    if match is None:
        return None
    place = int(match[1])
    if not manifest.is_end(place):
        raise UsageError(f"--since {cursor}: no place in {manifest.path}; was it given of another archive's journal?")
    return place


def cursor_at(place: int) -> str:
    """The cursor for a byte of the journal."""
    return f"j{place}"


def news(manifest: Manifest, *, place: int = 0, since: datetime | None = None, site: str = "") -> Iterator[News]:
    """The steps of documents behind a place, of a site, from a moment on, in the journal's order; aliases are left out.

    Raises:
        ArchiveError: the journal can't be read.
    """
    earliest = moment(since)

    def concerns(step: Step, end: int) -> bool:
        return end > place and step.is_state and step.seen_at >= earliest and (not site or step.site == site)

    wanted: set[int] = set()
    altered: set[int] = set()
    for step, end in manifest.steps(place):
        if concerns(step, end):
            wanted.add(step.number)
            if step.action in {"changed", "withdrawn"}:
                altered.add(step.number)
    formers: dict[int, Step] = {}
    for step, end in manifest.steps_of(wanted):
        former = formers.get(step.number)
        if step.is_state and step.number in altered:
            formers[step.number] = step
        if concerns(step, end):
            yield _news(step, former, cursor_at(end))


def _news(step: Step, former: Step | None, cursor: str) -> News:
    kind: Kind = "new"
    if step.action == "withdrawn":
        kind = "withdrawn" if step.name else "taken-back"
    elif step.action == "changed":
        kind = "taken-over" if former and former.action == "adopted" else "changed"
        kind = "back" if former and former.action == "withdrawn" and former.name else kind
    elif step.action == "adopted":
        kind = "adopted"
    return News(
        kind=kind,
        step=step,
        cursor=cursor,
        former=former.name if former else "",
        what=differing(former, step) if former and kind in {"changed", "back", "taken-over"} else (),
        rules=bool(former and kind == "changed" and former.record_id == step.record_id),
    )
