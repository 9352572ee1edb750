"""What a user meets at the command line: helpful errors, exit statuses, JSON."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from healthcrawl.crawl.clock import system_clock
from healthcrawl.demo import HOST
from healthcrawl.warc import lock
from tests.conftest import ROOT, Scrapy, start_scrapy

KEYS = {
    "file", "url", "outcome", "reason", "site", "family", "title", "published", "source", "author", "text",
    "attachments", "findings", "name",
}  # fmt: skip
HEAVY = {"sqlalchemy", "trafilatura", "rich", "starlette", "healthcrawl.core.process", "healthcrawl.demo"}
PAGE = """<html><head><title>关于开展健康讲座的通知_某市卫生健康局</title><meta charset="utf-8"></head><body>
<div class="nav"><a href="/">首页</a></div><h1>关于开展健康讲座的通知</h1>
<p>发布时间：2026-03-01 来源：某市卫生健康局</p><div class="TRS_Editor">
<p>各有关单位：</p><p>为普及合理膳食知识，我局定于三月中旬在市民中心举办健康讲座，请组织职工参加。</p>
<p>讲座由市人民医院营养科主讲，内容包括减盐、减油、减糖的具体做法，以及慢性病患者的饮食安排。</p></div></body></html>"""


def test_list_shows_the_sites() -> None:
    done = start_scrapy("list")
    assert done.status == 0
    assert {"demo", "pengjiang", "dongguan", "tianmen", "enping", "taishan"} <= set(done.out.split())


def test_the_list_of_commands_loads_none_of_their_work() -> None:
    """Scrapy loads every command before it runs one, so each must be light."""
    program = "import sys, scrapy.cmdline\ntry: scrapy.cmdline.execute(['scrapy'])\nfinally: print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    loaded = {name for name in done.stdout.split() if name.partition(".")[0] in {"healthcrawl", *HEAVY}}
    assert "healthcrawl.crawl.commands.crawl" in loaded
    assert not loaded & HEAVY


def test_extract_gives_one_object_a_line(scrapy: Scrapy, tmp_path: Path) -> None:
    page, empty = tmp_path / "page.html", tmp_path / "empty.html"
    page.write_text(PAGE, "utf-8")
    empty.write_bytes(b"")
    done = scrapy("extract", "--json", str(page), str(empty), str(tmp_path / "absent.html"))
    assert done.status == 0, done.err
    first, second, third = map(json.loads, done.out.splitlines())
    assert first.keys() >= KEYS
    assert (first["outcome"], first["title"], first["published"]) == (
        "document",
        "关于开展健康讲座的通知",
        "2026-03-01",
    )
    assert first["text"].startswith("各有关单位:\n为普及合理膳食知识,我局定于")
    assert len(first["name"]) == 16
    assert [second["outcome"], third["outcome"]] == ["rejected", "rejected"]
    assert "absent.html" in third["detail"]


@pytest.mark.parametrize(
    ("args", "settings", "status", "words"),
    [
        (["crawl"], {}, 2, "name of one site"),
        (["crawl", "nowhere"], {}, 2, "scrapy list"),
        (["crawl", "demo", "-a", "fulll=1"], {}, 2, "fulll"),
        (["crawl", "pengjiang"], {}, 2, "CONTACT"),
        (["crawl", "demo"], {"CONNECT_TO": '{"demo.healthcrawl.test": "localhost"}'}, 2, "CONNECT_TO"),
        (["crawl", "demo"], {"CORPUS_SCRIPT": "simple"}, 2, "CORPUS_SCRIPT"),
        (["crawl", "demo"], {"SITES_DIR": "/nonexistent/sites"}, 2, "/nonexistent/sites"),
        (["crawl", "demo"], {"CLOCK": "no.such.clock"}, 2, "CLOCK"),
        (["crawl", "demo"], {"CLOCK": "os.getcwd"}, 2, "expected a datetime"),
        (["crawl", "demo"], {"CONNECT_TO": "abc"}, 2, "CONNECT_TO"),
        (["crawl", "demo"], {"WARC_MAX_BYTES": "abc"}, 2, "WARC_MAX_BYTES"),
        (["extract"], {}, 2, "at least one file"),
        (["extract", "--nosuch", "README.md"], {}, 2, "--nosuch"),
        (["crawl", "demo", "--nosuch"], {}, 2, "no such option: --nosuch"),
        (["clean", "--outt", "x", "README.md"], {}, 2, "--outt"),
        (["extract", "/nonexistent.html"], {}, 2, "/nonexistent.html"),
        (["clean", "/nonexistent.txt"], {}, 2, "/nonexistent.txt"),
        (["extract", "--url", "http://a.test/", "a", "b"], {}, 2, "--url"),
        (["extract", "--site", "nowhere", "README.md"], {}, 2, "nowhere"),
        (["clean"], {}, 2, "at least one file"),
        (["clean", "archive"], {}, 2, "no *.txt files"),
        (["clean", "README.md", "--workers", "-1"], {}, 2, "--workers"),
        (["clean", "README.md", "--out", "."], {}, 2, "never changed"),
        (["clean", "README.md", "--out", "LICENSE"], {}, 2, "not a folder"),
        (["replay"], {}, 2, "crawl first"),
        (["replay", "/nonexistent.warc.gz"], {}, 2, "/nonexistent.warc.gz"),
        (["verify"], {}, 2, "no archive there"),
    ],
)
def test_wrong_use_is_told_in_a_line(
    scrapy: Scrapy, args: list[str], settings: dict[str, str], status: int, words: str
) -> None:
    done = scrapy(*args, **settings)
    assert done.status == status, done.err
    assert words in done.err
    assert "Traceback" not in done.err


def test_a_wrong_site_file_disables_only_its_site(scrapy: Scrapy, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('name = "bad"\nkind = "burea"\n', "utf-8")
    listed = scrapy("list", SITES_DIR=str(tmp_path))
    assert listed.status == 0
    assert "demo" in listed.out
    assert "bad" not in listed.out.split()
    assert "bad.toml" in listed.err
    done = scrapy("crawl", "bad", SITES_DIR=str(tmp_path))
    assert done.status == 2
    assert "bad.toml" in done.err


def test_a_site_in_use_is_left_alone(scrapy: Scrapy, archive: Path) -> None:
    with lock.hold(archive / "warc" / "demo", system_clock()):
        done = scrapy("crawl", "demo")
    assert done.status == 75
    assert "demo is being crawled by process" in done.err


def test_an_unreachable_site_is_a_failure_that_says_why(scrapy: Scrapy) -> None:
    done = scrapy("crawl", "demo", CONNECT_TO=json.dumps({HOST: "127.0.0.1:9"}), RETRY_TIMES="0")
    assert done.status == 1
    assert "no list page could be read" in done.err
    assert "Traceback" not in done.err


def test_a_broken_expectation_has_its_own_status(scrapy: Scrapy, tmp_path: Path) -> None:
    shipped = (ROOT / "healthcrawl/knowledge/sites/demo.toml").read_text("utf-8")
    (tmp_path / "demo.toml").write_text(shipped.replace("min_documents = ", "min_documents = 1"), "utf-8")
    done = scrapy("crawl", "demo", SITES_DIR=str(tmp_path))
    assert done.status == 3, done.err
    assert "expects at least 1" in done.err


@pytest.mark.parametrize("command", ["crawl", "list", "extract", "clean", "replay", "verify"])
def test_every_command_explains_itself(scrapy: Scrapy, command: str) -> None:
    done = scrapy(command, "--help")
    assert done.status == 0
    assert "Exit status" in " ".join(done.out.split())


def test_damage_is_found_and_named(scrapy: Scrapy, archive: Path) -> None:
    assert scrapy("crawl", "demo").status == 0
    victim = min((archive / "corpus").iterdir())
    victim.write_bytes(victim.read_bytes() + b"x")
    (warc,) = (archive / "warc" / "demo").glob("*.warc.gz")
    data = bytearray(warc.read_bytes())
    data[len(data) // 2] ^= 0xFF
    warc.write_bytes(bytes(data))
    done = scrapy("verify")
    assert done.status == 1
    assert f"damaged: {victim}" in done.out
    assert f"damaged: {warc}" in done.out
