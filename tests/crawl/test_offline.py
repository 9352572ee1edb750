"""A crawl of the archive gives what the crawl of the web gave, asks nobody and writes nothing into the archive."""

import hashlib
import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from healthcrawl.demo import HOST, DemoServer
from tests.conftest import ROOT, run_scrapy, scrapy_command
from tests.crawl.raw_server import Answer, RawServer

# Whoever makes a socket, looks a name up or builds the handler of the web, ends the process.
NO_NETWORK = """
import os, socket, sys
from healthcrawl.crawl.recording import RecordingHandler
from scrapy.cmdline import execute
def refuse(*args, **_):
    print("the network was asked for:", args, file=sys.stderr)
    os._exit(9)
socket.socket.connect = socket.socket.connect_ex = socket.socket.bind = refuse
socket.getaddrinfo = socket.gethostbyname = RecordingHandler.__init__ = RecordingHandler.from_crawler = refuse
execute(["scrapy", *sys.argv[1:]])
"""


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive of the demo after two crawls: pages, 304s and revisits."""
    archive = tmp_path_factory.mktemp("offline") / "archive"
    with DemoServer() as server:
        for _ in range(2):
            done = run_scrapy(archive, "crawl", "demo", "-a", "full=1", CONNECT_TO=json.dumps({HOST: server.address}))
            assert done.status == 0, done.err
    return archive


def state(archive: Path) -> tuple[dict[str, str], list[str]]:
    """Every file of an archive with the digest of its content, and what the catalog says."""
    files = {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in archive.rglob("*")
        if path.is_file() and not path.name.startswith("catalog.sqlite")
    }
    connection = sqlite3.connect(archive / "catalog.sqlite")
    try:
        return files, list(connection.iterdump())
    finally:
        connection.close()


def texts(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.txt")}


def test_the_same_documents_without_a_network_and_nothing_written(crawled: Path, tmp_path: Path) -> None:
    before = state(crawled)
    settings = {"ARCHIVE_DIR": str(crawled), "OFFLINE": "1", "OFFLINE_OUT": str(tmp_path / "out")}
    words = scrapy_command("crawl", "demo", "-O", str(tmp_path / "items.jsonl"), settings=settings)[3:]
    done = subprocess.run(
        [sys.executable, "-c", NO_NETWORK, *words], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    assert state(crawled) == before
    assert texts(tmp_path / "out") == texts(crawled / "corpus")
    names = {json.loads(line)["name"] for line in (tmp_path / "items.jsonl").read_text("utf-8").splitlines()}
    assert names == {name[4:20] for name in texts(crawled / "corpus")}
    assert "NotArchivedError" in done.stderr  # what robots.txt forbade
    assert "only read" in done.stderr


def test_a_lock_does_not_hinder_it(crawled: Path, tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from datetime import datetime, UTC; from healthcrawl.warc import lock\n"
        "with lock.hold(Path(sys.argv[1]), datetime.now(UTC)): print('held', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", code, str(crawled / "warc" / "demo")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        done = run_scrapy(crawled, "crawl", "demo", OFFLINE="1", OFFLINE_OUT=str(tmp_path / "out"))
        holder.communicate()
    assert done.status == 0, done.err
    assert texts(tmp_path / "out") == texts(crawled / "corpus")


def test_the_moment_can_be_chosen_and_a_miss_is_told(tmp_path: Path, archive: Path) -> None:
    (tmp_path / "raw.toml").write_text(
        'name = "raw"\ntitle = "R"\nkind = "bureau"\nstatus = "verified"\ndomains = ["raw.test"]\ndelay = 0\n'
        + "".join(f'[[columns]]\nname = "{name}"\nurl = "http://raw.test/{name}.html"\n' for name in ("one", "two")),
        "utf-8",
    )
    page = (
        "<html><body><ul>{}</ul></body></html>".format(
            "".join(f'<li><a href="/a/{n}.html">关于第{n}号事项的通知</a> 2026-03-0{n}</li>' for n in range(1, 8))
        )
    ).encode()

    def answer(body: bytes) -> Answer:
        return Answer(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    for day, word in (("2026-03-01", "旧"), ("2026-03-09", "新")):
        article = (
            f"<html><head><title>关于健康讲座的通知{word}</title></head><body><h1>关于健康讲座的通知{word}</h1>"
            f"<div class='TRS_Editor'><p>各有关单位：</p><p>为普及合理膳食知识，我局定于{day}举办健康讲座，请组织职工参加。</p>"
            "</div></body></html>"
        ).encode()
        answers = {"/one.html": answer(page), "/a/1.html": answer(article)}
        with RawServer(answers) as server:
            settings = {"CONNECT_TO": json.dumps({"raw.test": server.address}), "SITES_DIR": str(tmp_path)}
            done = run_scrapy(archive, "crawl", "raw", CLOCK=f"tests.crawl.days.at_{day.replace('-', '_')}", **settings)
        assert done.status == 1, done.err
    found = {}
    for moment in ("", "2026-03-02", "2026-03-08T12:00+08:00"):
        out = tmp_path / f"out{moment[8:10]}"
        done = run_scrapy(
            archive, "crawl", "raw", SITES_DIR=str(tmp_path), OFFLINE="1", OFFLINE_AT=moment, OFFLINE_OUT=str(out)
        )
        assert done.status == 1, done.err
        assert "not in the archive: http://raw.test/two.html" not in done.err  # a 404 is a capture too
        found[moment] = b"".join(texts(out).values()).decode()
    assert "2026-03-09" in found[""]
    assert "2026-03-01" in found["2026-03-02"]
    assert "2026-03-09" in found["2026-03-08T12:00+08:00"]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"OFFLINE": "perhaps"}, "OFFLINE: expected True or False, got 'perhaps'"),
        ({"OFFLINE": "1", "OFFLINE_AT": "soon"}, "OFFLINE_AT: expected a date like"),
        ({"OFFLINE": "1"}, "no catalog in"),
        ({"WARC_SYNC": "perhaps"}, "WARC_SYNC: expected True or False, got 'perhaps'"),
        ({"WARC_REVISITS": "perhaps"}, "WARC_REVISITS: expected one of site, url, never, got 'perhaps'"),
    ],
)
def test_a_bad_setting_is_told_in_a_line(archive: Path, settings: dict[str, str], words: str) -> None:
    done = run_scrapy(archive, "crawl", "demo", **settings)
    assert done.status == 2
    assert words in done.err
    assert "Traceback" not in done.err
    assert not archive.exists()
