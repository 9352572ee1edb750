"""What others wrote is read as far as it can be, and what can't be is told with its place and reason."""

import gzip
import hashlib
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from healthcrawl.core import message
from healthcrawl.errors import ArchiveError
from healthcrawl.warc import records
from healthcrawl.warc.read import read_captures
from healthcrawl.warc.read import site_of as site_of_file
from healthcrawl.warc.scan import MAX_BLOCK, Damage, Record, scan
from tests.crawl.raw_server import Answer, RawServer
from tests.warc.foreign import OK, PAGE, arc_head, arc_record, members, warc_record

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
PACKINGS = {"members": members, "one member": lambda parts: gzip.compress(b"".join(parts)), "plain": b"".join}


def read(tmp_path: Path, data: bytes) -> tuple[list[Record], list[Damage]]:
    path = tmp_path / "some.warc.gz"
    path.write_bytes(data)
    found = list(scan(path))
    return [one for one in found if isinstance(one, Record)], [one for one in found if isinstance(one, Damage)]


def urls(found: list[Record]) -> list[str]:
    return [record.url for record in found]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("version", [b"WARC/0.18", b"WARC/1.0", b"WARC/1.1"])
def test_every_version_and_packing_is_read(tmp_path: Path, packing: str, version: bytes) -> None:
    parts = [warc_record(OK + b"%d" % number, url=b"http://a.test/%d" % number, version=version) for number in range(5)]
    data = PACKINGS[packing](parts)
    found, damages = read(tmp_path, data)
    assert not damages
    assert [record.block for record in found] == [OK + b"%d" % number for number in range(5)]
    for record in found:
        at = record.location
        alone = data[at.offset : at.offset + at.length]
        if packing == "one member":
            assert (at.length, record.defects) == (0, ("shares its gzip member with other records",))
        else:
            assert read(tmp_path, alone)[0][0].block == record.block


@pytest.mark.parametrize("packing", PACKINGS)
def test_arc_files_are_read(tmp_path: Path, packing: str) -> None:
    strange = b"http://a.test/a b?c=\xce\xc0"
    parts = [arc_head(), arc_record(), arc_record(b"dns", b"dns:a.test", b"text/dns"), arc_record(url=strange)]
    found, damages = read(tmp_path, PACKINGS[packing](parts))
    assert not damages
    assert urls(found) == ["filedesc://x.arc", "http://a.test/", "dns:a.test", "http://a.test/a%20b?c=%CE%C0"]
    assert [record.block for record in found[1:]] == [OK, b"dns", OK]
    assert found[1].date == NOON
    captures = [capture for capture, _ in read_captures(tmp_path / "some.warc.gz")]
    assert [capture.url for capture in captures] == ["http://a.test/", "http://a.test/a%20b?c=%CE%C0"]
    assert len({capture.record_id for capture in captures}) == 2


@pytest.mark.parametrize(
    ("said", "read_as"),
    [
        (b"<http://a.test/>", "http://a.test/"),
        (b"http://a.test/a b", "http://a.test/a%20b"),
        ("http://a.test/卫".encode("gbk"), "http://a.test/%CE%C0"),
        ("http://a.test/卫".encode(), "http://a.test/卫"),
        (b"http://a.test/\r\n  b", "http://a.test/%20b"),
    ],
)
def test_odd_target_addresses_are_put_right(tmp_path: Path, said: bytes, read_as: str) -> None:
    (found,), damages = read(tmp_path, members([warc_record(url=said)]))
    assert (found.url, found.block, damages) == (read_as, OK, [])


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        (b"2026-03-01T04:00:00.123456789Z", NOON),
        (b"20260301040000", NOON),
        (b"2026-03-01T04:00:00", NOON),
        (b"2026-03-01T12:00:00+08:00", NOON),
        (b"2026-03", datetime(2026, 3, 1, tzinfo=UTC)),
    ],
)
def test_dates_of_every_precision(tmp_path: Path, said: bytes, moment: datetime) -> None:
    (found,), _ = read(tmp_path, members([warc_record(date=said)]))
    assert found.date == moment


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (warc_record(date=b"yesterday"), "no date"),
        (warc_record(date=b"2026-13-01"), "month must be"),
        (warc_record(date=None), "no WARC-Date"),
        (warc_record(length=b"12x"), "no number"),
        (warc_record(length=b"9" * 30), "more than is read"),
        (warc_record(length=b"%d" % (MAX_BLOCK + 1)), "more than is read"),
        (warc_record(length=b"%d" % (len(OK) + 40)), "does not lead|bytes follow"),
        (warc_record(length=b"100000"), "bytes follow"),
        (warc_record(length=b"10"), "does not lead"),
        (warc_record().replace(b"WARC-Type: ", b"WARC-Tape: "), "no WARC-Type"),
        (b"WARC/1.0\r\n" + b"x" * 300_000, "head without an end"),
        (b"garbage" * 9 + b"\r\n", "no record begins here"),
    ],
)
def test_a_bad_record_is_told_and_the_rest_goes_on(tmp_path: Path, packing: str, bad: bytes, reason: str) -> None:
    good = [warc_record(url=b"http://a.test/%d" % number) for number in range(3)]
    found, (damage,) = read(tmp_path, PACKINGS[packing]([good[0], bad, *good[1:]]))
    assert urls(found) == ["http://a.test/0", "http://a.test/1", "http://a.test/2"]
    assert re.search(reason, damage.reason), damage
    expected = {"members": len(members(good[:1])), "one member": 0, "plain": len(good[0])}
    assert damage.offset == expected[packing]


@pytest.mark.parametrize("packing", PACKINGS)
def test_missing_fields_are_defects(tmp_path: Path, packing: str) -> None:
    head, _, block = warc_record().partition(b"\r\n\r\n")
    bare = head.replace(b"\r\n", b"\n") + b"\n\n" + block
    parts = [warc_record(length=None, record_id=None), warc_record(url=None), bare]
    found, damages = read(tmp_path, PACKINGS[packing](parts))
    assert not damages
    assert [record.block for record in found] == [OK, OK, OK]
    assert {"no Content-Length", "no WARC-Record-ID"} <= set(found[0].defects)
    assert "no WARC-Target-URI" in found[1].defects
    again, _ = read(tmp_path, parts[0])
    assert again[0].id == found[0].id != ""
    told: list[Damage] = []
    (tmp_path / "some.warc.gz").write_bytes(PACKINGS[packing](parts))
    captures = list(read_captures(tmp_path / "some.warc.gz", told.append))
    assert (len(captures), [damage.reason for damage in told]) == (2, ["no WARC-Target-URI"])


@pytest.mark.parametrize("trailer", [b"", b"\n", b"\r\n", b"\r\n\r\n\r\n"])
def test_line_ends_between_records_may_be_wrong(tmp_path: Path, trailer: bytes) -> None:
    for pack in PACKINGS.values():
        found, damages = read(tmp_path, pack([warc_record(trailer=trailer)] * 3))
        assert (len(found), damages) == (3, [])


@pytest.mark.parametrize("packing", PACKINGS)
def test_a_truncated_tail_costs_only_what_is_in_it(tmp_path: Path, packing: str) -> None:
    page = OK + bytes(range(256)) * 40  # more than a decoder holds back
    data = PACKINGS[packing]([warc_record(page, url=b"http://a.test/%d" % number) for number in range(40)])
    found, (damage,) = read(tmp_path, data[: len(data) * 3 // 4])
    assert 25 <= len(found) < 40
    assert all(record.block == page for record in found)
    assert damage.offset <= len(data) * 3 // 4


def test_one_damaged_member_costs_only_itself(tmp_path: Path) -> None:
    parts = [gzip.compress(warc_record(url=b"http://a.test/%d" % number), mtime=0) for number in range(4)]
    for at in range(len(parts[1])):
        for bit in (0, 5):
            bad = bytearray(parts[1])
            bad[at] ^= 1 << bit
            found, damages = read(tmp_path, parts[0] + bytes(bad) + parts[2] + parts[3])
            assert [url for url in urls(found) if not url.endswith("/1")] == [
                f"http://a.test/{one}" for one in (0, 2, 3)
            ]
            assert len(found) == 4 or len(damages) == 1


def test_a_record_is_not_looked_for_in_what_is_whole(tmp_path: Path) -> None:
    inner = b"HTTP/1.1 200 OK\r\n\r\n" + warc_record(url=b"http://inner.test/") + members([warc_record()])
    for pack in PACKINGS.values():
        found, damages = read(tmp_path, pack([warc_record(inner), warc_record()]))
        assert (urls(found), damages) == (["http://a.test/"] * 2, [])


def test_a_bad_digest_is_told_and_the_record_read(tmp_path: Path) -> None:
    good, hexadecimal = records.digest(OK).encode(), b"sha256:" + hashlib.sha256(OK).hexdigest().encode()
    parts = [
        warc_record(more=[b"WARC-Block-Digest: " + value])
        for value in (good, hexadecimal, b"sha1:" + b"A" * 32, b"crc:1")
    ]
    found, damages = read(tmp_path, members(parts))
    assert ([record.digest_holds for record in found], damages) == ([True, True, False, None], [])


def test_a_revisit_without_a_block_and_a_resource_are_captures(tmp_path: Path) -> None:
    path = tmp_path / "some.warc"
    refers = [b"WARC-Refers-To-Target-URI: http://b.test/", b"WARC-Refers-To-Date: 2026-01-01T00:00:00Z"]
    resource = warc_record(PAGE, kind=b"resource").replace(b"application/http; msgtype=response", b"text/html")
    urn = warc_record(b"GIF89a", kind=b"resource", url=b"urn:view:http://a.test/")
    path.write_bytes(warc_record(b"", kind=b"revisit", more=refers) + resource + urn)
    (revisit, _), (page, _) = read_captures(path)
    assert (revisit.response, revisit.refers_to) == (b"", "http://b.test/")
    parsed = message.parse(page.response)
    assert (parsed.status, parsed.media_type, parsed.payload) == (200, "text/html", PAGE)


def test_the_first_part_of_a_segmented_record_counts_as_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "some.warc"
    path.write_bytes(warc_record(more=[b"WARC-Segment-Number: 1"]))
    ((capture, _),) = read_captures(path)
    assert capture.truncated == "length"


def test_only_our_own_files_name_a_site(tmp_path: Path) -> None:
    path = tmp_path / "some.warc"
    for software, site in ((b"healthcrawl/0.1.0", "demo"), (b"Heritrix/3.4", "")):
        path.write_bytes(warc_record(b"software: %b\r\nisPartOf: demo\r\n" % software, kind=b"warcinfo"))
        assert site_of_file(path) == site
    assert site_of_file(tmp_path / "none.warc") == ""


@pytest.mark.parametrize(
    ("data", "words"), [(b"\x28\xb5\x2f\xfd" + b"x" * 40, "zstd -d"), (b"\x5d\x2a\x4d\x18" + b"x" * 40, "zstd -d")]
)
def test_zstandard_is_refused_with_advice(tmp_path: Path, data: bytes, words: str) -> None:
    with pytest.raises(ArchiveError, match=words):
        read(tmp_path, data)


@pytest.mark.parametrize("data", [b"", b"\0" * 5000, b"<html>no archive</html>", b"\x1f\x8b\x08", b"WARC/1.0", b"\n"])
def test_what_is_no_archive_is_told_in_one_line(tmp_path: Path, data: bytes) -> None:
    found, damages = read(tmp_path, data)
    assert (found, len(damages)) == ([], 0 if data == b"\n" else 1)


@pytest.mark.skipif(not shutil.which("wget"), reason="wget is not installed")
@pytest.mark.parametrize("options", [[], ["--no-warc-compression"]])
def test_what_wget_wrote_is_read(tmp_path: Path, options: list[str]) -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(PAGE), PAGE)
    answers = {"/a": Answer(OK), "/b%20c": Answer(chunked), "/d": Answer(OK), "/%E5%8D%AB": Answer(OK)}
    with RawServer(answers) as server:
        addresses = [f"http://{server.address}{path}" for path in answers]
        command = ["wget", "-q", "--no-config", "--tries=1", "--warc-file=w", "--delete-after", *options, *addresses]
        subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    captures = []
    for path in sorted(tmp_path.glob("w*.warc*")):
        assert all(isinstance(one, Record) and one.digest_holds is not False for one in scan(path))
        captures += [capture for capture, _ in read_captures(path)]
    assert sorted(capture.url for capture in captures) == sorted(addresses)
    assert {message.parse(capture.response).payload for capture in captures} <= {PAGE, b""}
    assert message.parse(captures[0].response).payload == PAGE
