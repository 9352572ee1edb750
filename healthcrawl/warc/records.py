"""One exchange as WARC/1.1 records, and the crawl's context as text.

An exchange is written as request, metadata and response, in that order: who finds the response finds all of it, whatever was
cut off behind. Blocks are the bytes that crossed the wire, so the records are put together by hand: a library that parses the
headers re-makes them. A failure to fetch has no response; its metadata record says why.

An answer whose payload the archive has already becomes a revisit: its own head, and where the payload lies. The standard names
that place by address and date; file and offset stand beside them, as Heritrix writes them, and need no index.

Payload digests are written only where every validator computes the same one, that is where the block's body is the payload:
for chunked bodies readers disagree, and the index carries the digest of the payload without chunks. Revisits for an equal
payload carry it, as the standard asks.
"""

import hashlib
import uuid
import zlib
from base64 import b32encode
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, TypeAlias, get_args

from zlib_ng import zlib_ng

from healthcrawl.core import message
from healthcrawl.model import Context, Exchange, Revisit, Role

VERSION = "WARC/1.1"
HTTP_REQUEST = "application/http; msgtype=request"
HTTP_RESPONSE = "application/http; msgtype=response"
WARC_FIELDS = "application/warc-fields"
_PROFILES = "http://netpreserve.org/warc/1.1/revisit/"
IDENTICAL_PAYLOAD = "identical-payload-digest"

_Head: TypeAlias = Sequence[tuple[str, str]]

# Compression costs more than all else in a capture. On saved pages of health bureaus (134 kB each), CPU and size as shares of
# zlib's at its default level 6: zlib 4: .62, 1.039 · isal 3: .18, 1.106 · zlib-ng 5: .43, 1.015; 7: .62, 1.003; 8: .84, 1.000.
# A smaller symbol buffer ends blocks sooner, which fits pages that change from markup to text: zlib-ng 7 with 6: .65, .990.
_LEVEL, _MEMORY_LEVEL = 7, 6
_NO_LINE_ENDS = {ord("\r"): " ", ord("\n"): " "}

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
    head = [
        ("WARC-Type", "warcinfo"),
        ("WARC-Record-ID", new_record_id()),
        ("WARC-Date", warc_date(moment)),
        ("WARC-Filename", filename),
    ]
    return _member(head, WARC_FIELDS, dump_fields(values))


def exchange_members(exchange: Exchange, record_id: str, revisit: Revisit | None = None) -> tuple[bytes, bytes]:
    """The gzip members of an exchange: those before the response, and the response (or revisit) itself.

    For a failure the second is empty.
    """
    shared = [("WARC-Target-URI", exchange.url), ("WARC-Date", warc_date(exchange.started_at))]
    if exchange.ip_address:
        shared.append(("WARC-IP-Address", exchange.ip_address))
    request_id = new_record_id()
    main_id = record_id if exchange.response else request_id
    before = b""
    if exchange.request:
        head = [("WARC-Type", "request"), ("WARC-Record-ID", request_id), *shared]
        if exchange.response:
            head.append(("WARC-Concurrent-To", main_id))
        before += _member(head, HTTP_REQUEST, exchange.request)
    head = [("WARC-Type", "metadata"), ("WARC-Record-ID", new_record_id()), *shared]
    if exchange.request or exchange.response:
        head.append(("WARC-Concurrent-To", main_id))
    notes = {
        **dump_context(exchange.context),
        "fetchTimeMs": str(round(exchange.seconds * 1000)),
        "certificate": exchange.certificate,
        "error": exchange.error,
    }
    before += _member(head, WARC_FIELDS, dump_fields(notes))
    if not exchange.response:
        return before, b""
    return before, _response_member(exchange, [("WARC-Record-ID", record_id), *shared], revisit)


def _response_member(exchange: Exchange, shared: _Head, revisit: Revisit | None) -> bytes:
    head = [("WARC-Type", "revisit" if revisit else "response"), *shared]
    head += [("WARC-Protocol", protocol) for protocol in exchange.protocols]
    if exchange.cipher:
        head.append(("WARC-Cipher-Suite", exchange.cipher))
    if exchange.truncated:
        head.append(("WARC-Truncated", exchange.truncated))
    block, (_, body), parsed = (
        exchange.response,
        message.split_head(exchange.response),
        message.parse(exchange.response),
    )
    if revisit:
        head += _references(revisit)
    if revisit and revisit.profile == IDENTICAL_PAYLOAD:
        block = block[: len(block) - len(body)]
        head.append(("WARC-Payload-Digest", digest(parsed.payload)))
    elif not revisit and parsed.status and parsed.payload == body:
        head.append(("WARC-Payload-Digest", digest(body)))
    return _member(head, HTTP_RESPONSE, block)


def _references(revisit: Revisit) -> _Head:
    """What a revisit says of the capture that holds its payload."""
    head = [
        ("WARC-Profile", _PROFILES + revisit.profile),
        ("WARC-Refers-To-Target-URI", revisit.url),
        ("WARC-Refers-To-Date", warc_date(revisit.captured_at)),
    ]
    if revisit.record_id:
        head.append(("WARC-Refers-To", revisit.record_id))
    if revisit.location:
        head.append(("WARC-Refers-To-Filename", revisit.location.warc_file))
        head.append(("WARC-Refers-To-File-Offset", str(revisit.location.offset)))
    return head


def _member(head: _Head, content_type: str, block: bytes) -> bytes:
    """A record as one gzip member. Line ends in a value would make a header of its rest: they become blanks."""
    ends = [("WARC-Block-Digest", digest(block)), ("Content-Type", content_type), ("Content-Length", str(len(block)))]
    lines = [f"{name}: {value.translate(_NO_LINE_ENDS)}" for name, value in (*head, *ends)]
    compressor = zlib_ng.compressobj(_LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16, _MEMORY_LEVEL)
    named = "\r\n".join([VERSION, *lines, "", ""]).encode()
    return b"".join(
        (compressor.compress(named), compressor.compress(block), compressor.compress(b"\r\n\r\n"), compressor.flush())
    )
