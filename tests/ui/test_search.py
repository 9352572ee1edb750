"""The search page: hits in context, filters and paging at addresses that can be cited."""

import shutil
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from healthcrawl.core.tree import parse
from healthcrawl.corpus.fulltext import FullText
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.knowledge.load import load_sites
from healthcrawl.ui.app import build_app
from tests.ui.conftest import NOW


def test_hits_stand_in_context_and_lead_to_their_documents(client: TestClient) -> None:
    answer = client.get("/search", params={"q": "家庭醫生"})
    tree = parse(answer.text)
    assert {one.text_content() for one in tree.iter("mark")} == {"家庭医生"}
    links = [one.get("href", "") for one in tree.findall(".//li//a")]
    assert links
    assert all(client.get(link).status_code == 200 for link in links)


def test_the_same_address_gives_the_same_as_json(client: TestClient) -> None:
    told = client.get("/search.json?q=%E5%8D%AB%E7%94%9F&site=demo").json()
    assert told["total"] >= len(told["hits"]) > 0
    assert all(any(span["found"] for part in (hit["title"], *hit["excerpts"]) for span in part) for hit in told["hits"])
    assert client.get("/search.json?q=%E5%8D%AB%E7%94%9F&site=demo").json() == told
    assert client.get("/search.json?q=%E5%8D%AB%E7%94%9F&finding=spam").json()["total"] < told["total"]


@pytest.mark.parametrize("words", ["", "毫无踪影", '"', "NEAR(", "<script>alert(1)</script>", "*"])
def test_what_is_not_found_is_told(client: TestClient, words: str) -> None:
    answer = client.get(f"/search?q={quote(words)}")
    assert answer.status_code == 200
    tree = parse(answer.text)
    assert not tree.findall(".//script")
    assert tree.find(".//input[@name='q']").get("value") == words
    assert bool(tree.xpath("//p[@class='empty']")) == bool(words)


def test_pages_make_up_the_whole(client: TestClient) -> None:
    whole = client.get("/search.json?site=demo").json()
    assert whole["total"] == len(whole["hits"]) <= 20 or client.get("/search?site=demo").text.count('rel="next"') == 1
    assert client.get("/search.json?site=demo&page=999999999999").json()["hits"] == []


@pytest.mark.parametrize("query", ["q=" + "a" * 300, "since=x", "finding=x", "page=-1"])
def test_wrong_questions_are_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/search?{query}").status_code == 400


def test_the_index_is_made_while_nobody_has_searched_yet(demo_archive: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    shutil.copytree(demo_archive, archive)
    index = ArchiveLayout(archive).search
    index.unlink(missing_ok=True)
    with TestClient(build_app(ArchiveLayout(archive), load_sites().sites, lambda: NOW)):
        for _ in range(200):
            if index.exists() and FullText(index).facts() is not None:
                break
            time.sleep(0.05)
    assert FullText(index).facts() is not None
