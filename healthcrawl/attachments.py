"""Archived files → their texts in the catalog: every content once, each in a process of its own.

No document depends on it: it comes after the crawl or the replay, takes up what is not read yet, and may be cut off anywhere.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from healthcrawl.core import message
from healthcrawl.corpus.attachments import FileRow, note_text, unread
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.errors import ArchiveError
from healthcrawl.filetexts.read import FileText, Limits, read_by, read_file
from healthcrawl.model import Context
from healthcrawl.processes import in_order
from healthcrawl.warc.read import read_capture
from healthcrawl.warc.write import OPEN_SUFFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What reading a file came to: its text, or why the archive does not give its bytes (`trouble`)."""

    row: FileRow
    text: FileText | None
    trouble: str = ""


def count_unread(catalog: Catalog, site: str = "") -> int:
    """How many contents `read_texts` would read."""
    return len(unread(catalog, read_by(), site))


def read_texts(catalog: Catalog, layout: ArchiveLayout, site: str = "", workers: int = 1) -> Iterator[Outcome]:
    """Read the files that are not read yet, and keep their texts; each is given when it is kept.

    Raises:
        ArchiveError: the catalog can't be written.
    """
    for outcome in in_order(partial(_read, layout, Limits()), unread(catalog, read_by(), site), workers):
        if outcome.text is not None:
            note_text(catalog, outcome.row.sha256, outcome.text, read_by())
        yield outcome


def _read(layout: ArchiveLayout, limits: Limits, row: FileRow) -> Outcome:
    path = _path_of(layout, row)
    try:
        capture = read_capture(path, row.location.offset, Context())
    except ArchiveError as error:
        return Outcome(row=row, text=None, trouble=str(error))
    payload = message.parse(capture.response).payload
    if hashlib.sha256(payload).hexdigest() != row.sha256:
        return Outcome(
            row=row, text=None, trouble=f"{path}: the record at byte {row.location.offset} is not what it was"
        )
    return Outcome(row=row, text=read_file(payload, row.type, limits))


def _path_of(layout: ArchiveLayout, row: FileRow) -> Path:
    path = layout.warc(row.site) / row.location.warc_file
    return path if path.exists() else path.with_name(path.name + OPEN_SUFFIX)
