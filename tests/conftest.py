"""What tests of several rooms share: running commands as a user would."""

import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.warm import ROOT, Done, Warm, scrapy_command

__all__ = ["ROOT", "Done", "Scrapy", "run_scrapy", "scrapy_command", "start_scrapy"]

Scrapy = Callable[..., Done]


def run_scrapy(archive: Path, *args: str, **settings: str) -> Done:
    """Run `scrapy …` in the project with an archive of the test's own."""
    return Warm(archive, *args, environment={}, **settings).wait()


def start_scrapy(*args: str, **settings: str) -> Done:
    """As `run_scrapy`, in a process that is really started; where the archive lies, the settings say."""
    command = scrapy_command(*args, settings=settings)
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
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
