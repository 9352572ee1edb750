"""Files that articles link to: fetched within limits, listed, read, rebuilt; and no document depends on them."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from healthcrawl.demo import HOST, DemoServer, resources
from healthcrawl.demo.answer import Resource
from tests.conftest import Done, run_scrapy
from tests.filetexts import samples

for library in ("docx", "ofdkit", "pypdfium2", "python_calamine"):
    pytest.importorskip(library, reason="pip install 'healthcrawl[attachments]'")

ARTICLE = "/zwgk/tzgg/content/post_2000101.html"
LINK = b"/attachment/0/12/12088/2000101.pdf"
FILES = {
    "/f/a.docx": ("方案.docx", samples.docx("关于义诊的方案"), "application/octet-stream"),
    "/f/b.xls": ("../../名单.xls", samples.xlsx(("姓名", "人数")), "application/pdf"),
    "/f/c.doc": ("申请表.doc", b"<!DOCTYPE html><html><body>404</body></html>", "text/html"),
    "/f/d.pdf": ("扫描件.pdf", samples.pdf(""), "application/pdf"),
    "/f/e.zip": ("全部.zip", samples.pack({"word/document.xml": bytes(40_000_000)}), "application/zip"),
    "/f/large.pdf": ("大.pdf", samples.pdf("大") + bytes(1_500_000), "application/pdf"),
    "/f/copy.docx": ("同一方案.docx", samples.docx("关于义诊的方案"), "application/msword"),
    "/zwgk/neibu/x.pdf": ("内部.pdf", samples.pdf("内部"), "application/pdf"),  # forbidden by robots.txt
}
SITE = """
[attachments]
file_megabytes = 1
of_an_article = 11
"""


def site() -> dict[str, Resource]:
    """The demo with more files below one article, one of them elsewhere, one on this machine, one too many."""
    served = resources()
    links = {path: name for path, (name, _, _) in FILES.items()}
    links |= {
        "http://www.other.test/f/a.pdf": "别处.pdf",
        "http://127.0.0.1/secret.pdf": "机密.pdf",
        "/f/12.pdf": "多余.pdf",
    }
    markup = "".join(f'<li><a href="{href}">{name}</a></li>' for href, name in links.items()).encode()
    page = served[ARTICLE]
    at = page.body.index(b"</li>", page.body.index(LINK)) + len(b"</li>")
    body = page.body[:at] + markup + page.body[at:]
    served[ARTICLE] = Resource(body=body, content_type=page.content_type, tagged=True)
    for path, (_, content, kind) in FILES.items():
        served[path] = Resource(body=content, content_type=kind, tagged=True)
    return served


class Crawled:
    """The demo crawled, its site file with limits."""

    def __init__(self, folder: Path) -> None:
        self.archive = folder / "archive"
        self.sites = folder / "sites"
        self.sites.mkdir()
        own = Path("healthcrawl/knowledge/sites/demo.toml").read_text("utf-8")
        (self.sites / "demo.toml").write_text(own + SITE, encoding="utf-8")
        self.resources = site()
        self.server = DemoServer(self.resources)

    def run(self, *args: str, archive: Path | None = None, **settings: str) -> Done:
        mapped = json.dumps({HOST: self.server.address})
        return run_scrapy(archive or self.archive, *args, SITES_DIR=str(self.sites), CONNECT_TO=mapped, **settings)

    def asked(self, since: int = 0) -> list[str]:
        return [one.target for one in self.server.log[since:] if one.target.startswith(("/f/", "/attachment/"))]

    def listed(self) -> dict[str, dict[str, object]]:
        lines = self.run("attachments", "--json").out.splitlines()
        return {row["url"].partition(HOST)[2]: row for row in map(json.loads, lines)}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    made = Crawled(tmp_path_factory.mktemp("files"))
    with made.server:
        done = made.run("crawl", "demo")
        assert done.status == 0, done.err
        yield made


def test_files_of_the_site_are_fetched_once_and_no_other(crawled: Crawled) -> None:
    own = [path for path in FILES if path.startswith("/f/")]
    assert sorted(crawled.asked()) == sorted(
        [*own, "/attachment/0/12/12088/2000101.pdf", "/attachment/0/12/12301/2000301.pdf"]
    )
    before = len(crawled.server.log)
    assert crawled.run("crawl", "demo").status == 0
    assert crawled.asked(before) == []


def test_files_are_listed_by_their_own_bytes(crawled: Crawled) -> None:
    listed = crawled.listed()
    for path, (_, content, _) in FILES.items():
        if path in listed:
            row = listed[path]
            assert (row["size"], row["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
            assert str(row["article"]).endswith(ARTICLE)
    told = {path: (row["name"], row["type"], row["state"]) for path, row in listed.items()}
    assert told == {
        "/f/a.docx": ("方案.docx", "docx", "read"),
        "/f/b.xls": ("名单.xls", "xlsx", "read"),
        "/f/c.doc": ("申请表.doc", "html", "no-file"),
        "/f/d.pdf": ("扫描件.pdf", "pdf", "no-text"),
        "/f/e.zip": ("全部.zip", "docx", "too-large"),
        "/f/copy.docx": ("同一方案.docx", "docx", "read"),
        "/attachment/0/12/12088/2000101.pdf": ("入托入学儿童预防接种证查验登记表.pdf", "pdf", "read"),
        "/attachment/0/12/12301/2000301.pdf": ("青岫市2024年卫生健康工作要点任务分解表.pdf", "pdf", "read"),
    }
    assert listed["/f/a.docx"]["text"] == listed["/f/copy.docx"]["text"] == "关于义诊的方案"
    assert (listed["/f/d.pdf"]["pages"], listed["/f/d.pdf"]["detail"]) == (1, "no text layer: a scan, or drawn letters")


def test_what_is_wrong_with_a_file_is_a_finding(crawled: Crawled) -> None:
    query = (
        "SELECT captures.url, findings.kind, findings.detail FROM findings JOIN captures USING (record_id) "
        "WHERE captures.role = 'attachment' ORDER BY 1, 2"
    )
    with sqlite3.connect(crawled.archive / "catalog.sqlite") as catalog:
        found = [(url.partition(HOST)[2], kind, detail) for url, kind, detail in catalog.execute(query)]
        reasons = dict(catalog.execute("SELECT url, reason FROM captures WHERE role = 'attachment'").fetchall())
        decisions = [detail for (detail,) in catalog.execute("SELECT detail FROM findings WHERE kind = 'scope'")]
    assert ("/f/b.xls", "metadata", "called .xls, it is xlsx") in found
    assert ("/f/c.doc", "attachment", "no-file: an HTML page in its place") in found
    assert ("/f/d.pdf", "attachment", "no-text: no text layer: a scan, or drawn letters") in found
    assert [kind for url, kind, detail in found if url == "/f/e.zip" and detail.startswith("too-large")] == [
        "attachment"
    ]
    assert reasons[f"http://{HOST}/f/large.pdf"] == "truncated"
    assert any(detail.startswith("outside: http://www.other.test/f/a.pdf") for detail in decisions)
    assert any(detail.startswith("outside: http://127.0.0.1/secret.pdf") for detail in decisions)
    assert any(detail.startswith("too many files") for detail in decisions)


def test_no_document_depends_on_files(crawled: Crawled, tmp_path: Path) -> None:
    before = len(crawled.server.log)
    assert crawled.run("crawl", "demo", archive=tmp_path / "archive", ATTACHMENTS="False").status == 0
    assert crawled.asked(before) == []
    names = sorted(path.name for path in (crawled.archive / "corpus").iterdir())
    assert sorted(path.name for path in (tmp_path / "archive" / "corpus").iterdir()) == names


def test_replay_rebuilds_the_list_and_the_texts(crawled: Crawled) -> None:
    before, catalog = crawled.listed(), crawled.archive / "catalog.sqlite"
    kept = catalog.rename(catalog.with_name("kept.sqlite"))
    done = crawled.run("replay", "--site", "demo")
    assert done.status == 0, done.err
    assert crawled.listed() == before
    kept.replace(catalog)
    assert crawled.run("verify").status == 0


def test_a_changed_article_has_its_files_asked_for_again(tmp_path: Path) -> None:
    made = Crawled(tmp_path)
    with made.server:
        assert made.run("crawl", "demo").status == 0
        page, before = made.resources[ARTICLE], len(made.server.log)
        body = page.body.replace(
            "各县（区）卫生健康局、教育局".encode(), "各县（区）卫生健康局、教育局、民政局".encode()
        )
        assert body != page.body
        made.resources[ARTICLE] = Resource(body=body, content_type=page.content_type, tagged=True)
        made.resources["/f/a.docx"] = Resource(body=samples.docx("新的方案"), tagged=True)
        assert made.run("crawl", "demo", "-a", "full=1").status == 0
        answers = {one.target: one.status for one in made.server.log[before:] if one.target.startswith("/f/")}
        assert answers["/f/a.docx"] == 200
        assert {status for target, status in answers.items() if target not in {"/f/a.docx", "/f/large.pdf"}} == {304}
        assert made.listed()["/f/a.docx"]["text"] == "新的方案"


def test_what_a_run_may_fetch_of_files_has_a_bound(tmp_path: Path) -> None:
    made = Crawled(tmp_path)
    path = made.sites / "demo.toml"
    path.write_text(path.read_text("utf-8") + "files = 4\n", encoding="utf-8")
    with made.server:
        done = made.run("crawl", "demo")
        assert done.status == 0
        assert "the budget of attachments is used up" in done.err
        assert len(made.asked()) == 4
        assert made.run("crawl", "demo").status == 0
        assert made.run("crawl", "demo").status == 0
        assert len(made.asked()) == len(set(made.asked())) == 9
