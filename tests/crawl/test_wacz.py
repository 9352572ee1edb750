"""A package is what `wacz validate` accepts, holds the WARC files as they are, and lists every page with its title."""

import gzip
import hashlib
import json
import resource
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from healthcrawl.demo import articles
from healthcrawl.errors import ArchiveError
from healthcrawl.warc import wacz
from healthcrawl.warc.wacz import About, Page
from tests.conftest import run_scrapy, scrapy_command
from tests.crawl.tools import tool
from tests.warc.foreign import OK, members, warc_record

NOON = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
ABOUT = About(title="题", description="d", software="s", created=NOON, main=None)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo, crawled twice: the second time there is nothing but revisits."""
    archive = tmp_path_factory.mktemp("wacz") / "archive"
    for _ in range(2):
        assert run_scrapy(archive, "crawl", "demo", WARC_MAX_BYTES="60000").status == 0
    return archive


def read_index(package: zipfile.ZipFile) -> list[str]:
    """The index as a browser reads it: block by block, as the second one says."""
    data = package.read("indexes/index.cdx.gz")
    meta, *blocks = package.read("indexes/index.idx").decode().splitlines()
    assert meta.startswith("!meta 0 {")
    lines: list[str] = []
    for block in blocks:
        key, _, place = block.partition(" {")
        values = json.loads("{" + place)
        packed = data[values["offset"] : values["offset"] + values["length"]]
        assert values["digest"] == f"sha256:{hashlib.sha256(packed).hexdigest()}"
        found = gzip.decompress(packed).decode().splitlines()
        assert found[0].startswith(key + " {")
        lines += found
    return lines


def test_a_package_is_complete_and_the_same_every_time(crawled: Path, tmp_path: Path) -> None:
    path, again = tmp_path / "demo.wacz", tmp_path / "again.wacz"
    done = run_scrapy(crawled, "wacz", "demo", "-o", str(path))
    assert done.status == 0, done.err
    assert run_scrapy(crawled, "wacz", "demo", "-o", str(again)).status == 0
    assert path.read_bytes() == again.read_bytes()
    warcs = sorted((crawled / "warc" / "demo").glob("*.warc.gz"))
    with zipfile.ZipFile(path) as package:
        assert {entry.compress_type for entry in package.infolist()} == {zipfile.ZIP_STORED}
        assert [package.read(f"archive/{warc.name}") for warc in warcs] == [warc.read_bytes() for warc in warcs]
        lines = read_index(package)
        indexes = [one.read_text("utf-8").splitlines() for one in (crawled / "index" / "demo").iterdir()]
        assert lines == sorted(line for index in indexes for line in index if '"status": "304"' not in line)
        assert len(lines) < sum(map(len, indexes))
        header, *pages = map(json.loads, package.read("pages/pages.jsonl").decode().splitlines())
        assert header["format"] == "json-pages-1.0"
        titles = {page["url"]: page["title"] for page in pages}
        assert {article.title for article in articles()} <= set(titles.values())
        assert all(page["ts"].endswith("Z") and page["id"] and page["title"] for page in pages)
        data = package.read("datapackage.json")
        said = json.loads(data)
        for one in said["resources"]:
            content = package.read(one["path"])
            assert (one["bytes"], one["hash"]) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")
        assert said["mainPageUrl"] in titles
        vouched = json.loads(package.read("datapackage-digest.json"))
        assert vouched["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
    validate = subprocess.run([tool("wacz"), "validate", "-f", path], capture_output=True, text=True, check=False)
    assert "the passed WACZ is valid" in validate.stdout, validate.stdout + validate.stderr


def test_since_lists_later_pages_and_keeps_what_their_revisits_need(crawled: Path, tmp_path: Path) -> None:
    path = tmp_path / "demo.wacz"
    revisits = [line for one in (crawled / "index" / "demo").iterdir() for line in one.read_text().splitlines()]
    second = min(line.split(" ")[1] for line in revisits if '"warc/revisit"' in line)
    since = datetime.strptime(second, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    done = run_scrapy(crawled, "wacz", "demo", "-o", str(path), "--since", since.isoformat())
    assert done.status == 0, done.err
    with zipfile.ZipFile(path) as package:
        urls = {json.loads(line.partition(" {")[2].join(["{", ""]))["url"] for line in read_index(package)}
        pages = [json.loads(line) for line in package.read("pages/pages.jsonl").decode().splitlines()[1:]]
    assert all(page["ts"] >= since.strftime("%Y-%m-%dT%H:%M:%SZ") for page in pages)
    assert {line.partition('"url": "')[2].partition('"')[0] for line in revisits if '"warc/revisit"' in line} <= urls
    for when, status, words in (("2999-01-01", 1, "no captures since"), ("soon", 2, "--since: expected a date")):
        done = run_scrapy(crawled, "wacz", "demo", "-o", str(tmp_path / "none.wacz"), "--since", when)
        assert (done.status, words in done.err) == (status, True), done.err


def test_what_cannot_be_done_is_told_and_leaves_nothing(crawled: Path, tmp_path: Path) -> None:
    path = tmp_path / "there.wacz"
    path.write_bytes(b"mine")
    for words, args in (
        ("--force", ["demo", "-o", str(path)]),
        ("no site", ["absent", "-o", str(tmp_path / "a.wacz")]),
        ("folder is not there", ["demo", "-o", str(tmp_path / "none" / "a.wacz")]),
        ("a folder", ["demo", "-o", str(tmp_path)]),
        ("-o FILE", ["demo"]),
        ("one site", ["-o", str(tmp_path / "a.wacz")]),
    ):
        done = run_scrapy(crawled, "wacz", *args)
        assert (done.status, words in done.err) == (2, True), done.err
    done = run_scrapy(crawled, "wacz", "enping", "-o", str(tmp_path / "a.wacz"))
    assert (done.status, "crawl it first" in done.err) == (1, True)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"there.wacz": b"mine"}
    done = run_scrapy(crawled, "wacz", "demo", "-o", str(path), "--force")
    assert (done.status, zipfile.is_zipfile(path)) == (0, True)


def test_a_full_disk_is_told_and_leaves_nothing(crawled: Path, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    command = scrapy_command("wacz", "demo", "-o", str(tmp_path / "a.wacz"), settings={"ARCHIVE_DIR": str(crawled)})
    done = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert "too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_archive_is_not_packed(crawled: Path, tmp_path: Path) -> None:
    archive = Path(shutil.copytree(crawled, tmp_path / "archive"))
    victim = min((archive / "warc" / "demo").glob("*.warc.gz"))
    victim.write_bytes(victim.read_bytes()[:-50])
    done = run_scrapy(archive, "wacz", "demo", "-o", str(tmp_path / "a.wacz"))
    assert (done.status, "verify --repair" in done.err) == (1, True)
    assert not list(tmp_path.glob("*.wacz"))


def test_long_indexes_are_sorted_on_disk_and_cut_into_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wacz, "_RUN", 700)
    warcs = []
    for serial in range(5):
        warcs.append(tmp_path / f"{serial}.warc.gz")
        urls = [b"http://a.test/%d" % (number * 7919 % 5000) for number in range(serial * 500, serial * 500 + 500)]
        warcs[-1].write_bytes(members([warc_record(OK, url=url, record_id=b"<urn:uuid:%b>" % url) for url in urls]))
    pages = [Page(id="1", url="http://a.test/1", captured_at=NOON, title="")]
    assert list(wacz.write(tmp_path / "a.wacz", warcs, pages, ABOUT)) == warcs
    with zipfile.ZipFile(tmp_path / "a.wacz") as package:
        lines = read_index(package)
        assert len(package.read("indexes/index.idx").splitlines()) == 1 + 3
    assert lines == sorted(lines)
    assert len(lines) == 2500
    warcs[0].write_bytes(b"dirt")
    with pytest.raises(ArchiveError, match=r"0\.warc\.gz: damaged"):
        list(wacz.write(tmp_path / "b.wacz", warcs, pages, ABOUT))
    assert not [one for one in tmp_path.iterdir() if "b.wacz" in one.name]
