"""Hostile and broken servers: nothing but the site is touched, every fault is told and kept, and memory stays small."""

import gzip
import json
import os
import sqlite3
import subprocess
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from healthcrawl.corpus.layout import ArchiveLayout, parse_name
from healthcrawl.warc.read import read_records
from healthcrawl.warc.scan import Record
from tests.conftest import ROOT, Done, run_scrapy, scrapy_command
from tests.crawl.bureaus import write_site
from tests.crawl.hostile_server import Behaviour, Hostile, drips, floods, resets, says, serve
from tests.tls import make_tls

HOST = "hacked.healthcrawl.test"
LARGEST = 400_000  # kB of memory
TEXT = "各有关单位:为做好城东片区的流感疫苗接种工作,现将安排通知如下,请认真组织实施,并于三月底前报送总结。"
FILLER = b"x" * 65_536


def ok(body: bytes, *headers: bytes, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    return b"\r\n".join([b"HTTP/1.1 200 OK", *headers, b"Content-Length: %d" % size, b"Connection: close", b"", body])


def article(number: int, text: str = TEXT, charset: str = "utf-8", declared: str = "") -> bytes:
    page = (
        f'<!DOCTYPE html><html><head><meta charset="{declared or charset}"><title>关于第{number}号工作的通知</title>'
        f"<script>window.NFCMS_POST_ID='{number}'</script></head><body><h1>关于第{number}号工作的通知</h1>"
        f'<div class="content_attr">发布时间:2024-03-01 09:00 来源:城东卫生院</div>'
        f'<div id="zoomcon"><p>{text}</p><p>第{number}号附件由各单位自行领取,逾期不再补发,特此通知,请遵照执行。</p></div></body></html>'
    )
    return page.encode(charset, "xmlcharrefreplace")


def listing(links: list[str]) -> bytes:
    rows = "".join(
        f'<li><a href="{link}">关于第{at}号工作的通知</a><span>2024-03-01</span></li>' for at, link in enumerate(links)
    )
    return (
        f'<html><head><meta charset="utf-8"><title>通知公告</title></head><body><ul>{rows}</ul></body></html>'.encode()
    )


def redirect(to: str, status: str = "302 Found") -> Behaviour:
    return says(
        f"HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode("latin-1")
    )


@dataclass(frozen=True, slots=True)
class Crawl:
    """How a crawl ended, the most memory it took (kB), and what it archived."""

    done: Done
    memory: int
    archive: Path
    site: str

    @property
    def records(self) -> list[Record]:
        files = ArchiveLayout(self.archive).warc_files(self.site)
        return [record for path in files for record in read_records(path)]

    def responses(self, path: str) -> list[Record]:
        return [
            record for record in self.records if record.type in {"response", "revisit"} and record.url.endswith(path)
        ]

    def errors(self, path: str) -> str:
        """What the metadata records of an address say went wrong."""
        said = [record.block for record in self.records if record.type == "metadata" and record.url.endswith(path)]
        return b"".join(said).decode()


def crawl(folder: Path, site: str, env: Mapping[str, str] | None = None, **settings: str) -> Crawl:
    """Crawl a site of `folder/sites`; the memory is that of the very process."""
    archive = folder / "archive"
    command = scrapy_command(
        "crawl",
        site,
        settings={
            "ARCHIVE_DIR": str(archive),
            "SITES_DIR": str(folder / "sites"),
            "BACKOFF_SECONDS": "0.01",
            **settings,
        },
    )
    with (folder / "out").open("w+") as out, (folder / "err").open("w+") as err:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=err, env={**os.environ, **(env or {})})
        deadline = time.monotonic() + 100
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise AssertionError("the crawl hangs")
            time.sleep(0.02)
        process.returncode = os.waitstatus_to_exitcode(ended[1])
    done = Done(process.returncode, (folder / "out").read_text(), (folder / "err").read_text())
    return Crawl(done, ended[2].ru_maxrss, archive, site)


@contextmanager
def traps(tls_folder: Path) -> Iterator[list[Hostile]]:
    """Servers of this machine that no page may make us touch: plain, over TLS, and on other addresses of loopback."""
    with ExitStack() as stack:
        secured = make_tls(tls_folder, HOST)[0]
        kinds = (("127.0.0.1", None), ("127.0.0.1", secured), ("127.0.0.2", None), ("::1", None))
        yield [stack.enter_context(serve({}, tls=tls, host=host)) for host, tls in kinds]


# --- where a hacked page wants us to go --------------------------------------------------------------------------------


def tricks(trap: Hostile) -> list[str]:
    """Addresses that a hacked page would like us to ask for; `trap` listens on 127.0.0.1."""
    port = trap.address.rpartition(":")[2]
    spellings = ["127.0.0.1", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "2130706433",  # noqa: S104
                 "0x7f000001", "0x7f.1", "017700000001", "127.1", "127.0.0.1.", "①②⑦.⓪.⓪.①", "127。0。0。1"]  # fmt: skip
    return [
        *(f"http://{host}:{port}/secret" for host in spellings),
        f"https://127.0.0.1:{port}/secret",
        f"http://{HOST}@127.0.0.1:{port}/secret",
        f"http://{HOST}:{port}/secret",
        f"http://user:word@{HOST}/secret",
        f"http://{HOST}%00@127.0.0.1:{port}/secret",
        f"http://127.0.0.1:{port}#@{HOST}/secret",
        f"http://127.0.0.1:{port}\\@{HOST}/secret",
        f"//127.0.0.1:{port}/secret",
        "http://169.254.169.254/latest/meta-data/",
        f"ftp://127.0.0.1:{port}/secret",
        f"gopher://127.0.0.1:{port}/_secret",
        f"s3://127.0.0.1:{port}/secret",
        "file:///etc/passwd",
        "data:text/html,<p>secret</p>",
        "javascript:alert(1)",
        f"http://{HOST}:22/secret",
    ]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_page_makes_us_touch_another_host(tmp_path: Path, scheme: str) -> None:
    with traps(tmp_path) as trapped, ExitStack() as stack:
        wishes = tricks(trapped[0])
        answers: dict[str, Behaviour] = {
            "/robots.txt": says(ok(b"User-agent: *\nDisallow: /no\nSitemap: http://127.0.0.1/map.xml\n")),
            "/list.html": says(ok(listing([*wishes, "content/post_1.html", "../../../../../../etc/evil/post_2.html"]))),
            "/content/post_1.html": says(ok(article(1))),
            "/etc/evil/post_2.html": says(ok(article(2, "../../../evil\x00 " + TEXT))),
            **{f"/go/{at}": redirect(wish) for at, wish in enumerate(wishes) if wish.isascii()},
        }
        tls = make_tls(tmp_path, HOST)[0] if scheme == "https" else None
        server = stack.enter_context(serve(answers, tls=tls))
        columns = ["/list.html", *(path for path in answers if path.startswith("/go/"))]
        write_site(tmp_path / "sites", "hacked", HOST, columns=columns, scheme=scheme)
        ended = crawl(
            tmp_path,
            "hacked",
            CONNECT_TO=json.dumps({HOST: server.address}),
            CONTACT="webmaster@healthcrawl.test",
            RETRY_TIMES="0",
            env={"http_proxy": f"http://{trapped[0].address}", "https_proxy": f"http://{trapped[0].address}",
                 "all_proxy": f"http://{trapped[0].address}"},
        )  # fmt: skip
        assert [trap.connections for trap in trapped] == [0, 0, 0, 0]
        assert sorted(server.paths) == sorted(answers)
        hosts = {request.lower().split(b"host: ")[1].split(b"\r\n")[0] for request in server.requests}
        assert hosts == {HOST.encode()}
    assert ended.done.status == 0, ended.done.err
    assert "Traceback" not in ended.done.err
    corpus = list((ended.archive / "corpus").iterdir())
    assert len(corpus) == 2
    assert all(parse_name(path.name) for path in corpus)
    assert {path.name for path in tmp_path.iterdir()} <= {
        "archive",
        "sites",
        "out",
        "err",
        "certificate.pem",
        "key.pem",
    }
    assert {path.name for path in ended.archive.iterdir()} <= {
        "warc", "index", "corpus", "manifest.jsonl", "catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm", "turns",
    }  # fmt: skip


@pytest.mark.parametrize("secure", [False, True])
def test_a_name_that_resolves_to_this_machine_is_not_spoken_to(tmp_path: Path, secure: bool) -> None:
    with serve({}) as trap:  # without TLS: a ClientHello would be seen
        port = trap.address.rpartition(":")[2]
        write_site(tmp_path / "sites", "inside", f"{HOST}:{port}", scheme="https" if secure else "http")
        resolver = "tests.crawl.resolvers.LoopbackResolver"
        ended = crawl(tmp_path, "inside", DNS_RESOLVER=resolver, CONTACT="w@healthcrawl.test", RETRY_TIMES="0")
        assert trap.requests == []
    assert ended.done.status == 1
    assert "127.0.0.1 is not a public address" in ended.errors("/robots.txt")
    assert "not a public address" in ended.done.err
    assert "Traceback" not in ended.done.err


def test_a_name_that_resolves_differently_the_second_time_is_refused(tmp_path: Path) -> None:
    with ExitStack() as stack:
        honest = stack.enter_context(serve({"/robots.txt": says(ok(b""))}))
        port = int(honest.address.rpartition(":")[2])
        trap = stack.enter_context(serve({}, host="127.0.0.2", port=port))
        write_site(tmp_path / "sites", "rebound", f"{HOST}:{port}")
        ended = crawl(
            tmp_path,
            "rebound",
            DNS_RESOLVER="tests.crawl.resolvers.RebindingResolver",
            CONNECT_TO=json.dumps({"other.test": honest.address}),
            CONTACT="w@healthcrawl.test",
            RETRY_TIMES="0",
        )
        assert honest.paths == ["/robots.txt"]
        assert trap.requests == []
    assert ended.done.status == 1
    assert "127.0.0.2 is not a public address" in ended.errors("/tzgg/index.html")


def test_robots_txt_of_another_host_is_not_fetched(tmp_path: Path) -> None:
    with traps(tmp_path) as trapped:
        answers = {
            "/robots.txt": redirect(f"http://{trapped[0].address}/robots.txt"),
            "/list.html": says(ok(listing([]))),
        }
        with serve(answers) as server:
            write_site(tmp_path / "sites", "hacked", HOST, columns=["/list.html"])
            ended = crawl(
                tmp_path, "hacked", CONNECT_TO=json.dumps({HOST: server.address}), CONTACT="w@healthcrawl.test"
            )
            assert server.paths == ["/robots.txt"]
        assert [trap.connections for trap in trapped] == [0, 0, 0, 0]
    assert ended.done.status == 1
    assert "robots.txt" in ended.done.err


# --- what servers do to a connection -------------------------------------------------------------------------------------


def chunked(*pieces: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + b"".join(pieces)


def bomb() -> bytes:
    """A page that says little and unfolds to 400 MB."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    folded = b"".join(packer.compress(b"<p>" + bytes(1 << 20)) for _ in range(400)) + packer.flush()
    return ok(folded, b"Content-Encoding: gzip", b"Content-Type: text/html")


PAGE = article(9)
CUT, SLOW, LARGE, WHOLE, NOTHING = "disconnect", "time", "length", "", None
# How a loaded machine ends a flood: by our limit, or since one of both sides lost patience.
FLOOD = (LARGE, SLOW, CUT)
# Behaviour, how the archive may say that it ended, and the reason for which nothing was read from it (empty: it depends on that).
FAULTS: dict[str, tuple[Behaviour, tuple[str | None, ...], str]] = {
    "/slow-body": (drips(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n<html>"), (SLOW,), "truncated"),
    "/slow-head": (drips(b"HTTP/1.1 200 OK\r\nX-Slow: "), (SLOW,), "truncated"),
    "/endless-heads": (floods(b"HTTP/1.1 200 OK\r\n", b"X-Filler: %s\r\n" % FILLER[:1000], 100_000), FLOOD, "truncated"),
    "/endless-line": (floods(b"HTTP/1.1 200 OK\r\nX: ", FILLER, 2_000), FLOOD, "truncated"),
    "/endless-interim": (
        floods(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", 500_000), (*FLOOD, NOTHING), "",
    ),
    "/cut": (says(ok(PAGE[:300], length=90_000)), (CUT,), "truncated"),
    "/reset": (resets(ok(PAGE[:300], length=90_000)), (CUT, NOTHING), ""),
    "/reset-at-once": (resets(), (NOTHING,), ""),
    "/closes-at-once": (says(b""), (NOTHING,), ""),
    "/short-length": (says(ok(PAGE, length=len(PAGE) - 40)), (WHOLE,), "list"),
    "/two-lengths": (says(ok(PAGE, b"Content-Length: 5")), (CUT,), "truncated"),
    "/wrong-length": (says(ok(PAGE).replace(b"Content-Length: ", b"Content-Length: -")), (CUT,), "truncated"),
    "/no-number": (says(ok(PAGE).replace(b"Content-Length: ", b"Content-Length: x")), (CUT,), "truncated"),
    "/broken-chunk": (says(chunked(b"400\r\n", PAGE[:300], b"\r\nzz\r\nrest\r\n")), (CUT,), "truncated"),
    "/cut-chunk": (says(chunked(b"400\r\n", PAGE[:300])), (CUT,), "truncated"),
    "/huge-chunk": (says(chunked(b"ffffffffffffffff\r\n", PAGE)), (CUT,), "truncated"),
    "/endless-chunks": (floods(chunked(), b"10000\r\n%s\r\n" % FILLER, 5_000), FLOOD, "truncated"),
    "/200-megabytes": (floods(b"HTTP/1.1 200 OK\r\n\r\n", FILLER, 3_200), FLOOD, "truncated"),
    "/promised-200-megabytes": (
        floods(b"HTTP/1.1 200 OK\r\nContent-Length: 209715200\r\n\r\n", FILLER, 3_200), FLOOD, "truncated",
    ),
    "/bomb": (says(bomb()), (WHOLE,), "too-large"),
    "/bomb-in-a-bomb": (
        says(ok(gzip.compress(gzip.compress(bytes(50_000_000))), b"Content-Encoding: gzip, gzip")), (WHOLE,), "too-large",
    ),
    "/not-brotli": (says(ok(PAGE, b"Content-Encoding: br")), (WHOLE,), "undecodable"),
    "/no-http": (says(b"SSH-2.0-OpenSSH_9.6\r\n"), (CUT,), "http-error"),
    "/status-999": (says(b"HTTP/1.1 999 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"), (WHOLE,), "http-error"),
    "/binary": (says(ok(bytes(range(256)) * 40, b"Content-Type: text/html")), (WHOLE,), "list"),
    "/elsewhere": (redirect("http://[::1"), (WHOLE,), "redirect"),
    "/round": (redirect("/round?again"), (WHOLE,), "redirect"),
    "/round?again": (redirect("/round"), (WHOLE,), "redirect"),
}  # fmt: skip


@pytest.fixture(scope="module", params=["http", "https"])
def faulty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Crawl:
    """A site whose columns are broken in every way, but for one."""
    folder = tmp_path_factory.mktemp("faulty")
    gbk = article(4, charset="gbk", declared="utf-8")
    big5 = article(
        5,
        "各單位:為做好城東片區的流感疫苗接種工作,現將安排通知如下,請認真組織實施,並於三月底前報送總結。",
        "big5",
        "gb2312",
    )
    answers = {
        "/robots.txt": says(ok(b"User-agent: *\nAllow: /\n")),
        "/list.html": says(ok(listing([f"content/post_{n}.html" for n in range(3, 7)]))),
        "/content/post_3.html": says(ok(article(3))),
        "/content/post_4.html": says(ok(gbk, b"Content-Type: text/html; charset=iso-8859-1")),
        "/content/post_5.html": says(ok(big5, b"Content-Type: text/html; charset=utf-8")),
        "/content/post_6.html": says(ok(article(6).replace("领取".encode(), b"\xff\xfe\x80"))),
        **{path: behaviour for path, (behaviour, _, _) in FAULTS.items()},
    }
    tls = make_tls(folder, HOST)[0] if request.param == "https" else None
    with serve(answers, tls=tls) as server:
        columns = [path for path in FAULTS if "?" not in path]
        write_site(folder / "sites", "faulty", HOST, columns=["/list.html", *columns], scheme=request.param)
        return crawl(
            folder,
            "faulty",
            CONNECT_TO=json.dumps({HOST: server.address}),
            DOWNLOAD_TIMEOUT="4",
            RETRY_TIMES="0",
            BACKOFF_TRIES="100",
            DOWNLOAD_MAXSIZE="20000000",
        )


def test_what_is_whole_is_read_whatever_is_broken_around_it(faulty: Crawl) -> None:
    assert faulty.done.status == 1, faulty.done.err
    assert "Traceback" not in faulty.done.err
    texts = [path.read_text("utf-8") for path in (faulty.archive / "corpus").iterdir()]
    assert len(texts) == 4
    assert sum("流感疫苗接种工作,现将安排通知如下" in text for text in texts) == 4


def test_memory_stays_small(faulty: Crawl) -> None:
    assert faulty.memory < LARGEST


@pytest.mark.parametrize("path", FAULTS)
def test_a_fault_is_kept_and_says_what_it_was(faulty: Crawl, path: str) -> None:
    _, endings, _ = FAULTS[path]
    kept = faulty.responses(path)
    if not kept:
        assert NOTHING in endings
        assert "error: " in faulty.errors(path)
    assert {record.headers.get("warc-truncated", "") for record in kept} <= set(endings)
    assert all(len(record.block) < 22_000_000 for record in kept)


def test_every_fault_has_its_reason_in_the_catalog(faulty: Crawl) -> None:
    with closing(sqlite3.connect(faulty.archive / "catalog.sqlite")) as catalog:
        reasons = dict(catalog.execute("select url, reason from captures"))
    told = {path: reason for path, (_, _, reason) in FAULTS.items() if reason}
    assert {path: reason for path in told for url, reason in reasons.items() if url.endswith(path)} == told


def test_the_archive_of_broken_answers_is_whole(faulty: Crawl) -> None:
    done = run_scrapy(faulty.archive, "verify", SITES_DIR=str(faulty.archive.parent / "sites"))
    assert done.status == 0, done.out


# --- what never answers ----------------------------------------------------------------------------------------------


def test_a_name_that_does_not_resolve_is_told(tmp_path: Path) -> None:
    write_site(tmp_path / "sites", "nameless", "nameless.healthcrawl.invalid")
    ended = crawl(
        tmp_path,
        "nameless",
        DNS_RESOLVER="tests.crawl.resolvers.SilentResolver",
        CONTACT="w@healthcrawl.test",
        RETRY_TIMES="0",
    )
    assert ended.done.status == 1
    assert "no list page could be read" in ended.done.err
    assert "nameless.healthcrawl.invalid" in ended.done.err
    assert "Traceback" not in ended.done.err
    assert "CannotResolveHostError" in ended.errors("/robots.txt")


def test_a_server_that_speaks_no_tls_is_told(tmp_path: Path) -> None:
    with serve({}) as server:
        write_site(tmp_path / "sites", "bare", HOST, scheme="https")
        ended = crawl(
            tmp_path, "bare", CONNECT_TO=json.dumps({HOST: server.address}), RETRY_TIMES="0", DOWNLOAD_TIMEOUT="3"
        )
    assert ended.done.status == 1
    assert "robots.txt" in ended.done.err
    assert "Traceback" not in ended.done.err
    assert ended.errors("/robots.txt").count("error: ") == 1


def test_a_certificate_that_nobody_signed_is_refused_where_that_is_wanted(tmp_path: Path) -> None:
    with serve({"/robots.txt": says(ok(b""))}, tls=make_tls(tmp_path, HOST)[0]) as server:
        write_site(tmp_path / "sites", "unsigned", HOST, scheme="https")
        ended = crawl(
            tmp_path,
            "unsigned",
            CONNECT_TO=json.dumps({HOST: server.address}),
            RETRY_TIMES="0",
            DOWNLOAD_VERIFY_CERTIFICATES="True",
        )
        assert server.requests == []
    assert ended.done.status == 1
    assert "certificate" in ended.errors("/robots.txt")
    assert "Traceback" not in ended.done.err
