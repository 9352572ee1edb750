"""A folder of cleaned text files: each keeps its number and takes the hash of its new content, with a journal beside them.

The journal tells of every file which original it was made from (`address`, a path relative to the folder; `record_id`, the
SHA-256 of its bytes), and comes first: after a kill the same call finishes the work and changes nothing that was done.
"""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Literal, Self

from healthcrawl.core.normalise import file_text
from healthcrawl.corpus.layout import content_hash, parse_name
from healthcrawl.corpus.manifest import Manifest, Step
from healthcrawl.corpus.store import Change, Provenance, make_step
from healthcrawl.disk import TEMPORARY, disk_errors, write_atomically
from healthcrawl.errors import UsageError
from healthcrawl.model import Document, Metadata, Rejection

JOURNAL = "manifest.jsonl"
_BATCH = 64  # files for which the disk is waited for once
_NUMBERED = re.compile(r"(?P<number>\d{1,7})(?:_[0-9a-f]{8,64})?\.txt")


def number_of(name: str) -> int | None:
    """The number in a file's name; None if it has none.

    >>> number_of("017_a69cb386113e3a71.txt"), number_of("17.txt"), number_of("notes.txt")
    (17, 17, None)
    """
    if corpus_name := parse_name(name):
        return corpus_name[0]
    match = _NUMBERED.fullmatch(name)
    return int(match["number"]) if match else None


def shown(path: Path | str) -> str:
    """A path as text, whatever bytes it is made of."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """An original, the SHA-256 of its bytes (empty: it could not be read), and what it holds."""

    path: Path
    sha256: str
    outcome: Document | Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What is to be done for an original: the journal's line (None: nothing to say), the file to write and the one to remove."""

    change: Change
    step: Step | None
    data: bytes = b""
    obsolete: str = ""


@dataclass(frozen=True, slots=True)
class _Written:
    """A file that an earlier run wrote: its name, and a digest of what the journal says of it."""

    name: str
    digest: bytes


class CleanedFolder:
    """Writes cleaned files; made by `opened()`.

    A file without a number of its own, or with one that another has taken, gets one after all the others'. Numbers depend on the
    names of the originals and their order only, not on what is found in them.
    """

    def __init__(self, folder: Path, highest: int, decided_by: str) -> None:
        self._folder = folder
        self._manifest = Manifest(folder / JOURNAL)
        self._decided_by = decided_by
        self._highest = highest
        self._taken: set[int] = set()
        self._numbers: dict[str, int] = {}  # what earlier runs gave to originals
        self._written: dict[int, _Written] = {}

    @classmethod
    @contextmanager
    def opened(cls, folder: Path, highest: int, decided_by: str) -> Iterator[Self]:
        """Hold a new or empty folder, or one where the same work was begun before; `highest` is the originals' highest number.

        Raises:
            UsageError: the folder holds something else.
            ArchiveError: it can't be made or read.
        """
        out = cls(folder, highest, decided_by)
        out._refuse_foreign()
        with out._manifest.lock():
            for path in folder.glob(TEMPORARY):  # left by a kill
                path.unlink()
            out._resume()
            try:
                yield out
            finally:
                os.sync()  # once for all files; until then, a journal line without its file makes the next run write it

    def keep(self, cleaned: Iterable[Cleaned]) -> Iterator[tuple[Cleaned, Change]]:
        """Give every original its number and write its cleaned text; of a rejected one, take back what there was.

        A batch at a time: its lines in the journal first, on disk, then its files.

        Raises:
            ArchiveError: the disk did not take it.
        """
        queue = iter(cleaned)
        while batch := tuple(islice(queue, _BATCH)):
            plans = [self._plan(item) for item in batch]
            self._manifest.append(*(plan.step for plan in plans if plan.change.kind != "unchanged" and plan.step))
            for plan in plans:
                self._carry_out(plan)
            yield from zip(batch, (plan.change for plan in plans), strict=True)

    def _plan(self, item: Cleaned) -> _Plan:
        address = shown(os.path.relpath(item.path, self._folder))
        number = self._number(item.path.name, address)
        former = self._written.get(number)
        if isinstance(item.outcome, Rejection):
            change = Change(kind="withdrawn", number=number, name=former.name if former else "")
            nothing = Document(address=address, url="", site="", family="", metadata=Metadata(), text="")
            step = replace(self._step(number, "", nothing, ""), action="withdrawn", name="") if former else None
            return _Plan(change=change, step=step, obsolete=change.name)
        document = replace(item.outcome, address=address)
        data = file_text(document.metadata.title, document.text).encode()
        step = self._step(number, content_hash(data), document, f"sha256:{item.sha256}")
        if former == _Written(step.name, _digest(step)):
            return _Plan(change=Change(kind="unchanged", number=number, name=step.name), step=step, data=data)
        kind: Literal["new", "changed"] = "changed" if former else "new"
        obsolete = former.name if former and former.name != step.name else ""
        change = Change(kind=kind, number=number, name=step.name)
        return _Plan(change=change, step=replace(step, action=kind), data=data, obsolete=obsolete)

    def _carry_out(self, plan: _Plan) -> None:
        path = self._folder / plan.change.name
        if plan.data and (plan.change.kind != "unchanged" or not path.exists() or path.read_bytes() != plan.data):
            write_atomically(path, plan.data, sync=False)
        if plan.obsolete:
            (self._folder / plan.obsolete).unlink(missing_ok=True)

    def _number(self, name: str, address: str) -> int:
        own = self._numbers.get(address, number_of(name))
        if own is None or own in self._taken:
            self._highest += 1
            own = self._highest
        self._taken.add(own)
        return own

    def _step(self, number: int, sha256: str, document: Document, origin: str) -> Step:
        told = Provenance(captured_at="", record_id=origin, warc_file="", warc_offset=0, decided_by=self._decided_by)
        return make_step("new", number, sha256, document, told)

    def _refuse_foreign(self) -> None:
        """Refuse a folder with anything that no earlier run wrote."""
        with disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            there = {path.name for path in self._folder.iterdir() if not path.match(TEMPORARY)} - {JOURNAL}
        steps = [step for step, _ in self._manifest.steps()] if there else []
        made = {step.name for step in steps if not step.warc_file}
        if foreign := sorted(there - made):
            raise UsageError(
                f"--out {self._folder}: not empty, and {foreign[0]} was not written by an earlier run; name a new or empty folder"
            )

    def _resume(self) -> None:
        """Learn from the journal what earlier runs did."""
        for step, _ in self._manifest.steps():
            self._numbers[step.address] = step.number
            self._highest = max(self._highest, step.number)
            if step.action == "withdrawn":
                self._written.pop(step.number, None)
            else:
                self._written[step.number] = _Written(step.name, _digest(step))


def _digest(step: Step) -> bytes:
    """Sixteen bytes that tell lines of the journal apart, but for what was done and by which versions."""
    return hashlib.sha256(repr(replace(step, action="new", decided_by="")).encode()).digest()[:16]
