"""Writing so that a file is there whole or not at all, whatever happens meanwhile, and saying what the disk refused."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from healthcrawl.errors import ArchiveError

_ADVICE = {
    errno.ENOENT: "see that its folder is there, then run this again",
    errno.ENOTDIR: "a part of that path is a file: name another folder, or move the file away",
    errno.ENOSPC: "make room on the disk and run this again",
    errno.EDQUOT: "make room in this user's quota and run this again",
    errno.EROFS: "see that this user may write there, then run this again",
    errno.EACCES: "see that this user may write there, then run this again",
    errno.EPERM: "see that this user may write there, then run this again",
    errno.EIO: "see that the disk is sound, then run this again",
}
TEMPORARY = ".*.tmp"  # what a kill leaves of a file that was being written


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses (full, read-only, gone) into an `ArchiveError` that names the file and the cause."""
    try:
        yield
    except OSError as error:
        advice = f"; {_ADVICE[error.errno]}" if error.errno in _ADVICE else ""
        raise ArchiveError(f"{error.filename or path}: {error.strerror or error}{advice}") from error


def write_atomically(path: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a file so that it is there whole or not at all, and on disk when this returns (without `sync`: soon after).

    Raises:
        ArchiveError: the disk did not take it.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk_errors(path):
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            temporary.replace(path)
        except OSError as error:
            error.filename = str(path)  # the file that people know
            raise
        finally:
            temporary.unlink(missing_ok=True)
        if sync:
            sync_folder(path.parent)


def write_all_atomically(folder: Path, files: Mapping[str, bytes], *, sync: bool = True) -> None:
    """Write files into a folder, each so that it is there whole or not at all; with `sync` all are on disk when this returns.

    Raises:
        ArchiveError: the disk did not take them; some may be there.
    """
    begun: dict[Path, Path] = {}
    with disk_errors(folder):
        try:
            for name, data in files.items():
                temporary = folder / f".{name}.{os.getpid()}.tmp"
                begun[temporary] = folder / name
                temporary.write_bytes(data)
            for temporary in begun if sync else ():  # after all are written, since the disk then takes many at once
                with temporary.open("rb") as file:
                    os.fsync(file.fileno())
            for temporary in tuple(begun):
                temporary.replace(begun.pop(temporary))
        finally:
            for temporary in begun:
                temporary.unlink(missing_ok=True)
        if sync and files:
            sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Wait until the folder's own entries (a new or renamed file) are on disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
