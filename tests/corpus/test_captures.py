"""Captures are found by address and time, and by what they hold."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.captures import Likeness, closest, same_payload
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store
from healthcrawl.ingest import examine, is_ingested, keep, payload_sha256
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Location
from healthcrawl.rules import Site

RULES = load_rules(Site(name="a", title="A", kind="bureau", status="verified", domains=("a.test",), columns=()))
PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
GONE = PAGE.replace(b"200 OK", b"404 Not Found")
SAME = b"HTTP/1.1 304 Not Modified\r\n\r\n"
LIKE = Likeness(status=200, media_type="text/html")


def at(day: int) -> datetime:
    return datetime(2026, 3, day, tzinfo=UTC)


@pytest.fixture
def catalog(tmp_path: Path, catalog_url: str) -> Iterator[Catalog]:
    catalog = Catalog(catalog_url or tmp_path / "catalog.sqlite")
    store = Store(tmp_path / "corpus", Manifest(tmp_path / "manifest.jsonl"), catalog)
    first = Capture(url="http://a.test/1", response=PAGE, captured_at=at(1), record_id="<1>")
    captures = [
        first,
        replace(first, captured_at=at(5), record_id="<5>", response=CHUNKED),
        replace(first, captured_at=at(7), record_id="<7>", response=SAME, refers_to=first.url),
        replace(first, captured_at=at(8), record_id="<8>", refers_to=first.url),
        replace(first, captured_at=at(9), record_id="<9>", response=GONE, url="http://a.test/2"),
    ]
    for number, capture in enumerate(captures):
        place = Location(warc_file="a.warc.gz", offset=number, length=1)
        keep(examine(capture, RULES), place, RULES, store)
        assert is_ingested(store, capture.record_id, place)
        assert not is_ingested(store, capture.record_id, replace(place, offset=77))
    yield catalog
    catalog.close()


@pytest.mark.parametrize(
    ("moment", "record"),
    [(None, "<8>"), (1, "<1>"), (2, "<1>"), (3, "<5>"), (4, "<5>"), (6, "<5>"), (7, "<8>"), (30, "<8>")],
)
def test_the_closest_capture_that_holds_a_payload(catalog: Catalog, moment: int | None, record: str) -> None:
    found = closest(catalog, "a", "http://a.test/1", at(moment) if moment else None)
    assert found is not None
    assert found.record_id == record


def test_other_addresses_and_sites_are_others(catalog: Catalog) -> None:
    assert closest(catalog, "a", "http://a.test/3") is None
    assert closest(catalog, "b", "http://a.test/1") is None


def test_equal_payloads_are_known_with_and_without_chunks(catalog: Catalog) -> None:
    assert payload_sha256(PAGE) == payload_sha256(CHUNKED)
    found = same_payload(catalog, "a", payload_sha256(PAGE), LIKE)
    assert found is not None
    assert found.record_id == "<5>"  # neither the revisit nor the 404, which are younger
    assert same_payload(catalog, "a", payload_sha256(PAGE), replace(LIKE, url="http://a.test/2")) is None
    assert same_payload(catalog, "b", payload_sha256(PAGE), LIKE) is None
    assert same_payload(catalog, "a", payload_sha256(PAGE + b"!"), LIKE) is None


def test_finding_an_equal_payload_costs_the_same_however_often_it_came(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "many.sqlite")
    store = Store(tmp_path / "texts", Manifest(tmp_path / "many.jsonl"), catalog)
    first = examine(Capture(url="http://a.test/1", response=GONE, captured_at=at(1), record_id="<1>"), RULES)
    keep(first, Location(warc_file="a.warc.gz", offset=0, length=1), RULES, store)
    with catalog.writing() as tx:
        row = dict(tx.execute(sa.select(tables.captures)).mappings().one())
        again = {**row, "record_type": "revisit", "captured_at": tables.moment(at(2))}
        rows = [{**again, "record_id": f"<again {number}>", "warc_offset": number} for number in range(2000)]
        tx.execute(sa.insert(tables.captures), rows)
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    with catalog.reading() as tx:  # the pool gives the same connection again
        connection = tx.connection.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        connection.set_progress_handler(count, 10)
    found = same_payload(catalog, "a", payload_sha256(GONE), Likeness(status=404, media_type="text/html"))
    connection.set_progress_handler(None, 0)
    catalog.close()
    assert found is not None
    assert found.record_id == "<1>"
    assert 0 < steps < 50
