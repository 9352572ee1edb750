"""What tests of several rooms share: running commands as a user would."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    status: int
    out: str
    err: str


Scrapy = Callable[..., Done]


def scrapy_command(*args: str, settings: Mapping[str, str]) -> list[str]:
    """The words of a scrapy call with settings."""
    named = [word for name, value in settings.items() for word in ("-s", f"{name}={value}")]
    return [sys.executable, "-m", "scrapy", *args, *named]


def run_scrapy(archive: Path, *args: str, stdin: str | None = None, **settings: str) -> Done:
    """Run `scrapy …` in the project with an archive of the test's own."""
    command = scrapy_command(*args, settings={"ARCHIVE_DIR": str(archive), "BACKOFF_SECONDS": "0.01", **settings})
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, input=stdin, check=False)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@pytest.fixture
def scrapy(archive: Path) -> Scrapy:
    return partial(run_scrapy, archive)


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No colours and a fixed width, wherever the tests run."""
    monkeypatch.setenv("COLUMNS", "140")
    monkeypatch.setenv("NO_COLOR", "1")
    for name in ("FORCE_COLOR", "SCRAPY_SETTINGS_MODULE"):
        monkeypatch.delenv(name, raising=False)
