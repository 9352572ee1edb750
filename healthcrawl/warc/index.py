"""CDXJ: one sorted index beside every WARC file, made from the file itself, so it can be made again at any time."""

import json
import os
from pathlib import Path

from surt import surt

from healthcrawl.core import message
from healthcrawl.warc import records
from healthcrawl.warc.read import Record, read_records

SUFFIX = ".cdxj"
INDEXED = frozenset({"response", "revisit"})  # types of records


def path_for(warc: Path, index_folder: Path) -> Path:
    """Where the index of a WARC file lies."""
    return index_folder / (warc.name.removesuffix(".gz").removesuffix(".warc") + SUFFIX)


def line(record: Record, warc_name: str) -> str:
    """The CDXJ line of a response or revisit record; digests are of the payload without chunk framing."""
    parsed = message.parse(record.block)
    revisit = record.type == "revisit"
    values = {
        "url": record.url,
        "mime": "warc/revisit" if revisit else parsed.media_type or "unk",
        "status": str(parsed.status or "-"),
        "digest": records.digest(parsed.payload),
        "length": str(record.location.length),
        "offset": str(record.location.offset),
        "filename": warc_name,
    }
    return f"{surt(record.url)} {record.date:%Y%m%d%H%M%S} {json.dumps(values, ensure_ascii=False)}"


def lines(warc: Path) -> list[str]:
    """The sorted index of a WARC file.

    Raises:
        DamagedRecordError: a record can't be read.
    """
    wanted = (record for record in read_records(warc) if record.type in INDEXED)
    return sorted(line(record, warc.name) for record in wanted)


def write(warc: Path, index_folder: Path) -> Path:
    """Write the index of a WARC file, atomically; return its path."""
    index_folder.mkdir(parents=True, exist_ok=True)
    path = path_for(warc, index_folder)
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(text + "\n" for text in lines(warc))
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    return path
