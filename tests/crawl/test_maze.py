"""The demo portal full of traps: what its server's log says was asked for, and what the crawl says was not."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.core.urls import canonical
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.demo import DemoServer, Maze, Served, maze
from healthcrawl.demo.answer import Resource
from healthcrawl.knowledge.load import load_rules, load_sites
from tests.conftest import ROOT, Done, run_scrapy, scrapy_command

SITE = load_sites().sites["maze"]
RULES = load_rules(SITE)
ASKED_TWICE = f"{maze.WINDOW}index.html"  # without its cookie, and with it
LISTS = {
    *(f"{maze.HEALTH}index{n}.html" for n in ("", *(f"_{n}" for n in range(2, 8)))),
    *(f"{maze.NOTICES}index{n}.html" for n in ("", "_2")),
    *(f"{maze.CIRCLE}index{n}.html" for n in ("", "_2", "_3")),
    *(f"{maze.DEPTH}{folders}index.html" for folders in ("", "gd/", "gd/gd/")),
    f"{maze.DIARY}index.html",
    f"{maze.MAIL}index.html",
    ASKED_TWICE,
}
REDIRECTS = {
    f"{maze.MAIL}{name}.html" for name in ("a", "b", "self", "away", "jump", *(f"hop{n}" for n in range(1, 10)))
}


def crawl(archive: Path, server: DemoServer, *args: str, **settings: str) -> Done:
    # Every host leads to the server, so that a request for another site would be in its log too.
    return run_scrapy(archive, "crawl", "maze", *args, CONNECT_TO=json.dumps({"*": server.address}), **settings)


def documents(archive: Path) -> set[str]:
    steps = [json.loads(line) for line in ArchiveLayout(archive).manifest.read_text("utf-8").splitlines()]
    assert {step["action"] for step in steps} == {"new"}
    return {step["address"] for step in steps}


def unfolded(text: str) -> str:
    """Text of a table without its lines and blanks, between which addresses are broken."""
    return "".join(text.replace("│", "").split())


class Crawled:
    """One crawl of the maze."""

    def __init__(self, archive: Path, done: Done, log: tuple[Served, ...]) -> None:
        self.archive = archive
        self.done = done
        self.log = log
        self.paths = [served.target.partition("?")[0] for served in log]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    archive = tmp_path_factory.mktemp("maze") / "archive"
    with DemoServer(Maze()) as server:
        done = crawl(archive, server, WARC_SYNC="False")
        yield Crawled(archive, done, server.log)


def test_what_is_wanted_comes_home_and_nothing_else(crawled: Crawled) -> None:
    assert crawled.done.status == 0, crawled.done.err
    assert documents(crawled.archive) == {maze.BASE + item.path for item in maze.wanted()}


def test_nothing_outside_forbidden_or_trapped_was_asked_for(crawled: Crawled) -> None:
    assert {served.host for served in crawled.log} == {maze.HOST}
    allowed = LISTS | REDIRECTS | {item.path for item in maze.wanted()} | {"/robots.txt"}
    assert set(crawled.paths) == allowed


def test_nothing_was_asked_for_twice_under_any_address(crawled: Crawled) -> None:
    asked = Counter(canonical(maze.BASE + served.target, RULES) for served in crawled.log)
    twice = {address: number for address, number in asked.items() if number > 1}
    assert twice == {canonical(maze.BASE + ASKED_TWICE, RULES): 2}


def test_an_article_costs_little_more_than_one_request(crawled: Crawled) -> None:
    column = [path for path in crawled.paths if path.startswith(maze.HEALTH)]
    assert len(maze.COLUMN) >= 100
    assert len(column) / len(maze.COLUMN) <= 1.15


@pytest.mark.parametrize(
    "told",
    [
        "calendar, such as http://maze.healthcrawl.test/",
        "search, such as http://maze.healthcrawl.test/search",
        "endless list, such as http://maze.healthcrawl.test/hdjl/zxjt/index_4.html",
        "endless path, such as http://maze.healthcrawl.test/",
        "endless parameters, such as http://maze.healthcrawl.test/show.jsp?f=0",
        "redirect loop, such as http://maze.healthcrawl.test/zwgk/gsgg/",
        "session id, such as http://maze.healthcrawl.test/zwgk/",
        "jump, such as http://maze.healthcrawl.test/jump?code=",
        "copy, such as http://maze.healthcrawl.test/AiWza/",
        "outside, such as http://www.other.test/",
        "not health, such as http://maze.healthcrawl.test/",
        "health, such as http://maze.healthcrawl.test/",
    ],
)
def test_the_summary_tells_what_was_not_followed_and_an_example(crawled: Crawled, told: str) -> None:
    assert unfolded(told) in unfolded(crawled.done.err), crawled.done.err


def test_every_decision_can_be_looked_up(crawled: Crawled) -> None:
    catalog = Catalog(ArchiveLayout(crawled.archive).catalog)
    query = sa.select(tables.findings.c.text, tables.findings.c.detail).where(tables.findings.c.kind == "scope")
    with catalog.reading() as tx:
        found = [(row.text, row.detail) for row in tx.execute(query)]
    catalog.close()
    decided = {title: detail.partition(":")[0] for title, detail in found if "health:" in detail[:12]}
    expected = {item.title: "health" if item in maze.wanted() else "not health" for item in maze.MIXED}
    assert {title: decided[title] for title in expected} == expected
    assert any(text.startswith("医疗卫生工作信息") and detail.startswith("search: ") for text, detail in found)


def test_a_budget_of_pages_ends_the_crawl_in_order_and_the_next_goes_on(tmp_path: Path, crawled: Crawled) -> None:
    archive = tmp_path / "archive"
    with DemoServer(Maze()) as server:
        done = crawl(archive, server, "-a", "pages=40", WARC_SYNC="False")
        first = [served.target for served in server.log]
        again = crawl(archive, server, WARC_SYNC="False")
        second = [served.target for served in server.log[len(first) :]]
    assert done.status == 0, done.err
    assert "its budget of 40 pages for one run is used up" in done.err
    assert "-a pages=NUMBER" in done.err
    assert len([target for target in first if target != "/robots.txt"]) == 40
    assert again.status == 0, again.err
    assert documents(archive) == documents(crawled.archive)
    assert set(first) & set(second) <= {"/robots.txt", ASKED_TWICE}


class Padded(Maze):
    """The maze with articles of 50 kB."""

    def __getitem__(self, key: str) -> Resource:
        found = super().__getitem__(key)
        if "/content/" not in key:
            return found
        return Resource(body=found.body + b"<!--" + b"x" * 50_000 + b"-->")


def test_a_budget_of_bytes_is_kept(tmp_path: Path) -> None:
    with DemoServer(Padded()) as server:
        done = crawl(tmp_path / "archive", server, WARC_SYNC="False", BUDGET_MEGABYTES="1")
        received = sum(len(served.response) for served in server.log)
    assert done.status == 0, done.err
    assert "its budget of 1 megabytes for one run is used up" in done.err
    assert 1_000_000 < received < 1_400_000


def test_a_budget_of_time_is_kept(tmp_path: Path) -> None:
    with DemoServer(Maze()) as server:
        done = crawl(tmp_path / "archive", server, "-a", "seconds=1", WARC_SYNC="False", DOWNLOAD_DELAY="0.1")
        assert len(server.log) < 60
    assert done.status == 0, done.err
    assert "its budget of 1 seconds for one run is used up" in done.err


class LongList(Maze):
    """The maze with a list of 20,000 rows."""

    def __getitem__(self, key: str) -> Resource:
        if key != f"{maze.HEALTH}index.html":
            return super().__getitem__(key)
        rows = "".join(
            f'<li><a href="content/post_{3_700_000 + n}.html">医疗卫生工作第{n}号</a><i>2025-01-01</i></li>'
            for n in range(20_000)
        )
        return Resource(body=f'<html><body><ul class="infoList">{rows}</ul></body></html>'.encode())


@pytest.mark.slow
def test_a_list_of_many_thousand_rows_is_no_burden(tmp_path: Path) -> None:
    """Its rows wait in the catalog, not in memory: what the crawl takes is what reading the list takes."""
    program = "import resource, subprocess, sys; subprocess.run(sys.argv[1:]); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    peaks = []
    for server in (DemoServer(Maze()), DemoServer(LongList())):
        with server:
            settings = {"ARCHIVE_DIR": str(tmp_path / server.address), "CONNECT_TO": json.dumps({"*": server.address})}
            command = scrapy_command("crawl", "maze", "-a", "pages=60", settings=settings)
            done = subprocess.run(
                [sys.executable, "-c", program, *command],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
                timeout=110,
            )
            peaks.append(int(done.stdout) // 1024)
            assert len(server.log) > 55  # a page that robots.txt forbids counts as asked for
    assert peaks[1] < 400
    assert peaks[1] - peaks[0] < 200


def test_a_budget_of_depth_is_kept_and_told(tmp_path: Path) -> None:
    with DemoServer(Maze()) as server:
        done = crawl(tmp_path / "archive", server, "-a", "depth=2", WARC_SYNC="False")
        lists = {served.target.partition("?")[0] for served in server.log} & LISTS
    assert done.status == 3, done.err
    assert unfolded("depth, such as http://maze.healthcrawl.test/") in unfolded(done.err)
    assert not [path for path in lists if path.endswith("_3.html")]
