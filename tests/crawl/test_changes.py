"""`scrapy changes`: what a job that follows the corpus is told, once and in order."""

import json
from typing import Any

import pytest

from tests.crawl.newsroom import Newsroom


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """Two days: articles, then an edit and a further one."""
    with pytest.MonkeyPatch.context() as patch:
        room = Newsroom(tmp_path_factory.mktemp("changes"), patch, articles=5)
        assert room.crawl("2026-03-01T08:00").status == 0
        room.articles[2].paragraphs[0] += "请予支持。"
        room.publish(6)
        assert room.crawl("2026-03-05T08:00").status == 0
        return room


def listed(room: Newsroom, *args: str) -> list[dict[str, Any]]:
    done = room.run("changes", "--json", *args)
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def test_all_steps_are_listed_in_the_order_of_the_journal(room: Newsroom) -> None:
    told = listed(room)
    assert [one["event"] for one in told[:5]] == ["new"] * 5
    assert sorted(one["event"] for one in told[5:]) == ["changed", "new"]
    assert [int(one["cursor"][1:]) for one in told] == sorted(int(one["cursor"][1:]) for one in told)
    assert listed(room) == told


def test_since_a_day_only_what_was_noted_then(room: Newsroom) -> None:
    told = {one["url"]: one for one in listed(room, "--since", "2026-03-02")}
    assert told.keys() == {room.url(2), room.url(6)}
    edit = told[room.url(2)]
    assert (edit["event"], edit["what"], edit["cause"]) == ("changed", ["text"], "site")
    assert edit["former"] != edit["name"]
    assert (room.archive / "corpus" / edit["name"]).is_file()
    assert not (room.archive / "corpus" / edit["former"]).exists()
    assert listed(room, "--since", "2026-03-06") == []


def test_who_goes_on_from_a_cursor_misses_nothing_and_meets_nothing_twice(room: Newsroom) -> None:
    told = listed(room)
    for at, one in enumerate(told):
        assert listed(room, "--since", one["cursor"]) == told[at + 1 :]


def test_a_person_is_told_the_cursor(room: Newsroom) -> None:
    done = room.run("changes", "--since", "2026-03-02")
    assert "changed (text)" in done.out
    last = listed(room)[-1]["cursor"]
    assert f"2 changes; `--since {last}` goes on from here" in done.err
    again = room.run("changes", "--since", last)
    assert again.out == ""
    assert last in again.err


def test_another_site_has_changes_of_its_own(room: Newsroom) -> None:
    assert listed(room, "--site", "newsroom") == listed(room)
    assert listed(room, "--site", "demo") == []


@pytest.mark.parametrize(
    ("since", "words"), [("yesterday", "expected a date"), ("j7", "no place in"), ("j99999999", "no place in")]
)
def test_a_wrong_beginning_is_told(room: Newsroom, since: str, words: str) -> None:
    done = room.run("changes", "--since", since)
    assert done.status == 2
    assert words in done.err
