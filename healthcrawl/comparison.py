"""What a replay would change in the corpus, and why, without changing it.

The replay is rehearsed on a copy of catalog and journal, with text files of its own before those of the corpus; then the two catalogs
are compared. So what is told is what `scrapy replay` would do, whatever that is.

A cause is a stage with its rule, told from the findings: a line that is gone was dropped by the rule that now reports it, a line
that came back by the one that no longer does; what no finding explains is the stage's that makes it.
"""

import re
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from typing import Any, Literal, TypeAlias

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, catalog_exists, copy_catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store, follow

_Row: TypeAlias = dict[str, Any]
_FIELDS = ("address", "url", "title", "published", "source", "author")
_DROPS = frozenset({"furniture", "spam", "hidden"})  # kinds of findings that tell of lines
_MENDS = ("charset", "control", "gloss", "byte-shift", "inferred", "unresolved", "script", "mirror")
_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The stage that made a difference, and its rule; for metadata, the field."""

    stage: str
    rule: str = ""

    def __str__(self) -> str:
        return f"{self.stage}: {self.rule}" if self.rule else self.stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A document that would change, appear or vanish. `diff` are the lines of a unified diff of what people read of it."""

    kind: Literal["change", "appear", "vanish"]
    number: int
    address: str
    site: str
    causes: tuple[Cause, ...]
    diff: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A store on which a replay is tried, and the catalogs: as it is (None: there is none), and as it would be."""

    store: Store
    present: Catalog | None
    future: Catalog


@contextmanager
def rehearsal(layout: ArchiveLayout) -> Iterator[Rehearsal]:
    """Copies of what a replay of the archive would write to; gone when the block ends.

    Raises:
        ArchiveError: catalog or journal can't be read, or there is no room for the copies.
    """
    with tempfile.TemporaryDirectory(prefix="healthcrawl-") as scratch:
        copied, journal = Path(scratch) / "catalog.sqlite", Path(scratch) / "manifest.jsonl"
        present = None
        if catalog_exists(layout):
            follow(layout)
            copy_catalog(layout, copied)
            present = Catalog(Path(shutil.copy(copied, Path(scratch) / "present.sqlite")))
        if layout.manifest.exists():  # after the catalog, which catches up with it
            shutil.copy(layout.manifest, journal)
        future = Catalog(copied)
        try:
            texts = Path(scratch) / "corpus"
            yield Rehearsal(Store(texts, Manifest(journal), future, beneath=layout.corpus, sync=False), present, future)
        finally:
            future.close()
            if present:
                present.close()


def differences(rehearsed: Rehearsal) -> Iterator[Difference]:
    """The documents that are not the same in both, by number."""
    with rehearsed.store.writing():  # the catalog knows all that the journal holds
        pass
    for number in _changed_numbers(rehearsed):
        old, new = _Side(rehearsed.present, number), _Side(rehearsed.future, number)
        if old.is_there and new.is_there:
            yield _difference("change", old, new, tuple(dict.fromkeys(_causes(old, new))))
        elif new.is_there:
            yield _difference("appear", old, new, (_accepted(rehearsed.present, new),))
        else:
            yield _difference("vanish", old, new, (_rejected(rehearsed.future, old),))


def changed_parts(rehearsed: Rehearsal) -> list[str]:
    """What decides and is not what it was when the present documents were read, by the names that fingerprints give it."""
    old = _parts(rehearsed.present) if rehearsed.present else {}
    new = _parts(rehearsed.future)
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)) if old else []


def _parts(catalog: Catalog) -> dict[str, set[str]]:
    """The parts of the fingerprints by which captures were read last."""
    table = tables.fingerprints
    used = sa.select(tables.readings.c.fingerprint).distinct()
    found: dict[str, set[str]] = defaultdict(set)
    with catalog.reading() as tx:
        for parts in tx.execute(sa.select(table.c.parts).where(table.c.fingerprint.in_(used))).scalars():
            for name, value in parts.items():
                found[name].add(value)
    return found


def _changed_numbers(rehearsed: Rehearsal) -> Iterator[int]:
    """The numbers of documents that differ, in order. Both catalogs are walked side by side."""
    nothing: Iterator[_Row] = iter(())
    old = _documents(rehearsed.present) if rehearsed.present else nothing
    new = _documents(rehearsed.future)
    before, after = next(old, None), next(new, None)
    while before or after:
        if after is None or (before and before["number"] < after["number"]):
            before = next(old, None)  # numbers are never taken back
        elif before is None or after["number"] < before["number"]:
            if after["name"]:
                yield after["number"]
            after = next(new, None)
        else:
            names = ("name", "family", "attachments", *_FIELDS)
            if any(before[name] != after[name] for name in names) and (before["name"] or after["name"]):
                yield after["number"]
            before, after = next(old, None), next(new, None)


def _documents(catalog: Catalog) -> Iterator[_Row]:
    query = sa.select(tables.documents).order_by(tables.documents.c.number)
    with catalog.reading() as tx:
        for row in tx.execute(query.execution_options(yield_per=500)).mappings():
            yield dict(row)


class _Side:
    """A document as one of the catalogs has it."""

    def __init__(self, catalog: Catalog | None, number: int) -> None:
        self.row: _Row = {}
        self.text = ""
        self.findings: Sequence[tuple[str, str, str]] = ()
        if catalog is None:
            return
        documents, versions, findings = tables.documents, tables.versions, tables.findings
        with catalog.reading() as tx:
            row = tx.execute(sa.select(documents).where(documents.c.number == number)).mappings().one_or_none()
            if row is None:
                return
            self.row = dict(row)
            same = sa.and_(versions.c.number == number, versions.c.sha256 == row["sha256"])
            self.text = tx.execute(sa.select(versions.c.text).where(same)).scalars().first() or ""
            told = sa.select(findings.c.kind, findings.c.text, findings.c.detail)
            of_capture = told.where(findings.c.record_id == row["record_id"]).order_by(findings.c.serial)
            self.findings = [(one.kind, one.text, one.detail) for one in tx.execute(of_capture)]

    @property
    def is_there(self) -> bool:
        return bool(self.row and self.row["name"])

    @property
    def body(self) -> list[str]:
        """The lines below the title."""
        lines = self.text.splitlines()
        return lines[2:] if self.row.get("title") else lines

    def shown(self) -> list[str]:
        """What people read of it: metadata, an empty line, the text."""
        if not self.is_there:
            return []
        told = [f"{name}: {self.row[name]}" for name in (*_FIELDS, "family") if self.row[name]]
        files = [f"attachment: {name} {url}" for name, url in self.row["attachments"]]
        return [*told, *files, "", *self.body]


def _difference(
    kind: Literal["change", "appear", "vanish"], old: _Side, new: _Side, causes: tuple[Cause, ...]
) -> Difference:
    row = old.row if kind == "vanish" else new.row
    return Difference(
        kind=kind,
        number=row["number"],
        address=row["address"],
        site=row["site"],
        causes=causes,
        diff=tuple(unified_diff(old.shown(), new.shown(), "present", "replayed", n=1, lineterm="")),
    )


def _rejected(future: Catalog, old: _Side) -> Cause:
    """Why the capture of a document would be rejected."""
    reason, _ = _outcome(future, old.row["record_id"])
    return Cause(stage="rejected", rule=reason or "no longer the document of its address")


def _accepted(present: Catalog | None, new: _Side) -> Cause:
    """Why the capture of a document gave none until now."""
    reason, is_known = _outcome(present, new.row["record_id"]) if present else ("", False)
    if not is_known:
        return Cause(stage="capture", rule="not read until now")
    return Cause(stage="accepted", rule=f"was {reason}" if reason else "was another's text")


def _outcome(catalog: Catalog, record_id: str) -> tuple[str, bool]:
    """The reason for which a capture is rejected (empty: it is not), and whether it is known."""
    table = tables.captures
    with catalog.reading() as tx:
        row = tx.execute(sa.select(table.c.reason).where(table.c.record_id == record_id)).one_or_none()
    return (row.reason, True) if row else ("", False)


def _causes(old: _Side, new: _Side) -> Iterator[Cause]:
    if old.row["family"] != new.row["family"]:
        yield Cause(stage="family", rule=f"{old.row['family']} → {new.row['family']}")
    yield from (Cause(stage="metadata", rule=name) for name in _FIELDS if old.row[name] != new.row[name])
    if old.row["attachments"] != new.row["attachments"]:
        yield Cause(stage="attachments")
    before, after = Counter(old.body), Counter(new.body)
    if before == after:
        if old.body != new.body:
            yield Cause(stage="extract", rule="order of lines")
        return
    gone, come = list((before - after).elements()), list((after - before).elements())
    gone, dropped = _explain(gone, new)
    come, restored = _explain(come, old)
    yield from (Cause(stage=kind, rule=rule) for kind, rule in dropped)
    yield from (Cause(stage=kind, rule=f"no longer {rule}") for kind, rule in restored)
    if not gone and not come:
        return
    if Counter(map(_bare, gone)) == Counter(map(_bare, come)):
        yield Cause(stage="normalise")
        return
    mended = {one for one in old.findings if one[0] in _MENDS} ^ {one for one in new.findings if one[0] in _MENDS}
    yield from (Cause(stage="mend", rule=kind) for kind in sorted({kind for kind, _, _ in mended}))
    if not mended:
        yield Cause(stage="extract")


def _explain(lines: list[str], side: _Side) -> tuple[list[str], list[tuple[str, str]]]:
    """The lines that no finding of a side reports as dropped, and kind and rule of those that do."""
    told = [(kind, _rule(detail), _bare(text)) for kind, text, detail in side.findings if kind in _DROPS]
    left, rules = [], []
    for line in lines:
        bare = _bare(line)
        found = next(
            ((kind, rule) for kind, rule, text in told if bare and (bare in text or text in bare) and text), None
        )
        if found:
            rules.append(found)
        else:
            left.append(line)
    return left, list(dict.fromkeys(rules))


def _rule(detail: str) -> str:
    """The rule that a finding's detail names, without the figures of the case."""
    return detail.partition(": score")[0].partition(" (")[0]


def _bare(text: str) -> str:
    return _MARKS.sub("", text)
