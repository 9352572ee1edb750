"""Pages of before and after a redesign are read by the layout of their day."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.demo import Bureau, DemoServer
from healthcrawl.demo.answer import Resource
from healthcrawl.demo.products import host_of, products
from healthcrawl.demo.stories import Story
from healthcrawl.model import Context, Document
from healthcrawl.rules import Layout, Rules
from tests.conftest import run_scrapy
from tests.walks import fetch, rules_for

NAMES = sorted(products())
BEFORE, AFTER = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC)
REDESIGNED = date(2026, 3, 5)


def dated(bureau: Bureau, *layouts: Layout) -> Rules:
    rules = rules_for(bureau)
    assert rules.site is not None
    return replace(rules, site=replace(rules.site, layouts=layouts))


def wrong(bureau: Bureau, rules: Rules, at: datetime) -> list[Story]:
    """The articles whose text, title or date is not read exactly."""
    failed = []
    for story in bureau.stories:
        outcome = fetch(bureau, bureau.base + bureau.path(story), Context(), rules, at).outcome
        if bureau.product.api == "gkmlpt" and not isinstance(outcome, Document):  # it jumps to its twin
            outcome = fetch(bureau, bureau.base + bureau.addresses(story)[-1], Context(), rules, at).outcome
        shown = (story.headline, bureau.shown(story), "\n".join(story.lines))
        if not isinstance(outcome, Document) or shown != (
            outcome.metadata.title,
            outcome.metadata.published,
            outcome.text,
        ):
            failed.append(story)
    return failed


@pytest.mark.parametrize("name", NAMES)
def test_a_redesigned_bureau_is_read_by_the_layout_of_the_day(name: str) -> None:
    former, later = (Bureau(name, articles=6, era=era) for era in ("former", "later"))
    old = Layout(body=(former.product.former_body,))
    rules = dated(former, old, Layout(since=REDESIGNED))
    assert wrong(former, rules, BEFORE) == []
    assert wrong(later, rules, AFTER) == []
    # One layout for all days reads the pages of one of them wrong, whichever it is.
    assert wrong(former, dated(former), BEFORE)
    assert wrong(later, dated(later, old), AFTER)


class Switched(Mapping[str, Resource]):
    """A server that shows one bureau, and from some day on another."""

    def __init__(self, present: Bureau) -> None:
        self.present = present

    def __getitem__(self, key: str) -> Resource:
        return self.present[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.present)

    def __len__(self) -> int:
        return len(self.present)


@pytest.mark.parametrize("name", ["trs_wcm"])
def test_a_redesign_changes_no_document_and_a_replay_reads_both(name: str, tmp_path: Path) -> None:
    former, later = (Bureau(name, articles=6, era=era) for era in ("former", "later"))
    archive, sites = tmp_path / "archive", tmp_path / "sites"
    sites.mkdir()
    column = former.base + former.product.column
    (sites / "redesigned.toml").write_text(
        f'name = "redesigned"\ntitle = "x"\nkind = "bureau"\nstatus = "verified"\ndomains = ["{host_of(name)}"]\ndelay = 0\n'
        f'[[columns]]\nname = "a"\nurl = "{column}"\n[[layouts]]\nbody = ["{former.product.former_body}"]\n'
        f"[[layouts]]\nsince = {REDESIGNED}\n",
        "utf-8",
    )
    served = Switched(former)
    with DemoServer(served) as server:
        settings = {"SITES_DIR": str(sites), "CONNECT_TO": json.dumps({host_of(name): server.address})}
        for bureau, day in ((former, "at_2026_03_01"), (later, "at_2026_03_09")):
            served.present = bureau
            done = run_scrapy(archive, "crawl", "redesigned", CLOCK=f"tests.crawl.days.{day}", **settings)
            assert done.status == 0, done.err
    layout = ArchiveLayout(archive)
    steps = [json.loads(line) for line in layout.manifest.read_text("utf-8").splitlines()]
    assert [step["action"] for step in steps] == ["new"] * 6
    out = tmp_path / "out"
    replayed = run_scrapy(archive, "replay", "--out", str(out), SITES_DIR=str(sites))
    assert replayed.status == 0, replayed.err
    texts = {path.name: path.read_text("utf-8") for path in out.glob("*.txt")}
    assert texts == {path.name: path.read_text("utf-8") for path in layout.corpus.iterdir()}
    assert set(texts.values()) == {story.expected for story in former.stories}
