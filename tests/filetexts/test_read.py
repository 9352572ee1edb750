"""Reading texts of files: what honest ones say, and that no other one can do harm."""

import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from healthcrawl.core.filetypes import file_type
from healthcrawl.filetexts import child
from healthcrawl.filetexts.read import FileText, Limits, read_file
from tests.filetexts import samples

for library in ("docx", "ofdkit", "pypdfium2", "python_calamine"):
    pytest.importorskip(library, reason="pip install 'healthcrawl[attachments]'")

TITLE = "关于开展健康义诊活动的通知"
NARROW = Limits(cpu_seconds=2, seconds=8, memory=600 << 20)


def read(data: bytes, limits: Limits = NARROW) -> FileText:
    return read_file(data, file_type(data), limits)


@pytest.mark.parametrize(
    ("data", "kind", "pages", "text"),
    [
        (samples.pdf(TITLE, "名单"), "pdf", 2, f"{TITLE}\n名单"),
        (
            samples.docx(TITLE, table=(("姓名", "电话"), ("王某", "12320"))),
            "docx",
            0,
            f"{TITLE}\n姓名 | 电话\n王某 | 12320",
        ),
        (samples.xlsx(("姓名", "人数"), ("王某", 3)), "xlsx", 1, "姓名 | 人数\n王某 | 3"),
        (samples.ofd(TITLE, "第二页"), "ofd", 2, f"{TITLE}\n第二页"),
        (f"{TITLE}\r\n\r\n　　名单".encode("gb18030"), "text", 0, f"{TITLE}\n名单"),
    ],
    ids=["pdf", "docx", "xlsx", "ofd", "text"],
)
def test_honest_files(data: bytes, kind: str, pages: int, text: str) -> None:
    assert file_type(data) == kind
    assert read(data) == FileText(state="read", pages=pages, text=text)


def test_a_packed_file_is_listed_and_its_members_are_read() -> None:
    packed = samples.pack({"通知/1.docx": samples.docx(TITLE), "a.xlsx": samples.xlsx(("王某",)), "b.exe": b"MZ"})
    found = read(packed)
    assert found.text.splitlines() == ["1.docx", TITLE, "a.xlsx", "王某", "b.exe"]
    assert (found.state, found.detail) == ("read", "1 members without a text that can be read")


def test_names_of_members_in_gbk_and_without_their_paths() -> None:
    raw = samples.pack({"../../etc/aaaa.txt": b"x"}).replace(b"aaaa", "名单".encode("gbk"))
    assert read(raw).text.splitlines()[0] == "名单.txt"


@pytest.mark.parametrize(
    ("data", "state"),
    [
        (samples.pdf("", ""), "no-text"),
        (samples.pdf(TITLE)[:400], "damaged"),
        (samples.docx(TITLE)[:-40], "damaged"),
        (samples.xlsx(("a",))[:300], "damaged"),
        (samples.locked_pdf(), "encrypted"),
        (samples.compound("EncryptedPackage"), "encrypted"),
        (samples.compound("Workbook"), "damaged"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "no-text"),
        (b"Rar!\x1a\x07\x01\x00", "no-reader"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "no-file"),
        (b"", "no-file"),
    ],
)
def test_what_gives_no_text_says_why(data: bytes, state: str) -> None:
    found = read(data)
    assert (found.state, found.text) == (state, "")
    assert found.detail


# --- hostile files ---------------------------------------------------------------------------------------------------


def test_bombs_are_told_by_what_they_say_they_unpack_to() -> None:
    zeros = bytes(60_000_000)
    assert read(samples.pack({"word/document.xml": zeros})).state == "too-large"
    assert read(samples.pack({f"{at}.txt": b"x" for at in range(6_000)})).state == "too-large"
    assert read(samples.pack({"a.zip": samples.pack({"b.zip": samples.pack({"c": zeros})})})).text == "a.zip"


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_said() -> None:
    packed = bytearray(samples.pack({"a.txt": b"A" * 50_000_000}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = packed.index(mark) + at
        packed[start : start + 4] = (100).to_bytes(4, "little")
    assert len(read(bytes(packed)).text) < 1_000


def test_entities_of_a_docx_are_not_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    outside = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file://{secret}"><!ENTITY y SYSTEM "http://127.0.0.1:9/">]>'
    assert "SECRET" not in read(samples.docx(TITLE, "&x;&y;", prolog=outside)).text
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    began = time.monotonic()
    found = read(samples.docx("&l9;", prolog=f'<!DOCTYPE d [<!ENTITY l0 "ha">{laughs}]>'))
    assert len(found.text) < 100
    assert time.monotonic() - began < NARROW.seconds


@pytest.mark.parametrize(
    "data",
    [
        samples.pdf("一", kids="2 0 R"),
        samples.pdf("一", content="/F1 Do " * 10),
        samples.pdf("一", content="q " * 3_000_000),
        samples.pdf("一", content="BT /F1 12 Tf <5b57> Tj ET\n" * 400_000),
        samples.docx(body="<w:p>" * 20_000 + "</w:p>" * 20_000),
        samples.docx(body="<w:p><w:r><w:t>字</w:t></w:r></w:p>" * 200_000),
        samples.xlsx(("a",), dimension="A1:XFD1048576"),
        samples.xlsx(*[("字",)] * 200_000),
        samples.ofd(*["字"] * 3_000),
    ],
    ids=["pages that hold themselves", "objects", "nesting", "drawing", "deep", "long", "wide", "rows", "pages"],
)
def test_time_and_memory_have_bounds(data: bytes) -> None:
    began = time.monotonic()
    assert read(data).state in {"read", "no-text", "damaged", "gave-up", "too-large"}
    assert time.monotonic() - began < NARROW.seconds + 4


def test_a_reader_that_hangs_or_grows_is_ended() -> None:
    slow = samples.docx(body="<w:p><w:r><w:t>字</w:t></w:r></w:p>" * 400_000)
    wide = replace(NARROW, ratio=10_000, memory=2 << 30)
    assert read(slow, replace(wide, cpu_seconds=1)).detail == "it takes more than 1 s of processor time"
    assert read(slow, replace(wide, cpu_seconds=60, seconds=1)).detail == "it takes longer than 1 s"
    assert read(slow, replace(wide, cpu_seconds=60, memory=200 << 20)).state == "gave-up"


def test_a_long_text_is_cut_and_says_so() -> None:
    found = read(("字" * 5_000).encode(), replace(NARROW, chars=1_000))
    assert (len(found.text), found.detail) == (1_000, "only the first 1000 characters were kept")


def test_the_child_opens_neither_files_nor_connections() -> None:
    script = (
        "import resource, socket, sys; sys.path.insert(0, sys.argv[1]); import child\n"
        "child._bound(resource.RLIMIT_NOFILE, 0)\n"
        "for attempt in (lambda: open('/etc/hostname'), socket.socket, lambda: open('/tmp/x', 'w')):\n"
        "    try: attempt()\n"
        "    except OSError as error: print(error.errno)\n"
    )
    folder = str(Path(child.__file__).parent)
    done = subprocess.run([sys.executable, "-c", script, folder], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["24", "24", "24"]  # EMFILE


def test_mutated_files_give_a_value() -> None:
    chance = random.Random(7)  # noqa: S311
    whole = [samples.pdf(TITLE), samples.docx(TITLE), samples.xlsx((TITLE, 1)), samples.ofd(TITLE)]
    for data in whole * 4:
        broken = bytearray(data)
        for _ in range(chance.randint(1, 30)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        assert isinstance(read_file(bytes(broken), file_type(data), NARROW), FileText)


# --- what others' programs read --------------------------------------------------------------------------------------


def test_without_a_library_nothing_is_read() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            child.__file__,
            "docx",
            '{"memory":1000000000,"cpu_seconds":9,"output":99999,"chars":9}',
        ],
        input=samples.docx(TITLE),
        capture_output=True,
        check=True,
    )
    assert b'"state": "no-reader", "detail": "No module named \'docx\'"' in done.stdout


@pytest.mark.parametrize(
    ("script", "found"),
    [
        ("cat >/dev/null; printf '通知\\n\\n 名单\\n'", FileText(state="read", text="通知\n名单")),
        (
            "echo 'Encrypted documents are not supported'; exit 1",
            FileText(state="encrypted", detail="antiword can't read it"),
        ),
        ("exit 1", FileText(state="damaged", detail="antiword can't read it")),
        ("sleep 60", FileText(state="gave-up", detail="it takes longer than 1 s")),
        ("yes", FileText(state="gave-up", detail="")),
    ],
)
def test_doc_files_are_read_by_antiword(
    script: str, found: FileText, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "antiword"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    told = read(samples.compound("WordDocument"), Limits(seconds=1, cpu_seconds=9, output=1 << 20))
    assert replace(told, detail=told.detail if found.detail else "") == found


def test_without_antiword_doc_files_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    found = read(samples.compound("WordDocument"))
    assert (found.state, found.detail) == ("no-reader", "antiword is not installed")
