"""The choices of the normal form, from each command that makes texts to the same bytes."""

import json
from pathlib import Path

import pytest

from healthcrawl.demo import articles
from tests.conftest import Scrapy

CHOSEN = {"CORPUS_SCRIPT": "traditional", "CORPUS_WIDTH": "keep"}
PAGE = """<html><head><title>关于开展健康讲座的通知</title><meta charset="utf-8"></head><body><h1>关于开展健康讲座的通知</h1>
<p>发布时间：2026-03-01 来源：某市卫生健康局</p><div class="TRS_Editor"><p>各有关单位：</p>
<p>为普及合理膳食知识，我局定于三月中旬在市民中心举办健康讲座（免费），请组织职工参加。</p>
<p>讲座由市人民医院营养科主讲，内容包括减盐、减油、减糖的具体做法，以及慢性病患者的饮食安排。</p></div></body></html>"""
TEXT = """关于开展健康讲座的通知
发布时间：2026-03-01 来源：某市卫生健康局
各有关单位：
为普及合理膳食知识，我局定于三月中旬在市民中心举办健康讲座（免费），请组织职工参加。
讲座由市人民医院营养科主讲，内容包括减盐、减油、减糖的具体做法，以及慢性病患者的饮食安排。
"""


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "为普及合理膳食知识,我局定于三月中旬在市民中心举办健康讲座(免费),请组织职工参加。"),
        (CHOSEN, "爲普及合理膳食知識，我局定於三月中旬在市民中心舉辦健康講座（免費），請組織職工參加。"),
    ],
)
def test_extract_and_clean_write_as_asked(
    scrapy: Scrapy, tmp_path: Path, settings: dict[str, str], expected: str
) -> None:
    page, text = tmp_path / "page.html", tmp_path / "000.txt"
    page.write_text(PAGE, "utf-8")
    text.write_text(TEXT, "utf-8")
    said = []
    for command, file in (("extract", page), ("clean", text)):
        done = scrapy(command, str(file), "--json", **settings)
        assert done.status == 0, done.err
        said.append(json.loads(done.out))
    assert said[0]["text"].splitlines()[1] == expected
    for key in ("title", "published", "source", "text", "name"):
        assert said[0][key] == said[1][key]


def test_crawl_replay_and_clean_write_as_asked(scrapy: Scrapy, archive: Path, tmp_path: Path) -> None:
    assert scrapy("crawl", "demo", **CHOSEN).status == 0
    crawled = {path.name: path.read_text("utf-8") for path in (archive / "corpus").iterdir()}
    assert len(crawled) == len(articles())
    whole = "".join(crawled.values())
    assert whole.count("衛生") > 50
    assert "卫" not in whole
    assert whole.count("，") > 100
    assert scrapy("replay", "--out", str(tmp_path / "again"), **CHOSEN).status == 0
    again = {path.name: path.read_text("utf-8") for path in (tmp_path / "again").glob("*.txt")}
    assert again == crawled
    # And from there to the normal form, but for what the way through traditional characters loses.
    done = scrapy("clean", str(tmp_path / "again"), "--out", str(tmp_path / "plain"), "--workers", "1")
    assert done.status == 0, done.err
    plain = {path.read_text("utf-8") for path in (tmp_path / "plain").glob("*.txt")}
    lost = [article.slug for article in articles() if article.expected not in plain]
    assert not lost
