"""Archive files as others write them, well and badly, made in memory."""

import gzip
from collections.abc import Iterable

PAGE = b"<html><head><title>t</title></head><body><p>text</p></body></html>"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE
DATE = "2026-03-01T04:00:00Z"


def warc_record(
    block: bytes = OK,
    *,
    url: bytes | None = b"http://a.test/",
    kind: bytes = b"response",
    version: bytes = b"WARC/1.0",
    length: bytes | None = b"",
    date: bytes | None = DATE.encode(),
    record_id: bytes | None = b"<urn:uuid:1>",
    more: Iterable[bytes] = (),
    trailer: bytes = b"\r\n\r\n",
) -> bytes:
    """A record, with whatever is to be wrong about it; None leaves a field out."""
    fields = [version, b"WARC-Type: " + kind]
    fields += [b"WARC-Record-ID: " + record_id] if record_id is not None else []
    fields += [b"WARC-Date: " + date] if date is not None else []
    fields += [b"WARC-Target-URI: " + url] if url is not None else []
    fields += [b"Content-Type: application/http; msgtype=response", *more]
    fields += [b"Content-Length: " + (length or b"%d" % len(block))] if length is not None else []
    return b"\r\n".join([*fields, b"", b""]) + block + trailer


def arc_record(block: bytes = OK, url: bytes = b"http://a.test/", mime: bytes = b"text/html") -> bytes:
    """An ARC record."""
    return b"%b 192.0.2.1 20260301040000 %b %d\n%b\n" % (url, mime, len(block), block)


def arc_head() -> bytes:
    """What an ARC file begins with."""
    block = b"1 0 Somebody\nURL IP-address Archive-date Content-type Archive-length\n"
    return b"filedesc://x.arc 0.0.0.0 20260301040000 text/plain %d\n%b\n" % (len(block), block)


def members(records: Iterable[bytes]) -> bytes:
    """One gzip member a record."""
    return b"".join(gzip.compress(record, mtime=0) for record in records)
