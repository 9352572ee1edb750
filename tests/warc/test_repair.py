"""A repair moves nothing: what could not be read is replaced by a record of the same length."""

import gzip
import json
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.errors import ArchiveError
from healthcrawl.model import Exchange
from healthcrawl.warc import index, records
from healthcrawl.warc.check import check
from healthcrawl.warc.repair import filling, repair
from tests.warc.foreign import OK, warc_record

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
SMALLEST = 220  # bytes that a filling always fits into
PARTS = [
    gzip.compress(warc_record(OK + bytes(range(256)), record_id=b"<urn:uuid:%d>" % number), mtime=0)
    for number in range(5)
]


@given(st.integers(0, 10**12), st.integers(1, 100_000))
def test_a_filling_is_as_long_as_what_it_replaces(start: int, size: int) -> None:
    data = filling(start, start + size, NOON)
    assert len(data) in {0, size}
    assert data or size < SMALLEST
    assert gzip.decompress(data).startswith(b"WARC/1.1\r\nWARC-Type: metadata\r\n") if data else True


def test_no_record_of_ours_is_too_small_for_a_filling() -> None:
    least = Exchange(url="http://a.b/", started_at=NOON, seconds=0, request=b"G", response=b"HTTP/1.1 304\r\n\r\n")
    failed = replace(least, request=b"", response=b"")
    sizes = []
    for exchange in (least, failed):
        data = b"".join(records.exchange_members(exchange, "<urn:uuid:1>"))
        while data:
            member = zlib.decompressobj(zlib.MAX_WBITS | 16)
            member.decompress(data)
            sizes.append(len(data) - len(member.unused_data))
            data = member.unused_data
    assert len(sizes) == 4
    assert min(sizes) >= SMALLEST
    assert len(filling(10**12, 10**12 + SMALLEST, NOON)) == SMALLEST


def test_what_came_in_between_is_taken_out_again(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join(PARTS))
    before = check(path)
    path.write_bytes(PARTS[0] + b"x" * (SMALLEST - 40) + b"".join(PARTS[1:]))
    repair(path, NOON)
    assert check(path) == before


@pytest.mark.parametrize("broken", [(0,), (2,), (1, 3), (1, 2, 3)])
def test_everything_else_stays_where_it_was(tmp_path: Path, broken: tuple[int, ...]) -> None:
    path = tmp_path / "a.warc.gz"
    data = b"".join(part[:40] + b"\xff\xff" + part[42:] if at in broken else part for at, part in enumerate(PARTS))
    path.write_bytes(data)
    before = check(path)
    assert before.damages
    kept = repair(path, NOON)
    assert kept.read_bytes() == data
    after = check(path)
    assert (path.stat().st_size, after.captures, after.lines) == (len(data), before.captures, before.lines)
    assert not after.damages
    assert sum(end - start for start, end in after.gaps) == sum(len(PARTS[at]) for at in broken)


def test_a_torn_tail_and_a_place_too_small_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(PARTS[0] + b"dirt" + PARTS[1] + PARTS[2][:50])
    repair(path, NOON)
    assert path.read_bytes() == PARTS[0] + PARTS[1]


def test_what_cannot_be_repaired_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"\x1f\x8b dirt")
    with pytest.raises(ArchiveError, match="restore it from a copy"):
        repair(path, NOON)
    path.write_bytes(PARTS[0] + b"dirt")
    (tmp_path / "a.warc.gz.damaged").write_bytes(b"an earlier one")
    with pytest.raises(ArchiveError, match="earlier repair"):
        repair(path, NOON)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {
        "a.warc.gz": PARTS[0] + b"dirt",
        "a.warc.gz.damaged": b"an earlier one",
    }


def test_the_index_of_a_damaged_file_goes_on_behind_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(PARTS[0] + PARTS[1][:60] + PARTS[2])
    offsets = [int(json.loads(line.split(" ", 2)[2])["offset"]) for line in index.lines(path)]
    assert offsets == [0, len(PARTS[0]) + 60]
