"""Hostile and broken servers: nothing but the site is touched, every fault is told and kept, and memory stays small."""

import json
import os
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from healthcrawl.corpus.layout import ArchiveLayout, parse_name
from healthcrawl.demo import DemoServer, Served, faults
from healthcrawl.demo.faults import article, hostile_links, listing, ok, redirect
from healthcrawl.demo.wire import Behaviour, says
from healthcrawl.warc.read import read_records
from healthcrawl.warc.scan import Record
from tests.conftest import ROOT, Done, run_scrapy, scrapy_command
from tests.crawl.bureaus import write_site
from tests.crawl.hostile_server import Hostile, serve
from tests.tls import make_tls

HOST = "hacked.healthcrawl.test"
LARGEST = 400_000  # kB of memory
FAULTS = {fault.path: fault for fault in faults.FAULTS}


@dataclass(frozen=True, slots=True)
class Crawl:
    """How a crawl ended, the most memory it took (kB), and what it archived."""

    done: Done
    memory: int
    archive: Path
    site: str
    log: tuple[Served, ...] = ()

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
        deadline = time.monotonic() + 240  # below the time limit of a test
        peak = 0
        while process.poll() is None:
            peak = max(peak, most_memory(process.pid))
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise AssertionError("the crawl hangs")
            time.sleep(0.02)
    done = Done(process.returncode, (folder / "out").read_text(), (folder / "err").read_text())
    return Crawl(done, peak, archive, site)


def most_memory(pid: int) -> int:
    """The most memory that a running process has had, in kB (rusage would count what the process had that started it)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")), 0)


@contextmanager
def traps(tls_folder: Path) -> Iterator[list[Hostile]]:
    """Servers of this machine that no page may make us touch: plain, over TLS, and on other addresses of loopback."""
    with ExitStack() as stack:
        secured = make_tls(tls_folder, HOST)[0]
        kinds = (("127.0.0.1", None), ("127.0.0.1", secured), ("127.0.0.2", None), ("::1", None))
        yield [stack.enter_context(serve({}, tls=tls, host=host)) for host, tls in kinds]


# --- where a hacked page wants us to go --------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_page_makes_us_touch_another_host(tmp_path: Path, scheme: str) -> None:
    with traps(tmp_path) as trapped, ExitStack() as stack:
        wishes = hostile_links(HOST, trapped[0].address)
        answers: dict[str, Behaviour] = {
            "/robots.txt": says(ok(b"User-agent: *\nDisallow: /no\nSitemap: http://127.0.0.1/map.xml\n")),
            "/list.html": says(ok(listing([*wishes, "content/post_1.html", "../../../../../../etc/evil/post_2.html"]))),
            "/content/post_1.html": says(ok(article(1))),
            "/etc/evil/post_2.html": says(ok(article(2))),
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
    assert ended.done.status == 1  # lists that lead away
    assert f"{len(columns) - 1} of its list pages could not be read" in ended.done.err
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
        "metrics.prom",
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


@pytest.fixture(scope="module", params=["http", "https"])
def faulty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawl]:
    """The demo site whose columns are broken in every way but for three; over TLS it is crawled by a site file of the test's own."""
    folder = tmp_path_factory.mktemp("faulty")
    site, tls = "faults", None
    if request.param == "https":
        site, tls = "secured", make_tls(folder, faults.HOST)[0]
    write_site(folder / "sites", "secured", faults.HOST, columns=faults.COLUMNS, scheme="https")
    with traps(folder) as trapped:
        links = hostile_links(faults.HOST, trapped[0].address)
        with DemoServer(faults.Faults(links), tls=tls) as server:
            crawled = crawl(
                folder,
                site,
                CONNECT_TO=json.dumps({faults.HOST: server.address}),
                DOWNLOAD_TIMEOUT="3",
                RETRY_TIMES="1",
                BACKOFF_TRIES="100",
                DOWNLOAD_MAXSIZE="20000000",
            )
            yield replace(crawled, log=server.log)
        assert [trap.connections for trap in trapped] == [0, 0, 0, 0]


def test_what_is_whole_is_read_whatever_is_broken_around_it(faulty: Crawl) -> None:
    assert "Traceback" not in faulty.done.err
    texts = [path.read_text("utf-8") for path in (faulty.archive / "corpus").iterdir()]
    assert len(texts) == len(faults.wanted())
    assert all("流感疫苗接种工作,现将安排通知如下" in text for text in texts)


def test_nothing_but_the_site_was_asked_for(faulty: Crawl) -> None:
    paths = {served.target for served in faulty.log}
    assert {served.host for served in faulty.log} == {faults.HOST}
    assert paths == {"/robots.txt", *faults.COLUMNS, "/round?again", *faults.wanted()}
    # What serves is asked for once, what heals twice, what fails not more often than was allowed.
    times = Counter(served.target for served in faulty.log)
    assert [times[path] for path in (faults.LIST, faults.HEALING, faults.LINKS)] == [1, 2, 1]
    assert max(times.values()) == 2


def test_the_lists_that_failed_are_named(faulty: Crawl) -> None:
    assert faulty.done.status == 1
    told = next(line for line in faulty.done.err.splitlines() if line.startswith(f"scrapy crawl: {faulty.site}: "))
    unread = {path: fault.reason for path, fault in FAULTS.items() if fault.reason not in {"", "list", "redirect"}}
    assert [path for path, reason in unread.items() if f"{faults.HOST}{path}: {reason}" not in told] == []
    assert f"{faults.HOST}/round?again: redirect" in told
    assert not {path for path in (faults.LIST, faults.HEALING, faults.LINKS) if f"{path}:" in told}


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system does not tell a process's memory")
def test_memory_stays_small(faulty: Crawl) -> None:
    assert 50_000 < faulty.memory < LARGEST


@pytest.mark.parametrize("path", FAULTS)
def test_a_fault_is_kept_and_says_what_it_was(faulty: Crawl, path: str) -> None:
    endings = FAULTS[path].endings
    kept = faulty.responses(path)
    if not kept:
        assert None in endings
        assert "error: " in faulty.errors(path)
    assert {record.headers.get("warc-truncated", "") for record in kept} <= set(endings)
    assert all(len(record.block) < 22_000_000 for record in kept)


def test_every_fault_has_its_reason_in_the_catalog(faulty: Crawl) -> None:
    with closing(sqlite3.connect(faulty.archive / "catalog.sqlite")) as catalog:
        reasons = dict(catalog.execute("select url, reason from captures"))
    told = {path: fault.reason for path, fault in FAULTS.items() if fault.reason}
    assert {path: reason for path in told for url, reason in reasons.items() if url.endswith(path)} == told


def test_the_archive_says_what_a_certificate_was_worth(faulty: Crawl) -> None:
    told = "certificate: self-signed certificate\r\n" if faulty.site == "secured" else ""
    assert ("certificate" in faulty.errors(faults.LIST)) == bool(told)
    assert told in faulty.errors(faults.LIST)


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
