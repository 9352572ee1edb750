"""Disks of a test's own, for what only a disk can do: be full, or be read only."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """A tmpfs with these mount options at a new folder; the test is skipped where none can be mounted."""
    folder.mkdir()
    if not shutil.which("mount"):
        pytest.skip("a disk can't be mounted here: there is no mount command")
    mounted = _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder))
    if mounted.returncode:
        pytest.skip(f"a disk can't be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        assert not _run("umount", str(folder)).returncode


def remount(folder: Path, options: str) -> None:
    """Change the options of such a disk."""
    changed = _run("mount", "-o", f"remount,{options}", str(folder))
    assert not changed.returncode, changed.stderr


def _run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(shutil.which(words[0])), *words[1:]], capture_output=True, text=True, check=False)
