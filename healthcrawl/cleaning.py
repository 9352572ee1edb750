"""Text files → outcomes: what `scrapy clean` does to files of an existing corpus, on many cores, in their order.

Files are read where they are cleaned, a piece of the list at a time, so that a folder of any size needs the same memory.
"""

import hashlib
import logging
import os
import stat
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path

from healthcrawl.core.decode import Unreadable, decode_text
from healthcrawl.core.process import clean
from healthcrawl.corpus.cleaned import Cleaned, number_of
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Reason, Rejection
from healthcrawl.processes import in_order
from healthcrawl.rules import NormalForm, Rules

logger = logging.getLogger(__name__)

_PIECE = 64  # files handed to a process at once


def text_files(paths: Iterable[Path], leave_out: Path | None = None) -> Iterator[Path]:
    """The files named, and those called `*.txt` in and below the folders named; numbered files of a folder by number.

    Links to folders are not followed, and neither hidden files and folders nor the folder `leave_out` are looked into. What
    can't be read is given as it is.
    """
    for path in paths:
        if path.is_dir():
            yield from _below(path, leave_out)
        else:
            yield path


def _below(folder: Path, leave_out: Path | None) -> Iterator[Path]:
    if leave_out is not None and folder.resolve() == leave_out:
        return
    try:
        with os.scandir(folder) as listing:
            entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in listing]
    except OSError:
        yield folder
        return
    files = [name for name, is_folder in entries if not is_folder and name.endswith(".txt") and name[0] != "."]
    for name in sorted(files, key=_by_number):
        yield folder / name
    for name in sorted(name for name, is_folder in entries if is_folder and name[0] != "."):
        yield from _below(folder / name, leave_out)


def _by_number(name: str) -> tuple[bool, int, str]:
    number = number_of(name)
    return (number is None, number or 0, name)


def clean_files(paths: Iterable[Path], form: NormalForm, workers: int) -> Iterator[Cleaned]:
    """Clean files on so many processes; outcomes come in the order of the files, whatever is wrong with one of them."""
    queue = iter(paths)
    pieces = iter(lambda: tuple(islice(queue, _PIECE)), ())
    for piece in in_order(partial(_clean_piece, form=form), pieces, workers):
        yield from piece


def _clean_piece(paths: tuple[Path, ...], form: NormalForm) -> tuple[Cleaned, ...]:
    rules = load_rules(script=form.script, width=form.width)
    return tuple(clean_file(path, rules) for path in paths)


def clean_file(path: Path, rules: Rules) -> Cleaned:
    """Read and clean one file. It may be anything; only what is a regular file is opened."""
    try:
        data = _read(path, 4 * rules.max_chars)
    except OSError as error:
        return _unread(path, "unreadable", error.strerror or str(error))
    if data is None:
        return _unread(path, "unreadable", "not a file")
    sha256 = hashlib.sha256(data).hexdigest()
    decoded = decode_text(data, rules.max_chars)
    if isinstance(decoded, Unreadable):
        return _unread(path, decoded.reason, decoded.detail, sha256)
    text, findings = decoded
    try:
        outcome = clean(text, rules, findings)
    except Exception as error:  # a fault of ours in one file, found by hostile text, must not cost the others
        logger.exception("%s: cleaning it failed", path)
        return _unread(path, "fault", repr(error), sha256)
    return Cleaned(path=path, sha256=sha256, outcome=outcome)


def _read(path: Path, limit: int) -> bytes | None:
    """The bytes of a regular file, no more than one beyond the limit; None for a pipe, a device and the like."""
    if not stat.S_ISREG(path.stat().st_mode):
        return None
    with path.open("rb") as file:
        return file.read(limit + 1)


def _unread(path: Path, reason: Reason, detail: str, sha256: str = "") -> Cleaned:
    rejection = Rejection(address="", url="", site="", reason=reason, detail=detail)
    return Cleaned(path=path, sha256=sha256, outcome=rejection)
