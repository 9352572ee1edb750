"""Crawls of many sites on a cluster: each is whole, and no site is crawled by two, also when workers are lost."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.crawl import fleet
from healthcrawl.crawl.fleet import Crawled, Order, crawl, worst
from healthcrawl.demo import DemoServer
from tests import postgres
from tests.conftest import ROOT, run_scrapy, scrapy_command
from tests.crawl import bureaus

SITES = [f"bureau{number}" for number in range(6)]
ARTICLES = 30


def script(tmp_path: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a script stand for the crawls' process."""
    folder = tmp_path / "stand_in"
    folder.mkdir()
    (folder / "stand_in_for_crawls.py").write_text(body, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(fleet, "_WARDED", "stand_in_for_crawls")


def test_a_crawl_is_told_by_its_status_and_its_last_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "import sys; print(*sys.argv[1:], file=sys.stderr); sys.exit(3)", monkeypatch)
    done = crawl(Order(site="a", settings=(("CONTACT", "me@a.test"),)))
    assert (done.status, done.tries, done.said) == (3, 1, ("crawl a -s CONTACT=me@a.test",))


def test_a_site_that_is_held_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = (
        "import pathlib, sys; seen = pathlib.Path(__file__).with_name('seen')\n"
        "if seen.exists(): sys.exit(0)\n"
        "seen.touch(); sys.exit(75)\n"
    )
    script(tmp_path, body, monkeypatch)
    done = crawl(Order(site="a", patience=2))
    assert (done.status, done.tries) == (0, 2)
    (tmp_path / "stand_in" / "seen").unlink()
    assert crawl(Order(site="a", patience=0)).status == 75


def test_a_crawl_ends_with_who_started_it(tmp_path: Path) -> None:
    body = "import time; print('begun', flush=True); time.sleep(100)"
    code = f"import healthcrawl.crawl.warded as warded, threading; threading.Thread(target=warded._end_with_parent).start(); {body}"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        process.stdin.close()
        assert process.wait(20) == -signal.SIGTERM


class StandIn:
    """A cluster of this process that does what it is given when asked whether that is over."""

    def __init__(self, begun: list[str]) -> None:
        self._begun = begun
        self._at_work: dict[str, Future[Crawled]] = {}

    def submit(self, _work: object, order: Order, *, key: str) -> "Future[Crawled]":
        assert all(one.done() for name, one in self._at_work.items() if name != key and order.server)
        self._begun.append(order.site)
        done: Future[Crawled] = Future()
        self._at_work[key] = done
        threading.Timer(0.05, done.set_result, [Crawled(site=order.site, status=0)]).start()
        return done

    def places(self) -> dict[str, str]:
        return {key: "worker" for key, one in self._at_work.items() if not one.done()}

    def loss(self, _future: object) -> str:
        return ""


def test_sites_of_one_server_are_crawled_one_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "_LOOK", 0.01)
    begun: list[str] = []
    orders = [Order(site=site, server="cms") for site in ("a", "b", "c")]
    ended = fleet.crawl_all(StandIn(begun), orders, lambda _places: None)  # type: ignore[arg-type]
    assert [one.site for one in ended] == begun == ["a", "b", "c"]


def test_the_worst_status_counts() -> None:
    assert [worst(some) for some in ([0, 0], [0, 75], [75, 3], [3, 2], [2, 1, 0], [0, -9])] == [0, 75, 3, 2, 1, 1]


@pytest.mark.parametrize(
    ("words", "settings", "told"),
    [
        (["demo"], {}, "--cluster: name a Dask scheduler"),
        (["--cluster", "local:1"], {}, "name sites, or give --due"),
        (["--cluster", "tcp://127.0.0.1:1", "demo"], {}, "machines must share a catalog: set CATALOG_URL"),
        (["--cluster", "local:1", "nowhere"], {}, "no site 'nowhere'"),
    ],
)
def test_wrong_use_is_told(
    archive: Path, words: list[str], settings: dict[str, str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_scrapy(archive, "fleet", *words, **settings)
    assert (done.status, told in done.err) == (2, True), done.err


@pytest.fixture
def url() -> Iterator[str]:
    with postgres.schema() as url:
        yield url


def below(process: int, word: str) -> list[int]:
    """The processes below one with a word in their command."""
    psutil = pytest.importorskip("psutil", reason="comes with the extra `cluster`")
    found = []
    for child in psutil.Process(process).children(recursive=True):
        try:
            if word in child.cmdline():
                found.append(child.pid)
        except psutil.NoSuchProcess:
            continue
    return found


def documents(where: Path | str, site: str) -> dict[str, tuple[str, ...]]:
    """Text and metadata of a site's documents, by address."""
    table, versions = tables.documents.c, tables.versions.c
    names = ("address", "url", "title", "published", "source", "author", "sha256")
    with closing(Catalog(where)) as catalog, catalog.reading() as tx:
        query = sa.select(*(table[name] for name in names), table.attachments, versions.text)
        query = query.join(tables.versions, sa.and_(versions.number == table.number, versions.sha256 == table.sha256))
        rows = tx.execute(query.where(table.site == site, table.name != "")).all()
    return {row.address: tuple(map(str, row)) for row in rows}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_fleet_that_loses_a_worker_crawls_every_site_once_and_whole(tmp_path: Path, url: str) -> None:
    mapped: dict[str, str] = {}
    with ExitStack() as stack:
        servers = {}
        for at, site in enumerate(SITES):
            host = f"{site}.test"
            bureaus.write_site(tmp_path / "sites", site, host)
            server = stack.enter_context(DemoServer(bureaus.resources(host, ARTICLES + at, 2000)))
            servers[site], mapped[host] = server, server.address
        shared = {"SITES_DIR": str(tmp_path / "sites"), "CONNECT_TO": json.dumps(mapped), "BACKOFF_SECONDS": "0.01"}
        shared |= {"STORE_URL": (tmp_path / "store").as_uri(), "DOWNLOAD_DELAY": "0.05"}
        named = {"ARCHIVE_DIR": str(tmp_path / "fleet"), "CATALOG_URL": url, "LEASE_SECONDS": "6", **shared}
        command = scrapy_command("fleet", "--cluster", "local:2", "--json", *SITES, settings=named)
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            while sum(len(server.log) > ARTICLES // 2 for server in servers.values()) < 3 and process.poll() is None:
                time.sleep(0.05)
            crawls = below(process.pid, "crawl")
            psutil = pytest.importorskip("psutil", reason="comes with the extra `cluster`")
            worker = psutil.Process(crawls[0]).parent()
            for lost in (worker.pid, crawls[0]):
                os.kill(lost, signal.SIGKILL)
            out, err = process.communicate(timeout=600)
        ended = {one["site"]: one for one in map(json.loads, out.splitlines())}
        assert process.returncode == 0, err
        assert {site: one["status"] for site, one in ended.items()} == dict.fromkeys(SITES, 0)
        alone = {"LOG_LEVEL": "WARNING", **shared, "STORE_URL": ""}
        for site in SITES:
            assert run_scrapy(tmp_path / "alone", "crawl", site, **alone).status == 0
            expected = documents(tmp_path / "alone" / "catalog.sqlite", site)
            assert len(expected) == ARTICLES + SITES.index(site)
            assert documents(url, site) == expected
    with closing(Catalog(url)) as catalog, catalog.reading() as tx:
        table, spans = tables.captures.c, defaultdict(list)
        for site, file, at in tx.execute(sa.select(table.site, table.warc_file, table.captured_at)):
            spans[site, file.rpartition("-")[2]].append(at)
        assert tx.execute(sa.select(sa.func.count()).select_from(tables.leases)).scalar_one() == 0
        runs = tx.execute(sa.select(tables.runs.c.site, tables.runs.c.ended_at)).all()
    assert {run.site for run in runs} == set(SITES)
    # A worker that is lost when a run has just ended, and was not told of, has its site crawled again: what is known then is not.
    assert len(runs) <= len(SITES) + 1
    assert all(run.ended_at for run in runs)
    for site in SITES:  # crawls of one site, by their processes, follow one another
        own = sorted((min(moments), max(moments)) for (name, _), moments in spans.items() if name == site)
        assert all(one[1] < next_one[0] for one, next_one in pairwise(own))
    assert sum(1 for site, _ in spans if spans) > len(SITES)  # the lost crawl had kept something
    assert (
        run_scrapy(tmp_path / "fleet", "ship", STORE_URL=shared["STORE_URL"], SITES_DIR=shared["SITES_DIR"]).status == 0
    )
    done = run_scrapy(
        tmp_path / "fleet", "verify", **{name: value for name, value in named.items() if name != "ARCHIVE_DIR"}
    )
    assert done.status == 0, done.out
