"""Sitemaps and feeds as servers write them, and as those write them who mean harm."""

import gzip
import random
from itertools import pairwise

import pytest

from healthcrawl.core.decode import Unreadable, decode_feed
from healthcrawl.core.feeds import LARGEST, MOST_ENTRIES, MOST_SITEMAPS, read, sitemaps_of, told, when
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Context, Entry
from healthcrawl.rules import Column, Rules, Site

HOST = "http://www.yunhu.example"
BASE = f"{HOST}/sitemap.xml"
SITEMAP = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc> {HOST}/tzgg/content/post_2000001.html </loc><lastmod>2024-03-01T09:00:00+08:00</lastmod><priority>0.5</priority>
    <image:image><image:loc>{HOST}/a.png</image:loc></image:image></url>
  <url><image:image><image:loc>{HOST}/b.png</image:loc></image:image><loc>{HOST}/tzgg/?a=1&amp;b=2</loc></url>
  <url><loc><![CDATA[{HOST}/tzgg/content/post_2000003.html]]></loc><lastmod>soon</lastmod></url>
</urlset>"""
RSS = f"""<rss version="2.0"><channel><title>通知公告</title><link>{HOST}/</link>
<item><title>关于义诊的<![CDATA[通知]]></title><link>{HOST}/tzgg/content/post_2000001.html</link><pubDate>Fri, 01 Mar 2024 09:00:00 +0800</pubDate></item>
<item><title>公示</title><guid isPermaLink="true">{HOST}/tzgg/content/post_2000002.html</guid></item></channel></rss>"""
ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>动态</title><link rel="self" href="{HOST}/atom.xml"/>
<entry><title type="html">义诊</title><link rel="enclosure" href="/a.pdf"/><link href="/tzgg/content/post_2000001.html"/>
<published>2024-03-01T00:00:00Z</published><updated>2024-03-02T00:30:00Z</updated></entry></feed>"""
RDF = f"""<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<item><title>义诊</title><link>{HOST}/tzgg/content/post_2000001.html</link><dc:date>2024-03-01</dc:date></item></rdf:RDF>"""


@pytest.fixture(scope="module")
def rules() -> Rules:
    return load_rules(
        Site(
            name="yunhu",
            title="云湖",
            kind="bureau",
            status="verified",
            domains=("www.yunhu.example",),
            columns=(Column(name="通知公告", url=f"{HOST}/tzgg/"),),
            families=("nfcms",),
        )
    )


def test_a_sitemap() -> None:
    said = read(SITEMAP, BASE)
    assert (said.kind, said.flaw) == ("sitemap", "")
    assert said.entries == (
        Entry(url=f"{HOST}/tzgg/content/post_2000001.html", modified="2024-03-01T01:00:00+00:00"),
        Entry(url=f"{HOST}/tzgg/?a=1&b=2"),
        Entry(url=f"{HOST}/tzgg/content/post_2000003.html"),
    )


def test_an_index() -> None:
    said = read(
        "<sitemapindex><sitemap><loc>/a.xml.gz</loc><lastmod>2024-03-01</lastmod></sitemap></sitemapindex>", BASE
    )
    assert said.kind == "index"
    assert said.entries == (Entry(url=f"{HOST}/a.xml.gz", modified="2024-03-01"),)


@pytest.mark.parametrize(
    ("feed", "title", "date", "modified"),
    [
        (RSS, "关于义诊的通知", "2024-03-01", "2024-03-01T01:00:00+00:00"),
        (ATOM, "义诊", "2024-03-01", "2024-03-02T00:30:00+00:00"),
        (RDF, "义诊", "2024-03-01", "2024-03-01"),
    ],
    ids=["rss", "atom", "rdf"],
)
def test_a_feed(feed: str, title: str, date: str, modified: str) -> None:
    said = read(feed, BASE)
    assert (said.kind, said.flaw) == ("feed", "")
    assert said.entries[0] == Entry(
        url=f"{HOST}/tzgg/content/post_2000001.html", title=title, date=date, modified=modified
    )


def test_the_address_of_an_item_may_stand_in_its_guid() -> None:
    assert read(RSS, BASE).entries[1].url == f"{HOST}/tzgg/content/post_2000002.html"


def test_a_list_of_addresses() -> None:
    said = read(f"{HOST}/a.html\r\n\r\n{HOST}/b.html\n{HOST}/a.html\njavascript:void(0)\n", BASE)
    assert [entry.url for entry in said.entries] == [f"{HOST}/a.html", f"{HOST}/b.html"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024", "2024-01-01"),
        ("2024-03-01T01:00Z", "2024-03-01T01:00:00+00:00"),
        ("2024-03-01T09:00:00.123+08:00", "2024-03-01T01:00:00+00:00"),
        ("2024-03-01T09:00:00+0800", "2024-03-01T01:00:00+00:00"),
        ("2024-03-01 09:00:00", "2024-03-01T01:00:00+00:00"),
        ("2024年3月1日", "2024-03-01"),
        ("1 Mar 2024 09:00 +0800", "2024-03-01T01:00:00+00:00"),
        ("Fri, 01 Mar 2024 01:00:00 GMT", "2024-03-01T01:00:00+00:00"),
        ("2024-13-45", ""),
        ("0000-00-00", ""),
        ("9999-12-31T23:59:59-12:00", ""),
        ("Fri, 99 Mar 2024 01:00:00", ""),
        ("", ""),
    ],
)
def test_dates(text: str, moment: str) -> None:
    assert when(text) == moment


def test_entities_stay_what_they_are() -> None:
    bomb = "".join(f'<!ENTITY e{next_} "{f"&e{this};" * 10}">' for this, next_ in pairwise(range(12)))
    hostile = f'<!DOCTYPE urlset [<!ENTITY e0 "lol"><!ENTITY file SYSTEM "file:///etc/passwd">{bomb}]>'
    said = read(
        f"{hostile}<urlset><url><loc>{HOST}/&e11;.html</loc></url><url><loc>{HOST}/&file;</loc></url><url><loc>{HOST}/a</loc></url></urlset>",
        BASE,
    )
    assert all(len(entry.url) < 100 and "root:" not in entry.url and "lol" not in entry.url for entry in said.entries)


def test_what_is_broken_is_read_as_far_as_it_goes() -> None:
    said = read(SITEMAP[: SITEMAP.index("post_2000003")], BASE)
    assert [entry.url[-8:] for entry in said.entries] == ["001.html", "?a=1&b=2"]


@pytest.mark.parametrize("text", ["", "no sitemap", "<html><body>找不到页面</body></html>", "\x00\x01", "{}"])
def test_what_is_none_says_so(text: str) -> None:
    said = read(text, BASE)
    assert not said.entries
    assert said.flaw


def test_there_is_an_end() -> None:
    many = "".join(f"<url><loc>{HOST}/{at}</loc></url>" for at in range(MOST_ENTRIES + 10))
    said = read(f"<urlset>{many}</urlset>", BASE)
    assert (len(said.entries), said.flaw) == (MOST_ENTRIES, f"more than {MOST_ENTRIES} entries")
    deep = read("<urlset><url>" + "<a>" * 100_000, BASE)
    assert "deep" in deep.flaw
    assert len(sitemaps_of("Sitemap: /a\n" + "".join(f"Sitemap: /{at}\n" for at in range(999)), BASE)) == MOST_SITEMAPS


def test_any_damage_gives_a_value() -> None:
    chance = random.Random(1)  # noqa: S311  # repeatable, not secret
    for text in (SITEMAP, RSS, ATOM, RDF):
        for _ in range(50):
            damaged = list(text)
            for _ in range(chance.randint(1, 20)):
                at = chance.randrange(len(damaged))
                damaged[at : at + chance.randint(0, 3)] = chance.choices(
                    "<>&;\x00\ud800\"'/!-[]?中 ", k=chance.randint(0, 3)
                )
            read("".join(damaged), BASE)


def capture(body: bytes, head: str = "Content-Type: application/xml") -> Capture:
    return Capture(
        url=BASE, response=f"HTTP/1.1 200 OK\r\n{head}\r\n\r\n".encode() + body, context=Context(role="sitemap")
    )


def test_a_packed_file_is_unpacked_whatever_its_type() -> None:
    packed = gzip.compress(SITEMAP.encode())
    for head in (
        "Content-Type: application/x-gzip",
        "Content-Type: application/octet-stream",
        "Content-Type: text/xml",
    ):
        assert decode_feed(capture(packed, head), LARGEST) == SITEMAP
    twice = capture(gzip.compress(packed), "Content-Encoding: gzip\r\nContent-Type: application/gzip")
    assert decode_feed(twice, LARGEST) == SITEMAP
    assert decode_feed(capture(SITEMAP.replace("UTF-8", "gb2312").encode("gbk")), LARGEST) == SITEMAP.replace(
        "UTF-8", "gb2312"
    )


def test_a_bomb_is_left_packed() -> None:
    bomb = gzip.compress(b" " * (LARGEST + 1))
    assert decode_feed(capture(bomb, "Content-Type: application/gzip"), LARGEST) == Unreadable(
        reason="too-large", detail=f"more than {LARGEST} bytes"
    )


def test_what_may_not_be_asked_for_is_told_once(rules: Rules) -> None:
    lines = [f"{HOST}/tzgg/content/post_2000001.html", *(f"http://other.example/{at}" for at in range(1000))]
    found = told("\n".join([*lines, f"{HOST}/search?q=1", f"{HOST}/about.html"]), BASE, rules)
    assert [entry.url for entry in found.entries] == lines[:1]
    assert [entry.url for entry in found.others] == [f"{HOST}/about.html"]
    assert [finding.detail.partition(":")[0] for finding in found.findings] == ["outside", "search"]
    assert "999 more" in found.findings[0].detail


def test_of_an_index_the_newest_sitemaps_come_first(rules: Rules) -> None:
    some = "".join(f"<sitemap><loc>/{at}.xml</loc><lastmod>2024-03-{at + 1:02}</lastmod></sitemap>" for at in range(9))
    found = told(f"<sitemapindex>{some}</sitemapindex>", BASE, rules)
    assert [entry.url for entry in found.sitemaps] == [f"{HOST}/{at}.xml" for at in range(8, -1, -1)]
