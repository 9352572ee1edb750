"""`scrapy report`: one file that says what a run brought, the same every time, with nothing in it that a mail program would refuse."""

import re
from pathlib import Path

import pytest

from healthcrawl.core.tree import parse
from tests.conftest import Done
from tests.crawl.inprocess import run_here
from tests.crawl.newsroom import Newsroom


def written(archive: Path, target: Path, *args: str) -> str:
    done = run_here(archive, "report", "-o", str(target), *args)
    assert done.status == 0, done.err
    return target.read_text("utf-8")


def test_a_report_tells_what_the_run_brought(demo_archive: Path, tmp_path: Path) -> None:
    text = written(demo_archive, tmp_path / "report.html", "--lang", "en")
    tree = parse(text)
    assert tree.get("lang") == "en"
    shown = " ".join(tree.text_content().split())
    assert "demo.healthcrawl.test" in shown
    assert re.search(r"1 sites: \d+ documents new, 0 changed, 0 withdrawn", shown)
    assert "Campaign demo-1" in shown
    assert "What became of documents" in shown
    assert written(demo_archive, tmp_path / "again.html", "--lang", "en") == text


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_a_report_runs_and_loads_nothing(demo_archive: Path, tmp_path: Path, language: str) -> None:
    text = written(demo_archive, tmp_path / "report.html", "--lang", language)
    tree = parse(text)
    assert not list(tree.iter("script", "link", "img", "iframe", "object", "embed", "form", "base"))
    assert not re.search(r"\son[a-z]+=|url\(|@import|javascript:", text)
    assert {one.get("href", "")[:1] for one in tree.iter("a")} == {"#"}
    assert len(list(tree.iter("svg"))) == 1


def test_the_language_is_that_of_the_locale(
    demo_archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value, expected in (("zh_CN.UTF-8", "zh-CN"), ("C.UTF-8", "en"), ("de_DE", "en")):
        monkeypatch.setenv("LC_ALL", value)
        assert parse(written(demo_archive, tmp_path / "report.html")).get("lang") == expected


def test_a_period_has_what_was_noted_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Newsroom(tmp_path, monkeypatch, articles=4)
    assert room.crawl("2026-03-01T08:00").status == 0
    room.articles[2].paragraphs[0] += "请予支持。"
    room.articles[3].title = "<script>alert(1)</script>关于控烟的通知"
    room.publish(5)
    assert room.crawl("2026-03-05T08:00").status == 0

    def told(*args: str) -> tuple[str, Done]:
        done = room.run("report", "-o", str(tmp_path / "r.html"), "--lang", "en", *args)
        return " ".join((tmp_path / "r.html").read_text("utf-8").split()), done

    text, _ = told()
    assert "1 documents new, 2 changed" in text
    assert "<script>" not in text
    assert "4 documents new, 0 changed" in told("--until", "2026-03-03")[0]
    assert "5 documents new, 2 changed" in told("--since", "2026-02-01")[0]
    assert "Nothing new, changed or withdrawn." in told("--since", "2026-03-06", "newsroom")[0]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ([], "-o FILE"),
        (["-o", "/nowhere/report.html"], "make it first"),
        (["-o", "/"], "a folder"),
        (["-o", "x.html", "nosite"], "never crawled"),
        (["-o", "x.html", "--lang", "fr"], "--lang"),
        (["-o", "x.html", "--since", "yesterday"], "--since"),
    ],
)
def test_wrong_use_is_told(demo_archive: Path, args: list[str], words: str) -> None:
    done = run_here(demo_archive, "report", *args)
    assert done.status == 2
    assert words in done.err
