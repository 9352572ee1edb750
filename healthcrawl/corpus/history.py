"""A document's life: what changed on the site, what our rules made of it, when it was seen, and from which captures.

The journal tells the steps, the catalog the captures between them. What a replay changes is no change of the site: a step whose
capture held the very bytes of the one before it was only read anew.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from healthcrawl.core.compare import ParagraphChange, compare
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import content_hash
from healthcrawl.corpus.manifest import Manifest, Step

Part: TypeAlias = Literal["text", "title", "date", "source", "author", "attachments", "address", "family"]
Kind: TypeAlias = Literal[
    "new",
    "changed",
    "taken-over",
    "read-anew",
    "withdrawn",
    "taken-back",
    "back",
    "alias",
    "adopted",
    "same",
    "template",
    "absent",
    "rejected",
]

# What a step says of each part. The text is seen by its hash, which holds the title too.
_FIELDS: Mapping[Part, str] = {
    "title": "title",
    "date": "published",
    "source": "source",
    "author": "author",
    "attachments": "attachments",
    "address": "url",
    "family": "family",
}
_ABSENT = frozenset({404, 410})


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The capture that something was seen in."""

    captured_at: str
    record_id: str
    warc_file: str
    warc_offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a document, or several captures in a row that say the same.

    "new", "changed", "withdrawn" (its page is gone) and "back" happened on the site; "read-anew" and "taken-back" are what
    other rules made of a capture; "alias": another address shows the text; "adopted": it came from an older corpus, "taken-over": and is known by
    its page from now on. Of captures
    that changed nothing: "same" bytes, "template" (other bytes, but nothing that is kept differs), "absent" (404 or 410),
    "rejected" (an answer that is no article; `detail` says why). `times` counts them, `at` is the first and `until` the last.

    `what` differs from the step before. `silent`: the text, its title or its files changed, and the date that the page shows
    did not. `changes` are the text's, None where one of the two texts is lost.
    """

    kind: Kind
    at: str
    until: str
    origin: Origin
    step: Step | None = None
    what: tuple[Part, ...] = ()
    silent: bool = False
    changes: tuple[ParagraphChange, ...] | None = ()
    times: int = 1
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All that is known of a document, in the order in which it happened. `present` is the journal's last word on it."""

    present: Step
    events: tuple[Event, ...] = field(default_factory=tuple)


def find_number(catalog: Catalog, addresses: Iterable[str]) -> int | None:
    """The number of the document that one of some addresses shows, or showed; None if there is none."""
    wanted = list(addresses)
    with catalog.reading() as tx:
        for table in (tables.documents, tables.aliases):
            query = sa.select(table.c.number).where(sa.or_(table.c.address.in_(wanted), table.c.url.in_(wanted)))
            if (number := tx.execute(query.order_by(table.c.number).limit(1)).scalar_one_or_none()) is not None:
                return int(number)
    return None


def differing(old: Step, new: Step) -> tuple[Part, ...]:
    """What differs between two steps of a document."""
    parts: list[Part] = [part for part, name in _FIELDS.items() if getattr(old, name) != getattr(new, name)]
    if old.sha256 != new.sha256 and "title" not in parts:
        parts.insert(0, "text")
    return tuple(parts)


def life_of(number: int, manifest: Manifest, catalog: Catalog, corpus: Path) -> Life | None:
    """The life of a document; None if there is no such number.

    Raises:
        ArchiveError: journal or catalog can't be read.
    """
    steps = [step for step, _ in manifest.steps_of({number}) if step.action != "clustered"]
    main = [step for step in steps if step.is_state]
    if not main:
        return None
    with catalog.reading() as tx:
        texts = _texts(tx, main, corpus)
        rows = _captures(tx, {step.address for step in main})
    payloads = {row["record_id"]: row["payload_sha256"] for row in rows}
    told = list(_steps(steps, texts, payloads))
    seen = list(_seen(rows, {step.record_id for step in steps}))
    # By time, but steps in the journal's order, whatever clocks said.
    reached = accumulate((event.at for event in told), max)
    # What is noted at the end of a run comes behind the captures that it was seen in.
    placed = [*((event.at, event) for event in seen), *zip(reached, told, strict=True)]
    events = [event for _, event in sorted(placed, key=itemgetter(0))]
    return Life(present=main[-1], events=tuple(_joined(events)))


def _texts(tx: sa.Connection, steps: Iterable[Step], corpus: Path) -> dict[str, str]:
    """The versions' texts by hash; what the catalog has lost may still be the corpus file."""
    present = list(steps)[-1]
    table = tables.versions
    query = sa.select(table.c.sha256, table.c.text).where(table.c.number == present.number, table.c.text != "")
    texts = {row.sha256: row.text for row in tx.execute(query)}
    path = corpus / present.name
    if present.name and present.sha256 not in texts and path.is_file():
        data = path.read_bytes()
        if content_hash(data) == present.sha256:
            texts[present.sha256] = data.decode(errors="replace")
    return texts


def _captures(tx: sa.Connection, addresses: Iterable[str]) -> list[Mapping[str, Any]]:
    table = tables.captures
    query = sa.select(table).where(table.c.address.in_(list(addresses)), table.c.role == "article")
    return [dict(row) for row in tx.execute(query.order_by(table.c.captured_at, table.c.warc_offset)).mappings()]


def _steps(steps: Iterable[Step], texts: Mapping[str, str], payloads: Mapping[str, str]) -> Iterator[Event]:
    former: Step | None = None
    for step in steps:
        event = _event(step, former, texts, payloads)
        yield event
        if step.is_state:
            former = step


def _event(step: Step, former: Step | None, texts: Mapping[str, str], payloads: Mapping[str, str]) -> Event:
    kind = _kind(step, former, payloads)
    noted = kind in {"read-anew", "taken-back", "adopted", "withdrawn", "back"}  # no capture of its own shows it
    at = step.seen_at if noted else step.captured_at or step.seen_at
    event = Event(kind=kind, at=at, until=at, origin=_origin_of(step), step=step)
    if former is None or kind not in {"changed", "taken-over", "read-anew", "back"}:
        return event
    old, new = texts.get(former.sha256), texts.get(step.sha256)
    what = differing(former, step)
    if old is not None and new is not None and former.sha256 != step.sha256:
        without = [text.removeprefix(f"{one.title}\n\n") for text, one in ((old, former), (new, step))]
        what = tuple(part for part in what if part != "text")
        what = ("text", *what) if without[0] != without[1] else what
    changes = () if former.sha256 == step.sha256 else None if old is None or new is None else compare(old, new)
    silent = kind == "changed" and "date" not in what and bool({"text", "title", "attachments"} & {*what})
    return replace(event, what=what, silent=silent, changes=changes)


def _kind(step: Step, former: Step | None, payloads: Mapping[str, str]) -> Kind:
    match step.action:
        case "changed" if former is not None and former.action == "adopted":
            return "taken-over"
        case "changed" if former is not None:
            if former.action == "withdrawn" and former.name:
                return "back"
            payload = payloads.get(step.record_id)
            same = payload is not None and payload == payloads.get(former.record_id)
            return "read-anew" if step.record_id == former.record_id or same else "changed"
        case "withdrawn":
            return "withdrawn" if step.name else "taken-back"
        case "clustered":
            raise AssertionError("it is left out of a life")
    return step.action


def _origin_of(step: Step) -> Origin:
    return Origin(
        captured_at=step.captured_at,
        record_id=step.record_id,
        warc_file=step.warc_file,
        warc_offset=step.warc_offset,
    )


def _seen(rows: Iterable[Mapping[str, Any]], told: set[str]) -> Iterator[Event]:
    """What captures say that no step speaks of."""
    payload = ""
    for row in rows:
        kind = _kind_of(row, payload)
        if row["outcome"] == "document":
            payload = row["payload_sha256"]
        if row["record_id"] in told or kind is None:
            continue
        origin = Origin(
            captured_at=row["captured_at"],
            record_id=row["record_id"],
            warc_file=row["warc_file"],
            warc_offset=row["warc_offset"],
        )
        detail = {
            "rejected": f"{row['reason']}: {row['detail']}".removesuffix(": "),
            "absent": f"status {row['status']}",
        }
        at = origin.captured_at
        yield Event(kind=kind, at=at, until=at, origin=origin, detail=detail.get(kind, ""))


def _kind_of(row: Mapping[str, Any], payload: str) -> Kind | None:
    """What a capture says, after one with that payload; None for a redirect, which only leads on."""
    if row["outcome"] == "document":
        return "template" if row["payload_sha256"] != payload else "same"
    if row["status"] in _ABSENT:
        return "absent"
    kinds: Mapping[str, Kind | None] = {"not-modified": "same", "redirect": None}
    return kinds.get(row["reason"], "rejected")


def _joined(events: Iterable[Event]) -> Iterator[Event]:
    """Captures in a row that say the same as one event; no two steps are equal."""
    for _, group in groupby(events, key=lambda event: (event.kind, event.detail, event.step)):
        first, *more = group
        yield replace(first, until=more[-1].at, times=1 + len(more)) if more else first
