"""What archived pages show besides text comes from the archive, as it was at the time, or not at all."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from healthcrawl.core.tree import parse
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store
from healthcrawl.knowledge.load import load_sites
from healthcrawl.model import Exchange
from healthcrawl.replay import jobs, parts, read_all, replay
from healthcrawl.rules import NormalForm
from healthcrawl.ui.app import build_app
from healthcrawl.warc.write import Writer
from tests.ui.conftest import NOW

HOST = "http://demo.healthcrawl.test"
PAGE = "<html><head><link rel=stylesheet href=/a.css></head><body><img src=/a.png><img src=/b.svg><img src=/c.html></body></html>"
SENT = (
    (0, "/a.png", "image/png", b"old"),
    (1, "/page.html", "text/html", PAGE.encode()),
    (2, "/a.png", "image/png", b"new"),
    (3, "/a.css", "text/css", b"p{color:red}"),
    (4, "/b.svg", "image/svg+xml", b"<svg onload=alert(1)>"),
    (5, "/c.html", "text/html", b"<script>alert(1)</script>"),
)


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    return look_at(make(tmp_path_factory.mktemp("resources")))


def look_at(layout: ArchiveLayout) -> TestClient:
    return TestClient(build_app(layout, load_sites().sites, lambda: NOW), base_url="http://127.0.0.1:8480")


def make(folder: Path) -> ArchiveLayout:
    """An archive of what was sent, and its catalog."""
    layout = ArchiveLayout(folder / "archive")
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    writer = Writer(
        layout.warc("demo"), layout.index("demo"), site="demo", worker="test", clock=lambda: begin,
        info={"software": "healthcrawl/test", "isPartOf": "demo"}, max_bytes=1 << 30, sync=False,
    )  # fmt: skip
    for minute, path, media_type, payload in SENT:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(payload)}\r\n\r\n"
        at = begin + timedelta(minutes=minute)
        writer.write(
            Exchange(url=HOST + path, started_at=at, seconds=0.1, request=b"", response=head.encode() + payload),
            f"<urn:uuid:00000000-0000-4000-8000-{minute:012}>",
        )
    writer.close()
    catalog = Catalog(layout.catalog)
    work = jobs(layout.warc_files(), load_sites().sites, NormalForm(), layout)
    for _ in replay(read_all(parts(work), 1), Store(layout.corpus, Manifest(layout.manifest), catalog)):
        pass
    catalog.close()
    return layout


def capture(viewer: TestClient, path: str) -> str:
    rows = [
        row for reason in ("", "not-html") for row in viewer.get(f"/rejections.json?reason={reason}").json()["rows"]
    ]
    return str(next(row["address"] for row in rows if row["url"] == HOST + path))


def test_images_and_sheets_are_those_of_the_page_s_time(viewer: TestClient) -> None:
    tree = parse(viewer.get(f"{capture(viewer, '/page.html')}/page").text)
    first, *others = tree.findall(".//img")
    assert [one.get("src") for one in others] == [None, None]
    image = viewer.get(first.get("src", ""))
    assert (image.content, image.headers["content-type"]) == (b"old", "image/png")
    assert image.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert image.headers["cross-origin-resource-policy"] == "cross-origin"
    (link,) = tree.findall(".//link")
    assert viewer.get(link.get("href", "")).content == b"p{color:red}"


@pytest.mark.parametrize("kind", ["image", "style"])
@pytest.mark.parametrize("path", ["/b.svg", "/c.html", "/page.html", "/nowhere.png"])
def test_nothing_else_is_given_out_as_a_resource(viewer: TestClient, path: str, kind: str) -> None:
    answer = viewer.get("/resources/demo", params={"url": HOST + path, "kind": kind, "at": "2026-03-01T00:01:00+00:00"})
    assert answer.status_code == 404
    assert "alert" not in answer.text


def test_an_image_is_no_page(viewer: TestClient) -> None:
    assert viewer.get(f"{capture(viewer, '/a.png')}/page").status_code == 404


def test_a_hostile_page_s_source_is_shown_as_text(viewer: TestClient) -> None:
    answer = viewer.get(capture(viewer, "/c.html"))
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_a_file_that_is_gone_is_told(viewer: TestClient, tmp_path: Path) -> None:
    layout = make(tmp_path)
    client = look_at(layout)
    address = capture(client, "/page.html")
    for path in layout.warc_files():
        path.unlink()
    answers = [client.get(f"{address}{part}") for part in ("", "/page", "/record", "/again")]
    assert [one.status_code for one in answers] == [503] * 4
    assert all("no such WARC file" in one.text or "No such file" in one.text for one in answers)
