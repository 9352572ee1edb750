"""What goes wrong around a crawl is told in a line, and nothing that was kept is lost."""

import json
import resource
import shutil
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog, engines
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.demo import HOST, DemoServer, articles
from healthcrawl.errors import ArchiveError
from tests.conftest import ROOT, Scrapy, run_scrapy, scrapy_command
from tests.crawl.disks import disk

LIMIT = 60_000


def texts(archive: Path) -> list[str]:
    return sorted(path.read_text("utf-8") for path in (archive / "corpus").glob("*.txt"))


EXPECTED = sorted(article.expected for article in articles())


def test_a_full_disk_stops_the_crawl_and_the_next_one_goes_on(archive: Path, scrapy: Scrapy) -> None:
    def fill_up() -> None:  # no file may grow beyond this: to the process, a disk that is full
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))

    # A catalog of full size is there already; then the WARC file is what does not fit.
    command = scrapy_command("crawl", "demo", settings={"ARCHIVE_DIR": str(archive)})
    done = subprocess.run(  # nothing else runs in this process's threads
        command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False, preexec_fn=fill_up
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(archive) in done.stderr
    done_again = scrapy("crawl", "demo")
    assert done_again.status == 0, done_again.err
    assert texts(archive) == EXPECTED
    assert scrapy("verify").status == 0


def test_an_archive_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file where the folder should be", "utf-8")
    done = run_scrapy(tmp_path / "archive", "crawl", "demo")
    assert done.status == 1
    assert "Traceback" not in done.err
    assert str(tmp_path / "archive") in done.err
    assert "a part of that path is a file" in done.err


def test_a_read_only_disk_is_told(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=1m,ro") as folder:
        done = run_scrapy(folder / "archive", "crawl", "demo")
    assert done.status == 1
    assert "Traceback" not in done.err
    assert str(folder / "archive") in done.err
    assert "Read-only file system; see that this user may write there" in done.err


@pytest.mark.parametrize(
    "refused", ["INSERT ON pages", "UPDATE ON pages WHEN NEW.state = 'forbidden'"], ids=["to begin with", "on the way"]
)
def test_a_catalog_that_takes_no_more_ends_the_crawl_with_a_line(archive: Path, scrapy: Scrapy, refused: str) -> None:
    """Where pages are made known or passed over, nothing has been fetched that would tell."""
    known = Catalog(archive / "catalog.sqlite")
    with closing(known), known.writing() as tx:
        tx.execute(sa.text(f"CREATE TRIGGER full BEFORE {refused} BEGIN SELECT RAISE(FAIL, 'no room left'); END"))
    done = scrapy("crawl", "demo")
    assert done.status == 1
    assert "Traceback" not in done.err
    assert done.err.count("ERROR") == 1
    assert "catalog.sqlite: no room left" in done.err.splitlines()[-1]
    with closing(Catalog(archive / "catalog.sqlite")) as known, known.writing() as tx:
        tx.execute(sa.text("DROP TRIGGER full"))
    assert scrapy("crawl", "demo").status == 0
    assert texts(archive) == EXPECTED


def test_a_damaged_catalog_is_told_with_what_to_do(archive: Path, scrapy: Scrapy) -> None:
    archive.mkdir()
    (archive / "catalog.sqlite").write_bytes(b"this is no database" * 1000)
    done = scrapy("crawl", "demo")
    assert done.status == 1
    assert "scrapy replay" in done.err
    assert "Traceback" not in done.err


def test_a_damaged_journal_is_told_as_what_it_is(archive: Path, scrapy: Scrapy) -> None:
    archive.mkdir()
    (archive / "manifest.jsonl").write_bytes(b"{no\n")
    done = scrapy("crawl", "demo")
    assert done.status == 1
    assert "manifest.jsonl: the line that ends at byte 4 is not a journal line" in done.err.splitlines()[-1]
    assert "robots.txt" not in done.err  # which has nothing to do with it


def test_an_interrupted_crawl_ends_in_order_and_goes_on(archive: Path, scrapy: Scrapy) -> None:
    with DemoServer() as server:
        settings = {"ARCHIVE_DIR": str(archive), "CONNECT_TO": json.dumps({HOST: server.address})}
        command = scrapy_command("crawl", "demo", settings={**settings, "DOWNLOAD_DELAY": "0.1"})
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        while len(server.log) < 10:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert "goes on from here" in err
        assert not list((archive / "warc" / "demo").glob("*.open"))
        before = [served.target for served in server.log]
        assert scrapy("crawl", "demo", CONNECT_TO=settings["CONNECT_TO"]).status == 0
        again = [served.target for served in server.log[len(before) :]]
    assert set(again) & set(before) <= {"/robots.txt"}
    assert texts(archive) == EXPECTED


def test_a_run_for_cron_says_nothing_when_all_is_well(scrapy: Scrapy) -> None:
    done = scrapy("crawl", "demo", "-L", "WARNING")
    assert (done.status, done.out, done.err) == (0, "", "")


def test_a_catalog_that_another_process_holds_is_told(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "BUSY_SECONDS", 0.2)
    known = Catalog(archive / "catalog.sqlite")
    other = Catalog(archive / "catalog.sqlite")
    told = pytest.raises(ArchiveError, match="another process has held it")
    with closing(known), closing(other), known.writing(), told, other.writing():
        pass


@pytest.mark.parametrize("moved", [False, True])
def test_an_archive_that_vanishes_meanwhile_is_told(archive: Path, moved: bool) -> None:
    with DemoServer() as server:
        settings = {
            "ARCHIVE_DIR": str(archive),
            "CONNECT_TO": json.dumps({HOST: server.address}),
            "DOWNLOAD_DELAY": "0.1",
        }
        command = scrapy_command("crawl", "demo", settings=settings)
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        while len(server.log) < 5:
            time.sleep(0.01)
        if moved:
            archive.rename(archive.with_name("elsewhere"))
        else:
            shutil.rmtree(archive, ignore_errors=True)
        _, err = process.communicate(timeout=100)
    assert process.returncode == 1
    assert "Traceback" not in err
    assert f"scrapy crawl: demo: {archive}" in err.splitlines()[-1]
    assert not (archive / "catalog.sqlite").exists()


def test_a_clock_that_jumps_back_makes_no_new_capture_older(archive: Path, scrapy: Scrapy) -> None:
    assert scrapy("crawl", "demo", CLOCK="tests.crawl.days.at_2026_03_09").status == 0
    assert scrapy("crawl", "demo", CLOCK="tests.crawl.days.at_2026_03_01").status == 0
    known = Catalog(archive / "catalog.sqlite")
    with closing(known), known.reading() as tx:
        moments = tx.execute(sa.select(catalog.captures.c.captured_at)).scalars().all()
    assert min(moments) >= "2026-03-09"
    assert scrapy("verify").status == 0


def test_a_clock_that_was_once_in_the_future_is_not_followed_for_ever(archive: Path, scrapy: Scrapy) -> None:
    assert scrapy("crawl", "demo", CLOCK="tests.crawl.days.at_2036_03_01").status == 0
    done = scrapy("crawl", "demo", CLOCK="tests.crawl.days.at_2026_03_09")
    assert done.status == 0
    assert "captures of 2036-03-01, which is yet to come" in done.err
    # What was captured with the right clock binds again.
    assert scrapy("crawl", "demo", CLOCK="tests.crawl.days.at_2026_03_01").status == 0
    known = Catalog(archive / "catalog.sqlite")
    with closing(known), known.reading() as tx:
        moments = tx.execute(sa.select(catalog.captures.c.captured_at).distinct()).scalars().all()
    assert {moment[:10] for moment in moments} == {"2026-03-09", "2036-03-01"}
    assert texts(archive) == EXPECTED
    assert scrapy("verify").status == 0
