"""Sitemaps and feeds of a site, through its life of three days: what they lead to is found, what they say has changed is visited."""

import gzip
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from healthcrawl.demo import DemoServer
from healthcrawl.demo.answer import Resource
from tests.conftest import Done
from tests.crawl.bureaus import path, resources, write_site
from tests.warm import Warm

HOST = "maps.healthcrawl.test"
BASE = f"http://{HOST}"
ARTICLES = 24
FIRST = 100_001
ONLY_MAPPED, ONLY_FED = 200_001, 200_002
FOREIGN = "http://elsewhere.test/tzgg/content/post_300001.html"


class Bureau:
    """A bureau whose robots.txt names an index of two sitemaps; its site file names a feed."""

    def __init__(self, folder: Path) -> None:
        self.archive, self.sites = folder / "archive", folder / "sites"
        write_site(self.sites, "maps", HOST, more=f'families = ["nfcms"]\nfeeds = ["{BASE}/rss.xml"]')
        self.resources = resources(HOST, ARTICLES, noise=0)
        extra = resources(HOST, ARTICLES + 2, noise=0)
        for at, number in enumerate((ONLY_MAPPED, ONLY_FED)):
            self.resources[path(number)] = extra[path(FIRST + ARTICLES + at)]
        self.changed = dict.fromkeys([*range(FIRST, FIRST + ARTICLES), ONLY_MAPPED], "2024-03-01T09:00:00+08:00")
        self.resources["/robots.txt"] = Resource(body=f"User-agent: *\nSitemap: {BASE}/index.xml\n".encode())
        self.put_up("2024-03-01")

    def put_up(self, day: str) -> None:
        """Put up sitemaps and feed; the index says that the sitemap of articles was changed on this day."""
        rows = [
            f"<url><loc>{BASE}{path(number)}</loc><lastmod>{at}</lastmod></url>" for number, at in self.changed.items()
        ]
        rows += [f"<url><loc>{FOREIGN}</loc></url>", f"<url><loc>{BASE}/about.html</loc></url>"]
        self.resources["/articles.xml.gz"] = Resource(
            body=gzip.compress(f"<urlset>{''.join(rows)}</urlset>".encode(), mtime=0),
            content_type="application/x-gzip",
        )
        self.resources["/pages.xml"] = Resource(body=b"<urlset></urlset>", content_type="text/xml")
        maps = f"<sitemap><loc>{BASE}/articles.xml.gz</loc><lastmod>{day}</lastmod></sitemap>"
        maps += f"<sitemap><loc>{BASE}/pages.xml</loc><lastmod>2024-01-01</lastmod></sitemap>"
        self.resources["/index.xml"] = Resource(body=f"<sitemapindex>{maps}</sitemapindex>".encode(), tagged=True)
        item = f"<item><title>公示</title><link>{BASE}{path(ONLY_FED)}</link></item>"
        self.resources["/rss.xml"] = Resource(body=f"<rss><channel>{item}</channel></rss>".encode(), tagged=True)

    def edit(self, number: int, day: str) -> None:
        """Edit an article in silence; only the sitemap knows."""
        page = self.resources[path(number)]
        body = page.body.replace("请认真组织实施".encode(), "请于本周内组织实施".encode())
        self.resources[path(number)] = replace(page, body=body)
        self.changed[number] = f"{day}T10:00:00+08:00"

    def crawl(self, day: str, **settings: str) -> tuple[Done, list[tuple[str, int]]]:
        """Crawl on a day; give the requests with their statuses too."""
        with DemoServer(self.resources) as server:
            crawl = Warm(
                self.archive,
                "crawl",
                "maps",
                environment={"TEST_NOW": f"{day}T12:00"},
                SITES_DIR=str(self.sites),
                CLOCK="tests.crawl.days.told",
                CONNECT_TO=json.dumps({HOST: server.address}),
                **settings,
            )
            return crawl.wait(), [(served.target, served.status) for served in server.log]

    def ask(self, query: str) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(self.archive / "catalog.sqlite")
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def bureau(tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    return Bureau(tmp_path_factory.mktemp("maps"))


def test_three_days(bureau: Bureau) -> None:
    done, asked = bureau.crawl("2026-03-01")
    assert done.status == 0, done.err
    targets = [target for target, _ in asked]
    assert len(targets) == len(set(targets))
    articles = {path(number) for number in (*range(FIRST, FIRST + ARTICLES), ONLY_MAPPED, ONLY_FED)}
    lists = {"/tzgg/index.html", "/tzgg/index_2.html"}
    assert set(targets) == articles | lists | {
        "/robots.txt",
        "/index.xml",
        "/articles.xml.gz",
        "/pages.xml",
        "/rss.xml",
    }
    assert len(list((bureau.archive / "corpus").iterdir())) == len(articles)
    assert FOREIGN in done.err, "told, not asked for"

    bureau.edit(FIRST + 3, "2026-03-02")
    bureau.put_up("2026-03-02")
    done, asked = bureau.crawl("2026-03-03")
    assert done.status == 0, done.err
    told = dict(asked)
    assert (told["/index.xml"], told["/rss.xml"], told["/articles.xml.gz"]) == (200, 304, 200)
    assert "/pages.xml" not in told, "the index says that it is as it was"
    again = [target for target in told if target.startswith("/tzgg/content/")]
    assert path(FIRST + 3) in again
    assert bureau.ask("SELECT count(*) FROM versions") == [(len(articles) + 1,)]
    ((signals,),) = bureau.ask("SELECT signals FROM learned")
    assert json.loads(str(signals))["records"] == {"sitemap": {"right": 1, "wrong": 0}}

    done, asked = bureau.crawl("2026-03-05")
    assert done.status == 0, done.err
    told = dict(asked)
    assert (told["/index.xml"], told["/rss.xml"]) == (304, 304)
    assert {"/articles.xml.gz", "/pages.xml"}.isdisjoint(told)
    assert bureau.ask("SELECT count(*) FROM versions") == [(len(articles) + 1,)]


def test_without_a_network_the_same_is_found(bureau: Bureau, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done, asked = bureau.crawl("2026-03-06", OFFLINE="1", OFFLINE_OUT=str(out))
    assert done.status == 0, done.err
    assert not asked
    names = sorted(file.name for file in (bureau.archive / "corpus").iterdir())
    assert sorted(file.name for file in out.glob("*.txt")) == names
    replayed = Warm(bureau.archive, "replay", "--out", str(tmp_path / "replayed"), SITES_DIR=str(bureau.sites)).wait()
    assert replayed.status == 0, replayed.err
    assert sorted(file.name for file in (tmp_path / "replayed").glob("*.txt")) == names
