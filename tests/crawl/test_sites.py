"""A new site in one command: looked at, drafted, crawled."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthcrawl.demo import HOST, DemoServer
from healthcrawl.demo.answer import Resource
from tests.conftest import Done, Scrapy

SHELL = b"<script>window.location.href='/qxswjj/index.html'</script>"


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as server:
        yield server


def mapped(server: DemoServer) -> str:
    return json.dumps({HOST: server.address})


def test_a_probed_site_can_be_crawled(scrapy: Scrapy, server: DemoServer, tmp_path: Path) -> None:
    draft = tmp_path / "sites" / "qingxiu.toml"
    draft.parent.mkdir()
    probed = scrapy(
        "sites", "probe", f"http://{HOST}/", "-o", str(draft), CONNECT_TO=mapped(server), DOWNLOAD_DELAY="0"
    )
    assert probed.status == 0, probed.err
    asked = [served.target for served in server.log]
    assert asked[:2] == ["/robots.txt", "/"]
    assert len(asked) == len(set(asked)) < 12
    text = draft.read_text("utf-8")
    assert 'name = "qingxiu"' in text
    assert "seen: title, date and text found" in text
    assert f'feeds = ["http://{HOST}/zwgk/tzgg/rss.xml"] # seen' in text
    assert f"robots.txt names the sitemap http://{HOST}/sitemap.xml.gz" in text

    settings = {"SITES_DIR": str(draft.parent), "CONNECT_TO": mapped(server)}
    listed = scrapy("sites", "list", **settings)
    assert "qingxiu" in listed.out
    draft.write_text(text.replace("delay = 3.0", "delay = 0"), "utf-8")
    crawled = scrapy("crawl", "qingxiu", **settings)
    assert crawled.status == 0, crawled.err
    checked = scrapy("sites", "check", "qingxiu", **settings)
    assert checked.status == 0, checked.out
    assert checked.out.count("  holds: ") == 5, checked.out


def test_a_page_that_only_sends_on_is_followed_once(scrapy: Scrapy) -> None:
    home = "<title>青岫市卫生健康局</title><a href='/tzgg/'>通知公告</a>".encode()
    rows = "<ul><li><a href='/tzgg/content/post_2000001.html'>关于示例事项的通知</a><span>2024-03-01</span></li></ul>".encode()
    pages = {"/": Resource(body=SHELL), "/qxswjj/index.html": Resource(body=home), "/tzgg/": Resource(body=rows)}
    with DemoServer(pages) as server:
        done = scrapy("sites", "probe", HOST, CONNECT_TO=mapped(server), DOWNLOAD_DELAY="0")
    assert done.status == 0, done.err
    assert "seen: 1 entries, all dated, one page" in done.out
    assert "rejected (not-found)" in done.out


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (Resource(body=b"<p>no columns</p>"), "no column with entries was found"),
        (Resource(status=503, body=b""), "could not be read: it answered 503"),
    ],
    ids=["nothing", "error"],
)
def test_a_site_that_shows_nothing_is_told(scrapy: Scrapy, page: Resource, message: str) -> None:
    with DemoServer({"/": page}) as server:
        done = scrapy("sites", "probe", HOST, CONNECT_TO=mapped(server), DOWNLOAD_DELAY="0", RETRY_ENABLED="0")
    assert done.status == 1
    assert message in done.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("probe", "ftp://a.example/"), "not an http(s) URL"),
        (("probe",), "say list, check"),
        (("prob", "http://a.example/"), "say list, check"),
        (("check", "nosuch"), "no site 'nosuch'"),
        (("probe", "http://wjj.yunhu.example/"), "set CONTACT"),
    ],
)
def test_wrong_use_is_told(scrapy: Scrapy, words: tuple[str, ...], message: str) -> None:
    done = scrapy("sites", *words)
    assert done.status == 2
    assert message in done.err


def test_a_file_that_is_there_is_not_written_over(scrapy: Scrapy, tmp_path: Path) -> None:
    there = tmp_path / "a.toml"
    there.write_text("mine", "utf-8")
    done = scrapy("sites", "probe", HOST, "-o", str(there))
    assert (done.status, there.read_text("utf-8")) == (2, "mine")
    assert "is there already" in done.err


def test_check_names_the_file_that_is_wrong(scrapy: Scrapy, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("name = 3", "utf-8")
    done = scrapy("sites", "check", SITES_DIR=str(tmp_path))
    assert done.status == 3
    assert "bad.toml" in done.out


SITE = """
name = "qingxiu"
title = "青岫市卫生健康局"
kind = "bureau"
status = "unverified"
domains = ["demo.healthcrawl.test"]
delay = 0

[[columns]]
name = "通知公告"
url = "http://demo.healthcrawl.test/zwgk/tzgg/index.html"
"""


def live(scrapy: Scrapy, server: DemoServer, folder: Path, *examples: tuple[str, str]) -> Done:
    told = "".join(f'[[examples]]\nurl = "http://{HOST}{path}"\nkind = "{kind}"\n' for path, kind in examples)
    (folder / "qingxiu.toml").write_text(SITE + told, "utf-8")
    return scrapy("sites", "check", "qingxiu", "--live", SITES_DIR=str(folder), CONNECT_TO=mapped(server))


def test_a_file_that_holds_live_may_be_called_verified(
    scrapy: Scrapy, server: DemoServer, tmp_path: Path, archive: Path
) -> None:
    done = live(scrapy, server, tmp_path, ("/zwgk/tzgg/content/post_2000101.html", "article"))
    assert (done.status, done.out.count("  holds: ")) == (0, 2), done.out + done.err
    assert 'all holds: set status = "verified" in its file' in done.out
    asked = [served.target for served in server.log]
    assert asked == ["/robots.txt", "/zwgk/tzgg/content/post_2000101.html", "/zwgk/tzgg/index.html"]
    assert not archive.exists()


def test_what_does_not_hold_live_is_told(scrapy: Scrapy, server: DemoServer, tmp_path: Path) -> None:
    wrong = (
        ("/zwgk/tzgg/index_2.html", "article"),
        ("/zwgk/tzgg/content/post_2000102.html", "list"),
        ("/zwgk/nosuch/index.html", "list"),
    )
    done = live(scrapy, server, tmp_path, *wrong)
    assert done.status == 3
    assert done.out.count("DOES NOT HOLD") == 3, done.out
    assert "mend the file" in done.out


def test_what_robots_forbids_is_not_asked_for(scrapy: Scrapy, server: DemoServer, tmp_path: Path) -> None:
    done = live(scrapy, server, tmp_path, ("/zwgk/neibu/content/post_1.html", "article"))
    assert done.status == 1
    assert "not proved: article" in done.out
    assert "1 did not answer: try again later" in done.out
    assert not any("neibu" in served.target for served in server.log)


def test_live_wants_names(scrapy: Scrapy) -> None:
    done = scrapy("sites", "check", "--live")
    assert (done.status, "say which sites" in done.err) == (2, True)


def test_live_without_a_contact_asks_nobody(scrapy: Scrapy) -> None:
    done = scrapy("sites", "check", "enping", "--live")
    assert (done.status, "set CONTACT" in done.err) == (2, True)
