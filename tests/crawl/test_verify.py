"""`verify` knows damage from what is merely old, and `replay` goes on past a damaged file."""

import gzip
import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from healthcrawl.core import message
from healthcrawl.corpus.layout import ArchiveLayout, content_hash
from healthcrawl.verify import Verdict, verify
from healthcrawl.warc.read import read_captures, read_records
from tests.conftest import run_scrapy
from tests.crawl.disks import disk, remount
from tests.warc.foreign import arc_head, arc_record, members, warc_record


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    archive = tmp_path_factory.mktemp("verify") / "archive"
    assert run_scrapy(archive, "crawl", "demo", WARC_MAX_BYTES="40000").status == 0
    return archive


@pytest.fixture
def archive(crawled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(crawled, tmp_path / "archive"))


def states(archive: Path) -> tuple[int, Counter[str], dict[str, dict[str, str]]]:
    done = run_scrapy(archive, "verify", "--json")
    verdicts = [json.loads(line) for line in done.out.splitlines()]
    return done.status, Counter(one["state"] for one in verdicts), {Path(one["file"]).name: one for one in verdicts}


def test_a_whole_archive_of_several_files_is_well(archive: Path) -> None:
    status, counts, _ = states(archive)
    assert len(list((archive / "warc" / "demo").glob("*.warc.gz"))) > 2
    assert (status, set(counts)) == (0, {"ok"})


def test_names_of_an_older_corpus_are_legacy(archive: Path) -> None:
    (archive / "corpus" / "900_0123456789abcdef.txt").write_text("旧文\n", "utf-8")
    status, counts, verdicts = states(archive)
    assert (status, counts["legacy"]) == (0, 1)
    assert verdicts["900_0123456789abcdef.txt"]["state"] == "legacy"


def test_a_file_that_the_journal_does_not_know_is_told(archive: Path) -> None:
    data = "新文\n".encode()
    (archive / "corpus" / f"901_{content_hash(data)[:16]}.txt").write_bytes(data)
    status, counts, _ = states(archive)
    assert (status, counts["unknown"]) == (1, 1)


def test_all_captures_of_a_text_over_several_pages_are_looked_for(archive: Path) -> None:
    journal = archive / "manifest.jsonl"
    before = journal.read_text("utf-8")
    first, second, *_ = [json.loads(line) for line in before.splitlines()]

    def verdict_with(page: str) -> Verdict:
        step = first | {"pages": [first["record_id"], page]}
        journal.write_text(before + json.dumps(step, ensure_ascii=False) + "\n", "utf-8")
        return next(one for one in verify(ArchiveLayout(archive)) if Path(one.file).name == first["name"])

    assert verdict_with(second["record_id"]).state == "ok"
    told = verdict_with("<urn:uuid:lost>")
    assert (told.state, "<urn:uuid:lost>" in told.detail) == ("damaged", True)


def test_a_lost_text_is_told_and_written_again_by_a_replay(archive: Path) -> None:
    lost = min((archive / "corpus").iterdir())
    data = lost.read_bytes()
    lost.unlink()
    status, _, verdicts = states(archive)
    assert (status, verdicts[lost.name]["state"]) == (1, "missing")
    assert run_scrapy(archive, "replay").status == 0
    assert lost.read_bytes() == data
    assert states(archive)[0] == 0


def test_a_clipped_warc_is_told_and_replay_reads_the_others(archive: Path, tmp_path: Path) -> None:
    first, *_ = sorted((archive / "warc" / "demo").glob("*.warc.gz"))
    first.write_bytes(first.read_bytes()[:-100])
    status, _, verdicts = states(archive)
    assert (status, verdicts[first.name]["state"]) == (1, "damaged")
    done = run_scrapy(archive, "replay", "--out", str(tmp_path / "out"))
    assert done.status == 1
    assert first.name in done.err
    assert len(list((tmp_path / "out").glob("*.txt"))) > 10


def test_a_lost_index_is_made_anew_by_the_next_crawl(archive: Path) -> None:
    victim = min((archive / "index" / "demo").glob("*.cdxj"))
    text = victim.read_text("utf-8")
    victim.unlink()
    status, _, verdicts = states(archive)
    assert (status, verdicts[victim.name]["state"]) == (1, "missing")
    assert run_scrapy(archive, "crawl", "demo", "-a", "full=1").status == 0
    assert victim.read_text("utf-8") == text


def test_a_lost_warc_is_missed(archive: Path) -> None:
    assert run_scrapy(archive, "crawl", "demo", "-a", "full=1").status == 0  # only revisits: no text points there
    victim = max((archive / "warc" / "demo").glob("*.warc.gz"))
    victim.unlink()
    status, _, verdicts = states(archive)
    assert (status, verdicts[victim.name]["state"]) == (1, "missing")
    assert [one["state"] for name, one in verdicts.items() if name.endswith(".cdxj") and one["state"] != "ok"] == [
        "unknown"
    ]


def test_a_damaged_warc_without_an_index_does_not_stop_the_site(archive: Path) -> None:
    victim = min((archive / "warc" / "demo").glob("*.warc.gz"))
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 0xFF
    victim.write_bytes(bytes(data))
    (archive / "index" / "demo" / victim.name.replace(".warc.gz", ".cdxj")).unlink()
    done = run_scrapy(archive, "crawl", "demo")
    assert done.status == 0, done.err
    assert victim.name in done.err


def test_what_a_crawl_is_writing_is_no_damage(archive: Path) -> None:
    victim = max((archive / "warc" / "demo").glob("*.warc.gz"))
    victim.rename(victim.with_name(victim.name + ".open"))
    (archive / "index" / "demo" / victim.name.replace(".warc.gz", ".cdxj")).unlink()
    status, counts, _ = states(archive)
    assert (status, counts["open"]) == (0, 1)


def test_a_replay_without_the_sites_file_leaves_its_captures_out(archive: Path, tmp_path: Path) -> None:
    for warc in (archive / "warc" / "demo").glob("*.warc.gz"):
        text = gzip.decompress(warc.read_bytes()).replace(b"isPartOf: demo", b"isPartOf: else", 1)
        warc.write_bytes(b"".join(gzip.compress(b"WARC/1.1\r\n" + one) for one in text.split(b"WARC/1.1\r\n")[1:]))
    done = run_scrapy(archive, "replay", "--out", str(tmp_path / "out"))
    assert done.status == 1
    assert "no site file for 'else'" in done.err
    assert not list((tmp_path / "out").glob("*.txt"))


def test_a_lost_catalog_is_rebuilt_by_a_replay(archive: Path) -> None:
    manifest = (archive / "manifest.jsonl").read_bytes()
    for path in archive.glob("catalog.sqlite*"):
        path.unlink()
    assert run_scrapy(archive, "replay").status == 0
    assert (archive / "manifest.jsonl").read_bytes() == manifest
    assert states(archive)[0] == 0


def test_replay_into_a_folder_that_is_not_empty_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x", "utf-8")
    done = run_scrapy(archive, "replay", "--out", str(tmp_path / "out"))
    assert done.status != 0
    assert "not empty" in done.err
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_repair_saves_what_is_whole_and_keeps_what_was_damaged(archive: Path) -> None:
    victim = max((archive / "warc" / "demo").glob("*.warc.gz"), key=lambda path: path.stat().st_size)
    before = [record for record in read_records(victim) if record.type == "response"]
    lost = next(one for one in before if b"<html" in one.block and one.location.length > 600)
    data = bytearray(victim.read_bytes())
    data[lost.location.offset + 300] ^= 0x10
    victim.write_bytes(bytes(data))
    text = min((archive / "corpus").iterdir())
    truth = text.read_bytes()
    text.write_text("另一篇\n", "utf-8")
    index_file = min((archive / "index" / "demo").glob("*.cdxj"))
    lines = index_file.read_bytes()
    index_file.write_bytes(lines[:-40])
    done = run_scrapy(archive, "verify", "--repair", "--json")
    assert done.status == 0, done.out + done.err
    verdicts = [json.loads(line) for line in done.out.splitlines()]
    repaired = {Path(one["file"]).name for one in verdicts if one["state"] == "repaired"}
    assert {victim.name, text.name, index_file.name} <= repaired
    assert victim.with_name(victim.name + ".damaged").read_bytes() == bytes(data)
    assert text.with_name(text.name + ".damaged").read_text("utf-8") == "另一篇\n"
    assert text.read_bytes() == truth
    assert index_file.read_bytes() == lines or index_file.stem in victim.name
    assert victim.stat().st_size == len(data)
    kept = [record for record in read_records(victim) if record.type == "response"]
    assert kept == [record for record in before if record.id != lost.id]
    for command in (["warcio", "check"], ["fastwarc", "check"]):
        subprocess.run([Path(sys.executable).parent / command[0], *command[1:], victim], check=True, timeout=60)
    assert states(archive)[0] == 0
    crawled = run_scrapy(archive, "crawl", "demo")
    assert crawled.status == 0, crawled.err


def test_what_a_repair_could_not_save_is_archived_in_full_by_the_next_crawl(archive: Path) -> None:
    """Neither an equal payload nor a 304 is taken for a copy of what is lost."""
    assert (
        run_scrapy(archive, "crawl", "demo", "-a", "full=1").status == 0
    )  # 304s and revisits, with originals in other files
    folder = archive / "warc" / "demo"
    wanted = {"http://demo.healthcrawl.test/robots.txt": "response"}
    wanted |= dict.fromkeys(
        [json.loads(line)["url"] for line in (archive / "manifest.jsonl").read_text().splitlines()][:1], ""
    )
    originals = [one for path in sorted(folder.glob("*.gz")) for one in read_records(path) if one.type == "response"]
    lost = {one.url: one for one in reversed(originals) if one.url in wanted}
    assert lost.keys() == wanted.keys()
    for one in lost.values():
        path = folder / one.location.warc_file
        data = bytearray(path.read_bytes())
        data[one.location.offset + one.location.length // 2] ^= 0x10
        path.write_bytes(bytes(data))
    done = run_scrapy(archive, "verify", "--repair")
    assert (done.status, "captures are lost; the next crawl gets them anew" in done.err) == (0, True), (
        done.out + done.err
    )
    assert run_scrapy(archive, "crawl", "demo").status == 0
    newest = max(folder.glob("*.warc.gz"))
    captures = {capture.url: capture for capture, _ in read_captures(newest)}
    for url, one in lost.items():
        assert message.parse(captures[url].response).payload == message.parse(one.block).payload
    assert states(archive)[0] == 0


def test_repair_makes_catalog_and_indexes_anew(archive: Path) -> None:
    corpus = {path.name: path.read_bytes() for path in (archive / "corpus").iterdir()}
    for path in [*archive.glob("catalog.sqlite*"), *(archive / "index" / "demo").iterdir()]:
        path.unlink()
    done = run_scrapy(archive, "verify", "--repair")
    assert done.status == 0, done.out + done.err
    assert {path.name: path.read_bytes() for path in (archive / "corpus").iterdir()} == corpus


def test_files_of_others_are_checked_by_themselves(archive: Path, tmp_path: Path) -> None:
    folder = tmp_path / "others"
    folder.mkdir()
    (folder / "good.warc").write_bytes(warc_record(url=b"http://a.test/a b") * 2)
    (folder / "bad.arc").write_bytes(arc_head() + b"dirt\n" + arc_record())
    digest = b"WARC-Payload-Digest: sha1:" + b"A" * 32
    (folder / "lie.warc.gz").write_bytes(members([warc_record(more=[digest])]))
    done = run_scrapy(archive, "verify", str(folder), "--json")
    verdicts = {Path(one["file"]).name: one for one in map(json.loads, done.out.splitlines())}
    assert done.status == 1
    assert {name: one["state"] for name, one in verdicts.items()} == {
        "good.warc": "ok",
        "bad.arc": "damaged",
        "lie.warc.gz": "damaged",
    }
    assert "2 times characters in its WARC-Target-URI" in verdicts["good.warc"]["detail"]
    assert [place["offset"] for place in verdicts["bad.arc"]["places"]] == [len(arc_head())]
    assert "payload digest" in verdicts["lie.warc.gz"]["detail"]
    done = run_scrapy(archive, "verify", str(folder), "--repair")
    assert (done.status, "not on single files" in done.err) == (2, True)


def test_an_archive_on_a_disk_that_cannot_be_written_is_verified(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=8m") as folder:
        assert run_scrapy(folder / "archive", "crawl", "demo").status == 0
        remount(folder, "ro")
        done = run_scrapy(folder / "archive", "verify")
        assert (done.status, done.err) == (0, "")
        repaired = run_scrapy(folder / "archive", "verify", "--repair")
        assert (repaired.status, repaired.err) == (0, "")
