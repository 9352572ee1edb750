"""From the bytes of a response to a text, by one visible chain that records which step won.

Declarations can't be trusted: most pages that declare gb2312 or gbk are UTF-8, servers send a charset of their own, and one
bad byte must not turn a page into another script. So bytes come first (BOM, then UTF-8, which other encodings hardly ever
imitate), declarations second, a guess last; among what is left the reading with the fewest impossible characters wins.

A reply can expand a thousandfold, so content codings are undone piece by piece and stop at the limit.
"""

import math
import re
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import brotli  # type: ignore[import-untyped]

from healthcrawl.core import message
from healthcrawl.core.tree import too_much
from healthcrawl.model import Capture, Finding, Page, Reason

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Labels of https://encoding.spec.whatwg.org/ that Chinese servers use, with Python's name of the encoding meant.
_ENCODINGS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 utf_8 utf8mb4",
    "gb18030": "gb18030 gbk x-gbk cp936 ms936 gb2312 gb_2312 gb_2312-80 gb2312-80 chinese csgb2312 iso-ir-58 hz-gb-2312",
    "big5hkscs": "big5 big5-hkscs cn-big5 csbig5 x-x-big5",
    "cp1252": "iso-8859-1 iso8859-1 latin1 l1 ascii us-ascii windows-1252 cp1252",
    "utf-16-le": "utf-16 utf-16le unicode ucs-2 iso-10646-ucs-2",
    "utf-16-be": "utf-16be unicodefffe",
    "cp932": "shift_jis shift-jis sjis x-sjis windows-31j",
    "euc_jp": "euc-jp x-euc-jp",
    "cp949": "euc-kr ks_c_5601-1987 windows-949",
}
_LABELS = {label: name for name, labels in _ENCODINGS.items() for label in labels.split()}
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))

_META_CHARSET = re.compile(rb"<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_HTTP_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_META_REACH = 8192  # browsers look at 1024 bytes; here comments and scripts often come first

# What a right reading of a Chinese page hardly holds: replacement and private-use characters, C1 controls, and the accented
# Latin letters that every multi-byte text turns into under a single-byte encoding.
_IMPLAUSIBLE = re.compile("[\N{REPLACEMENT CHARACTER}\ue000-\uf8ff\x80-\x9f\xc0-\xff]")

# What no text holds, and binary data is full of.
_NO_TEXT = re.compile("[\N{REPLACEMENT CHARACTER}\x00-\x04\x0e-\x1f\x7f-\x84\x86-\x9f]")

# What every Chinese text is full of, in simplified and traditional characters alike: read in the wrong one of two double-byte
# encodings, a text hardly holds any of it.
_FREQUENT = re.compile("[，。、的一是不在人有中大上和年月日生市]")

# First bytes of files that servers label text/html.
_MAGIC = {
    b"%PDF-": "application/pdf",
    b"PK\x03\x04": "application/zip",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "application/x-ole-storage",
    b"Rar!\x1a\x07": "application/vnd.rar",
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}
_TEXT_TYPES = {"text/html", "application/xhtml+xml", "text/xml", "application/xml", "text/plain", "application/json",
               "text/json", "text/javascript", "application/javascript"}  # fmt: skip
_MARKUP_TYPES = {"text/html", "application/xhtml+xml", "text/xml", "application/xml"}
_UNTYPED = {"", "application/octet-stream", "application/unknown", "unknown/unknown", "*/*", "text/plain"}
_MARKUP = re.compile(
    rb"(?:\s*\xef\xbb\xbf)?\s*<(?:!doctype|html|head|body|div|p|script|meta|title|table|\?xml|!--)", re.IGNORECASE
)

_GZIP = b"\x1f\x8b"
_MAX_MEMBERS = 64  # real files have a few; each costs a copy of what follows
# RFC 9659: a sender must not ask for a window of more than 8 MB; what does is out for the reader's memory.
_ZSTD_OPTIONS: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
_DOUBLE_BYTE = {"gb18030", "big5hkscs"}
_MOST_ALIGNED = 32  # bad bytes behind which it is looked for
_WAYS = 3
_STRETCH = 48  # bytes behind a bad one that are tried
_PIECE = 65_536
_CRUMB = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """Why a capture has no text: a reason of `healthcrawl.model` and more for a person."""

    reason: Reason
    detail: str


class _TooLargeError(Exception):
    """The payload expands beyond the limit."""


class _BadCodingError(Exception):
    """The payload can't be expanded at all."""


def decode(capture: Capture, limit: int) -> Page | Unreadable:
    r"""Undo content codings and decode the payload of a capture. `limit` is the largest text wanted, in characters.

    The status of the response is not looked at. Any bytes give a value.

    >>> reply = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=gbk\r\n\r\n<p>\xce\xc0\xc9\xfa</p>"
    >>> page = decode(Capture(url="http://a.test/", response=reply), 1000)
    >>> page.text, page.charset, page.charset_source
    ('<p>卫生</p>', 'gb18030', 'http')
    """
    received = message.parse(capture.response)
    try:
        # No encoding in use needs more than four bytes a character.
        payload, findings = _expand(received, 4 * limit)
    except _TooLargeError:
        return Unreadable(reason="too-large", detail=f"more than {4 * limit} bytes")
    except _BadCodingError as error:
        return Unreadable(reason="undecodable", detail=str(error))
    media_type = _sniff(received.media_type, payload)
    if media_type not in _TEXT_TYPES:
        return Unreadable(reason="not-html", detail=media_type)
    text, charset, source, charset_findings = _to_text(payload, received.header("Content-Type"))
    if len(text) > limit:
        return Unreadable(reason="too-large", detail=f"{len(text)} characters")
    if media_type in _MARKUP_TYPES and (much := too_much(text)):
        return Unreadable(reason="too-large", detail=much)
    return Page(
        url=capture.url,
        captured_at=capture.captured_at,
        context=capture.context,
        text=text,
        media_type=media_type,
        charset=charset,
        charset_source=source,
        findings=(*findings, *charset_findings),
    )


def decode_feed(capture: Capture, limit: int) -> str | Unreadable:
    """The text of a sitemap or feed, of at most so many bytes; it may be packed as a file, whatever its media type says."""
    received = message.parse(capture.response)
    try:
        payload, _ = _expand(received, limit)
        if payload.startswith(_GZIP):
            payload, _ = _undo("gzip", payload, limit)
    except _TooLargeError:
        return Unreadable(reason="too-large", detail=f"more than {limit} bytes")
    except _BadCodingError as error:
        return Unreadable(reason="undecodable", detail=str(error))
    decoded = decode_text(payload, limit)
    return decoded if isinstance(decoded, Unreadable) else decoded[0]


def decode_text(data: bytes, limit: int) -> tuple[str, tuple[Finding, ...]] | Unreadable:
    r"""Decode a text file by the same chain: its BOM, UTF-8, else the Chinese encoding that it reads best in.

    >>> decode_text("卫生与健康".encode("gbk"), 1000)
    ('卫生与健康', (Finding(kind='charset', text='卫生与健康', detail='guessed to be gb18030'),))
    >>> decode_text(b"\x89PNG\r\n...", 1000)
    Unreadable(reason='undecodable', detail='image/png')
    """
    if len(data) > 4 * limit:
        return Unreadable(reason="too-large", detail=f"more than {4 * limit} bytes")
    if (media_type := _sniff("text/plain", data)) not in _TEXT_TYPES:
        return Unreadable(reason="undecodable", detail=media_type)
    text, _, _, findings = _to_text(data, "")
    if len(text) > limit:
        return Unreadable(reason="too-large", detail=f"{len(text)} characters")
    if 10 * len(_NO_TEXT.findall(text)) > len(text):
        return Unreadable(reason="undecodable", detail="not a text: too many characters that no text has")
    return text, tuple(findings)


def expand(received: message.Message, limit: int) -> bytes | None:
    """A response's payload without its content codings; None where they can't be undone, or it has more than `limit` bytes."""
    try:
        return _expand(received, limit)[0]
    except (_TooLargeError, _BadCodingError):
        return None


def _sniff(media_type: str, payload: bytes) -> str:
    for magic, actual in _MAGIC.items():
        if payload.startswith(magic):
            return actual
    if media_type in _UNTYPED and _MARKUP.match(payload):
        return "text/html"
    return media_type or "application/octet-stream"


def _expand(received: message.Message, limit: int) -> tuple[bytes, list[Finding]]:
    """The payload without its content codings, and what was odd about them.

    Raises:
        _TooLargeError: it has more than `limit` bytes.
        _BadCodingError: a coding is unknown, or nothing could be got out.
    """
    values = (value for name, value in received.headers if name.lower() == "content-encoding")
    codings = [coding.strip().lower() for coding in ",".join(values).split(",")]
    payload, findings = received.payload, list[Finding]()
    codings = [coding for coding in codings if coding not in {"", "identity", "none", "utf-8"}]
    if not codings and payload.startswith(_GZIP) and received.media_type in _TEXT_TYPES:
        codings = ["gzip"]  # done, but not announced
    for coding in reversed(codings):
        payload, whole = _undo(coding, payload, limit)
        if not whole:
            findings.append(Finding(kind="truncated", text="", detail=f"{coding} stream ends early or is damaged"))
    if len(payload) > limit:
        raise _TooLargeError
    return payload, findings


def _undo(coding: str, payload: bytes, limit: int) -> tuple[bytes, bool]:
    """Undo one coding as far as it goes, to little more than `limit` bytes; say whether the stream came to its end."""
    if coding in {"gzip", "x-gzip"}:
        announced_only = not payload.startswith(_GZIP)
        expanded, whole = (payload, True) if announced_only else _inflate(payload, 31, limit)
    elif coding == "deflate":
        # RFC 9110 means zlib format, servers also send bare deflate.
        zlib_head = len(payload) > 1 and payload[0] & 15 == 8 and (payload[0] << 8 | payload[1]) % 31 == 0
        expanded, whole = _inflate(payload, 15 if zlib_head else -15, limit)
    elif coding == "br":
        expanded, whole = _unbrotli(payload, limit)
    elif coding == "zstd":
        expanded, whole = _unzstd(payload, limit)
    else:
        raise _BadCodingError(f"unknown content coding {coding!r}")
    if len(expanded) > limit:
        raise _TooLargeError
    if payload and not expanded and not whole:
        raise _BadCodingError(f"not {coding}")
    return expanded, whole


def _inflate(payload: bytes, wbits: int, limit: int) -> tuple[bytes, bool]:
    expanded, rest, whole = bytearray(), payload, False
    for _ in range(_MAX_MEMBERS):
        inflater = zlib.decompressobj(wbits)
        try:
            expanded += inflater.decompress(rest, limit + 1 - len(expanded))
        except zlib.error:
            expanded += _salvage(rest, wbits, limit + 1 - len(expanded))
        rest, whole = inflater.unused_data, inflater.eof
        if not rest.startswith(_GZIP) or len(expanded) > limit:  # what else follows a stream is padding
            break
    return bytes(expanded), whole


def _salvage(damaged: bytes, wbits: int, limit: int) -> bytes:
    """What a stream holds before its first damaged spot."""
    inflater, expanded = zlib.decompressobj(wbits), bytearray()
    for start in range(0, len(damaged), _CRUMB):
        try:
            expanded += inflater.decompress(damaged[start : start + _CRUMB])
        except zlib.error:
            break
        if len(expanded) >= limit:
            break
    return bytes(expanded)


def _unbrotli(payload: bytes, limit: int) -> tuple[bytes, bool]:
    stream, waiting, expanded = brotli.Decompressor(), payload, bytearray()
    while not stream.is_finished() and len(expanded) <= limit:
        try:
            piece = stream.process(waiting, output_buffer_limit=_PIECE)
        except brotli.error:
            return bytes(expanded), False
        if not piece and stream.can_accept_more_data():
            break
        expanded += piece
        waiting = b""
    return bytes(expanded), stream.is_finished()


def _unzstd(payload: bytes, limit: int) -> tuple[bytes, bool]:
    expanded, rest, whole = bytearray(), payload, False
    for _ in range(_MAX_MEMBERS):
        stream, waiting = zstd.ZstdDecompressor(options=_ZSTD_OPTIONS), rest
        try:
            while not stream.eof and len(expanded) <= limit:
                piece = stream.decompress(waiting, _PIECE)
                if not piece and stream.needs_input:
                    break
                expanded += piece
                waiting = b""
        except zstd.ZstdError:
            return bytes(expanded), False
        rest, whole = stream.unused_data, stream.eof
        if not rest or not whole or len(expanded) > limit:
            break
    return bytes(expanded), whole


def _to_text(payload: bytes, content_type: str) -> tuple[str, str, str, list[Finding]]:
    """Text, encoding, the step that found it, and findings about losses and false declarations."""
    http = _HTTP_CHARSET.search(content_type)
    meta = _META_CHARSET.search(payload[:_META_REACH])
    said = {"http": http[1] if http else "", "declared": meta[1].decode("latin-1") if meta else ""}
    text, charset, source = _choose(payload, {step: _LABELS.get(label.lower(), "") for step, label in said.items()})
    findings = []
    if not payload.isascii():
        findings += [
            Finding(kind="charset", text=label, detail=f"{step}: says {label}, is {charset}")
            for step, label in said.items()
            if label and source != "bom" and _LABELS.get(label.lower()) != charset
        ]
    if source == "guessed":
        first = next((at for at, character in enumerate(text) if not character.isascii()), 0)
        findings.append(Finding(kind="charset", text=text[first : first + 20], detail=f"guessed to be {charset}"))
    if losses := _losses(text):
        at = text.index("\N{REPLACEMENT CHARACTER}")
        detail = f"{losses} characters could not be read as {charset}"
        findings.append(Finding(kind="charset", text=text[max(at - 10, 0) : at + 10], detail=detail))
    return text, charset, source, findings


def _choose(payload: bytes, said: dict[str, str]) -> tuple[str, str, str]:
    for bom, charset in _BOMS:
        if payload.startswith(bom):
            text = payload[len(bom) :].decode(charset, "replace")
            if _plausible(text):
                return text, charset, "bom"
    if wide := _unmarked_utf16(payload):
        return payload.decode(wide, "replace"), wide, "guessed"
    text = payload.decode("utf-8", "replace").removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")
    if _plausible(text):
        return text, "utf-8", "utf-8"
    best, fewest = (text, "utf-8", "guessed"), math.inf
    for reading in _readings(payload, said, text):  # of equals the first: what was said before what is guessed
        flaws = len(_IMPLAUSIBLE.findall(reading[0]))
        if flaws < fewest:
            best, fewest = reading, flaws
        if not flaws:
            break
    return best


def _readings(payload: bytes, said: dict[str, str], text: str) -> Iterator[tuple[str, str, str]]:
    """The ways to read a payload: as was said, in the Chinese encoding that it reads best in, as damaged UTF-8 (`text`)."""
    for step, charset in said.items():
        if charset:
            yield _read(payload, charset), charset, step
    guesses = [(_read(payload, charset), charset, "guessed") for charset in ("gb18030", "big5hkscs")]
    yield max(guesses, key=lambda reading: len(_FREQUENT.findall(reading[0])))
    yield text, "utf-8", "guessed"


def _read(payload: bytes, charset: str) -> str:
    """Decode, with bad bytes replaced; in double-byte encodings with an eye on where the next character begins."""
    parts, at, rest = list[str](), 0, memoryview(payload)
    for _ in range(_MOST_ALIGNED if charset in _DOUBLE_BYTE else 0):
        try:
            return "".join([*parts, str(rest[at:], charset)])
        except UnicodeDecodeError as error:
            parts += [str(rest[at : at + error.start], charset), "\N{REPLACEMENT CHARACTER}"]
            at = _align(payload, at + error.start, charset)
    return "".join([*parts, str(rest[at:], charset, "replace")])


def _align(payload: bytes, bad: int, charset: str) -> int:
    """Where to go on behind a bad byte: begun in the wrong half of a character, all text up to the next ASCII is lost.

    Of the next places that an ASCII character does not forbid, the one from which the text makes most sense.
    """
    ways = [bad + 1]
    while len(ways) < _WAYS and payload[ways[-1] : ways[-1] + 1] >= b"\x80":
        ways.append(ways[-1] + 1)
    texts = {way: payload[way : way + _STRETCH].decode(charset, "replace") for way in ways}
    return max(ways, key=lambda way: len(_FREQUENT.findall(texts[way])) - 4 * len(_IMPLAUSIBLE.findall(texts[way])))


def _plausible(text: str) -> bool:
    """Whether a text decoded as UTF-8 was UTF-8, perhaps with some damage.

    Bytes of another encoding form a valid UTF-8 sequence by chance about once in eight characters.
    """
    losses = _losses(text)
    return not losses or len(text) - len(text.encode("ascii", "ignore")) > 4 * losses


def _losses(text: str) -> int:
    lost = "\N{REPLACEMENT CHARACTER}"
    return text.count(lost) if lost in text else 0  # to look is far cheaper than to count


def _unmarked_utf16(payload: bytes) -> str:
    """UTF-16 without a BOM shows by the zero bytes of its markup."""
    start = payload[:1024]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if even + odd < max(2, len(start) / 16) or min(even, odd) * 8 > max(even, odd):
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"
