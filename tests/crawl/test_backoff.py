"""Hosts that refuse get pauses, then are left alone; hours and budgets end a crawl in order; known articles stay as they were."""

import json
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from healthcrawl.demo import DemoServer
from healthcrawl.demo.answer import Resource
from tests.conftest import Done, run_scrapy
from tests.crawl.bureaus import path, resources, write_site

HOST = "weary.healthcrawl.test"
FIRST = "/tzgg/index.html"
CHALLENGE = Resource(
    status=412, body=b"<html><head><script>$_ts=window['$_ts'];if(!$_ts)$_ts={};</script></head><body></body></html>"
)
SHELL = Resource(
    body=b"<html><script>document.cookie='C3VK=1a2b; path=/';location.reload();</script><body></body></html>"
)
BLOCKED = Resource(status=403, body="<title>403</title><p>抱歉,您所在的地区暂不支持访问。</p>".encode())
BUSY = Resource(status=503, body=b"busy")


def night() -> datetime:
    """Half past nine in the evening, in China."""
    return datetime(2026, 3, 2, 13, 30, tzinfo=UTC)


def crawl(folder: Path, server: DemoServer, *args: str, **settings: str) -> Done:
    return run_scrapy(
        folder / "archive",
        "crawl",
        "weary",
        *args,
        SITES_DIR=str(folder / "sites"),
        CONNECT_TO=json.dumps({HOST: server.address}),
        **{"RETRY_TIMES": "0", **settings},
    )


def texts(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in (folder / "archive" / "corpus").iterdir()}


def reasons(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "archive" / "catalog.sqlite")) as catalog:
        return [row[0] for row in catalog.execute("select reason from captures order by captured_at, rowid")]


@pytest.mark.parametrize(("wall", "reason"), [(CHALLENGE, "challenge"), (SHELL, "challenge"), (BLOCKED, "blocked")])
def test_a_wall_takes_no_article_back_and_ends_the_asking(tmp_path: Path, wall: Resource, reason: str) -> None:
    write_site(tmp_path / "sites", "weary", HOST)
    site = resources(HOST, 8, noise=0)
    with DemoServer(site) as server:
        assert crawl(tmp_path, server).status == 0
        before = texts(tmp_path)
        asked = len(server.log)
        for target in site:
            if target != "/robots.txt":
                site[target] = wall
        done = crawl(tmp_path, server, "-a", "full=1", BACKOFF_TRIES="3")
        assert [served.target for served in server.log[asked:]].count("/robots.txt") == 1
        assert len(server.log) - asked == 4
    assert done.status == 1
    assert f"{HOST} refused or failed too often and was left alone (3 times in a row" in done.err
    assert "pages were not asked for" in done.err
    assert "Traceback" not in done.err
    assert len(before) == 8
    assert texts(tmp_path) == before
    assert reasons(tmp_path)[-3:] == [reason] * 3


def test_pauses_are_kept_and_what_heals_is_fetched(tmp_path: Path) -> None:
    write_site(tmp_path / "sites", "weary", HOST)
    site = resources(HOST, 4, noise=0)
    healed = site[path(100_002)]

    class Healing(dict[str, Resource]):
        tries = 0

        def get(self, key: str, default: object = None) -> Resource | None:  # type: ignore[override]
            if key == path(100_002):
                self.tries += 1
                return BUSY if self.tries <= 2 else healed
            return super().get(key)

    with DemoServer(Healing(site)) as server:
        began = time.monotonic()
        done = crawl(tmp_path, server, RETRY_TIMES="2", BACKOFF_SECONDS="1")
        seconds = time.monotonic() - began
    assert done.status == 0, done.err
    assert len(texts(tmp_path)) == 4
    assert done.err.count("answered status 503: no request for 1 s") == 2  # others are served in between
    assert seconds > 2


def test_a_daily_budget_holds_over_runs_and_quiet_hours_end_a_crawl(tmp_path: Path) -> None:
    write_site(tmp_path / "sites", "weary", HOST, more='[manners]\nrequests_a_day = 6\nquiet_hours = ["22:00-06:00"]\n')
    with DemoServer(resources(HOST, 8, noise=0)) as server:
        clock = "tests.crawl.test_backoff.night"
        first = crawl(tmp_path, server, CLOCK=clock)
        assert (first.status, len(server.log)) == (0, 6)
        assert (
            f"the 6 requests a day that {HOST} is asked for are spent; the same command goes on from here" in first.err
        )
        second = crawl(tmp_path, server, CLOCK=clock)
        assert (second.status, len(server.log)) == (0, 6)
        quiet = crawl(tmp_path, server, CLOCK=clock, QUIET_HOURS="08:00-12:00,21:00-23:00", REQUESTS_A_DAY="100")
        assert (quiet.status, len(server.log)) == (0, 6)
        assert "quiet hours until 23:00 (China time); the same command goes on from here" in quiet.err
        last = crawl(tmp_path, server, CLOCK=clock, REQUESTS_A_DAY="100")
        assert last.status == 0, last.err
        targets = [served.target for served in server.log if served.target != "/robots.txt"]
    assert sorted(targets) == sorted({FIRST, *(path(number) for number in range(100_001, 100_009))})
    assert len(texts(tmp_path)) == 8


@pytest.mark.parametrize("first", [False, True], ids=["page", "robots.txt"])
def test_a_long_rest_that_a_server_asked_for_holds_over_runs(tmp_path: Path, first: bool) -> None:
    """Cron comes back every hour; the server wants to be left alone until tomorrow."""
    write_site(tmp_path / "sites", "weary", HOST)
    site = resources(HOST, 4, noise=0)
    weary = "/robots.txt" if first else path(100_002)
    well, site[weary] = site[weary], Resource(status=503, retry_after="86400")
    with DemoServer(site) as server:
        began = time.monotonic()
        done = crawl(tmp_path, server, CLOCK="tests.crawl.days.at_2026_03_01", BACKOFF_LONGEST="20")
        assert done.status == 1
        assert time.monotonic() - began < 20  # nobody waits for a turn that will not be taken
        for turn in (tmp_path / "archive" / "turns").iterdir():
            turn.unlink()  # by which real time the server may be asked again
        site[weary], asked = well, len(server.log)
        for _ in range(2):
            done = crawl(tmp_path, server, CLOCK="tests.crawl.days.at_2026_03_01")
            assert (done.status, len(server.log)) == (1, asked)
            assert (
                f"asked to be left alone, and nothing was asked of it: {HOST} (status 503) until 2026-03-02 "
                in done.err
            )
            assert "robots.txt" not in done.err
        done = crawl(tmp_path, server, CLOCK="tests.crawl.days.at_2026_03_09")
        assert done.status == 0, done.err
    assert len(texts(tmp_path)) == 4
