"""One capture: the exact exchange, the records that hold it, and how to fetch them by other tools."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from healthcrawl.core import message
from healthcrawl.ui import captured
from healthcrawl.ui.query import Query
from healthcrawl.ui.rulebook import refusal_address
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.views.article import Told, findings_of, told
from healthcrawl.warc.scan import Record

_LONGEST = 8_192  # characters of a head or body that are shown
_TEXTS = ("text/", "application/json", "application/xml", "application/xhtml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A record: its WARC headers, and its block as text where that can be read."""

    type: str
    offset: int
    length: int
    headers: Mapping[str, str]
    text: str
    is_cut: bool
    digest_holds: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapturePage:
    """One capture. `commands` fetch its record on a command line: from the file, and as bytes of it."""

    site: str
    site_title: str
    url: str
    captured_at: str
    status: int
    media_type: str
    outcome: str
    reason: str
    detail: str
    rule: str
    number: int | None
    address: str
    file: str
    offset: int
    length: int
    payload_sha256: str
    payload_bytes: int
    records: tuple[Shown, ...]
    commands: tuple[str, ...]
    findings: tuple[Told, ...]


def view(shelf: Shelf, query: Query) -> CapturePage:
    """One capture.

    Raises:
        NotArchivedError: there is none.
        ArchiveError: its record can't be read.
    """
    place = captured.find(shelf, query)
    row = place.row
    exchange = captured.exchange_of(shelf, place)
    with shelf.catalog.reading() as tx:
        found = findings_of(tx, row["record_id"])
    length = row["warc_length"]
    return CapturePage(
        site=row["site"],
        site_title=shelf.title(row["site"]),
        url=row["url"],
        captured_at=row["captured_at"],
        status=row["status"],
        media_type=row["media_type"],
        outcome=row["outcome"],
        reason=row["reason"],
        detail=row["detail"],
        rule=refusal_address(row["reason"], row["detail"]),
        number=row["number"],
        address=place.address,
        file=str(place.path),
        offset=place.offset,
        length=length,
        payload_sha256=row["payload_sha256"],
        payload_bytes=len(message.parse(exchange.response.block).payload),
        records=tuple(_shown(one) for one in (exchange.request, exchange.metadata, exchange.response) if one),
        commands=_commands(place, length),
        findings=told(found),
    )


def _commands(place: captured.Place, length: int) -> tuple[str, ...]:
    """Lines for a shell. A record that shares its gzip member with others (length 0) can't be had by itself."""
    path, uri = shlex.quote(str(place.path)), shlex.quote(place.path.absolute().as_uri())
    if not length:
        return ()
    return (
        f"warcio extract {path} {place.offset}",
        f"warcio extract --payload {path} {place.offset}",
        f"curl -s -r {place.offset}-{place.offset + length - 1} {uri} | gunzip",
    )


def _shown(record: Record) -> Shown:
    """A record as text; of a response its head alone, unless its body can be read as it is."""
    head, body = message.split_head(record.block)
    answer = message.parse(record.block)
    if record.type in {"metadata", "request"}:
        text = record.block.decode("utf-8", "replace")
    else:
        readable = answer.media_type.startswith(_TEXTS) and not answer.header("Content-Encoding") and not answer.chunked
        text = head.decode("latin-1") + ("\r\n" + body.decode("utf-8", "replace") if readable else "")
    text = text.replace("\r\n", "\n")
    return Shown(
        type=record.type,
        offset=record.location.offset,
        length=record.location.length,
        headers=record.headers,
        text=text[:_LONGEST],
        is_cut=len(text) > _LONGEST,
        digest_holds=record.digest_holds,
    )
