"""Everything there is to say of one archive file, from reading it once."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from healthcrawl.core import message
from healthcrawl.model import Location
from healthcrawl.warc import index, records
from healthcrawl.warc.read import is_capture
from healthcrawl.warc.repair import gap_of
from healthcrawl.warc.scan import Damage, Record, scan


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What was found in a file.

    `captures` are the places of what `read_captures` gives, by record id, `lines` what its index should be, `damages` what
    can't be read or is not what its digest says. `gaps` are the (start, end) of places that a repair has filled, `defects` how
    often something irregular was met.
    """

    records: int
    captures: dict[str, Location]
    lines: tuple[str, ...]
    damages: tuple[Damage, ...]
    gaps: tuple[tuple[int, int], ...]
    defects: tuple[tuple[str, int], ...]


def check(path: Path) -> Checked:
    """Read a file and compute every digest again.

    Raises:
        ArchiveError: the file can't be opened or read.
    """
    total = 0
    captures: dict[str, Location] = {}
    lines: list[str] = []
    damages: list[Damage] = []
    gaps: list[tuple[int, int]] = []
    defects: Counter[str] = Counter()
    for found in scan(path):
        if isinstance(found, Damage):
            damages.append(found)
            continue
        total += 1
        defects.update(found.defects)
        at = found.location.offset
        damages += [Damage(warc_file=path.name, offset=at, reason=f"{what} does not match") for what in _broken(found)]
        if is_capture(found):
            captures[found.id] = found.location
        if found.type in index.INDEXED:
            lines.append(index.line(found, path.name))
        elif gap := gap_of(found):
            gaps.append(gap)
    return Checked(
        records=total,
        captures=captures,
        lines=tuple(sorted(lines)),
        damages=tuple(damages),
        gaps=tuple(gaps),
        defects=tuple(sorted(defects.items())),
    )


def _broken(record: Record) -> list[str]:
    """The digests of a record that are not those of its bytes. Of chunked payloads some writers digest the chunks: both count."""
    broken = [f"the block digest of {record.id}"] if record.digest_holds is False else []
    expected = record.headers.get("warc-payload-digest", "")
    if record.type == "response" and expected.startswith("sha1:") and "warc-segment-number" not in record.headers:
        parsed, (_, body) = message.parse(record.block), message.split_head(record.block)
        if expected not in {records.digest(parsed.payload), records.digest(body)}:
            broken.append(f"the payload digest of {record.id}")
    return broken
