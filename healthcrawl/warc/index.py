"""CDXJ: one sorted index beside every WARC file, made from the file itself, so it can be made again at any time."""

import json
import logging
from pathlib import Path

from surt import surt

from healthcrawl.core import message
from healthcrawl.disk import write_atomically
from healthcrawl.errors import DamagedRecordError
from healthcrawl.warc import records
from healthcrawl.warc.read import Record, read_records

logger = logging.getLogger(__name__)

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
    """The sorted index of a WARC file; of a damaged one, of what lies before the damage."""
    found = []
    try:
        for record in read_records(warc):
            if record.type in INDEXED:
                found.append(line(record, warc.name))  # noqa: PERF401  # what came before the damage is to be kept
    except DamagedRecordError as error:
        logger.warning("%s; the index ends there, `scrapy verify` tells more", error)
    return sorted(found)


def write(warc: Path, index_folder: Path) -> Path:
    """Write the index of a WARC file, atomically; return its path."""
    index_folder.mkdir(parents=True, exist_ok=True)
    path = path_for(warc, index_folder)
    write_atomically(path, "".join(text + "\n" for text in lines(warc)).encode())
    return path
