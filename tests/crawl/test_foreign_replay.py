"""`scrapy replay FILE…` on what other tools wrote: the same texts, and a rejection for every place that can't be read."""

import gzip
import json
import shutil
from pathlib import Path

from tests.conftest import Scrapy
from tests.crawl.test_commands import PAGE
from tests.warc.foreign import arc_head, arc_record, members, warc_record

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
BODY = PAGE.encode()
GBK = PAGE.replace("utf-8", "gbk").encode("gbk")
ANSWERS = {
    "plain": HTML + b"\r\n" + BODY,
    "chunked": HTML + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY),
    "said to be chunked": HTML + b"Transfer-Encoding: chunked\r\n\r\n" + BODY,
    "said to be gzip": HTML + b"Content-Encoding: gzip\r\n\r\n" + BODY,
    "gzip": HTML + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(BODY),
    "no status text": HTML.replace(b" OK", b"") + b"\r\n" + BODY,
    "bare line ends": HTML.replace(b"\r\n", b"\n") + b"\n" + BODY,
    "GBK": HTML.replace(b"html", b"html; charset=gbk") + "X-Unit: 卫生局\r\n\r\n".encode("gbk") + GBK,
}


FORMS = ("warc.gz", "warc", "arc.gz", "arc")


def test_every_answer_gives_its_text_and_damage_is_counted(scrapy: Scrapy, tmp_path: Path) -> None:
    folder = tmp_path / "others"
    folder.mkdir()
    named: dict[str, tuple[str, str]] = {}
    for form in FORMS:
        addresses = [f"http://{form}.test/t20260301_{number}.html".encode() for number in range(len(ANSWERS))]
        named |= {url.decode(): (form, name) for url, name in zip(addresses, ANSWERS, strict=True)}
        if form.startswith("arc"):
            parts = [arc_head(), *map(arc_record, ANSWERS.values(), addresses)]
        else:
            parts = [warc_record(block, url=url) for block, url in zip(ANSWERS.values(), addresses, strict=True)]
        parts.insert(3, b"what is this\r\n")
        (folder / f"some.{form}").write_bytes(members(parts) if form.endswith("gz") else b"".join(parts))
    done = scrapy("replay", str(folder), "--out", str(tmp_path / "out"), "--json")
    outcomes = [json.loads(line) for line in done.out.splitlines()]
    texts = {one["url"]: one["text"] for one in outcomes if one["outcome"] == "document"}
    expected = "各有关单位:\n为普及合理膳食知识,"
    assert [what for url, what in named.items() if not texts.get(url, "").startswith(expected)] == []
    details = [one["detail"] for one in outcomes if one["reason"] == "unreadable"]
    assert sorted(detail.partition(": at byte ")[0] for detail in details) == sorted(
        str(folder / f"some.{form}") for form in FORMS
    )
    assert all(detail in done.err for detail in details)
    assert done.status == 1


def test_a_folder_without_archives_is_wrong_use(scrapy: Scrapy, tmp_path: Path) -> None:
    for name in (".", "absent.warc.gz"):
        done = scrapy("replay", str(tmp_path / name))
        assert (done.status, "no WARC or ARC file" in done.err) == (2, True)


def test_files_of_others_are_read_by_the_rules_of_a_site(scrapy: Scrapy, tmp_path: Path) -> None:
    path = tmp_path / "some.warc"
    path.write_bytes(warc_record(ANSWERS["plain"], url=b"http://demo.healthcrawl.test/t20260301_1.html"))
    for options, site in (([], ""), (["--site", "demo"], "demo")):
        done = scrapy("replay", str(path), "--out", str(tmp_path / f"out{site}"), "--json", *options)
        assert [json.loads(line)["site"] for line in done.out.splitlines()] == [site], done.err


def test_texts_of_files_that_the_archive_does_not_hold_stay_out_of_the_corpus(
    scrapy: Scrapy, archive: Path, tmp_path: Path
) -> None:
    path = tmp_path / "some.warc.gz"
    path.write_bytes(members([warc_record(ANSWERS["plain"], url=b"http://demo.healthcrawl.test/t20260301_1.html")]))
    done = scrapy("replay", str(path), "--site", "demo")
    assert (done.status, "--out DIR" in done.err) == (2, True)
    assert f"warcio recompress {path} {archive / 'warc' / 'demo' / 'some.warc.gz'}" in done.err
    assert not archive.exists()


def test_files_of_others_can_be_made_part_of_the_archive(scrapy: Scrapy, archive: Path, tmp_path: Path) -> None:
    lookup = warc_record(b"20260301\na.test. IN A 192.0.2.1\n", url=b"dns:a.test", record_id=b"<urn:uuid:2>")
    page = warc_record(ANSWERS["chunked"], url=b"http://demo.healthcrawl.test/t20260301_1.html")
    address = b"http://demo.healthcrawl.test/x.html"
    resource = warc_record(b"<title>x</title>", url=address, kind=b"resource", record_id=b"<urn:uuid:3>")
    folder = archive / "warc" / "demo"
    folder.mkdir(parents=True)
    (folder / "some.warc.gz").write_bytes(members([lookup, page, resource]))
    assert scrapy("replay").status == 0
    assert len(list((archive / "corpus").glob("*.txt"))) == 1
    assert scrapy("verify", "--repair").status == 0
    done = scrapy("verify", "--json")
    verdicts = [json.loads(line) for line in done.out.splitlines()]
    assert (done.status, {one["state"] for one in verdicts}) == (0, {"ok"}), done.out
    named = tmp_path / "elsewhere"
    named.symlink_to(archive, target_is_directory=True)
    assert scrapy("replay", str(named / "warc" / "demo")).status == 0
    shutil.copy(folder / "some.warc.gz", tmp_path)
    assert scrapy("replay", str(tmp_path / "some.warc.gz")).status == 2
