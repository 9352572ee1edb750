"""HTTP messages as they were received: bytes in; status, headers and payload out.

Servers break every rule of RFC 9112, and the archive keeps what they sent. So nothing here raises: a head that can't be
read gives status 0, a broken chunk ends the payload where it broke. Content codings (gzip and the like) are not undone
here, they belong to `healthcrawl.core.decode`.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

CRLF = b"\r\n"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS_LINE = re.compile(rb"HTTP/\d(?:\.\d)?\s+(\d{3})(?!\d)")
_CHUNK_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An HTTP response taken apart. `headers` are in order, as received, Latin-1 decoded; `payload` is without chunk framing.

    `whole` is False when fewer bytes came than the head promised, or the chunks broke off.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    payload: bytes
    chunked: bool
    whole: bool

    def header(self, name: str) -> str:
        """The value of the first header of that name (any case), or the empty string."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), "")

    @property
    def media_type(self) -> str:
        r"""The Content-Type without its parameters, in lower case.

        >>> parse(b"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; charset=gbk\r\n\r\n").media_type
        'text/html'
        """
        return self.header("Content-Type").partition(";")[0].strip().lower()


@lru_cache(
    maxsize=1
)  # on its way into the archive and the corpus, every response is looked at by several modules in turn
def parse(response: bytes) -> Message:
    r"""Take a response apart.

    >>> message = parse(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nTrailer: t\r\n\r\n")
    >>> message.status, message.payload, message.whole
    (200, b'abc', True)
    """
    head, body = split_head(response)
    status_line, *lines = head.split(b"\n")
    match = _STATUS_LINE.match(status_line)
    headers = tuple(_headers(lines))
    chunked = any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers)
    if chunked and body and not _CHUNK_SIZE.match(body):  # some crawlers keep the header, but not the chunks
        chunked = False
    if chunked:
        payload, whole = dechunk(body)
    else:
        payload, whole = _sized(body, headers)
    return Message(status=int(match[1]) if match else 0, headers=headers, payload=payload, chunked=chunked, whole=whole)


def join(head: bytes, payload: bytes) -> bytes:
    r"""A response of a head (as received, up to its empty line) and a payload that came without its chunk framing.

    >>> parse(join(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"hello")).payload
    b'hello'
    """
    if not _HEAD_END.search(head):
        head = head.rstrip(CRLF) + CRLF + CRLF
    if parse(head).chunked:
        return b"%b%x\r\n%b\r\n0\r\n\r\n" % (head, len(payload), payload)
    return head + payload


def split_head(response: bytes) -> tuple[bytes, bytes]:
    """Head (with its last line end, without the empty line) and body of a response."""
    match = _HEAD_END.search(response)
    if match is None:
        return response, b""
    return response[: match.start()] + CRLF, response[match.end() :]


def strip_interim(response: bytes) -> bytes:
    r"""Drop the interim (1xx) heads in front of a response: readers of archives take the first status for the answer's.

    >>> strip_interim(b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")
    b'HTTP/1.1 200 OK\r\n\r\n'
    """
    at = 0
    while (match := _STATUS_LINE.match(response, at)) and match[1].startswith(b"1") and match[1] != b"101":
        end = _HEAD_END.search(response, at)
        if end is None:
            break
        at = end.end()
    return response[at:]


def dechunk(body: bytes) -> tuple[bytes, bool]:
    r"""Undo chunk framing; say whether the last chunk was seen.

    >>> dechunk(b"5\r\nhello\r\n0\r\n\r\n"), dechunk(b"5\r\nhel")
    ((b'hello', True), (b'hel', False))
    """
    parts: list[bytes] = []
    at = 0
    while match := _CHUNK_SIZE.match(body, at):
        size, at = int(match[1], 16), match.end()
        if size == 0:
            return b"".join(parts), True
        parts.append(body[at : at + size])
        at += size
        if at > len(body):
            break
        at += len(CRLF) if body.startswith(CRLF, at) else body.startswith(b"\n", at)
    return b"".join(parts), False


def _headers(lines: list[bytes]) -> list[tuple[str, str]]:
    headers: list[tuple[str, str]] = []
    for line in lines:
        text = line.rstrip(b"\r").decode("latin-1")
        if text[:1] in {" ", "\t"} and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {text.strip()}")
        elif ":" in text:
            name, _, value = text.partition(":")
            headers.append((name.strip(), value.strip()))
    return headers


def _sized(body: bytes, headers: tuple[tuple[str, str], ...]) -> tuple[bytes, bool]:
    lengths = {value for name, value in headers if name.lower() == "content-length"}
    if len(lengths) != 1 or not (length := lengths.pop()).isdecimal() or not length.isascii():
        return body, True
    size = int(length[:18])
    return body[:size], len(body) >= size
