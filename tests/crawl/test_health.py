"""Broken expectations on a real crawl: exit status, message, `scrapy status`, metrics, and who is told."""

import json
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.crawl.newsroom import BASE, HOST, Newsroom

SPAM = "澳门新葡京娱乐城注册送彩金38元,加微信zk8899领取"


def hack(room: Newsroom) -> None:
    for one in room.articles.values():
        one.paragraphs.insert(1, SPAM)


def break_charset(room: Newsroom) -> None:
    room.broken_bytes = b"\xff\xfe\x81 " * 3


def new_template(room: Newsroom) -> None:
    for one in room.articles.values():
        one.body = "neirong2026"


def empty_list(room: Newsroom) -> None:
    room.list_page = b"<!DOCTYPE html><html><head><title>tzgg</title></head><body><div id='app'></div></body></html>"


def only_shells(room: Newsroom) -> None:
    for one in room.articles.values():
        one.paragraphs = ["", ""]


def nothing(room: Newsroom) -> None:
    pass


def shrink(room: Newsroom) -> None:
    room.gone.update(range(1, 4))


CASES: list[tuple[str, str, Callable[[Newsroom], None], str, str]] = [
    ("min_documents", "[expect]\nmin_documents = 13", nothing, "12 documents seen", BASE),
    ("min_in_all", "[expect]\nmin_in_all = 13", nothing, "12 documents in all", BASE),
    ("newest_days", "[expect]\nnewest_days = 5", nothing, "the newest article is of 2026-02-20", BASE),
    ("max_rejected", "[expect]\nmax_rejected = 0.5", only_shells, "12 of 12 pages are no articles", BASE),
    ("max_spam", "[expect]\nmax_spam = 0.0", hack, "12 of 12 pages carry spam", BASE),
    ("max_charset_losses", "[expect]\nmax_charset_losses = 0.0", break_charset, "characters that can't be read", BASE),
    ("max_drift", "[expect]\nmax_drift = 0.5", new_template, "do not have their text where the layouts say", BASE),
    ("list c0", "", empty_list, "the list c0 links to nothing, it had 12 entries", f"http://{HOST}/tzgg/index.html"),
    ("documents", "", shrink, "9 documents seen in this run, the median of the last 1 is 12", BASE),
    ("spam", "", hack, "12 of 12 pages carry spam (100%), the median of the last 1 runs is 0%", BASE),
]


@pytest.mark.parametrize(("name", "expect", "spoil", "words", "example"), CASES, ids=[case[0] for case in CASES])
def test_a_broken_expectation_is_told_in_a_line_and_by_the_status(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    expect: str,
    spoil: Callable[[Newsroom], None],
    words: str,
    example: str,
) -> None:
    room = Newsroom(tmp_path, monkeypatch)
    if not expect:  # what is compared with the runs before needs one
        assert room.crawl("2026-03-01T08:00").status == 0
    room.expect(expect)
    spoil(room)
    done = room.crawl("2026-03-02T08:00", "-L", "WARNING")
    assert done.status == 3, done.err
    (line,) = [line for line in done.err.splitlines() if words in line]
    assert line.startswith("scrapy crawl: newsroom: ")
    assert "since 2026-03-02 08:00 UTC (this run)" in line
    assert f"see {example}" in line
    shown = room.run("status")
    assert shown.status == 3
    assert words in shown.out
    (told,) = map(json.loads, room.run("status", "--json").out.splitlines())
    assert [problem["name"] for problem in told["problems"]] == [name]
    metrics = (room.archive / "metrics.prom").read_text("utf-8")
    assert 'healthcrawl_problems{site="newsroom"} 1\n' in metrics
    assert 'healthcrawl_last_run_ok{site="newsroom"} 0\n' in metrics


def test_a_problem_that_stands_is_told_with_its_beginning_and_goes_when_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = Newsroom(tmp_path, monkeypatch)
    healthy = room.crawl("2026-03-01T08:00")
    assert healthy.status == 0, healthy.err
    empty_list(room)
    for day in ("02", "03"):
        done = room.crawl(f"2026-03-{day}T08:00", "-L", "WARNING")
        assert done.status == 3
    assert "since 2026-03-02 08:00 UTC (2 runs)" in done.err
    assert "since 2026-03-02 08:00 UTC (2 runs)" in room.run("status").out
    room.list_page = None
    mended = room.crawl("2026-03-04T08:00", "-L", "WARNING")
    assert (mended.status, mended.err) == (0, "")
    shown = room.run("status")
    assert shown.status == 0
    assert "ok" in shown.out
    assert "since" not in shown.out


def test_hacked_pages_are_named_until_they_are_clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Newsroom(tmp_path, monkeypatch)
    room.articles[5].paragraphs.insert(1, SPAM)
    assert room.crawl("2026-03-01T08:00").status == 0
    shown = room.run("status")
    assert f"hacked page {room.url(5)}" in shown.out
    (told,) = map(json.loads, room.run("status", "--json").out.splitlines())
    assert [incident["url"] for incident in told["incidents"]] == [room.url(5)]
    room.articles[5].paragraphs.remove(SPAM)
    assert room.crawl("2026-03-02T08:00").status == 0
    assert "hacked page" not in room.run("status").out


class Hook(BaseHTTPRequestHandler):
    """Takes what is posted, or refuses."""

    posted: list[dict[str, Any]]
    answer = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.posted.append(json.loads(body))
        self.send_response(self.answer)
        if self.answer == 302:
            self.send_header("Location", f"http://{self.headers['Host']}/elsewhere")
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def hook() -> Iterator[tuple[type[Hook], str]]:
    kind = type("OwnHook", (Hook,), {"posted": []})
    server = HTTPServer(("127.0.0.1", 0), kind)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield kind, f"http://127.0.0.1:{server.server_port}/secret"
    server.shutdown()
    thread.join()
    server.server_close()


def test_who_is_named_is_told_once_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: tuple[type[Hook], str]
) -> None:
    kind, url = hook
    room = Newsroom(tmp_path, monkeypatch, more="[expect]\nmin_documents = 13\nnewest_days = 5")
    note = tmp_path / "note.txt"
    script = tmp_path / "tell.py"
    script.write_text(
        "import os, sys, pathlib\n"
        f"pathlib.Path({str(note)!r}).write_text(os.environ['HEALTHCRAWL_SITE'] + os.environ['HEALTHCRAWL_STATUS'] + sys.stdin.read())\n",
        "utf-8",
    )
    done = room.crawl("2026-03-02T08:00", NOTIFY_COMMAND=f"{sys.executable} {script}", NOTIFY_URL=url)
    assert done.status == 3, done.err
    (notice,) = kind.posted
    assert (notice["site"], notice["status"]) == ("newsroom", 3)
    assert [line.split(",")[0] for line in notice["text"].splitlines()] == [
        "newsroom: 12 documents seen in this run",
        "newsroom: the newest article is of 2026-02-20",
    ]
    assert note.read_text("utf-8") == f"newsroom3{notice['text']}"


def test_who_can_not_be_told_changes_nothing_but_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: tuple[type[Hook], str]
) -> None:
    kind, url = hook
    kind.answer = 302
    room = Newsroom(tmp_path, monkeypatch, more="[expect]\nmin_documents = 13")
    done = room.crawl("2026-03-02T08:00", NOTIFY_COMMAND="/nonexistent/tell", NOTIFY_URL=url)
    assert done.status == 3
    assert "nobody was told: NOTIFY_COMMAND: /nonexistent/tell: No such file" in done.err
    assert "nobody was told: NOTIFY_URL: 127.0.0.1: 302" in done.err
    assert "secret" not in done.err
    assert len(kind.posted) == 1  # a redirect is not followed
    assert "Traceback" not in done.err


def test_a_crawl_that_failed_is_told_and_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hook: tuple[type[Hook], str]
) -> None:
    kind, url = hook
    room = Newsroom(tmp_path, monkeypatch)
    done = room.crawl("2026-03-02T08:00", NOTIFY_URL=url, CONNECT_TO=json.dumps({HOST: "127.0.0.1:9"}), RETRY_TIMES="0")
    assert done.status == 1
    assert "no list page could be read" in kind.posted[0]["text"]
    shown = room.run("status")
    assert shown.status == 1
    assert "failed" in shown.out
    assert "no list page could be read" in shown.out


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"NOTIFY_COMMAND": "mail 'x"}, "NOTIFY_COMMAND"), ({"NOTIFY_URL": "ftp://a.test/"}, "NOTIFY_URL")],
)
def test_wrong_receivers_are_told_before_a_crawl_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], words: str
) -> None:
    done = Newsroom(tmp_path, monkeypatch).crawl("2026-03-02T08:00", **settings)
    assert done.status == 2
    assert words in done.err


def test_status_without_an_archive_or_of_no_site_is_wrong_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Newsroom(tmp_path, monkeypatch)
    assert room.run("status").status == 2
    room.archive.mkdir()
    (room.archive / "catalog.sqlite").touch()
    done = room.run("status", "nowhere")
    assert done.status == 2
    assert "nowhere" in done.err
