"""The journal where machines share a catalog: its lines lie in the catalog, and the file beside each archive is a copy of them.

One file that many machines append to can't be had without a file system that they share. So the line that gives a number is written in the
same transaction of the catalog that takes it: one order for all, no number is given twice, and a kill leaves either both or none. When
that is committed, and before anything else is kept, each archive that is written to brings its own copy up to date: first the text files that the
new lines speak of (the catalog has their texts), then the lines. So every copy is the whole journal up to some line, byte for byte; from any
of them a lost catalog is made anew, by the longest first.
"""

from collections.abc import Collection, Iterable
from itertools import pairwise

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, fact, set_fact
from healthcrawl.corpus.layout import file_name
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.texts import TextFiles
from healthcrawl.errors import ArchiveError

_TABLE, _DOCUMENTS, _VERSIONS = tables.journal, tables.documents, tables.versions
_AT_ONCE = 200  # lines; their texts are held in memory


def publish(tx: sa.Connection, lines: Iterable[bytes]) -> None:
    """Write lines behind those that are there, within the transaction that they speak of."""
    at = fact(tx, "journal") or 0
    rows = []
    for line in lines:
        rows.append({"at": at, "line": line.decode()})
        at += len(line)
    if rows:
        tx.execute(sa.insert(_TABLE), rows)
        set_fact(tx, "journal", at)


def follow(catalog: Catalog, manifest: Manifest, files: TextFiles) -> None:
    """Bring an archive's copy of the journal, and its text files, up to date. The caller holds the copy's lock.

    Raises:
        ArchiveError: what is there is no copy of this journal, or the disk did not take it.
    """
    while True:
        size = manifest.size()
        with catalog.reading() as tx:
            if size >= (fact(tx, "journal") or 0):
                return
            query = sa.select(_TABLE.c.at, _TABLE.c.line).where(_TABLE.c.at >= size).order_by(_TABLE.c.at)
            rows = tx.execute(query.limit(_AT_ONCE)).all()
            lines = [row.line.encode() for row in rows]
            if not rows or rows[0].at != size or not _agrees(tx, manifest, size):
                raise ArchiveError(
                    f"{manifest.path}: no copy of the journal in {catalog.name}: move it and the corpus folder away, they are made "
                    "anew; an archive with numbers of its own can only be the first that a new catalog is opened with"
                )
            _settle(tx, files, {step.number for step in map(manifest.parse, lines)})
        manifest.write(lines)


def adopt(tx: sa.Connection, catalog: Catalog, manifest: Manifest, done: int) -> None:
    """Take in the lines that an archive's journal has beyond a catalog's (which is new, or restored from an older copy).

    Raises:
        ArchiveError: they are not the continuation of that one's.
    """
    if not _agrees(tx, manifest, done):
        raise ArchiveError(
            f"{manifest.path}: longer than the journal in {catalog.name}, but not its continuation: these are archives with numbers "
            "of their own, which can't be one"
        )
    ends = [done, *(end for _, end in manifest.steps(done))]
    with manifest.path.open("rb") as file:
        file.seek(done)
        publish(tx, [file.read(end - start) for start, end in pairwise(ends)])


def _settle(tx: sa.Connection, files: TextFiles, numbers: Collection[int]) -> None:
    """Have the text files of documents be what the catalog says now."""
    current = sa.and_(_VERSIONS.c.number == _DOCUMENTS.c.number, _VERSIONS.c.sha256 == _DOCUMENTS.c.sha256)
    present = sa.select(_DOCUMENTS.c.number, _DOCUMENTS.c.name, _DOCUMENTS.c.sha256).where(
        _DOCUMENTS.c.number.in_(numbers)
    )
    names = {}
    for number, name, sha256 in tx.execute(present).all():
        names[number] = name
        if name and not files.holds(name, sha256):
            text = tx.execute(
                sa.select(_VERSIONS.c.text).join(_DOCUMENTS, current).where(_DOCUMENTS.c.number == number)
            ).scalars()
            if data := next((one for one in text if one), ""):
                files.write(name, data.encode())
    for number, sha256 in tx.execute(
        sa.select(_VERSIONS.c.number, _VERSIONS.c.sha256).where(_VERSIONS.c.number.in_(numbers))
    ):
        if (former := file_name(number, sha256)) != names.get(number):
            files.remove(former)
    files.settle()


def _agrees(tx: sa.Connection, manifest: Manifest, end: int) -> bool:
    """Whether the last line before a byte is the same in the catalog and in a copy."""
    query = sa.select(_TABLE.c.at, _TABLE.c.line).where(_TABLE.c.at < end).order_by(_TABLE.c.at.desc()).limit(1)
    row = tx.execute(query).one_or_none()
    if row is None or end == 0:
        return end == 0
    line: bytes = row.line.encode()
    if row.at + len(line) != end or manifest.size() < end:
        return False
    with manifest.path.open("rb") as file:
        file.seek(row.at)
        return file.read(len(line)) == line
