"""Which members of a damaged file are whole, and what recovery makes of it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.warc import index
from healthcrawl.warc.members import Span, whole_members, whole_spans
from healthcrawl.warc.read import read_captures
from healthcrawl.warc.write import Writer, recover
from tests.warc.test_archive import make_exchange, make_writer

__all__ = ["make_writer"]  # a fixture

PARTS = [gzip.compress(b"WARC/1.1\r\n" + bytes([65 + n]) * 300, mtime=0) for n in range(4)]
ENDS = [sum(map(len, PARTS[: n + 1])) for n in range(4)]


def spans(tmp_path: Path, data: bytes) -> list[Span]:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(data)
    return list(whole_spans(path))


def test_a_whole_file_is_one_span(tmp_path: Path) -> None:
    assert spans(tmp_path, b"".join(PARTS)) == [Span(0, ENDS[3])]
    assert spans(tmp_path, b"") == []


@pytest.mark.parametrize("junk", [b"", b"\0" * 50, b"\x1f\x8b\x08" * 20, PARTS[0][:20], PARTS[0][:-1]])
def test_what_lies_behind_damage_is_found(tmp_path: Path, junk: bytes) -> None:
    head, tail = PARTS[0] + PARTS[1], PARTS[2] + PARTS[3]
    found = spans(tmp_path, head + junk + tail)
    if junk:
        assert found == [Span(0, len(head)), Span(len(head + junk), len(head + junk + tail))]
    assert spans(tmp_path, junk + tail)[-1].end == len(junk + tail)


@given(at=st.integers(0, ENDS[3] - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_costs_one_member(tmp_path_factory: pytest.TempPathFactory, at: int, bit: int) -> None:
    data = bytearray(b"".join(PARTS))
    data[at] ^= 1 << bit
    path = tmp_path_factory.getbasetemp() / "flipped.warc.gz"
    path.write_bytes(bytes(data))
    kept = b"".join(bytes(data[span.start : span.end]) for span in whole_spans(path))
    for number, part in enumerate(PARTS):
        if not (ENDS[number] - len(part) <= at < ENDS[number]):
            assert part in kept
    assert whole_members(path) <= len(data)


def test_recovery_keeps_what_lies_behind_damage(tmp_path: Path, make_writer: Callable[..., Writer]) -> None:
    writer = make_writer()
    places = [writer.write(make_exchange(), f"<urn:uuid:{number}>") for number in range(4)]
    (open_file,) = (tmp_path / "warc").glob("*.open")
    data = bytearray(open_file.read_bytes())
    assert places[1] is not None
    data[places[1].offset + 30] ^= 0xFF
    torn = bytes(data) + b"\x1f\x8b\x08torn"
    open_file.write_bytes(torn)
    assert writer._file is not None
    writer._file.close()  # its process "died"
    (path,) = recover(tmp_path / "warc", tmp_path / "index")
    kept = {capture.record_id: location for capture, location in read_captures(path)}
    assert list(kept) == ["<urn:uuid:0>", "<urn:uuid:2>", "<urn:uuid:3>"]
    assert kept == {f"<urn:uuid:{number}>": places[number] for number in (0, 2, 3)}  # where they were
    assert path.with_name(path.name + ".open.damaged").read_bytes() == torn
    assert whole_members(path) == path.stat().st_size
    lines = index.path_for(path, tmp_path / "index").read_text("utf-8").splitlines()
    assert len(lines) == 3
    assert all(f'"offset": "{location.offset}"' in "".join(lines) for location in kept.values())
    assert recover(tmp_path / "warc", tmp_path / "index") == ()


def test_a_recovery_killed_in_the_middle_is_done_again(tmp_path: Path, make_writer: Callable[..., Writer]) -> None:
    writer = make_writer()
    places = [writer.write(make_exchange(), f"<urn:uuid:{number}>") for number in range(3)]
    (open_file,) = (tmp_path / "warc").glob("*.open")
    data = bytearray(open_file.read_bytes())
    assert places[0] is not None
    data[places[0].offset + 30] ^= 0xFF
    open_file.write_bytes(bytes(data))
    assert writer._file is not None
    writer._file.close()
    damaged = open_file.with_name(open_file.name + ".damaged")
    damaged.hardlink_to(open_file)  # as far as it came
    open_file.with_name(f".{open_file.name}.tmp").write_bytes(b"half")
    (path,) = recover(tmp_path / "warc", tmp_path / "index")
    assert len(list(read_captures(path))) == 2
    assert damaged.read_bytes() == bytes(data)
