"""Folders of text files: which files, which numbers, what is written, what a second run does."""

import hashlib
from pathlib import Path

import pytest

from healthcrawl.cleaning import clean_files, text_files
from healthcrawl.corpus.cleaned import Cleaned, CleanedFolder
from healthcrawl.corpus.store import Change
from healthcrawl.errors import UsageError
from healthcrawl.rules import NormalForm
from tests.scraped import GLOSSED, TEXT, contents, corpus, journal


def run(old: Path, out: Path, highest: int, workers: int = 1) -> list[tuple[Cleaned, Change]]:
    with CleanedFolder.opened(out, highest, "test/1") as folder:
        return list(folder.keep(clean_files(text_files([old]), NormalForm(), workers)))


def test_every_file_keeps_its_number_and_takes_the_hash_of_its_new_content(tmp_path: Path) -> None:
    old, new = corpus(tmp_path / "old", 3), tmp_path / "new"
    (old / "notes.txt").write_text(GLOSSED, "utf-8")
    run(old, new, highest=2)
    steps = journal(new)
    assert [(step["number"], step["address"]) for step in steps] == [
        *((at, f"../old/{path.name}") for at, path in enumerate(sorted(old.glob("0*.txt")))),
        (3, "../old/notes.txt"),
    ]
    assert (steps[0]["title"], steps[0]["published"], steps[0]["source"]) == (
        "云海市第0期健康讲座的通知",
        "2024-03-05",
        "云海市卫生健康局",
    )
    for step in steps:
        data = (new / str(step["name"])).read_bytes()
        assert step["name"] == f"{step['number']:03}_{hashlib.sha256(data).hexdigest()[:16]}.txt"
    assert "为普及合理膳食知识,我局定于三月举办讲座,请组织职工参加。" in (new / str(steps[3]["name"])).read_text(
        "utf-8"
    )


def test_outcomes_and_numbers_do_not_depend_on_the_number_of_processes(tmp_path: Path) -> None:
    old = corpus(tmp_path / "old", 150)
    (old / "below").mkdir()
    for name in ("x.txt", "003_0123456789abcdef.txt"):  # without a number, and with one that is taken
        (old / "below" / name).write_text(TEXT.format(name), "utf-8")
    assert run(old, tmp_path / "1", 149) == run(old, tmp_path / "3", 149, workers=3)
    assert contents(tmp_path / "1") == contents(tmp_path / "3")
    assert [step["number"] for step in journal(tmp_path / "1")][-2:] == [150, 151]


def test_called_again_it_follows_the_originals(tmp_path: Path) -> None:
    old, new = corpus(tmp_path / "old", 3), tmp_path / "new"
    run(old, new, highest=2)
    first, second, third = sorted(old.iterdir())
    kept = next(new.glob("000_*"))
    kept.write_bytes(b"spoilt")
    second.write_bytes(b"")
    third.write_text(TEXT.format("三"), "utf-8")
    assert [change.kind for _, change in run(old, new, highest=2)] == ["unchanged", "withdrawn", "changed"]
    assert [(step["action"], step["number"]) for step in journal(new)][3:] == [("withdrawn", 1), ("changed", 2)]
    assert len(contents(new)) == 3
    assert hashlib.sha256(kept.read_bytes()).hexdigest()[:16] in kept.name
    assert first.exists()


def test_a_file_without_number_keeps_the_one_it_was_given(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir()
    (old / "b.txt").write_text(TEXT.format("乙"), "utf-8")
    run(old, new, highest=-1)
    (old / "a.txt").write_text(TEXT.format("甲"), "utf-8")
    assert [change.number for _, change in run(old, new, highest=-1)] == [1, 0]


@pytest.mark.parametrize("foreign", ["000_0123456789abcdef.txt", "notes.md", "below/x.txt"])
def test_a_folder_with_anything_else_in_it_is_refused(tmp_path: Path, foreign: str) -> None:
    (tmp_path / foreign).parent.mkdir(exist_ok=True)
    (tmp_path / foreign).write_text("mine", "utf-8")
    with pytest.raises(UsageError, match="not written by an earlier run"), CleanedFolder.opened(tmp_path, 0, "test/1"):
        pass


def test_files_come_in_the_order_of_their_numbers_and_no_link_leads_astray(tmp_path: Path) -> None:
    names = ["1000.txt", "101.txt", "99_0123456789abcdef.txt", "b.txt", "a.txt", ".hidden.txt", "page.html"]
    for name in names:
        (tmp_path / name).write_text("x", "utf-8")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "1.txt").write_text("x", "utf-8")
    (tmp_path / "below" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "left.txt").mkdir()
    found = [str(path.relative_to(tmp_path)) for path in text_files([tmp_path], tmp_path / "left.txt")]
    assert found == ["99_0123456789abcdef.txt", "101.txt", "1000.txt", "a.txt", "b.txt", "below/1.txt"]
