"""Reading the text of a file in a child process with limits, so that no file can harm, hang or look at anything.

Files of strangers are read by large libraries in C and Rust. The child has a bound on memory, processor time and output, can open
neither files nor connections once it has the bytes, and is killed when its time is up. Its last word is checked like any input.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shutil import which
from typing import IO, Literal, TypeAlias, get_args

from healthcrawl.core.normalise import normalise

_CHILD = Path(__file__).with_name("child.py")
_READABLE = frozenset({"pdf", "doc", "docx", "xls", "xlsx", "ofd", "zip", "text", "encrypted-ooxml"})
_LIBRARIES = ("pypdfium2", "python-docx", "python-calamine", "ofdkit")
_LONGEST_DETAIL = 300
_SHELL = 128  # what a shell adds to the number of a signal

State: TypeAlias = Literal["read", "no-text", "damaged", "encrypted", "too-large", "gave-up", "no-reader", "no-file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What reading one file may cost.

    `memory` in bytes; `cpu_seconds` and `seconds` of processor and wall time; `chars` of text and `pages` that are kept; `members`,
    `unpacked` bytes and `ratio` of a packed file. `output` is what the child may write, in bytes.
    """

    memory: int = 1 << 30
    cpu_seconds: int = 20
    seconds: int = 40
    chars: int = 2_000_000
    pages: int = 2_000
    members: int = 5_000
    unpacked: int = 200_000_000
    ratio: int = 200
    output: int = 16_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FileText:
    """What reading a file came to.

    `pages` of a PDF or OFD, sheets of a workbook, else 0. "no-text": it has no text layer, or is a picture; "gave-up": a limit
    of time or memory; "no-reader": what would read it is not installed, or nothing reads it; "no-file": an HTML page came
    in its place, or nothing.
    """

    state: State
    detail: str = ""
    pages: int = 0
    text: str = ""


_UNREADABLE = {
    **dict.fromkeys(("png", "jpeg", "gif", "tiff", "bmp"), FileText(state="no-text", detail="a picture")),
    "html": FileText(state="no-file", detail="an HTML page in its place"),
    "empty": FileText(state="no-file", detail="without a byte"),
}


@cache
def read_by() -> str:
    """What would read files now: when it changes, those that could not be read are worth another look."""
    found = []
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            found.append(f"{name}/{version(name)}")
    return " ".join([*found, *(["antiword"] if which("antiword") else [])])


def read_file(data: bytes, kind: str, limits: Limits | None = None) -> FileText:
    """The text of a file whose type is `kind`, with blanks folded and without what no text has. Any bytes give a value."""
    limits = limits or Limits()
    if kind not in _READABLE:
        return _UNREADABLE.get(kind) or FileText(state="no-reader", detail=f"nothing reads files of the type {kind}")
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as written:
        given.write(data)
        given.seek(0)
        status = _run(kind, limits, given, written)
        written.seek(0)
        said = written.read(limits.output)
    if status is None:
        return FileText(state="gave-up", detail=f"it takes longer than {limits.seconds} s")
    if status < 0:
        return _killed(-status, limits)
    if kind == "doc" and not said.startswith(b'{"state"'):
        return _plain(said, status, limits)
    return _load(said)


def _run(kind: str, limits: Limits, given: IO[bytes], written: IO[bytes]) -> int | None:
    """Run the child; its status, or None if it had to be killed for its time."""
    child = subprocess.Popen(  # noqa: S603  # our own script
        [sys.executable, "-I", "-X", "utf8", str(_CHILD), kind, json.dumps(asdict(limits))],
        stdin=given,
        stdout=written,
        stderr=subprocess.DEVNULL,
        env={"PATH": os.environ.get("PATH", os.defpath)},
        cwd="/",
        start_new_session=True,
    )
    try:
        return child.wait(limits.seconds)
    except subprocess.TimeoutExpired:
        return None
    finally:  # whatever it has started goes with it
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _killed(number: int, limits: Limits) -> FileText:
    if number in {signal.SIGXCPU, signal.SIGKILL}:
        return FileText(state="gave-up", detail=f"it takes more than {limits.cpu_seconds} s of processor time")
    if number in {
        signal.SIGABRT,
        signal.SIGXFSZ,
        signal.SIGTRAP,
        signal.SIGILL,
    }:  # how libraries end that get no memory
        return FileText(
            state="gave-up", detail=f"it needs more than {limits.memory >> 20} MB of memory, or writes too much"
        )
    return FileText(state="damaged", detail=f"its reader was ended by signal {number}")


def _plain(said: bytes, status: int, limits: Limits) -> FileText:
    """What a program that writes plain text came to."""
    text = normalise(said.decode("utf-8", "replace")[: limits.chars], "keep", "keep")
    if status and len(said) >= limits.output:  # Python has its children ignore the signal: they see a failed write
        return _killed(signal.SIGXFSZ, limits)
    if status > _SHELL:
        return _killed(status - _SHELL, limits)
    if status:
        return FileText(
            state="encrypted" if "encrypted" in text.lower() else "damaged", detail="antiword can't read it"
        )
    return FileText(state="read" if text else "no-text", detail="" if text else "no text in it", text=text)


def _load(said: bytes) -> FileText:
    try:
        answer = json.loads(said)
        state, detail = answer["state"], str(answer["detail"])
        pages, text = int(answer.get("pages", 0)), str(answer["text"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return FileText(state="damaged", detail="its reader came to no end")
    if state not in get_args(State):
        return FileText(state="damaged", detail="its reader came to no end")
    return FileText(
        state=state,
        detail=normalise(detail, "keep", "keep").replace("\n", " ")[:_LONGEST_DETAIL],
        pages=max(0, min(pages, 1_000_000)),
        text=normalise(text, "keep", "keep"),
    )
