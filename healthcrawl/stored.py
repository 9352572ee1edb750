"""The store: closed WARC files and their indexes on any URL that fsspec knows (s3://bucket/path, file:///path …).

Below the URL lies what lies below `warc/` and `index/` of an archive, under the same names. A WARC file counts as shipped when what the store gives back
was compared with the file, by size and digest, and a small file beside it says so; that one comes last, so an interruption anywhere
leaves a file that is shipped again, over what is there. Nothing else remembers what was shipped.
"""

import hashlib
import sys
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal, TypeVar

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.disk import disk_errors
from healthcrawl.errors import ArchiveError, UsageError
from healthcrawl.warc.index import path_for

_SEAL = ".sha256"  # behind the name of a file that was verified: its digest and size
_PIECE = 1 << 20
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0  # seconds between tries
_BORROWED = 8  # files that a process keeps at hand
_LASTING = (PermissionError, FileNotFoundError)  # what trying again does not mend

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """What became of a file: shipped just now, there already, or left here for the reason in `detail`."""

    path: Path
    state: Literal["shipped", "there", "left"]
    size: int
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """For how many seconds a store that does not answer is tried again, and how the time is spent."""

    seconds: float
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


class WarcStore:
    """The store at a URL.

    Raises:
        UsageError: fsspec, or what it needs for that URL, is not installed, or it is no such URL.
    """

    def __init__(self, url: str, patience: Patience | None = None) -> None:
        try:
            import fsspec  # noqa: PLC0415  # an extra

            # What others write meanwhile must be seen.
            self._fs, self._root = fsspec.core.url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise UsageError(
                f"STORE_URL: {url} needs the extra `s3` (or what fsspec asks for): pip install 'healthcrawl[s3]' ({error})"
            ) from error
        except ValueError as error:
            raise UsageError(f"STORE_URL: expected a URL like s3://bucket/path, got {url!r} ({error})") from error
        self.url = url
        self._patience = patience or Patience(seconds=0)

    def names(self, site: str) -> dict[str, int]:
        """The files of a site that are whole and verified, with their sizes.

        Raises:
            ArchiveError: the store does not answer.
        """
        folder = self._key("warc", site, "")
        found = self._try(lambda: self._list(folder), f"list {folder}")
        sizes = {name: entry["size"] for name, entry in found.items()}
        return {name: sizes[name] for name in sorted(sizes) if name + _SEAL in sizes}

    def sites(self) -> list[str]:
        """The sites of which files are there.

        Raises:
            ArchiveError: the store does not answer.
        """
        return sorted(self._try(lambda: self._list(self._key("warc", "")), "list the sites"))

    def ship(self, path: Path, index: Path) -> None:
        """Bring a WARC file and its index there, and compare what lies there then with what lies here.

        Raises:
            ArchiveError: the store does not answer, or gives back something else; the file is as it was.
        """
        site = path.parent.name
        for local, key in ((index, self._key("index", site, index.name)), (path, self._key("warc", site, path.name))):
            if local.exists():
                self._try(lambda local=local, key=key: self._put(local, key), f"ship {local}")  # type: ignore[misc]

    def fetch(self, site: str, name: str, to: Path) -> None:
        """Bring a WARC file here.

        Raises:
            ArchiveError: the store does not answer, or the file is not what was shipped.
        """
        key, temporary = self._key("warc", site, name), to.with_name(f".{to.name}.tmp")
        with disk_errors(to):
            to.parent.mkdir(parents=True, exist_ok=True)
        self._try(lambda: self._fs.get_file(key, str(temporary)), f"fetch {name}")
        expected = self._try(lambda: self._fs.cat_file(key + _SEAL), f"fetch {name}{_SEAL}").decode()
        if _seal(_digest(temporary), temporary.stat().st_size) != expected:
            temporary.unlink()
            raise ArchiveError(
                f"{self.url}: {name} of {site} is not what was shipped: its digest differs; ship it again from a copy"
            )
        temporary.replace(to)

    def _put(self, local: Path, key: str) -> None:
        seal = _seal(_digest(local), local.stat().st_size)
        self._fs.makedirs(key.rpartition("/")[0], exist_ok=True)
        self._fs.put_file(str(local), key)
        digest, size = hashlib.sha256(), 0
        with self._fs.open(key, "rb", cache_type="readahead", block_size=8 * _PIECE) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                size += len(piece)
        if _seal(digest.hexdigest(), size) != seal:
            raise ArchiveError(f"{self.url}: {local.name} came back otherwise than it was sent; it is kept here")
        if key.startswith(self._key("warc", "")):
            self._fs.pipe_file(key + _SEAL, seal.encode())

    def _list(self, folder: str) -> dict[str, Mapping[str, Any]]:
        try:
            entries = self._fs.ls(folder.rstrip("/"), detail=True)
        except FileNotFoundError:  # nothing was shipped yet
            return {}
        return {entry["name"].rstrip("/").rpartition("/")[2]: entry for entry in entries}

    def _key(self, *parts: str) -> str:
        return "/".join([self._root.rstrip("/"), *parts])

    def _try(self, action: Callable[[], T], what: str) -> T:
        """Do something with the store, again and again while it does not answer, with pauses that grow."""
        until, wait = self._patience.clock() + self._patience.seconds, _FIRST_WAIT
        while True:
            try:
                return action()
            except _errors() as error:
                if isinstance(error, _LASTING) or self._patience.clock() + wait > until:
                    told = str(error) or type(error).__name__
                    raise ArchiveError(
                        f"{self.url}: can't {what}: {told}; `scrapy ship` takes up what is left"
                    ) from error
            self._patience.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)


def ship_all(layout: ArchiveLayout, store: WarcStore, site: str = "", *, keep: bool = True) -> Iterator[Shipped]:
    """Ship the closed files of a site (empty: of all) that the store does not have; then, unless to `keep`, remove them here.

    A file that can't be shipped is told and stays; of that site no other is tried.
    """
    for name in [site] if site else layout.sites:
        try:
            there = store.names(name)
        except ArchiveError as error:
            yield Shipped(path=layout.warc(name), state="left", size=0, detail=str(error))
            continue
        for path in layout.warc_files(name):
            size = path.stat().st_size
            is_there = there.get(path.name) == size
            if not is_there:
                try:
                    store.ship(path, path_for(path, layout.index(name)))
                except ArchiveError as error:
                    yield Shipped(path=path, state="left", size=size, detail=str(error))
                    break
            if not keep:
                with disk_errors(path):
                    path.unlink()
            yield Shipped(path=path, state="there" if is_there else "shipped", size=size)


@dataclass(slots=True)
class Borrowed:
    """Files of a store, brought here one by one as they are wanted; the few that were wanted last are kept."""

    store: WarcStore
    folder: Path
    _files: OrderedDict[tuple[str, str], Path] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)  # pages are shown by several threads

    def path(self, site: str, name: str) -> Path:
        """Where a file lies now; it is there until a few others were asked for.

        Raises:
            ArchiveError: it can't be had.
        """
        with self._lock:
            path = self._files.get((site, name)) or self.folder / site / name
            if (site, name) not in self._files:
                self.store.fetch(site, name, path)
                self._files[site, name] = path
            self._files.move_to_end((site, name))
            while len(self._files) > _BORROWED:
                self._files.popitem(last=False)[1].unlink(missing_ok=True)
            return path


def elsewhere(layout: ArchiveLayout) -> Iterator[tuple[str, str, int]]:
    """The files that an archive's store has and the archive does not: site, name and size.

    Raises:
        ArchiveError: the store does not answer.
    """
    store = borrowed(layout.store_url).store
    for site in store.sites():
        for name, size in store.names(site).items():
            if not (layout.warc(site) / name).exists():
                yield site, name, size


@lru_cache(maxsize=1)
def borrowed(url: str, patience: float = 600) -> Borrowed:
    """What this process has borrowed of the store at a URL, which may be silent for `patience` seconds; gone when the process ends."""
    folder = tempfile.TemporaryDirectory(prefix="healthcrawl-store-")
    _FOLDERS.append(folder)
    return Borrowed(store=WarcStore(url, Patience(seconds=patience)), folder=Path(folder.name))


_FOLDERS: list[tempfile.TemporaryDirectory[str]] = []  # so that they last


def _seal(digest: str, size: int) -> str:
    return f"{digest} {size}\n"


def _digest(path: Path) -> str:
    with disk_errors(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _errors() -> tuple[type[BaseException], ...]:
    """What the file systems raise when they can't do as asked; that of S3 has errors of its own, once it is loaded."""
    exceptions = sys.modules.get("botocore.exceptions")
    return (OSError, exceptions.BotoCoreError) if exceptions else (OSError,)
