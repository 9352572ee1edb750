"""A repair moves nothing: what could not be read is replaced by a record of the same length."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.errors import ArchiveError
from healthcrawl.warc import index
from healthcrawl.warc.check import check
from healthcrawl.warc.repair import filling, repair
from tests.warc.foreign import OK, warc_record

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
PARTS = [
    gzip.compress(warc_record(OK + bytes(range(256)), record_id=b"<urn:uuid:%d>" % number), mtime=0)
    for number in range(5)
]


@given(st.integers(0, 10**12), st.integers(1, 100_000))
def test_a_filling_is_as_long_as_what_it_replaces(start: int, size: int) -> None:
    data = filling(start, start + size, NOON)
    assert len(data) in {0, size}
    assert data or size < 300
    assert gzip.decompress(data).startswith(b"WARC/1.1\r\nWARC-Type: metadata\r\n") if data else True


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
