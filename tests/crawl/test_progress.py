"""How far a long job is, where there is no terminal."""

import pytest

from healthcrawl.crawl.progress import track


def test_progress_is_told_in_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with track(iter("abcd"), 4, "files", 0) as items:
        assert "".join(items) == "abcd"
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first.startswith("1 of 4 files, ")
    assert first.endswith(" seconds left")
    assert last.endswith(" 0 seconds left")


def test_progress_is_silent_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    with track(iter("abcd"), 4, "files", 3600) as items:
        assert len(list(items)) == 4
    assert capsys.readouterr().err == ""
