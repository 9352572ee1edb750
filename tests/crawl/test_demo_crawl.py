"""The whole job on the demo bureau: what is fetched, what is kept, what a second run and a replay do, what a kill costs."""

import hashlib
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from healthcrawl.core import message
from healthcrawl.corpus.layout import ArchiveLayout, file_name
from healthcrawl.demo import HOST, DemoServer, articles
from healthcrawl.warc.members import whole_members
from healthcrawl.warc.read import read_captures, read_records
from healthcrawl.warc.records import digest
from tests.conftest import ROOT, Done, run_scrapy, scrapy_command
from tests.tls import make_tls

STATE = ("address", "title", "published", "source", "text", "attachments")


def documents(archive: Path) -> dict[str, dict[str, object]]:
    """The present documents by address: the journal's last word on each, and the file's text."""
    found: dict[str, dict[str, object]] = {}
    for line in ArchiveLayout(archive).manifest.read_text("utf-8").splitlines():
        step = json.loads(line)
        if step["action"] != "alias":
            found[step["address"]] = {"name": step["name"], **{key: step.get(key) for key in STATE if key != "text"}}
    for document in found.values():
        document["text"] = (archive / "corpus" / str(document["name"])).read_text("utf-8")
    return found


def essence(archive: Path) -> dict[str, dict[str, object]]:
    """Documents without their numbers."""
    return {address: {key: one[key] for key in STATE} for address, one in documents(archive).items()}


def connect_to(server: DemoServer) -> str:
    return json.dumps({HOST: server.address})


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> "Crawled":
    """The demo crawled twice, the second time in full."""
    archive = tmp_path_factory.mktemp("demo") / "archive"
    with DemoServer() as server:
        first = run_scrapy(archive, "crawl", "demo", CONNECT_TO=connect_to(server))
        fetched = len(server.log)
        names = sorted(path.name for path in (archive / "corpus").iterdir())
        second = run_scrapy(archive, "crawl", "demo", "-a", "full=1", CONNECT_TO=connect_to(server))
        return Crawled(archive, server, first, second, fetched, names)


class Crawled:
    """Two crawls of the demo."""

    def __init__(
        self, archive: Path, server: DemoServer, first: Done, second: Done, fetched: int, names: list[str]
    ) -> None:
        self.archive = archive
        self.log = server.log[:fetched]
        self.second_log = server.log[fetched:]
        self.first = first
        self.second = second
        self.names_after_first = names


def test_every_article_is_kept_as_it_is_expected_and_nothing_else(crawled: Crawled) -> None:
    assert crawled.first.status == 0, crawled.first.err
    found = documents(crawled.archive)
    expected = {article.address: article for article in articles()}
    assert {address: found[address]["text"] for address in found} == {
        address: article.expected for address, article in expected.items()
    }
    assert len(list((crawled.archive / "corpus").iterdir())) == len(expected)


def test_titles_dates_sources_and_attachments_are_those_of_the_articles(crawled: Crawled) -> None:
    found = documents(crawled.archive)
    for article in articles():
        document = found[article.address]
        assert document["title"] == article.title
        assert str(document["published"])[:10] == article.published[:10], article.slug
        assert document["source"] == article.source, article.slug
        assert document["attachments"] == [[one.name, one.url] for one in article.attachments], article.slug


def test_file_names_are_number_and_content(crawled: Crawled) -> None:
    for path in (crawled.archive / "corpus").iterdir():
        number = int(path.name.partition("_")[0])
        assert path.name == file_name(number, hashlib.sha256(path.read_bytes()).hexdigest())


def test_only_what_is_allowed_was_requested_and_only_once(crawled: Crawled) -> None:
    targets = [served.target for served in crawled.log]
    assert not [target for target in targets if target.startswith("/zwgk/neibu/")]
    assert not [target for target in targets if "mpost_" in target]
    assert sorted(targets) == sorted(set(targets))
    assert {served.host for served in crawled.log} == {HOST}
    assert all(b"User-Agent: healthcrawl/" in served.request for served in crawled.log)


def test_every_block_is_what_the_demos_sockets_saw(crawled: Crawled) -> None:
    kept = [record for path in ArchiveLayout(crawled.archive).warc_files("demo") for record in read_records(path)]
    log = crawled.log + crawled.second_log
    assert sorted(one.block for one in kept if one.type == "request") == sorted(served.request for served in log)
    requests = {one.headers["warc-concurrent-to"]: one.block for one in kept if one.type == "request"}
    served = Counter((one.request, one.response) for one in log)
    for one in (one for one in kept if one.type in {"response", "revisit"}):
        equal = one.headers.get("warc-profile", "").endswith("/identical-payload-digest")
        asked = requests[one.id]
        answer = next(
            answer for request, answer in served if request == asked and answer[: len(one.block)] == one.block
        )
        assert equal or answer == one.block
        served[asked, answer] -= 1
    assert not +served
    assert not -served


def test_an_equal_payload_is_kept_once(crawled: Crawled) -> None:
    files = ArchiveLayout(crawled.archive).warc_files("demo")
    kept = [record for path in files for record in read_records(path)]
    captures = {capture.record_id: capture for path in files for capture, _ in read_captures(path)}
    equal = [one for one in kept if one.headers.get("warc-profile", "").endswith("/identical-payload-digest")]
    assert {one.url for one in equal} >= {f"http://{HOST}/robots.txt"}
    for one in equal:
        whole = captures[one.id].response
        payload = message.parse(whole).payload
        assert payload
        assert one.headers["warc-payload-digest"] == digest(payload)
        original = captures[one.headers["warc-refers-to"]]
        assert message.parse(original.response).payload == payload
        assert one.headers["warc-refers-to-target-uri"] == original.url
        assert message.split_head(one.block)[1] == b""
    full = [message.parse(one.block).payload for one in kept if one.type == "response"]
    assert not [payload for payload, times in Counter(full).items() if payload and times > 1]


def test_over_https_the_texts_and_the_bytes_are_the_same(crawled: Crawled, tmp_path: Path) -> None:
    shipped = (ROOT / "healthcrawl/knowledge/sites/demo.toml").read_text("utf-8")
    (tmp_path / "demo.toml").write_text(shipped.replace("http://", "https://"), "utf-8")
    archive = tmp_path / "archive"
    with DemoServer(tls=make_tls(tmp_path, HOST)[0]) as server:
        done = run_scrapy(archive, "crawl", "demo", SITES_DIR=str(tmp_path), CONNECT_TO=connect_to(server))
        log = server.log
    assert done.status == 0, done.err
    assert {address: one["text"] for address, one in documents(archive).items()} == {
        address: one["text"] for address, one in documents(crawled.archive).items()
    }
    assert sum(served.secure for served in log) > len(log) / 2
    kept = [record for path in ArchiveLayout(archive).warc_files("demo") for record in read_records(path)]
    assert sorted(one.block for one in kept if one.type == "request") == sorted(served.request for served in log)
    assert sorted(one.block for one in kept if one.type == "response") == sorted(served.response for served in log)


@pytest.mark.parametrize("command", [["warcio", "check", "-v"], ["fastwarc", "check"]])
def test_validators_accept_every_file(crawled: Crawled, command: list[str]) -> None:
    scripts = Path(sys.executable).parent
    for path in ArchiveLayout(crawled.archive).warc_files("demo"):
        done = subprocess.run(
            [scripts / command[0], *command[1:], path], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert whole_members(path) == path.stat().st_size


def test_a_second_crawl_adds_no_document_and_fetches_no_body_again(crawled: Crawled) -> None:
    assert crawled.second.status == 0, crawled.second.err
    assert sorted(path.name for path in (crawled.archive / "corpus").iterdir()) == crawled.names_after_first
    addresses = {article.address.partition(HOST)[2] for article in articles()}
    answers = {served.target: served.status for served in crawled.second_log if served.target in addresses}
    assert set(answers.values()) == {304}
    assert len(answers) == len(addresses)
    records = [record for path in ArchiveLayout(crawled.archive).warc_files("demo") for record in read_records(path)]
    revisits = [record for record in records if record.type == "revisit"]
    assert len(revisits) >= len(addresses)
    first = {record.url: record for record in records if record.type == "response"}
    for revisit in revisits:
        if message.parse(revisit.block).status != 304:
            continue
        assert revisit.headers["warc-profile"].endswith("/server-not-modified")
        assert revisit.headers["warc-refers-to-target-uri"] == revisit.url
        assert revisit.headers["warc-refers-to-date"] == first[revisit.url].headers["warc-date"]


def test_the_archive_is_whole(crawled: Crawled) -> None:
    done = run_scrapy(crawled.archive, "verify")
    assert done.status == 0, done.out


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_replay_gives_the_same_files(crawled: Crawled, tmp_path: Path, workers: str) -> None:
    out = tmp_path / "out"
    done = run_scrapy(crawled.archive, "replay", "--out", str(out), "--workers", workers)
    assert done.status == 0, done.err
    corpus = crawled.archive / "corpus"
    replayed = {path.name: path.read_bytes() for path in out.glob("*.txt")}
    assert replayed == {path.name: path.read_bytes() for path in corpus.iterdir()}


def test_a_replay_in_place_changes_nothing(crawled: Crawled) -> None:
    manifest = (crawled.archive / "manifest.jsonl").read_bytes()
    done = run_scrapy(crawled.archive, "replay")
    assert done.status == 0, done.err
    assert (crawled.archive / "manifest.jsonl").read_bytes() == manifest
    assert sorted(path.name for path in (crawled.archive / "corpus").iterdir()) == crawled.names_after_first


def test_the_summary_tells_what_was_done(crawled: Crawled) -> None:
    for words in ("captures", "documents new", "robots.txt", "not-found", str(crawled.archive / "corpus"), "spam"):
        assert words in crawled.first.err
    assert "Traceback" not in crawled.first.err


@pytest.mark.parametrize("after", [3, 17, 30])
def test_a_killed_crawl_goes_on_and_ends_as_an_undisturbed_one(crawled: Crawled, tmp_path: Path, after: int) -> None:
    archive = tmp_path / "archive"
    with DemoServer() as server:
        settings = {"ARCHIVE_DIR": str(archive), "CONNECT_TO": connect_to(server)}
        # Slow enough to be hit in the middle.
        command = scrapy_command("crawl", "demo", settings={**settings, "DOWNLOAD_DELAY": "0.05"})
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 60
        while len(server.log) < after and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        before = {served.target for served in server.log}
        count = len(server.log)
        done = run_scrapy(archive, "crawl", "demo", CONNECT_TO=connect_to(server))
        again = [served.target for served in server.log[count:]]
    assert done.status == 0, done.err
    assert essence(archive) == essence(crawled.archive)
    repeated = [target for target in again if target in before and target != "/robots.txt"]
    assert len(repeated) <= 4
    verified = run_scrapy(archive, "verify")
    assert verified.status == 0, verified.out
