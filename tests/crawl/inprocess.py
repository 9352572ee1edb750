"""Commands that need no crawler, in this process: to start another costs more."""

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from scrapy.cmdline import execute

from tests.conftest import Done


def run_here(archive: Path, *args: str, **settings: str) -> Done:
    """As `tests.conftest.run_scrapy`."""
    named = [
        word for name, value in {"ARCHIVE_DIR": str(archive), **settings}.items() for word in ("-s", f"{name}={value}")
    ]
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        execute(["scrapy", *args, *named])
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())
