"""Hostile and broken servers: nothing but the site is touched, every fault is told and kept, and memory stays small."""

import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from healthcrawl.corpus.layout import ArchiveLayout, parse_name
from healthcrawl.warc.read import read_records
from healthcrawl.warc.scan import Record
from tests.conftest import ROOT, Done, scrapy_command
from tests.crawl.bureaus import write_site
from tests.crawl.hostile_server import Behaviour, Hostile, says, serve
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
    return page.encode(charset)


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
        return [record for record in self.records if record.type == "response" and record.url.endswith(path)]

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
