"""`scrapy clean` as its users call it: any folder, any file, any number of processes, any moment of a kill."""

import hashlib
import json
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from healthcrawl.cleaning import clean_files, text_files
from healthcrawl.corpus.cleaned import CleanedFolder
from healthcrawl.disk import TEMPORARY
from healthcrawl.ingest import decided_by
from healthcrawl.rules import NormalForm
from tests.conftest import ROOT, Scrapy, scrapy_command
from tests.scraped import TEXT, contents, corpus, journal


def test_a_bad_file_is_a_rejection_and_the_rest_goes_on(scrapy: Scrapy, tmp_path: Path) -> None:
    old = corpus(tmp_path / "old", 2)
    bad = {
        "binary.txt": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "undecodable"),
        "empty.txt": (b"", "no-text"),
        "noise.txt": (hashlib.sha512(b"noise").digest() * 20, "undecodable"),
        "spam.txt": ("棋牌游戏官网下载,真人娱乐开户,老虎机送彩金,百家乐平台注册\n".encode(), "spam"),
    }
    for name, (data, _) in bad.items():
        (old / name).write_bytes(data)
    (old / "loop").symlink_to(old, target_is_directory=True)
    (old / "gone.txt").symlink_to(old / "nothing")
    os.mkfifo(old / "pipe.txt")
    (old / "chinese.txt").write_bytes(TEXT.format(7).encode("gb18030"))
    os.link(old / "chinese.txt", os.fsencode(old) + b"/\xff.txt")
    for _ in range(2):  # what the first call wrote inside the folder is no original of the second
        done = scrapy("clean", str(old), "/nonexistent/absent.txt", "--json", "--out", str(old / "new"))
        assert done.status == 0, done.err
    outcomes = {Path(one["file"]).name: one for one in map(json.loads, done.out.splitlines())}
    assert len(outcomes) == 11
    assert {name: outcomes[name]["reason"] for name in bad} == {name: reason for name, (_, reason) in bad.items()}
    assert {outcomes[name]["reason"] for name in ("gone.txt", "pipe.txt", "absent.txt")} == {"unreadable"}
    assert "gb18030" in outcomes["chinese.txt"]["findings"][0]["detail"]
    assert outcomes["chinese.txt"]["text"] == outcomes["\\xff.txt"]["text"]
    assert {outcome["url"] for outcome in outcomes.values()} == {""}
    assert "11 files: 4 documents, 7 rejected" in done.err


def test_after_a_kill_the_same_call_finishes(scrapy: Scrapy, tmp_path: Path) -> None:
    old = corpus(tmp_path / "old", 400)
    call = ["clean", str(old), "--workers", "1", "--out"]
    killed = tmp_path / "killed"
    process = subprocess.Popen(scrapy_command(*call, str(killed), settings={}), cwd=ROOT, stdout=subprocess.DEVNULL)
    patience = time.monotonic() + 60
    while len(list(killed.glob("*.txt"))) < 70 and process.poll() is None and time.monotonic() < patience:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(list(killed.glob("*.txt"))) < 400
    with (killed / "manifest.jsonl").open("ab") as file:
        file.write(b'{"action":"ne')
    (killed / f".399_0.txt.1{TEMPORARY[-4:]}").write_bytes(b"half")
    done = scrapy(*call, str(killed))
    assert done.status == 0, done.err
    assert "unchanged" in done.err
    with CleanedFolder.opened(tmp_path / "whole", 399, decided_by()) as folder:
        assert len(list(folder.keep(clean_files(text_files([old]), NormalForm(), 1)))) == 400
    whole = contents(tmp_path / "whole")
    assert {name: data for name, data in contents(killed).items() if name != "manifest.jsonl"} == {
        name: data for name, data in whole.items() if name != "manifest.jsonl"
    }
    assert {step["name"] for step in journal(killed)} == set(whole) - {"manifest.jsonl"}


@pytest.mark.slow
def test_memory_does_not_grow_with_the_folder(tmp_path: Path) -> None:
    peaks = []
    for number in (100, 6000):
        old = corpus(tmp_path / f"old{number}", number)
        call = scrapy_command("clean", str(old), "--out", str(tmp_path / f"new{number}"), "--workers", "1", settings={})
        process = subprocess.Popen(call, cwd=ROOT, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0
        assert isinstance(usage, resource.struct_rusage)
        peaks.append(usage.ru_maxrss // 1024)
    assert peaks[1] - peaks[0] < 20
