"""What runs in the process that reads one file: a type in, the file on standard input, one JSON object on standard output.

It is started as a script, so that nothing else of healthcrawl is loaded, and takes its own means away before it looks at a byte:
memory, processor time, the size of what it may write, and every further descriptor. Without one no library can open a file or
a connection, whatever a file makes it do.

The object has `state` ("read", "no-text", "damaged", "encrypted", "too-large", "gave-up", "no-reader"), `detail`, `pages` and `text`.
"""

import codecs
import errno
import io
import json
import os
import re
import resource
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias

_NEW_NETWORK = 0x40000000  # CLONE_NEWNET
_UTF8_NAME = 0x800  # flag of a ZIP member
_LOCKED = "behind a password"
_UNPACKED_AT_ONCE = 1 << 20

_CHARSETS = ("utf-8-sig", "utf-16-le", "utf-16-be", "gbk", "gb18030", "big5", "cp437", "latin-1", "ascii", "idna")

Answer: TypeAlias = dict[str, Any]
Limits: TypeAlias = dict[str, int]


class TooLargeError(Exception):
    """A file that would unpack to more than is allowed."""


class EncryptedError(Exception):
    """A file behind a password."""


class NoReaderError(Exception):
    """Nothing is installed that reads such files."""


# What libxml2 says when it gets no memory.
_NO_MEMORY = re.compile(r"unknown error \(<string>, line 0\)|[Mm]emory alloc")
_STATES = (
    ((NoReaderError, ImportError), "no-reader"),
    (EncryptedError, "encrypted"),
    (TooLargeError, "too-large"),
    ((MemoryError, RecursionError), "gave-up"),
)


def main() -> None:
    """Read the file on standard input."""
    kind, limits = sys.argv[1], json.loads(sys.argv[2])
    _bound(resource.RLIMIT_CORE, 0)
    _bound(resource.RLIMIT_AS, limits["memory"])
    _bound(resource.RLIMIT_CPU, limits["cpu_seconds"])
    _bound(resource.RLIMIT_FSIZE, limits["output"])
    answer = _read(kind, limits)
    text = answer.pop("text", "")
    if len(text) > limits["chars"]:
        text = text[: limits["chars"]]
        answer["detail"] = f"only the first {limits['chars']} characters were kept"
    json.dump({**answer, "text": text.encode("utf-8", "replace").decode()}, sys.stdout, ensure_ascii=True)


def _read(kind: str, limits: Limits) -> Answer:
    try:
        if kind == "doc":
            _become_antiword()
        for charset in _CHARSETS:  # codecs are imported when they are first asked for
            codecs.lookup(charset)
        reader = _READERS[kind]()  # imports what it needs
        data = sys.stdin.buffer.read()
        _bound(resource.RLIMIT_NOFILE, 0)
        return _settled(*reader(data, limits))
    except Exception as error:  # a library may raise anything on hostile bytes
        return {"state": _state_after(error), "detail": _describe(error, limits)}


def _state_after(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EMFILE:  # a library looked for another file
        return "gave-up"
    if _NO_MEMORY.search(str(error)):
        return "gave-up"
    return next((state for kinds, state in _STATES if isinstance(error, kinds)), "damaged")


def _describe(error: Exception, limits: Limits) -> str:
    if isinstance(error, MemoryError):
        return f"it needs more than {limits['memory'] >> 20} MB of memory"
    if isinstance(error, TooLargeError | NoReaderError | EncryptedError | ImportError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _settled(pages: int, text: str, detail: str = "") -> Answer:
    state = "read" if text.strip() else "no-text"
    return {"state": state, "detail": detail or ("" if text.strip() else "no text in it"), "pages": pages, "text": text}


def _bound(what: int, limit: int) -> None:
    """Lower a limit; where the system has none of that kind, there is nothing to lower."""
    with suppress(ValueError, OSError):
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (limit, limit if hard == resource.RLIM_INFINITY else min(limit, hard)))


def _become_antiword() -> None:
    """Go on as antiword, which reads DOC files of Word 97 and later; a network of its own has no way out."""
    program = shutil.which("antiword")
    if program is None:
        raise NoReaderError("antiword is not installed")
    with suppress(AttributeError, OSError):
        os.unshare(_NEW_NETWORK)  # type: ignore[attr-defined]  # Python 3.12, Linux, where it is allowed
    os.execv(program, [program, "-w", "0", "-m", "UTF-8.txt", "-"])  # noqa: S606


# --- readers: each imports its library, then gives pages, text and a remark -------------------------------------------

Reader: TypeAlias = Callable[[bytes, Limits], tuple[int, str, str]]


def _pdf() -> Reader:
    import pypdfium2

    def read(data: bytes, limits: Limits) -> tuple[int, str, str]:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise EncryptedError(_LOCKED) from error
            raise
        texts, size, pages = [], 0, len(document)
        for at in range(min(pages, limits["pages"])):
            page = document[at]
            layer = page.get_textpage()
            texts.append(layer.get_text_bounded())
            layer.close()
            page.close()
            size += len(texts[-1])
            if size > limits["chars"]:
                break
        missing = pages - len(texts)
        remark = "no text layer: a scan, or drawn letters" if not "".join(texts).strip() else ""
        return pages, "\n".join(texts), remark or (f"{missing} of {pages} pages were not read" if missing else "")

    return read


def _docx() -> Reader:
    import docx
    from docx.table import Table

    def lines(container: Any) -> Iterator[str]:
        for block in container.iter_inner_content():
            if not isinstance(block, Table):
                yield block.text
                continue
            for row in block.rows:
                cells: dict[Any, str] = {}
                for cell in row.cells:  # a merged cell comes once for each of its columns
                    cells.setdefault(cell._tc, " ".join(filter(None, lines(cell))))
                yield " | ".join(filter(None, cells.values()))

    def read(data: bytes, limits: Limits) -> tuple[int, str, str]:
        _check_members(data, limits)
        return 0, "\n".join(lines(docx.Document(io.BytesIO(data)))), ""

    return read


def _sheets() -> Reader:
    import python_calamine

    def read(data: bytes, limits: Limits) -> tuple[int, str, str]:
        if data.startswith(b"PK"):
            _check_members(data, limits)
        try:
            workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        except python_calamine.PasswordError as error:
            raise EncryptedError(_LOCKED) from error
        found: list[str] = []
        size = 0
        for name in workbook.sheet_names:
            for row in workbook.get_sheet_by_name(name).iter_rows():
                line = " | ".join(filter(None, (_cell(value) for value in row)))
                size += len(line)
                found += [line] if line else []
                if size > limits["chars"]:
                    break
        return len(workbook.sheet_names), "\n".join(found), ""

    return read


def _cell(value: object) -> str:
    """A cell as people see it: a whole number is none with a fraction."""
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return " ".join(text.split())


def _ofd() -> Reader:
    import ofdkit

    def read(data: bytes, limits: Limits) -> tuple[int, str, str]:
        _check_members(data, limits)
        with ofdkit.open(data) as document:
            pages = list(document.pages)
            return len(pages), "\n".join(page.text() for page in pages[: limits["pages"]]), ""

    return read


def _zip() -> Reader:
    inner: dict[str, Reader] = {}
    for suffix, kind in _SUFFIXES.items():
        with suppress(ImportError):
            inner[suffix] = _READERS[kind]()

    def read(data: bytes, limits: Limits) -> tuple[int, str, str]:
        _check_members(data, limits)
        texts, pages, unread = [], 0, 0
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.infolist():
                if member.is_dir():
                    continue
                name = _member_name(member)
                texts.append(name)
                reader = inner.get(Path(name).suffix.lower())
                try:
                    of_member = reader(archive.read(member), limits) if reader else (0, "", "")
                except (MemoryError, TooLargeError):
                    raise
                except Exception:  # one bad member does not spoil the others
                    of_member = (0, "", "")
                pages += of_member[0]
                unread += not of_member[1].strip()
                texts.append(of_member[1])
        return (
            pages,
            "\n".join(filter(None, texts)),
            f"{unread} members without a text that can be read" if unread else "",
        )

    return read


def _member_name(member: zipfile.ZipInfo) -> str:
    """The name of a member, without the path that it would have had; names without the flag for UTF-8 are GBK here."""
    name = member.filename
    if not member.flag_bits & _UTF8_NAME:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("gb18030")
    return name.replace("\\", "/").rstrip("/").rpartition("/")[2]


def _check_members(data: bytes, limits: Limits) -> None:
    """Add up what a ZIP container says it unpacks to; zipfile gives no more of a member than that."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        if len(members) > limits["members"]:
            raise TooLargeError(f"{len(members)} members, more than {limits['members']}")
        if any(member.flag_bits & 1 for member in members):
            raise EncryptedError(_LOCKED)
        unpacked = sum(member.file_size for member in members)
        if unpacked > limits["unpacked"]:
            raise TooLargeError(f"it unpacks to {unpacked} bytes, more than {limits['unpacked']}")
        packed = max(1, sum(member.compress_size for member in members))
        if unpacked > _UNPACKED_AT_ONCE and unpacked // packed > limits["ratio"]:
            raise TooLargeError(f"it unpacks to {unpacked // packed} times its size, more than {limits['ratio']} times")


def _encrypted() -> Reader:
    raise EncryptedError(_LOCKED)


def _text() -> Reader:
    def read(data: bytes, limits: Limits) -> tuple[int, str, str]:
        for charset in ("utf-8-sig", "gb18030"):
            with suppress(UnicodeError):
                return 0, data.decode(charset), ""
        return 0, data[: limits["chars"]].decode("gb18030", "replace"), ""

    return read


_READERS: dict[str, Callable[[], Reader]] = {
    "pdf": _pdf,
    "docx": _docx,
    "xls": _sheets,
    "xlsx": _sheets,
    "ofd": _ofd,
    "zip": _zip,
    "text": _text,
    "encrypted-ooxml": _encrypted,
}
_SUFFIXES = {
    ".pdf": "pdf",
    ".docx": "docx",
    ".xls": "xls",
    ".xlsx": "xlsx",
    ".et": "xls",
    ".ofd": "ofd",
    ".txt": "text",
}


if __name__ == "__main__":
    main()
