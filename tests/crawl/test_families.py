"""A bureau of each CMS product is looked at, drafted and crawled: every article once, nothing else, and its text exactly."""

import json
from pathlib import Path

import pytest

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.demo import DemoServer
from healthcrawl.demo.products import Bureau, host_of, products
from healthcrawl.demo.server import Served
from tests.conftest import run_scrapy

NAMES = sorted(products())


def crawl_drafted(folder: Path, name: str, bureau: Bureau) -> tuple[Served, ...]:
    """Draft a bureau's site file and crawl by it, with nothing changed but the delay; give the crawl's requests."""
    draft, archive = folder / "sites" / "drafted.toml", folder / "archive"
    draft.parent.mkdir()
    with DemoServer(bureau) as server:
        everybody = json.dumps({"*": server.address})  # whoever is asked for, so that strangers would be in the log
        settings = {"CONNECT_TO": everybody, "DOWNLOAD_DELAY": "0", "WARC_SYNC": "False"}
        probed = run_scrapy(archive, "sites", "probe", host_of(name), "-o", str(draft), **settings)
        assert probed.status == 0, probed.err
        looked = len(server.log)
        assert looked <= 20
        draft.write_text(draft.read_text("utf-8").replace("delay = 3.0", "delay = 0"), "utf-8")
        crawled = run_scrapy(archive, "crawl", "drafted", SITES_DIR=str(draft.parent), **settings)
        assert crawled.status == 0, crawled.err
        return server.log[looked:]


def check(folder: Path, bureau: Bureau, log: tuple[Served, ...]) -> None:
    """Every article of the bureau is in the corpus with its text, and each was asked for once."""
    layout = ArchiveLayout(folder / "archive")
    steps = [json.loads(line) for line in layout.manifest.read_text("utf-8").splitlines()]
    assert {step["action"] for step in steps} == {"new"}
    kept = {step["title"]: step for step in steps}
    assert len(kept) == len(steps) == len(bureau.stories)
    for story in bureau.stories:
        step = kept[story.headline]
        assert (layout.corpus / step["name"]).read_text("utf-8") == story.expected
        assert (step["published"], step["source"]) == (bureau.shown(story), story.source)
        assert [name for name, _ in step["attachments"]] == [story.file] * bool(story.file)
        parts = bureau.parts(story)
        assert len(step["pages"]) == (len(parts) if len(parts) > 1 else 0)
    asked = [served.target for served in log]
    assert len(asked) == len(set(asked))
    assert {served.host for served in log} == {bureau.base.removeprefix("http://")}
    articles = {address for story in bureau.stories for address in bureau.addresses(story)}
    assert len([target for target in asked if target in articles]) == len(bureau.stories)


@pytest.mark.parametrize("name", NAMES)
def test_a_bureau_is_drafted_and_crawled(name: str, tmp_path: Path) -> None:
    bureau = Bureau(name, articles=14, size=5)
    check(tmp_path, bureau, crawl_drafted(tmp_path, name, bureau))


def test_a_replay_joins_the_pages_of_an_article_as_the_crawl_did(tmp_path: Path) -> None:
    bureau = Bureau("trs_wcm", articles=12)
    assert max(len(bureau.parts(story)) for story in bureau.stories) > 1
    crawl_drafted(tmp_path, "trs_wcm", bureau)
    replayed = run_scrapy(
        tmp_path / "archive", "replay", "--out", str(tmp_path / "out"), SITES_DIR=str(tmp_path / "sites")
    )
    assert replayed.status == 0, replayed.err
    texts = [{one.name: one.read_text("utf-8") for one in folder.glob("*.txt")} for folder in (tmp_path / "archive" / "corpus", tmp_path / "out")]  # fmt: skip
    assert texts[0] == texts[1]
    assert len(texts[0]) == len(bureau.stories)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_article_of_a_long_column_costs_little_more_than_a_request(name: str, tmp_path: Path) -> None:
    bureau = Bureau(name, articles=120, size=15)
    log = crawl_drafted(tmp_path, name, bureau)
    check(tmp_path, bureau, log)
    files = [served for served in log if served.target.startswith("/files/")]
    assert len(files) == len([story for story in bureau.stories if story.file])
    assert (len(log) - len(files)) / len(bureau.stories) <= 1.15
