"""WACZ: WARC files with their index and a list of pages in one file, as browsers of archives open it.

The WARC files go in as they are, so each can be compared with the archive by its digest. Nothing is kept in memory but one
block of the index. The same input gives the same file: its moments are those of the captures.
"""

import hashlib
import heapq
import json
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from healthcrawl.disk import disk_errors, sync_folder
from healthcrawl.errors import ArchiveError
from healthcrawl.warc.check import check
from healthcrawl.warc.records import warc_date

WACZ_VERSION = "1.1.1"
_BLOCK = 1024  # lines of the index that are compressed together: what a browser fetches for one look-up
_RUN = 200_000  # lines sorted in memory
_COPY_SIZE = 1 << 20
_NOT_MODIFIED = '"status": "304"'  # in a line of an index; within an address the quotes would be escaped


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page that the list offers: its address and the moment of its capture."""

    id: str
    url: str
    captured_at: datetime
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the package says of itself. `main` is the page it opens with; `created` the moment of what is newest in it."""

    title: str
    description: str
    software: str
    created: datetime
    main: Page | None


def write(path: Path, warcs: Sequence[Path], pages: Iterable[Page], about: About) -> Iterator[Path]:
    """Write a package, whole or not at all; gives each WARC file when it is in it.

    Raises:
        ArchiveError: a WARC file is damaged or can't be read, or the disk does not take the package.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with disk_errors(path), ExitStack() as stack:
        stack.callback(temporary.unlink, missing_ok=True)
        file = stack.enter_context(temporary.open("xb"))
        runs: list[IO[bytes]] = []
        with ZipFile(file, "w", ZIP_STORED) as archive:
            package = _Package(archive, about.created)
            lines: list[str] = []
            for warc in warcs:
                lines += _index(warc)
                if len(lines) > _RUN:
                    runs.append(_spill(lines, stack, path.parent))
                    lines = []
                with warc.open("rb") as source:
                    package.add(f"archive/{warc.name}", source)
                yield warc
            data, idx = (stack.enter_context(tempfile.TemporaryFile(dir=path.parent)) for _ in range(2))
            merged = heapq.merge(*((line.decode() for line in run) for run in runs), sorted(lines))
            _compress(merged, data, idx)
            package.add("indexes/index.cdx.gz", data)
            package.add("indexes/index.idx", idx)
            listed = stack.enter_context(tempfile.TemporaryFile(dir=path.parent))
            listed.writelines(_page_lines(pages))
            package.add("pages/pages.jsonl", listed)
            package.close(about)
        file.flush()
        os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)


class _Package:
    """The zip file, and what is in it so far."""

    def __init__(self, archive: ZipFile, moment: datetime) -> None:
        self._archive = archive
        self._moment = moment
        self._resources: list[dict[str, object]] = []

    def add(self, name: str, source: BinaryIO | IO[bytes]) -> None:
        """Add a file from its beginning, as it is."""
        size = source.seek(0, os.SEEK_END)
        source.seek(0)
        digest = hashlib.sha256()
        with self._archive.open(self._entry(name, size), "w") as target:
            while piece := source.read(_COPY_SIZE):
                digest.update(piece)
                target.write(piece)
        self._resources.append(
            {
                "name": name.rpartition("/")[2].lower(),
                "path": name,
                "hash": f"sha256:{digest.hexdigest()}",
                "bytes": size,
            }
        )

    def close(self, about: About) -> None:
        """Add what tells of all the rest, and what vouches for that."""
        said = {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "title": about.title,
            "description": about.description,
            "software": about.software,
            "created": warc_date(about.created),
            **(
                {"mainPageUrl": about.main.url, "mainPageDate": warc_date(about.main.captured_at)} if about.main else {}
            ),
            "resources": self._resources,
        }
        data = _json(said, indent=2)
        vouched = {"path": "datapackage.json", "hash": f"sha256:{hashlib.sha256(data).hexdigest()}"}
        for name, content in (("datapackage.json", data), ("datapackage-digest.json", _json(vouched, indent=2))):
            self._archive.writestr(self._entry(name, len(content)), content)

    def _entry(self, name: str, size: int) -> ZipInfo:
        moment = self._moment
        entry = ZipInfo(
            name, (max(moment.year, 1980), moment.month, moment.day, moment.hour, moment.minute, moment.second)
        )
        entry.external_attr = 0o644 << 16
        entry.create_system = 3
        entry.file_size = size
        return entry


def _index(warc: Path) -> list[str]:
    """The index of a file, without its 304 answers: browsers show the newest line of an address, and these have no page."""
    checked = check(warc)
    if checked.damages:
        raise ArchiveError(f"{warc}: damaged ({checked.damages[0]}); run `scrapy verify --repair` first")
    return [line for line in checked.lines if _NOT_MODIFIED not in line]


def _spill(lines: list[str], stack: ExitStack, folder: Path) -> IO[bytes]:
    run: IO[bytes] = stack.enter_context(tempfile.TemporaryFile(dir=folder))  # noqa: SIM115  # the stack closes it
    run.writelines(f"{line}\n".encode() for line in sorted(lines))
    run.seek(0)
    return run


def _compress(lines: Iterator[str], data: IO[bytes], idx: IO[bytes]) -> None:
    """Write an index in blocks, and where each block begins."""
    meta = {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
    idx.write(b"!meta 0 " + _json(meta) + b"\n")
    while block := list(islice(lines, _BLOCK)):
        packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
        packed = packer.compress("".join(line.rstrip("\n") + "\n" for line in block).encode()) + packer.flush()
        place = {"offset": data.tell(), "length": len(packed), "digest": f"sha256:{hashlib.sha256(packed).hexdigest()}"}
        idx.write(
            " ".join(block[0].split(" ", 2)[:2]).encode() + b" " + _json({**place, "filename": "index.cdx.gz"}) + b"\n"
        )
        data.write(packed)


def _page_lines(pages: Iterable[Page]) -> Iterator[bytes]:
    yield _json({"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": False}) + b"\n"
    for page in pages:
        line = {"id": page.id, "url": page.url, "ts": warc_date(page.captured_at), "title": page.title or page.url}
        yield _json(line) + b"\n"


def _json(value: object, indent: int | None = None) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=indent).encode()
