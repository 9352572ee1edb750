"""A third demo site: a bureau where everything is broken or hostile, one column for each fault.

`FAULTS` says of every column what its server does and what a crawl must make of it; `wanted` is what must come home all the same,
from between the faults: slow pages, pages that heal, pages that lie about their charset, pages in a list full of hostile links.
"""

import gzip
import threading
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from healthcrawl.demo.answer import Resource
from healthcrawl.demo.pages import escape
from healthcrawl.demo.wire import Behaviour, drips, floods, resets, says, trickles

HOST = "faults.healthcrawl.test"
NOBODY = "127.0.0.1:9"  # where hostile links lead, unless a trap waits elsewhere
LIST, HEALING, LINKS = "/list.html", "/healing.html", "/links.html"
_ILL = Resource(status=500, body=b"Internal Server Error", content_type="text/plain")
_TEXT = "各有关单位：为做好城东片区的流感疫苗接种工作，现将安排通知如下，请认真组织实施，并于三月底前报送总结。"
_TRADITIONAL = "各單位：為做好城東片區的流感疫苗接種工作，現將安排通知如下，請認真組織實施，並於三月底前報送總結。"
_FILLER = b"x" * 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A column whose server misbehaves.

    `endings`: how the archive may say that the answer ended, as WARC-Truncated ("" for a whole one, None for no answer at all).
    `reason`: for which nothing was read from it; empty where that depends on how it ended.
    """

    path: str
    behaviour: Behaviour
    endings: tuple[str | None, ...]
    reason: str = ""


def ok(body: bytes, *headers: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    """An answer with a body, and with a length that may be a lie."""
    size = b"Content-Length: %d" % (len(body) if length is None else length)
    return b"\r\n".join([b"HTTP/1.1 " + status, *headers, size, b"Connection: close", b"", body])


def redirect(to: str) -> Behaviour:
    """Send whoever asks elsewhere."""
    return says(f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def article(number: int, text: str = _TEXT, charset: str = "utf-8", declared: str = "") -> bytes:
    """The page of an article, in a charset that may be declared otherwise."""
    title = f"关于第{number}号工作的通知"
    page = (
        f'<!DOCTYPE html><html><head><meta charset="{declared or charset}"><title>{title}</title>'
        f"<script>window.NFCMS_POST_ID='{number}'</script></head><body><h1>{title}</h1>"
        f'<div class="content_attr">发布时间：2024-03-01 09:00 来源：城东卫生院</div>'
        f'<div id="zoomcon"><p>{text}</p><p>第{number}号附件由各单位自行领取，逾期不再补发，特此通知，请遵照执行。</p></div></body></html>'
    )
    return page.encode(charset, "xmlcharrefreplace")


def listing(links: Sequence[str]) -> bytes:
    """A list page with these links."""
    rows = "".join(
        f'<li><a href="{escape(link)}">关于第{at}号工作的通知</a><span>2024-03-01</span></li>'
        for at, link in enumerate(links)
    )
    page = f'<html><head><meta charset="utf-8"><title>通知公告</title></head><body><ul>{rows}</ul></body></html>'
    return page.encode()


def hostile_links(host: str, peer: str) -> tuple[str, ...]:
    """Addresses that a hacked page of `host` would like us to ask for; at `peer`, a port of 127.0.0.1, somebody may listen."""
    port = peer.rpartition(":")[2]
    spellings = ("127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433",  # noqa: S104
                 "0x7f000001", "0x7f.1", "017700000001", "127.1", "127.0.0.1.", "①②⑦.⓪.⓪.①", "127。0。0。1")  # fmt: skip
    return (
        *(f"http://{one}:{port}/secret" for one in spellings),
        f"https://127.0.0.1:{port}/secret",
        f"http://{host}@127.0.0.1:{port}/secret",
        f"http://{host}:{port}/secret",
        f"http://user:word@{host}/secret",
        f"http://{host}%00@127.0.0.1:{port}/secret",
        f"http://127.0.0.1:{port}#@{host}/secret",
        f"http://127.0.0.1:{port}\\@{host}/secret",
        f"//127.0.0.1:{port}/secret",
        "http://169.254.169.254/latest/meta-data/",
        f"ftp://127.0.0.1:{port}/secret",
        f"gopher://127.0.0.1:{port}/_secret",
        f"s3://127.0.0.1:{port}/secret",
        "file:///etc/passwd",
        "data:text/html,<p>secret</p>",
        "javascript:alert(1)",
        f"http://{host}:22/secret",
    )


def _chunked(*pieces: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + b"".join(pieces)


def _bomb(megabytes: int) -> bytes:
    """A gzip stream that says little, unfolds to so many megabytes, and has no end; one piece of it, repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    begin = packer.compress(b"<html>") + packer.flush(zlib.Z_FULL_FLUSH)
    piece = packer.compress(b"<p>" + bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + piece * megabytes


def _packed(page: bytes) -> bytes:
    return ok(gzip.compress(page, 1, mtime=0), b"Content-Encoding: gzip", b"Content-Type: text/html")


_PAGE = article(9)
_CUT, _SLOW, _LARGE, _WHOLE, _NOTHING = "disconnect", "time", "length", "", None
# How a loaded machine ends a flood: by our limit, or since one of both sides lost patience.
_FLOOD = (_LARGE, _SLOW, _CUT)
_JSL = b"<script>document.cookie='__jsl_clearance=1;path=/';location.href=location.pathname</script>"
_SHELL = b"<html><script>document.cookie='C3VK=1a2b; path=/';location.reload();</script><body></body></html>"
_RS = b"<html><head><script>$_ts=window['$_ts'];if(!$_ts)$_ts={};</script></head><body></body></html>"
_ABROAD = "<title>403</title><p>抱歉，您所在的地区暂不支持访问。</p>".encode()
_HTML = b"Content-Type: text/html"


def _fault(path: str, behaviour: Behaviour, endings: tuple[str | None, ...], reason: str = "") -> Fault:
    return Fault(path=path, behaviour=behaviour, endings=endings, reason=reason)


FAULTS: tuple[Fault, ...] = (
    _fault("/slow-body", drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n<html>"), (_SLOW,), "truncated"),
    _fault("/slow-head", drips(b"HTTP/1.1 200 OK\r\nX-Slow: "), (_SLOW,), "truncated"),
    _fault("/endless-heads", floods(b"HTTP/1.1 200 OK\r\n", b"X-Filler: %s\r\n" % _FILLER[:1000], 100_000), _FLOOD, "truncated"),
    _fault("/endless-line", floods(b"HTTP/1.1 200 OK\r\nX: ", _FILLER, 2_000), _FLOOD, "truncated"),
    _fault("/endless-interim", floods(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 500_000), (*_FLOOD, _NOTHING)),
    _fault("/cut", says(ok(_PAGE[:300], length=90_000)), (_CUT,), "truncated"),
    _fault("/reset", resets(ok(_PAGE[:300], length=90_000)), (_CUT, _NOTHING)),
    _fault("/reset-at-once", resets(), (_NOTHING,)),
    _fault("/closes-at-once", says(b""), (_NOTHING,)),
    _fault("/short-length", says(ok(_PAGE, length=len(_PAGE) - 40)), (_WHOLE,), "list"),
    _fault("/two-lengths", says(ok(_PAGE, b"Content-Length: 5")), (_CUT,), "truncated"),
    _fault("/wrong-length", says(ok(_PAGE).replace(b"Content-Length: ", b"Content-Length: -")), (_CUT,), "truncated"),
    _fault("/no-number", says(ok(_PAGE).replace(b"Content-Length: ", b"Content-Length: x")), (_CUT,), "truncated"),
    _fault("/broken-chunk", says(_chunked(b"400\r\n", _PAGE[:300], b"\r\nzz\r\nrest\r\n")), (_CUT,), "truncated"),
    _fault("/cut-chunk", says(_chunked(b"400\r\n", _PAGE[:300])), (_CUT,), "truncated"),
    _fault("/huge-chunk", says(_chunked(b"ffffffffffffffff\r\n", _PAGE)), (_CUT,), "truncated"),
    _fault("/endless-chunks", floods(_chunked(), b"10000\r\n%s\r\n" % _FILLER, 5_000), _FLOOD, "truncated"),
    _fault("/200-megabytes", floods(b"HTTP/1.1 200 OK\r\n\r\n", _FILLER, 3_200), _FLOOD, "truncated"),
    _fault("/promised-200-megabytes", floods(b"HTTP/1.1 200 OK\r\nContent-Length: 209715200\r\n\r\n", _FILLER, 3_200), _FLOOD, "truncated"),
    _fault("/bomb", says(ok(_bomb(400), b"Content-Encoding: gzip", _HTML)), (_WHOLE,), "too-large"),
    _fault("/bomb-in-a-bomb", says(ok(gzip.compress(_bomb(50), mtime=0), b"Content-Encoding: gzip, gzip")), (_WHOLE,), "too-large"),
    _fault("/many-elements", says(_packed(b"<p>x" * 1_900_000)), (_WHOLE,), "too-large"),
    _fault("/many-attributes", says(_packed(b"<p>" + (b"<i" + b" a=1" * 99 + b">") * 19_000)), (_WHOLE,), "too-large"),
    _fault("/not-brotli", says(ok(_PAGE, b"Content-Encoding: br")), (_WHOLE,), "undecodable"),
    _fault("/no-http", says(b"SSH-2.0-OpenSSH_9.6\r\n"), (_CUT,), "http-error"),
    _fault("/status-999", says(b"HTTP/1.1 999 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), (_WHOLE,), "http-error"),
    _fault("/binary", says(ok(bytes(range(256)) * 40, _HTML)), (_WHOLE,), "list"),
    _fault("/elsewhere", redirect("http://[::1"), (_WHOLE,), "redirect"),
    _fault("/round", redirect("/round?again"), (_WHOLE,), "redirect"),
    _fault("/round?again", redirect("/round"), (_WHOLE,), "redirect"),
    _fault("/wall-412", says(ok(_RS, _HTML, status=b"412 Precondition Failed")), (_WHOLE,), "challenge"),
    _fault("/wall-521", says(ok(_JSL, _HTML, status=b"521 Web Server Is Down")), (_WHOLE,), "challenge"),
    _fault("/wall-202", says(ok(_RS, _HTML, status=b"202 Accepted")), (_WHOLE,), "challenge"),
    _fault("/wall-200", says(ok(_SHELL, _HTML)), (_WHOLE,), "challenge"),
    _fault("/wall-403", says(ok(_ABROAD, _HTML, status=b"403 Forbidden")), (_WHOLE,), "blocked"),
)  # fmt: skip
COLUMNS = (LIST, HEALING, LINKS, *(fault.path for fault in FAULTS if "?" not in fault.path))


class Faults(Mapping[str, Resource]):
    """What lies at each of the bureau's addresses. What heals does so when it is asked for a second time.

    `links` stand in its list of hostile links.
    """

    def __init__(self, links: Sequence[str] = hostile_links(HOST, NOBODY)) -> None:
        self._listed = dict(_listed(links))
        self._asked: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __getitem__(self, key: str) -> Resource:
        """What lies there, this time."""
        found = self._listed[key]
        if key not in _HEALING:
            return found
        with self._lock:
            self._asked[key] += 1
            return found if self._asked[key] > 1 else _ILL

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


def wanted() -> tuple[str, ...]:
    """The paths of the articles that a crawl must bring home."""
    return (*_PAGES, *_HEALING[1:])


def _path(number: int) -> str:
    return f"/content/post_{3_000_000 + number}.html"


_HEALING = (HEALING, _path(8))
# Whole pages: plain, lying about their charset in both places or with bytes that are in none, slow, and between hostile links.
_PAGES: Mapping[str, Behaviour] = {
    _path(3): says(ok(article(3), _HTML)),
    _path(4): says(ok(article(4, charset="gbk", declared="utf-8"), b"Content-Type: text/html; charset=iso-8859-1")),
    _path(5): says(ok(article(5, _TRADITIONAL, "big5", "gb2312"), b"Content-Type: text/html; charset=utf-8")),
    _path(6): says(ok(article(6).replace("领取".encode(), b"\xff\xfe\x80"), _HTML)),
    _path(7): trickles(ok(article(7), _HTML), 12),
    _path(9): says(ok(article(9, "../../../evil\x00 " + _TEXT), _HTML)),
}


def _listed(links: Sequence[str]) -> Iterator[tuple[str, Resource]]:
    yield "/robots.txt", Resource(body=b"User-agent: *\nAllow: /\n", content_type="text/plain")
    yield LIST, Resource(body=listing([_path(number) for number in range(3, 8)]))
    yield HEALING, Resource(body=listing([_path(8)]))
    yield LINKS, Resource(body=listing([*links, f"../../../../../..{_path(9)}"]))
    yield _path(8), Resource(body=article(8))
    for path, behaviour in _PAGES.items():
        yield path, Resource(behaviour=behaviour)
    for fault in FAULTS:
        yield fault.path, Resource(behaviour=fault.behaviour)
