"""Tools of other projects that the archive must satisfy: beside this Python, on the PATH, or in the folder `ARCHIVE_TOOLS`."""

import os
import shutil
import sys
from pathlib import Path

import pytest

TOOLS = Path(os.environ.get("ARCHIVE_TOOLS", "/nonexistent"))


def tool(name: str) -> Path:
    """A command; without it the test that asks for it is skipped."""
    places = (Path(sys.executable).parent / name, TOOLS / name, TOOLS / "bin" / name)
    found = next((place for place in places if place.exists()), None) or shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed; README.md says how")
    return Path(found)
