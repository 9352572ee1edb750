"""Exchanges come back from a WARC file byte for byte, and a crash costs only what was in flight."""

import errno
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.errors import ArchiveError, DamagedRecordError, SiteLockedError
from healthcrawl.model import Context, Exchange, Revisit
from healthcrawl.warc import index, lock, records
from healthcrawl.warc.members import whole_members
from healthcrawl.warc.read import read_captures, read_records
from healthcrawl.warc.write import Writer, recover

NOON = datetime(2026, 3, 1, 4, 0, 0, tzinfo=UTC)
REQUEST = b"GET /a HTTP/1.1\r\nHost: demo.test\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nX-odd-CASE: \xb9\xab\r\nContent-Length: 5\r\n\r\nhello"


def make_exchange(response: bytes = OK, **changes: object) -> Exchange:
    values = {
        "url": "http://demo.test/a",
        "started_at": NOON,
        "seconds": 0.25,
        "request": REQUEST,
        "response": response,
    }
    return Exchange(**{**values, **changes})  # type: ignore[arg-type]


@pytest.fixture
def make_writer(tmp_path: Path) -> Callable[..., Writer]:
    def make(max_bytes: int = 10**9) -> Writer:
        return Writer(
            tmp_path / "warc",
            tmp_path / "index",
            site="demo",
            worker="w1",
            clock=lambda: NOON,
            info={"software": "test"},
            max_bytes=max_bytes,
        )

    return make


def warcs(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "warc").glob("*.warc.gz"))


def test_blocks_and_context_come_back_exactly(tmp_path: Path, make_writer: Callable[..., Writer]) -> None:
    context = Context(
        role="article", via="http://demo.test/", hops=1, column="通知", entry_title="题", entry_date="2026-03-01"
    )
    writer = make_writer()
    location = writer.write(make_exchange(context=context), "<urn:uuid:1>")
    writer.close()
    (path,) = warcs(tmp_path)
    ((capture, found),) = read_captures(path)
    assert (capture.response, capture.context, capture.captured_at, capture.record_id) == (
        OK,
        context,
        NOON,
        "<urn:uuid:1>",
    )
    assert found == location
    by_type = {record.type: record for record in read_records(path)}
    assert set(by_type) == {"warcinfo", "request", "metadata", "response"}
    assert by_type["request"].block == REQUEST
    assert all(record.digest_holds for record in by_type.values())


def test_a_not_modified_answer_is_a_revisit_with_its_block(tmp_path: Path, make_writer: Callable[..., Writer]) -> None:
    head = b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'
    writer = make_writer()
    revisit = Revisit(profile="server-not-modified", url="http://demo.test/a", captured_at=NOON)
    writer.write(make_exchange(head), "<urn:uuid:2>", revisit)
    writer.close()
    (path,) = warcs(tmp_path)
    ((capture, _),) = read_captures(path)
    assert (capture.response, capture.refers_to) == (head, "http://demo.test/a")


def test_a_failure_is_a_metadata_record_with_its_reason(tmp_path: Path, make_writer: Callable[..., Writer]) -> None:
    writer = make_writer()
    assert writer.write(make_exchange(b"", request=b"", error="no such host"), "<urn:uuid:3>") is None
    writer.close()
    (path,) = warcs(tmp_path)
    assert [record.type for record in read_records(path)] == ["warcinfo", "metadata"]
    assert b"error: no such host\r\n" in [record.block for record in read_records(path)][1]
    assert list(read_captures(path)) == []


def test_chunked_responses_carry_no_payload_digest_and_the_index_has_it(
    tmp_path: Path, make_writer: Callable[..., Writer]
) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
    writer = make_writer()
    writer.write(make_exchange(chunked), "<urn:uuid:4>")
    writer.write(make_exchange(), "<urn:uuid:5>")
    writer.close()
    (path,) = warcs(tmp_path)
    first, second = (record.headers for record in read_records(path) if record.type == "response")
    assert "warc-payload-digest" not in first
    assert second["warc-payload-digest"] == records.digest(b"hello")
    lines = index.path_for(path, tmp_path / "index").read_text("utf-8").splitlines()
    assert lines == sorted(lines)
    assert all(line.startswith("test,demo)/a 20260301040000 {") for line in lines)
    assert all(records.digest(b"hello") in line for line in lines)


def test_files_are_closed_by_size_and_members_stand_alone(tmp_path: Path, make_writer: Callable[..., Writer]) -> None:
    writer = make_writer(max_bytes=1500)
    for number in range(6):
        writer.write(make_exchange(), f"<urn:uuid:{number}>")
    writer.close()
    paths = warcs(tmp_path)
    assert len(paths) > 1
    for path in paths:
        data = path.read_bytes()
        for _, location in read_captures(path):
            member = tmp_path / "one.warc.gz"
            member.write_bytes(data[location.offset : location.offset + location.length])
            ((capture, _),) = read_captures(member)
            assert capture.response == OK


@pytest.mark.parametrize("tail", [0, 1, 7, 60, 200])
def test_recovery_cuts_back_to_the_last_whole_record(
    tmp_path: Path, make_writer: Callable[..., Writer], tail: int
) -> None:
    writer = make_writer()
    writer.write(make_exchange(), "<urn:uuid:1>")
    (open_file,) = (tmp_path / "warc").glob("*.open")
    whole = open_file.stat().st_size
    writer.write(make_exchange(), "<urn:uuid:2>")
    with open_file.open("r+b") as file:  # what a crash leaves of the second exchange
        file.truncate(whole + tail)
    (path,) = recover(tmp_path / "warc", tmp_path / "index")
    assert [capture.record_id for capture, _ in read_captures(path)] == ["<urn:uuid:1>"]
    assert path.stat().st_size == whole_members(path)
    assert index.path_for(path, tmp_path / "index").exists()
    writer._file.close()  # type: ignore[union-attr]  # its process "died"


def test_a_file_without_a_whole_record_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "warc"
    folder.mkdir()
    (folder / "demo-x.warc.gz.open").write_bytes(b"\x1f\x8b\x08")
    assert recover(folder, tmp_path / "index") == ()
    assert list(folder.iterdir()) == []


def test_a_file_that_could_not_begin_is_no_warc_file(
    tmp_path: Path, make_writer: Callable[..., Writer], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    writer = make_writer()
    with monkeypatch.context() as full:
        full.setattr("os.fsync", refuse)
        with pytest.raises(ArchiveError, match="No space left"):
            writer.write(make_exchange(), records.new_record_id())
        writer.close()
    assert [path for path in (tmp_path / "warc").iterdir() if "warc.gz" in path.name] == []
    writer.write(make_exchange(), records.new_record_id())
    writer.close()
    assert next(read_records(warcs(tmp_path)[0])).type == "warcinfo"


def test_damage_is_an_error_that_names_the_file(tmp_path: Path, make_writer: Callable[..., Writer]) -> None:
    writer = make_writer()
    writer.write(make_exchange(), "<urn:uuid:1>")
    writer.close()
    (path,) = warcs(tmp_path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 :] = b"\x00" * (len(data) - len(data) // 2)
    path.write_bytes(bytes(data))
    with pytest.raises(DamagedRecordError, match=path.name):
        list(read_captures(path))


def test_a_second_process_is_told_who_holds_the_site(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC; from healthcrawl.warc import lock\n"
        "from healthcrawl.errors import SiteLockedError\n"
        "try:\n"
        "    with lock.hold(Path(sys.argv[1]), datetime.now(UTC)): print('held')\n"
        "except SiteLockedError as error: print(error)\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "demo")]
    with lock.hold(tmp_path / "demo", NOON):
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "demo is being crawled by process" in told
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "held\n"
    with lock.hold(tmp_path / "demo", NOON), pytest.raises(SiteLockedError), lock.hold(tmp_path / "demo", NOON):
        pass


@given(st.text(), st.text())
def test_any_context_survives_as_the_archive_folds_it(title: str, via: str) -> None:
    folded = records.fold_context(Context(via=via, entry_title=title, hops=3))
    assert records.fold_context(folded) == folded
    assert folded.hops == 3
