"""One exchange as WARC/1.1 records, and the crawl's context as text.

An exchange is written as request, metadata and response, in that order: who finds the response finds all of it, whatever was
cut off behind. Blocks are the bytes that crossed the wire, so the records are made by hand and warcio only serialises them:
its own parsing would re-make the headers. A failure to fetch has no response; its metadata record says why.

Payload digests are written only where every validator computes the same one, that is where the block's body is the payload:
for chunked bodies readers disagree, and the index carries the digest of the payload without chunks.
"""

import hashlib
import uuid
from base64 import b32encode
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, get_args

from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from healthcrawl.core import message
from healthcrawl.model import Context, Exchange, Role

VERSION = "WARC/1.1"
HTTP_REQUEST = "application/http; msgtype=request"
HTTP_RESPONSE = "application/http; msgtype=response"
WARC_FIELDS = "application/warc-fields"
NOT_MODIFIED_PROFILE = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"

# The context's fields under the names that crawlers use in metadata records, where there is one.
_FIELD_NAMES = {
    "role": "role",
    "via": "via",
    "hops": "hopsFromSeed",
    "column": "column",
    "entry_title": "entryTitle",
    "entry_date": "entryDate",
}
assert set(_FIELD_NAMES) == {field.name for field in fields(Context)}


class _ExactWriter(WARCWriter):  # type: ignore[misc]  # warcio has no types
    """warcio's writer without its own idea of digests."""

    def ensure_digest(self, record: object, block: bool = True, payload: bool = True) -> None:
        """Leave the digests as they were given."""


def digest(data: bytes) -> str:
    """The labelled digest of WARC and CDXJ: SHA-1 in base 32, as every tool of the field writes it.

    >>> digest(b"")
    'sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ'
    """
    return "sha1:" + b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def new_record_id() -> str:
    """A fresh WARC-Record-ID."""
    return f"<urn:uuid:{uuid.uuid4()}>"


def warc_date(moment: datetime) -> str:
    """A WARC-Date in whole seconds.

    >>> warc_date(datetime(2026, 3, 1, 8, 30, 5, tzinfo=UTC))
    '2026-03-01T08:30:05Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_warc_date(text: str) -> datetime:
    """The moment of a WARC-Date, cut to whole seconds.

    Raises:
        ValueError: it is not one.
    """
    return datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)


def dump_fields(values: Mapping[str, str]) -> bytes:
    r"""`application/warc-fields`: one `name: value` a line; empty values are left out, line ends in values folded.

    >>> dump_fields({"via": "http://a.test/", "column": ""})
    b'via: http://a.test/\r\n'
    """
    return b"".join(
        f"{name}: {' '.join(value.split())}\r\n".encode() for name, value in values.items() if value.strip()
    )


def load_fields(block: bytes) -> dict[str, str]:
    """Read `application/warc-fields`; lines without a colon are passed over."""
    pairs = (line.split(":", 1) for line in block.decode("utf-8", "replace").splitlines() if ":" in line)
    return {name.strip(): value.strip() for name, value in pairs}


def dump_context(context: Context) -> dict[str, str]:
    """The context as named fields."""
    return {name: str(getattr(context, field)) for field, name in _FIELD_NAMES.items()}


def load_context(values: Mapping[str, str]) -> Context:
    """The context of a metadata record; what is missing or strange takes its default."""
    named: dict[str, Any] = {field: values[name] for field, name in _FIELD_NAMES.items() if name in values}
    if named.get("role") not in set(get_args(Role)):
        named.pop("role", None)
    hops = named.pop("hops", "")
    return Context(**named, hops=int(hops) if hops.isascii() and hops.isdecimal() and len(hops) < 10 else 0)


def fold_context(context: Context) -> Context:
    """The context as a reader of the archive will see it, so that a live crawl and a replay see the same."""
    return load_context(load_fields(dump_fields(dump_context(context))))


def warcinfo(filename: str, moment: datetime, values: Mapping[str, str]) -> bytes:
    """The gzip member that opens a WARC file."""
    head = {
        "WARC-Type": "warcinfo",
        "WARC-Record-ID": new_record_id(),
        "WARC-Date": warc_date(moment),
        "WARC-Filename": filename,
    }
    return _member(head, WARC_FIELDS, dump_fields(values))


def exchange_members(
    exchange: Exchange, record_id: str, refers_to: tuple[str, datetime] | None = None
) -> tuple[bytes, bytes]:
    """The gzip members of an exchange: those before the response, and the response (or revisit) itself.

    `refers_to` (address, date of the capture that still holds) makes a 304 a revisit. For a failure the second is empty.
    """
    shared = {"WARC-Target-URI": exchange.url, "WARC-Date": warc_date(exchange.started_at)}
    if exchange.ip_address:
        shared["WARC-IP-Address"] = exchange.ip_address
    request_id = new_record_id()
    main_id = record_id if exchange.response else request_id
    before = b""
    if exchange.request:
        head = {"WARC-Type": "request", "WARC-Record-ID": request_id, **shared}
        if exchange.response:
            head["WARC-Concurrent-To"] = main_id
        before += _member(head, HTTP_REQUEST, exchange.request)
    head = {"WARC-Type": "metadata", "WARC-Record-ID": new_record_id(), **shared}
    if exchange.request or exchange.response:
        head["WARC-Concurrent-To"] = main_id
    notes = {
        **dump_context(exchange.context),
        "fetchTimeMs": str(round(exchange.seconds * 1000)),
        "error": exchange.error,
    }
    before += _member(head, WARC_FIELDS, dump_fields(notes))
    if not exchange.response:
        return before, b""
    return before, _response_member(exchange, {"WARC-Record-ID": record_id, **shared}, refers_to)


def _response_member(exchange: Exchange, shared: dict[str, str], refers_to: tuple[str, datetime] | None) -> bytes:
    head = {"WARC-Type": "revisit" if refers_to else "response", **shared}
    if exchange.cipher:
        head["WARC-Cipher-Suite"] = exchange.cipher
    if exchange.truncated:
        head["WARC-Truncated"] = exchange.truncated
    if refers_to:
        head["WARC-Profile"] = NOT_MODIFIED_PROFILE
        head["WARC-Refers-To-Target-URI"] = refers_to[0]
        head["WARC-Refers-To-Date"] = warc_date(refers_to[1])
    else:
        _, body = message.split_head(exchange.response)
        parsed = message.parse(exchange.response)
        if parsed.status and parsed.payload == body:
            head["WARC-Payload-Digest"] = digest(body)
    spoken = [("WARC-Protocol", protocol) for protocol in exchange.protocols]
    return _member(head, HTTP_RESPONSE, exchange.response, spoken)


def _member(
    head: Mapping[str, str], content_type: str, block: bytes, repeated: Iterable[tuple[str, str]] = ()
) -> bytes:
    named = [*head.items(), *repeated, ("WARC-Block-Digest", digest(block))]
    headers = StatusAndHeaders("", named, protocol=VERSION)
    # To warcio all are "response": a revisit without parsed HTTP headers would lose its block.
    record = ArcWarcRecord("warc", "response", headers, BytesIO(block), None, content_type, len(block))
    out = BytesIO()
    _ExactWriter(out, gzip=True, warc_version=VERSION).write_record(record)
    return out.getvalue()
