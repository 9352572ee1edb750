"""An equal payload is written once, and read back wherever it is meant."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from healthcrawl.core import message
from healthcrawl.core.process import process
from healthcrawl.ingest import examine
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Exchange, Location, Rejection, Revisit
from healthcrawl.warc import index, records
from healthcrawl.warc.read import read_captures, read_records
from healthcrawl.warc.write import Writer
from tests.warc.test_archive import NOON, OK, make_exchange, make_writer, warcs

__all__ = ["make_writer"]  # a fixture

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Odd: \xb9\r\n\r\n2\r\nhe\r\n3;x\r\nllo\r\n0\r\nT: 1\r\n\r\n"
)
LATER = b"HTTP/1.1 200 OK\r\nDate: later\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
AGAIN = b"HTTP/1.1 200 OK\r\nDate: later\r\nContent-Length: 5\r\n\r\nhello"


def repeat(original: Exchange, location: Location | None) -> Revisit:
    return Revisit(
        profile="identical-payload-digest",
        url=original.url,
        captured_at=original.started_at,
        record_id="<urn:uuid:first>",
        location=location,
    )


@pytest.mark.parametrize("first", [OK, CHUNKED])
@pytest.mark.parametrize("second", [AGAIN, LATER])
@pytest.mark.parametrize("max_bytes", [1, 10**9])
@pytest.mark.parametrize("known", [True, False])
def test_it_is_its_own_head_with_the_payload_of_the_original(
    tmp_path: Path, make_writer: Callable[..., Writer], first: bytes, second: bytes, max_bytes: int, known: bool
) -> None:
    writer = make_writer(max_bytes)
    original = make_exchange(first)
    location = writer.write(original, "<urn:uuid:first>")
    exchange = make_exchange(second, url="http://demo.test/b", started_at=NOON + timedelta(days=1))
    writer.write(exchange, "<urn:uuid:second>", repeat(original, location if known else None))
    writer.close()
    captures = {capture.record_id: capture for path in warcs(tmp_path) for capture, _ in read_captures(path)}
    capture = captures["<urn:uuid:second>"]
    got, sent = message.parse(capture.response), message.parse(second)
    assert (got.status, got.headers, got.payload, got.whole) == (sent.status, sent.headers, sent.payload, True)
    assert (capture.url, capture.refers_to, capture.unresolved) == ("http://demo.test/b", original.url, False)
    (record,) = [one for path in warcs(tmp_path) for one in read_records(path) if one.type == "revisit"]
    assert record.block == second[: -len(message.split_head(second)[1])]
    assert record.digest_holds
    assert record.headers["warc-payload-digest"] == records.digest(b"hello")
    assert record.headers["warc-refers-to-target-uri"] == original.url
    assert record.headers["warc-refers-to-date"] == "2026-03-01T04:00:00Z"


def test_an_original_that_is_gone_or_another_is_told(tmp_path: Path, make_writer: Callable[..., Writer]) -> None:
    writer = make_writer()
    other = make_exchange(OK.replace(b"hello", b"other"))
    location = writer.write(other, "<urn:uuid:first>")
    writer.write(make_exchange(AGAIN), "<urn:uuid:second>", repeat(other, location))
    writer.close()
    (path,) = warcs(tmp_path)
    _, (capture, _) = read_captures(path)
    assert capture.unresolved
    outcome = process(capture, load_rules())
    assert isinstance(outcome, Rejection)
    assert (outcome.reason, "http://demo.test/a" in outcome.detail) == ("unresolved", True)


@pytest.mark.parametrize("name", ["../secret.warc.gz", "/etc/passwd", "", "missing.warc.gz"])
def test_a_revisit_does_not_lead_out_of_its_folder(
    tmp_path: Path, make_writer: Callable[..., Writer], name: str
) -> None:
    writer = make_writer()
    location = writer.write(make_exchange(), "<urn:uuid:first>")
    writer.close()
    (path,) = warcs(tmp_path)
    (tmp_path / "secret.warc.gz").write_bytes(path.read_bytes())
    path.unlink()
    assert location is not None
    writer.write(make_exchange(AGAIN), "<urn:uuid:second>", repeat(make_exchange(), replace(location, warc_file=name)))
    writer.close()
    (path,) = warcs(tmp_path)
    assert [capture.unresolved for capture, _ in read_captures(path)] == [True]


def test_the_index_knows_payloads_that_records_do_not_name(tmp_path: Path, make_writer: Callable[..., Writer]) -> None:
    writer = make_writer()
    original = make_exchange(CHUNKED)
    location = writer.write(original, "<urn:uuid:first>")
    writer.write(make_exchange(LATER), "<urn:uuid:second>", repeat(original, location))
    not_modified = Revisit(profile="server-not-modified", url=original.url, captured_at=NOON)
    writer.write(make_exchange(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "<urn:uuid:third>", not_modified)
    writer.write(make_exchange(b"no http at all", url="http://demo.test/b"), "<urn:uuid:fourth>")
    writer.close()
    (path,) = warcs(tmp_path)
    written = index.path_for(path, tmp_path / "index").read_text("utf-8")
    assert written.count(records.digest(b"hello")) == 2
    assert written.splitlines() == sorted(index.lines(path))  # as made from the file alone
    place = index.path_for(path, tmp_path / "index")
    place.unlink()
    assert index.write(path, tmp_path / "index") == place
    assert place.read_text("utf-8") == written


def test_a_response_is_taken_apart_once_on_its_way(make_writer: Callable[..., Writer]) -> None:
    message.parse.cache_clear()
    exchange = make_exchange(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>once</p>")
    writer = make_writer()
    writer.write(exchange, "<urn:uuid:1>")
    writer.close()
    examine(Capture(url=exchange.url, response=exchange.response, record_id="<urn:uuid:1>"), load_rules())
    assert message.parse.cache_info().misses == 1
