"""`scrapy adopt`: numbers of an older corpus go on, and articles that are found again take them over."""

import json
from pathlib import Path
from typing import Any

import pytest

from healthcrawl.corpus.layout import ArchiveLayout
from tests.conftest import Done
from tests.crawl.newsroom import Article, Newsroom, article

OLD = {4: "004_a69cb386113e3a71.txt", 5: "005_ef1b902b020596de.txt", 41: "041_038ee980f5d0d073.txt"}


def old_text(one: Article) -> str:
    """An article as an older crawler saved it: with a menu, in full-width forms, without its last words."""
    lines = [
        "首页 > 通知公告 > 正文",
        one.title,
        f"发布时间：{one.published}　来源：{one.source}",
        *one.paragraphs,
        "打印本页　关闭窗口",
    ]
    return "\n".join(lines).replace(",", "，").replace(":", "：").replace("按时", "") + "\n"


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Newsroom:
    return Newsroom(tmp_path, monkeypatch, articles=6)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Two articles that the bureau still shows, and one that it does not."""
    folder = tmp_path / "old"
    folder.mkdir()
    for number, name in OLD.items():
        (folder / name).write_text(old_text(article(number)), "utf-8")
    return folder


def adopted(room: Newsroom, folder: Path, *args: str) -> tuple[list[dict[str, Any]], Done]:
    done = room.run("adopt", "--json", str(folder), *args)
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()], done


def states(told: list[dict[str, Any]]) -> dict[int, str]:
    return {one["number"]: one["state"] for one in told}


def documents(room: Newsroom) -> dict[str, int]:
    steps = map(json.loads, ArchiveLayout(room.archive).manifest.read_text("utf-8").splitlines())
    return {step["url"]: step["number"] for step in steps if step["url"]}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_articles_found_again_take_their_numbers_and_others_come_after(room: Newsroom, old: Path) -> None:
    before = contents(old)
    assert states(adopted(room, old)[0]) == dict.fromkeys(OLD, "adopted")
    assert room.crawl("2026-03-01T08:00").status == 0
    numbers = documents(room)
    assert (numbers[room.url(4)], numbers[room.url(5)]) == (4, 5)
    assert sorted(numbers[room.url(n)] for n in (1, 2, 3, 6)) == [42, 43, 44, 45]
    assert contents(old) == before
    assert len(list((room.archive / "corpus").iterdir())) == 6
    told = [json.loads(line) for line in room.run("history", "4", "--json").out.splitlines()]
    assert [one["event"] for one in told] == ["adopted", "taken-over"]
    assert told[1]["diff"]
    assert room.run("verify").status == 0, room.run("verify").out
    journal = ArchiveLayout(room.archive).manifest.read_bytes()
    assert states(adopted(room, old)[0]) == dict.fromkeys(OLD, "known")
    assert ArchiveLayout(room.archive).manifest.read_bytes() == journal
    replayed = room.run("replay", "--out", str(room.archive.parent / "out"))
    assert replayed.status == 0
    names = {path.name for path in (room.archive / "corpus").iterdir()}
    assert {path.name for path in (room.archive.parent / "out").glob("*.txt")} == names


def test_in_the_corpus_folder_a_file_gives_way_to_its_article(room: Newsroom, old: Path) -> None:
    corpus = room.archive / "corpus"
    room.archive.mkdir()
    old.rename(corpus)
    texts = contents(corpus)
    adopted(room, corpus)
    assert contents(corpus) == texts
    checked = room.run("verify")
    assert checked.status == 0, checked.out
    assert "3 legacy" in checked.out
    assert room.crawl("2026-03-01T08:00").status == 0
    names = {path.name for path in corpus.iterdir()}
    assert OLD[41] in names
    assert not {OLD[4], OLD[5]} & names
    assert len(names) == 7
    told = [json.loads(line) for line in room.run("history", "4", "--json").out.splitlines()]
    assert "".join(one["text"] for change in told[1]["diff"] for one in change["stretches"] if one["kind"] == "removed")
    assert room.run("verify").status == 0
    assert states(adopted(room, corpus)[0]) == {41: "known"}


def test_nothing_is_written_when_it_is_only_tried(room: Newsroom, old: Path) -> None:
    told, done = adopted(room, old, "--dry-run")
    assert states(told) == dict.fromkeys(OLD, "adopted")
    assert "nothing was written" in done.err
    assert not room.archive.exists()


def test_a_bad_file_is_told_and_the_rest_goes_on(room: Newsroom, old: Path) -> None:
    (old / "notes.txt").write_text("没有编号\n", "utf-8")
    (old / "007_0123456789abcdef.txt").write_bytes(b"\x00\xff\x00\x01" * 50)
    (old / "004_ffffffffffffffff.txt").write_text("另一篇\n\n同一个编号的另一个文件。\n", "utf-8")
    (old / "090_0123456789abcdef.txt").mkdir()
    told, _ = adopted(room, old)
    by_file = {Path(one["file"]).name: (one["state"], one["detail"]) for one in told}
    assert [by_file[name][0] for name in OLD.values()] == ["adopted"] * 3
    assert by_file["notes.txt"][0] == "bad"
    assert by_file["007_0123456789abcdef.txt"][0] == "bad"
    assert by_file["090_0123456789abcdef.txt"][0] == "bad"
    assert by_file["004_ffffffffffffffff.txt"] == ("taken", f"{OLD[4]} has it too")
    again, _ = adopted(room, old)
    journal = ArchiveLayout(room.archive).manifest.read_text("utf-8")
    assert len(journal.splitlines()) == 4
    assert [one["state"] for one in again].count("bad") == 3


def test_a_number_that_is_in_use_stays_with_its_document(room: Newsroom, old: Path) -> None:
    assert room.crawl("2026-03-01T08:00").status == 0
    before = documents(room)
    told, _ = adopted(room, old)
    assert states(told) == {4: "taken", 5: "taken", 41: "adopted"}
    room.publish(41)
    assert room.crawl("2026-03-02T08:00").status == 0
    after = documents(room)
    assert {url: after[url] for url in before} == before
    assert after[room.url(41)] == 41


def test_the_same_title_over_another_text_is_another_article(room: Newsroom, old: Path) -> None:
    adopted(room, old)
    room.articles[4].paragraphs = [
        f"本期通报第{n}项:检测样品{n * 31 + 7}份,合格{n * 29 + 3}份,其余已责令整改。" for n in range(1, 5)
    ]
    room.articles[5].published = "2026-02-27 08:00"
    assert room.crawl("2026-03-01T08:00").status == 0
    numbers = documents(room)
    assert min(numbers.values()) == 42


def test_a_text_without_a_title_is_known_by_its_longest_line(room: Newsroom, old: Path) -> None:
    one = article(5)
    (old / OLD[5]).write_text("\n".join(one.paragraphs) + "\n", "utf-8")
    adopted(room, old)
    assert room.crawl("2026-03-01T08:00").status == 0
    assert documents(room)[room.url(5)] == 5


@pytest.mark.parametrize(("args", "words"), [((), "one folder"), (("/nonexistent",), "one folder")])
def test_wrong_use_is_told(room: Newsroom, args: tuple[str, ...], words: str) -> None:
    done = room.run("adopt", *args)
    assert done.status == 2
    assert words in done.err
