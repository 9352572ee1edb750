"""The README's pictures, made anew from the demo bureau with Debian's Chromium (or the browser that is named).

python -m tests.ui.pictures [BROWSER]
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from PIL import Image

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.crawl.clock import system_clock
from healthcrawl.demo import HOST, DemoServer
from healthcrawl.knowledge.load import load_sites
from healthcrawl.ui.app import build_app
from tests.conftest import ROOT, run_scrapy
from tests.ui.browser import served

MIRRORED = "全市医疗服务能力提升工程推进会召开"
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking",
            "--disable-sync", "--no-first-run", "--blink-settings=preferredColorScheme=1", "--virtual-time-budget=3000",
            "--lang=en")  # fmt: skip


def main(browser: str) -> None:
    """Crawl, serve, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "archive"
        with DemoServer() as server:
            done = run_scrapy(archive, "crawl", "demo", CONNECT_TO=json.dumps({HOST: server.address}))
        assert done.status == 0, done.err
        with served(build_app(ArchiveLayout(archive), load_sites().sites, system_clock)) as address:
            # Name, address of the page, width and height.
            pictures = (("serve-site", "/sites/demo", 1200, 720), ("serve-article", mirrored(archive), 1200, 760))
            for name, path, width, height in pictures:
                target = ROOT / "docs" / f"{name}.png"
                words = [browser, *_OPTIONS, f"--user-data-dir={folder}/{name}", f"--window-size={width},{height}",
                         f"--screenshot={target}", address + path]  # fmt: skip
                subprocess.run(words, check=True, capture_output=True, timeout=60)
                Image.open(target).convert("RGB").quantize(64).save(target, optimize=True)
                print(target, target.stat().st_size)  # noqa: T201


def mirrored(archive: Path) -> str:
    """The address of a mirrored document; its number depends on the order in which the crawl came to it."""
    with closing(sqlite3.connect(archive / "catalog.sqlite")) as catalog:
        (number,) = catalog.execute("SELECT number FROM documents WHERE title = ?", (MIRRORED,)).fetchone()
    return f"/documents/{number}"


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "chromium")
