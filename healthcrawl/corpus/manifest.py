"""The journal of the corpus: one JSON line for every number given, every change of content, every alias.

It is written before the file that it speaks of and never rewritten, so numbers survive whatever happens to files and
catalog. A line cut off by a crash speaks of nothing that exists yet; the next writer removes it.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import BinaryIO, Literal

from healthcrawl.disk import disk_errors
from healthcrawl.errors import ArchiveError


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the journal: what happened to a number.

    action "new": the number is given to `address`. "changed": its content is now `sha256`. "alias": `address` shows the same
    text. "withdrawn": the rules no longer take its capture for an article; `name` is empty, there is no file. `attachments` are (name, url) pairs; `decided_by` names the versions of what decided the text.
    """

    action: Literal["new", "changed", "alias", "withdrawn"]
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


_FIELDS = frozenset(field.name for field in fields(Step))


class Manifest:
    """The journal at `path`. Only the holder of `lock()` may append."""

    def __init__(self, path: Path) -> None:
        self.path = path

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

    def append(self, *steps: Step) -> int:
        """Write steps to disk; return the journal's length in bytes after them. The caller holds the lock.

        Raises:
            ArchiveError: the disk did not take them; what it took of a line is cut off by the next `lock()`.
        """
        lines = (json.dumps(asdict(step), ensure_ascii=False, separators=(",", ":")) + "\n" for step in steps)
        with disk_errors(self.path), self.path.open("ab") as file:
            file.write("".join(lines).encode())
            file.flush()
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

    def size(self) -> int:
        """The journal's length in bytes."""
        return self.path.stat().st_size if self.path.exists() else 0

    def _step(self, line: bytes, end: int) -> Step:
        try:
            values = json.loads(line)
            values["attachments"] = tuple((name, url) for name, url in values["attachments"])
            return Step(**{name: values[name] for name in _FIELDS})
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
