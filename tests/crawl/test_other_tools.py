"""Our archives in the hands of others: validators, indexers, other readers, and pywb, which has to show every page.

The tools come with `pip install -e '.[tools]'`; pywb, whose dependencies don't agree with ours, lives in an environment of its
own, and `warcio` for node in a folder `node_modules`: the folder `ARCHIVE_TOOLS` holds both (README.md says how).
"""

import contextlib
import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthcrawl.core import message
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.model import Capture
from healthcrawl.warc import index
from healthcrawl.warc.read import read_captures
from tests.conftest import run_scrapy
from tests.crawl.raw_server import RawServer
from tests.crawl.test_recording import ANSWERS, FOLLOWED, SPIDER, crawl, write_site
from tests.crawl.tools import TOOLS, tool

# warcio 1.8 asks brotli for what brotli 1.2 no longer has; without brotli it takes such payloads as they are.
WARCIO = (
    "import sys; sys.modules['brotli'] = None; from warcio.cli import main; sys.exit(main(['check', *sys.argv[1:]]))"
)
NODE = """
import {{ createReadStream }} from 'node:fs';
import {{ Readable }} from 'node:stream';
import {{ WARCParser }} from '{module}';
for (const name of process.argv.slice(2)) {{
  for await (const record of new WARCParser(Readable.toWeb(createReadStream(name)))) {{
    let size = 0;
    if (record.warcType === 'response') for await (const piece of record) size += piece.length;
    console.log(record.warcType + ' ' + (record.warcTargetURI || '-'));
  }}
}}
"""


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ArchiveLayout]:
    """The demo, crawled twice, and the raw server's odd answers, with equal payloads kept once."""
    folder = tmp_path_factory.mktemp("tools")
    for _ in range(2):
        assert run_scrapy(folder / "demo", "crawl", "demo").status == 0
    write_site(folder, "http", ANSWERS.keys() - {"/robots.txt", *FOLLOWED})
    limits = {"DOWNLOAD_TIMEOUT": "1", "DOWNLOAD_MAXSIZE": "100000", "RETRY_TIMES": "0", "SITE_SPIDERS": SPIDER}
    with RawServer(ANSWERS) as server:
        crawled = crawl(folder / "raw", server, folder, WARC_REVISITS="site", **limits)
    assert crawled.done.status == 1, crawled.done.err
    return {"demo": ArchiveLayout(folder / "demo"), "raw": ArchiveLayout(folder / "raw")}


@pytest.fixture(params=["demo", "raw"])
def archive_of(request: pytest.FixtureRequest, archives: dict[str, ArchiveLayout]) -> tuple[str, ArchiveLayout]:
    return request.param, archives[request.param]


def run(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_validators_find_nothing_wrong(archive_of: tuple[str, ArchiveLayout]) -> None:
    _, layout = archive_of
    files = layout.warc_files()
    run(sys.executable, "-c", WARCIO, *files)
    for path in files:
        run(tool("fastwarc"), "check", path)


def test_cdxj_indexer_finds_the_same_records_at_the_same_places(archive_of: tuple[str, ArchiveLayout]) -> None:
    site, layout = archive_of
    kept = ("url", "status", "offset", "length", "filename")
    for path in layout.warc_files():
        theirs = set()
        for line in run(tool("cdxj-indexer"), path).splitlines():
            key, stamp, values = line.split(" ", 2)
            found = json.loads(values)
            theirs.add((key, stamp, *(found.get(name, "-") for name in kept)))
        ours = set()
        for line in index.path_for(path, layout.index(site)).read_text("utf-8").splitlines():
            key, stamp, values = line.split(" ", 2)
            ours.add((key, stamp, *(json.loads(values)[name] for name in kept)))
        assert theirs == ours


def test_warcio_for_node_reads_every_record(archive_of: tuple[str, ArchiveLayout], tmp_path: Path) -> None:
    _, layout = archive_of
    module = TOOLS / "node_modules" / "warcio" / "dist" / "index.js"
    node = shutil.which("node")
    if node is None or not module.exists():
        pytest.skip("node or its warcio is not installed; README.md says how")
    script = tmp_path / "read.mjs"
    script.write_text(NODE.format(module=module.as_uri()), "utf-8")
    told = run(node, script, *layout.warc_files()).splitlines()
    ours = [capture.url for path in layout.warc_files() for capture, _ in read_captures(path)]
    theirs = [line.partition(" ")[2] for line in told if line.startswith(("response ", "revisit "))]
    assert theirs == ours


@contextlib.contextmanager
def wayback(site: str, layout: ArchiveLayout, folder: Path) -> Iterator[int]:
    """pywb on a loopback port, reading our WARC files through our indexes."""
    command = tool("wayback")
    config = {
        "collections": {site: {"index_paths": f"{layout.index(site)}/", "archive_paths": f"{layout.warc(site)}/"}}
    }
    (folder / "config.yaml").write_text(json.dumps(config), "utf-8")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([command, "-b", "127.0.0.1", "-p", str(port)], cwd=folder, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.2)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def fetch(port: int, path: str, patience: float) -> tuple[int, bytes]:
    """Status and payload of an answer, its content coding left as it is; what came of one that never ends."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": "gzip, br, zstd"})
        answer = connection.getresponse()
        if connection.sock is not None:
            connection.sock.settimeout(patience)
        parts = []
        with contextlib.suppress(TimeoutError):
            while piece := answer.read1(65536):
                parts.append(piece)
        return answer.status, b"".join(parts)
    finally:
        connection.close()


def is_same(capture: Capture, status: int, payload: bytes) -> bool:
    """Whether that is what was captured. Of trailers, and of what follows a broken chunk, pywb sends parts behind the payload."""
    parsed = message.parse(capture.response)
    if parsed.chunked and (parsed.header("Trailer") or not parsed.whole):
        payload = payload[: len(parsed.payload)]
    return (status, payload) == (parsed.status, parsed.payload)


@pytest.mark.timeout(300)
def test_pywb_serves_every_capture_with_the_right_bytes(
    archive_of: tuple[str, ArchiveLayout], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http.client, "_MAXHEADERS", 10_000)
    monkeypatch.setattr(http.client, "_MAXLINE", 1 << 20)
    site, layout = archive_of
    captures = [capture for path in layout.warc_files(site) for capture, _ in read_captures(path)]
    wrong = []
    with wayback(site, layout, tmp_path) as port:
        for capture in captures:
            assert capture.captured_at is not None
            patience = 30 if message.parse(capture.response).whole else 2
            path = f"/{site}/{capture.captured_at:%Y%m%d%H%M%S}id_/{capture.url}"
            status, payload = fetch(port, path, patience)
            if not is_same(capture, status, payload):
                wrong.append((capture.url, bool(capture.refers_to), status, payload[:200]))
    assert wrong == []
    assert len(captures) > 20
    assert any(capture.refers_to for capture in captures)
