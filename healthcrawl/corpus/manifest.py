"""The journal of the corpus: one JSON line for every number given, every change of content, every alias.

It is written before the file that it speaks of and never rewritten, so numbers survive whatever happens to files and
catalog. A line cut off by a crash speaks of nothing that exists yet; the next writer removes it.
"""

import fcntl
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal

from healthcrawl.disk import disk_errors
from healthcrawl.errors import ArchiveError


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the journal: what happened to a number.

    action "new": the number is given to `address`. "changed": its content is now `sha256`. "alias": `address` shows the same
    text. "withdrawn" without a `name`: the rules no longer take its capture for an article, there is no file; with one: its page
    is gone, the file stays. "adopted": the number is that of a file of an older corpus; `address` names the file, `record_id` its
    digest, `name` is empty where it does not lie in the corpus folder. `attachments` are (name, url) pairs; `decided_by` names the versions of what decided the text.
    `noted_at` is when the line was written (empty: nobody said). "clustered": its text is
    nearly that of the number `cluster`, which stands for both; by its own number it stands for itself and all that are like it. `pages` are the records of all its captures, in the text's order,
    where an article has more than one page.
    """

    action: Literal["new", "changed", "alias", "withdrawn", "adopted", "clustered"]
    number: int
    name: str
    sha256: str
    address: str
    url: str
    site: str
    family: str
    title: str
    published: str
    source: str
    author: str
    captured_at: str
    record_id: str
    warc_file: str
    warc_offset: int
    attachments: tuple[tuple[str, str], ...]
    decided_by: str
    noted_at: str = ""
    pages: tuple[str, ...] = ()
    cluster: int | None = None

    @property
    def is_state(self) -> bool:
        """Whether it tells the state of the number's document, and not only what is said beside it."""
        return self.action not in {"alias", "clustered"}

    @property
    def seen_at(self) -> str:
        """When it became known, as ISO text in UTC: when the line was written, else when its capture was made."""
        return self.noted_at or self.captured_at

    def values(self) -> dict[str, Any]:
        """Its fields by name; `cluster` only where there is one."""
        return {name: getattr(self, name) for name in _NAMES if name != "cluster" or self.cluster is not None}


_NAMES = tuple(field.name for field in fields(Step))
_FIELDS = frozenset(_NAMES)
_REQUIRED = _FIELDS - {"noted_at", "pages", "cluster"}  # journals that were begun without it are as good
_NUMBER = re.compile(rb'"number":(\d+),')


class Manifest:
    """The journal at `path`. Only the holder of `lock()` may append; with a `clock` every line says when that was."""

    def __init__(self, path: Path, clock: Callable[[], datetime] | None = None) -> None:
        self.path = path
        self._clock = clock

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Wait for, then hold, the right to append; a torn last line is removed first."""
        with disk_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = self.path.open("a+b")
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            _cut_torn_line(file)
            yield

    def append(self, *steps: Step, sync: bool = True) -> int:
        """Write steps to disk; return the journal's length in bytes after them. The caller holds the lock.

        Without `sync` the disk is not waited for.

        Raises:
            ArchiveError: the disk did not take them; what it took of a line is cut off by the next `lock()`.
        """
        return self.write(self.lines(steps), sync=sync)

    def lines(self, steps: Iterable[Step]) -> list[bytes]:
        """Steps as the journal writes them now."""
        if self._clock:
            moment = self._clock().astimezone(UTC).isoformat()
            steps = (replace(step, noted_at=moment) for step in steps)
        values = (step.values() for step in steps)
        return [(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n").encode() for one in values]

    def parse(self, line: bytes) -> Step:
        """The step of a line.

        Raises:
            ArchiveError: it is not one of a journal's.
        """
        return self._step(line, self.size() + len(line))

    def write(self, lines: Iterable[bytes], *, sync: bool = True) -> int:
        """Write lines as they are; otherwise like `append`."""
        with disk_errors(self.path), self.path.open("ab") as file:
            file.write(b"".join(lines))
            file.flush()
            if sync:
                os.fsync(file.fileno())
            return file.tell()

    def steps(self, offset: int = 0) -> Iterator[tuple[Step, int]]:
        """The steps from byte `offset` on, each with the offset behind it.

        Raises:
            ArchiveError: a line is not one of the journal's.
        """
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(offset)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                offset += len(line)
                yield self._step(line, offset), offset

    def steps_of(self, numbers: Collection[int]) -> Iterator[tuple[Step, int]]:
        """The steps of some numbers, each with the offset behind it; the other lines are not taken apart.

        Raises:
            ArchiveError: a line is not one of the journal's.
        """
        if not self.path.exists():
            return
        offset = 0
        with self.path.open("rb") as file:
            for line in file:
                offset += len(line)
                if not line.endswith(b"\n"):
                    return
                named = _NUMBER.search(line)
                if named is None or int(named[1]) in numbers:
                    yield self._step(line, offset), offset

    def is_end(self, offset: int) -> bool:
        """Whether a line ends at byte `offset`, or the journal begins there."""
        if offset == 0:
            return True
        if not 0 < offset <= self.size():
            return False
        with self.path.open("rb") as file:
            file.seek(offset - 1)
            return file.read(1) == b"\n"

    def size(self) -> int:
        """The journal's length in bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def _step(self, line: bytes, end: int) -> Step:
        try:
            values = json.loads(line)
            values["attachments"] = tuple((name, url) for name, url in values["attachments"])
            values["pages"] = tuple(values.get("pages", ()))
            return Step(**{name: values[name] for name in _FIELDS & values.keys() | _REQUIRED})
        except (ValueError, KeyError, TypeError) as error:
            raise ArchiveError(
                f"{self.path}: the line that ends at byte {end} is not a journal line ({error}); "
                "restore the file from a copy, numbers can't be made again"
            ) from error


def _cut_torn_line(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    at = size
    while at > 0:
        start = max(0, at - 65536)
        file.seek(start)
        newline = file.read(at - start).rfind(b"\n")
        if newline >= 0:
            at = start + newline + 1
            break
        at = start
    if at != size:
        file.truncate(at)
