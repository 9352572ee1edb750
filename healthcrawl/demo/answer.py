"""What the demo bureau answers to a request: bytes in, bytes out, the same bytes every time.

Nothing is sent that a clock or chance would change: no `Date`, fixed `Last-Modified`, entity tags made of the content.
"""

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus
from typing import Literal, TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit

from healthcrawl.demo.wire import Behaviour

CRLF = b"\r\n"
CHUNK_SIZES = (700, 1500)

Sending: TypeAlias = Literal["gzip", "chunked", "close"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What lies at an address.

    `modified` is its Last-Modified, `tagged` asks for an ETag; without both it can't be asked for conditionally. `sending`:
    "gzip" if the client accepts it, "chunked" with an extension and a trailer, "close" without a length, ended by closing.
    `gate` is a cookie: who does not send it gets it, and is sent to the same address again. `referer` is the path that one has to
    come from; who does not is refused. With a `behaviour`, that has the connection instead, and all else is passed over.
    """

    body: bytes = b""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    location: str = ""
    retry_after: str = ""
    modified: datetime | None = None
    tagged: bool = False
    sending: frozenset[Sending] = frozenset()
    gate: str = ""
    referer: str = ""
    behaviour: Behaviour | None = None

    @property
    def etag(self) -> str:
        """The entity tag, made of the content; empty if there is none."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"' if self.tagged else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request head taken apart; header names are in lower case."""

    method: str
    target: str
    version: str
    headers: Mapping[str, str]

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants to go on with this connection."""
        return self.version == "HTTP/1.1" and self.headers.get("connection", "").lower() != "close"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response as it goes over the wire, its status, and whether the connection ends with it.

    With a `behaviour` there is none: status 0, no bytes.
    """

    status: int
    response: bytes
    closes: bool
    behaviour: Behaviour | None = None


def parse_request(head: bytes) -> Request | None:
    r"""Take a request head apart; None if it is none.

    >>> parse_request(b"GET /a HTTP/1.1\r\nHost: b\r\n\r\n").headers
    {'host': 'b'}
    """
    request_line, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    match request_line.split(" "):
        case [method, target, "HTTP/1.0" | "HTTP/1.1" as version]:
            pairs = (line.partition(":") for line in lines)
            headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
            return Request(method=method, target=target, version=version, headers=headers)
    return None


def lookup_key(target: str) -> str:
    """The key of a request target among the resources: path, and query in alphabetical order.

    >>> lookup_key("/list?page=2&id=1"), lookup_key("http://demo.test/a#b")
    ('/list?id=1&page=2', '/a')
    """
    parts = urlsplit(target)
    query = urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))
    return f"{parts.path}?{query}" if query else parts.path


def answer(request: Request | None, resources: Mapping[str, Resource], not_found: Resource) -> Answer:
    """Answer a request from the resources; a static address ignores a query that it does not know.

    Resources whose keys begin with `//` and a host lie on that host only.
    """
    if request is None:
        return _send(Resource(status=400, content_type="text/plain", sending=frozenset({"close"})))
    if request.method not in {"GET", "HEAD"}:
        return _send(Resource(status=405, content_type="text/plain", sending=frozenset({"close"})))
    key = lookup_key(request.target)
    host = f"//{request.headers.get('host', '').partition(':')[0]}"
    places = (key, key.partition("?")[0], host + key, host + key.partition("?")[0])
    resource = next((found for place in places if (found := resources.get(place))), not_found)
    if resource.behaviour:
        return Answer(status=0, response=b"", closes=True, behaviour=resource.behaviour)
    if resource.gate and resource.gate not in request.headers.get("cookie", "").split("; "):
        return _send(Resource(status=302, location=request.target, gate=resource.gate), request)
    if resource.referer and not request.headers.get("referer", "").endswith(resource.referer):
        return _send(Resource(status=403, content_type="text/plain"), request)
    return _send(resource, request)


def _send(resource: Resource, request: Request | None = None) -> Answer:
    wanted = request.headers if request else {}
    status = 304 if _is_unchanged(resource, wanted) else resource.status
    headers = _headers(resource)
    closes = not (request and request.keeps_alive)
    body = b""
    if status != 304:
        headers["Content-Type"] = resource.content_type
        body = resource.body
        if "gzip" in resource.sending:
            headers["Vary"] = "Accept-Encoding"
            if "gzip" in wanted.get("accept-encoding", ""):
                headers["Content-Encoding"] = "gzip"
                body = gzip.compress(body, mtime=0)
        if "chunked" in resource.sending:
            headers |= {"Transfer-Encoding": "chunked", "Trailer": "X-Body-SHA256"}
            body = b"".join(_chunks(body))
        elif "close" in resource.sending:
            closes = True
        else:
            headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close" if closes else "keep-alive"
    if request and request.method == "HEAD":
        body = b""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    head = "\r\n".join(lines).encode("latin-1") + 2 * CRLF
    return Answer(status=status, response=head + body, closes=closes)


def _headers(resource: Resource) -> dict[str, str]:
    given = {
        "Server": "healthcrawl-demo",
        "Last-Modified": format_datetime(resource.modified.astimezone(UTC), usegmt=True) if resource.modified else "",
        "ETag": resource.etag,
        "Location": resource.location,
        "Retry-After": resource.retry_after,
        "Set-Cookie": f"{resource.gate}; Path=/" if resource.gate and resource.location else "",
    }
    return {name: value for name, value in given.items() if value}


def _is_unchanged(resource: Resource, wanted: Mapping[str, str]) -> bool:
    """Whether the client's copy still holds; If-None-Match goes before If-Modified-Since (RFC 9110, 13.2.2)."""
    if resource.status != 200:
        return False
    if tags := wanted.get("if-none-match"):
        return resource.etag in {tag.strip().removeprefix("W/") for tag in tags.split(",")} if resource.etag else False
    if resource.modified and (since := wanted.get("if-modified-since")):
        try:
            return resource.modified <= parsedate_to_datetime(since)
        except (TypeError, ValueError):  # not a date, or one without a zone: as if it were not there
            return False
    return False


def _chunks(body: bytes) -> Iterator[bytes]:
    """Chunk framing as few servers write it, and all may: uneven sizes, an extension, a trailer."""
    at, sizes = 0, list(CHUNK_SIZES)
    while piece := body[at : at + (sizes.pop(0) if sizes else 4096)]:
        extension = b"" if at else b";part=first"
        yield b"%X" % len(piece) + extension + CRLF + piece + CRLF
        at += len(piece)
    yield b"0" + CRLF + b"X-Body-SHA256: " + hashlib.sha256(body).hexdigest().encode() + 2 * CRLF
