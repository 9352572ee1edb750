"""`scrapy search`: what a person and a program are told."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Done
from tests.corpus.shelves import Shelf, document
from tests.crawl.inprocess import run_here


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("search") / "archive"
    shelf = Shelf(root)
    shelf.keep((document(n) for n in range(30)), kinds=["spam"])
    shelf.keep([document(30, title="甲型H7N9监测\x1b[2J[bold]", text="第一段。\n2024年H7N9监测结果公布如下。")])
    shelf.catalog.close()
    return root


def search(archive: Path, *args: str) -> Done:
    return run_here(archive, "search", *args)


def found(done: Done) -> list[dict[str, Any]]:
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_hits_are_shown_in_context(archive: Path) -> None:
    done = search(archive, "２０２４年h7n9")
    assert "2024年H7N9监测结果公布如下。" in done.out
    assert "甲型H7N9监测" in done.out
    assert "\x1b" not in done.out
    assert "[bold]" in done.out
    assert done.err == "scrapy search: 1 documents found\n"


def test_a_program_gets_pieces(archive: Path) -> None:
    (hit,) = found(search(archive, "--json", "監測結果"))
    assert hit["number"] == 30
    assert hit["excerpts"] == [
        [
            {"text": "2024年H7N9", "found": False},
            {"text": "监测结果", "found": True},
            {"text": "公布如下。", "found": False},
        ]
    ]


def test_options_narrow_and_page(archive: Path) -> None:
    whole = found(search(archive, "--json", "--limit", "99", "卫生"))
    assert found(search(archive, "--json", "--limit", "4", "--offset", "3", "卫生")) == whole[3:7]
    site = [one for one in whole if one["site"] == "baihe"]
    (archive / "warc" / "baihe").mkdir(parents=True, exist_ok=True)
    assert found(search(archive, "--json", "--limit", "99", "--site", "baihe", "卫生")) == site
    late = [one for one in whole if "2012-01-01" <= one["published"] <= "2015-12-31"]
    dates = ("--since", "2012-01-01", "--until", "2015-12-31")
    assert found(search(archive, "--json", "--limit", "99", *dates, "卫生")) == late
    assert len(found(search(archive, "--json", "--limit", "99", "--finding", "spam"))) == 30
    assert "these are 4 to 7" in search(archive, "--limit", "4", "--offset", "3", "卫生").err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--since", "yesterday"], "--since: expected a day"),
        (["--finding", "nonsense"], "no such kind"),
        (["--site", "nowhere"], "nowhere"),
        (["--limit", "-1"], "0 or more"),
        (["卫" * 300], "200 characters"),
    ],
)
def test_wrong_use_is_told(archive: Path, args: list[str], words: str) -> None:
    done = search(archive, *args)
    assert done.status == 2
    assert words in done.err


def test_where_there_is_no_archive_that_is_told(tmp_path: Path) -> None:
    done = search(tmp_path / "none", "卫生")
    assert done.status == 2
    assert "crawl first" in done.err
