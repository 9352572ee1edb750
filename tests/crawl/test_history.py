"""What `scrapy history` tells of a document: every edit, silent or not, and nothing that was none."""

import json
from pathlib import Path
from typing import Any

import pytest

from healthcrawl.model import Context
from healthcrawl.warc.read import read_capture
from tests.crawl.newsroom import Newsroom


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Newsroom:
    """Three days in which articles are edited in every way there is."""
    with pytest.MonkeyPatch.context() as patch:
        room = Newsroom(tmp_path_factory.mktemp("history"), patch)
        assert room.crawl("2026-03-01T08:00").status == 0
        room.articles[3].comment = "visitor 4711"  # a template that differs, an article that does not
        assert room.crawl("2026-03-02T08:00").status == 0
        room.articles[3].paragraphs[1] = room.articles[3].paragraphs[1].replace("三月4日", "三月18日")
        room.articles[5].source = "市疾控中心"
        room.articles[6].published = "2026-03-03 10:00"
        room.articles[6].files.append(("附件1:登记表.docx", "/files/form.docx"))
        room.articles[7].title = room.articles[7].title.replace("关于公布", "关于重新公布")
        room.gone.add(8)
        assert room.crawl("2026-03-03T08:00").status == 0
        return room


def events(room: Newsroom, *args: str) -> list[dict[str, Any]]:
    done = room.run("history", *args, "--json")
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def number_of(room: Newsroom, article: int) -> str:
    (step, *_) = [
        step
        for step in map(json.loads, (room.archive / "manifest.jsonl").read_text("utf-8").splitlines())
        if step["url"] == room.url(article)
    ]
    return str(step["number"])


def test_every_edit_is_told_once_with_what_it_changed(room: Newsroom) -> None:
    told = {
        number: [
            (one["event"], one["at"][8:10], one["what"], one["silent"]) for one in events(room, room.url(number))[1:]
        ]
        for number in range(3, 9)
    }
    same: tuple[str, str, list[str], bool] = ("same", "02", [], False)
    assert told == {
        3: [("template", "02", [], False), ("changed", "03", ["text"], True)],
        4: [same],
        5: [same, ("changed", "03", ["source"], False)],
        6: [same, ("changed", "03", ["text", "date", "attachments"], False)],
        7: [same, ("changed", "03", ["title"], True)],
        8: [same, ("absent", "03", [], False)],
    }


def test_the_difference_is_shown_by_character(room: Newsroom) -> None:
    (edit,) = [one for one in events(room, room.url(3)) if one["event"] == "changed"]
    (change,) = edit["diff"]
    assert [(one["kind"], one["text"]) for one in change["stretches"] if one["kind"] != "same"] == [
        ("removed", "4"),
        ("added", "18"),
    ]


def test_every_event_names_the_capture_it_was_seen_in(room: Newsroom) -> None:
    for event in events(room, room.url(3)):
        assert event["times"] == 1
        place = event["capture"]
        path = room.archive / "warc" / "newsroom" / place["file"]
        capture = read_capture(path, place["offset"], Context())
        assert capture.record_id == place["record_id"]
        assert capture.url == room.url(3)


def test_a_document_is_found_by_number_and_by_any_form_of_its_address(room: Newsroom) -> None:
    by_url = events(room, room.url(3))
    assert events(room, number_of(room, 3)) == by_url
    assert events(room, room.url(3).replace("http://", "https://")) == by_url
    assert events(room, room.url(3).removeprefix("http://")) == by_url


def test_a_replay_by_the_same_rules_adds_nothing(room: Newsroom) -> None:
    before = events(room, room.url(3))
    assert room.run("replay").status == 0
    assert events(room, room.url(3)) == before


def test_a_person_reads_marks_and_captures(room: Newsroom) -> None:
    told = "".join(room.run("history", room.url(number)).out for number in (3, 5, 6, 8))
    assert "2026-03-03 08:00  changed: text; the date stayed as it was: a silent edit" in told
    assert "¶3:一、请于三月[-4-]{+18+}日前完成" in told
    assert "source: [-市卫生健康局-]{+市疾控中心+}" in told
    assert "{+附件1:登记表.docx" in told
    assert "not found: status 404" in told
    assert " @ " in told


def test_a_withdrawn_document_is_kept_told_and_may_come_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    room = Newsroom(tmp_path, monkeypatch, articles=3)
    assert room.crawl("2026-03-01T08:00").status == 0
    files = sorted(path.name for path in (room.archive / "corpus").iterdir())
    room.gone.add(2)
    for day in ("02", "05"):
        assert room.crawl(f"2026-03-{day}T08:00").status == 0
    assert sorted(path.name for path in (room.archive / "corpus").iterdir()) == files
    told = room.run("changes", "--since", "2026-03-02", "--json").out.splitlines()
    (news,) = map(json.loads, told)
    assert (news["event"], news["url"], news["noted_at"][:10]) == ("withdrawn", room.url(2), "2026-03-05")
    assert "1 withdrawn" in room.run("status").out
    room.gone.clear()
    assert room.crawl("2026-03-08T08:00").status == 0
    kinds = [one["event"] for one in events(room, room.url(2))]
    assert kinds == ["new", "absent", "withdrawn", "same", "back"]
    assert room.run("verify").status == 0


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((), "one page"),
        (("999999",), "no document has the number"),
        (("http://nowhere.test/1",), "no document is or was at"),
        (("--jsonl", "3"), "--jsonl"),
    ],
)
def test_wrong_use_is_told(room: Newsroom, args: tuple[str, ...], words: str) -> None:
    done = room.run("history", *args)
    assert done.status == 2
    assert words in done.err


def test_without_a_corpus_there_is_no_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = Newsroom(tmp_path, monkeypatch).run("history", "1")
    assert done.status == 2
    assert "no corpus" in done.err
