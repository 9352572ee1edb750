"""A replay's outcome does not depend on how many processes read, nor on kills; what is unchanged is not read again."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store
from healthcrawl.knowledge.load import load_sites
from healthcrawl.replay import EVERYTHING, Selection, jobs, parts, read_all, replay
from healthcrawl.rules import NormalForm
from tests.benchmarks.synthetic import SITE, make_archive
from tests.conftest import ROOT, Done, run_scrapy, scrapy_command

PAGES = 340


def run(
    layout: ArchiveLayout, workers: int = 1, *, force: bool = False, selection: Selection = EVERYTHING
) -> Counter[str]:
    """Replay an archive in place; how many captures were read and unchanged, and what became of documents."""
    sites = load_sites(layout.root / "sites").sites
    counts: Counter[str] = Counter()
    catalog = Catalog(layout.catalog)
    store = Store(layout.corpus, Manifest(layout.manifest), catalog)
    todo = jobs(layout.warc_files(), sites, NormalForm(), layout, selection=selection)
    for done in replay(read_all(parts(todo, None if force else store), workers), store):
        counts["read"] += len(done.ingested)
        counts["unchanged captures"] += done.read.unchanged
        counts["unreadable"] += len(done.read.unreadable)
        counts.update(ingested.change.kind for _, ingested in done if ingested.change)
    catalog.close()
    return counts


def settings(layout: ArchiveLayout) -> dict[str, str]:
    return {"ARCHIVE_DIR": str(layout.root), "SITES_DIR": str(layout.root / "sites")}


def kill(layout: ArchiveLayout, *args: str, when: Callable[[], bool]) -> None:
    """Begin a replay and kill it as soon as that is so."""
    command = scrapy_command("replay", "--workers", "2", *args, settings=settings(layout))
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 200
        while not when() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)


def copy(layout: ArchiveLayout, to: Path) -> ArchiveLayout:
    return ArchiveLayout(shutil.copytree(layout.root, to))


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> ArchiveLayout:
    """An archive that nobody writes to."""
    return make_archive(tmp_path_factory.mktemp("bench") / "archive", PAGES, pages_a_file=170)


@pytest.fixture(scope="module")
def replayed(bench: ArchiveLayout, tmp_path_factory: pytest.TempPathFactory) -> ArchiveLayout:
    """The archive, replayed in place by one process."""
    layout = copy(bench, tmp_path_factory.mktemp("replayed") / "archive")
    assert run(layout)["read"] == PAGES
    return layout


def content(folder: Path, manifest: Path) -> dict[str, bytes]:
    """Texts and journal by name, without the times at which its lines were written."""
    journal = re.sub(rb'"noted_at":"[^"]*"', b'"noted_at":""', manifest.read_bytes())
    return {path.name: path.read_bytes() for path in folder.glob("*.txt")} | {"journal": journal}


def in_place(layout: ArchiveLayout) -> dict[str, bytes]:
    return content(layout.corpus, layout.manifest)


def lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


@pytest.mark.parametrize("workers", [2, 5])
def test_the_outcome_does_not_depend_on_the_number_of_processes(
    bench: ArchiveLayout, replayed: ArchiveLayout, tmp_path: Path, workers: int
) -> None:
    layout = copy(bench, tmp_path / "archive")
    assert run(layout, workers)["read"] == PAGES
    assert in_place(layout) == in_place(replayed)


def test_a_replay_goes_on_after_a_kill_as_if_there_had_been_none(
    bench: ArchiveLayout, replayed: ArchiveLayout, tmp_path: Path
) -> None:
    layout = copy(bench, tmp_path / "archive")
    kill(layout, when=lambda: lines(layout.manifest) >= 129)
    assert 0 < lines(layout.manifest) < lines(replayed.manifest)
    assert run(layout, 2)["unchanged captures"] >= 128
    assert in_place(layout) == in_place(replayed)


def test_a_replay_into_a_folder_goes_on_too(bench: ArchiveLayout, replayed: ArchiveLayout, tmp_path: Path) -> None:
    out = tmp_path / "out"
    kill(bench, "--out", str(out), when=lambda: lines(out / "manifest.jsonl") >= 129)
    assert 0 < lines(out / "manifest.jsonl") < lines(replayed.manifest)
    done = run_scrapy(bench.root, "replay", "--out", str(out), **settings(bench))
    unchanged = re.search(r"^captures unchanged +([0-9]+)", done.err, re.MULTILINE)
    assert (done.status, unchanged and int(unchanged[1]) >= 128) == (0, True), done.err
    assert content(out, out / "manifest.jsonl") == in_place(replayed)
    assert {path.suffix for path in out.iterdir()} == {".txt", ".jsonl"}
    assert run_scrapy(bench.root, "replay", "--out", str(out), **settings(bench)).status == 2


def test_what_is_unchanged_is_read_again_only_by_force(replayed: ArchiveLayout) -> None:
    before = in_place(replayed)
    assert run(replayed) == {"read": 0, "unchanged captures": PAGES, "unreadable": 0}
    assert run(replayed, force=True) == {"read": PAGES, "unchanged": PAGES, "unchanged captures": 0, "unreadable": 0}
    assert in_place(replayed) == before


def test_what_decides_is_read_again_where_it_changed(replayed: ArchiveLayout, tmp_path: Path) -> None:
    layout = copy(replayed, tmp_path / "archive")
    site = layout.root / "sites" / f"{SITE}.toml"
    site.write_text(site.read_text("utf-8") + "[budget]\npages = 7\n", "utf-8")  # decides nothing of a text
    # The files lie elsewhere, so they are read through.
    assert run(layout) == {"read": 0, "unchanged captures": PAGES, "unreadable": 0}
    lost = next(layout.corpus.glob("*.txt"))
    kept = lost.read_bytes()
    lost.unlink()
    assert (run(layout)["read"], lost.read_bytes() == kept) == (1, True)
    site.write_text(site.read_text("utf-8") + '[[layouts]]\ndrop = [".nowhere"]\n', "utf-8")
    some = run(layout, selection=Selection(url=re.compile("_6[0-9]?[.]html$")))["read"]
    assert 0 < some < 12
    assert run(layout)["read"] == PAGES - some


def test_captures_are_selected_by_date_and_address(bench: ArchiveLayout, tmp_path: Path) -> None:
    dates = ["--since", "2026-03-01T00:01:00", "--until", "2026-03-01T00:02:00"]
    words = ["--out", str(tmp_path / "a"), "--json", "--url", r"_\d*[78]\.html$", "--workers", "1", *dates]
    done = run_scrapy(bench.root, "replay", *words, **settings(bench))
    urls = [json.loads(line)["url"] for line in done.out.splitlines()]
    assert 6 < len(urls) < 24, done.err
    assert all(url[-6] in "78" for url in urls)
    for wrong in (["--since", "soon"], ["--url", "("], ["--workers", "-1"]):
        assert run_scrapy(bench.root, "replay", *wrong, **settings(bench)).status == 2


def test_a_damaged_file_is_read_each_time_and_told_each_time(bench: ArchiveLayout, tmp_path: Path) -> None:
    layout = copy(bench, tmp_path / "archive")
    path = layout.warc_files(SITE)[1]
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 2000] = os.urandom(2000)
    path.write_bytes(data)
    first, second = run(layout), run(layout)
    assert first["unreadable"] == second["unreadable"] > 0
    assert second["unchanged captures"] == first["read"] > PAGES - 20


def compare(layout: ArchiveLayout, *args: str) -> Done:
    return run_scrapy(layout.root, "replay", "--compare", "--workers", "1", *args, **settings(layout))


def test_a_comparison_tells_what_would_change_and_why_and_writes_nothing(
    replayed: ArchiveLayout, tmp_path: Path
) -> None:
    layout = copy(replayed, tmp_path / "archive")
    site = layout.root / "sites" / f"{SITE}.toml"
    site.write_text(site.read_text("utf-8") + '[[layouts]]\ndrop = ["#zoom", ".TRS_Editor p:last-child"]\n', "utf-8")
    before = tree(layout.root)
    done = compare(layout, "--json")
    assert done.status == 0, done.err
    told = [json.loads(line) for line in done.out.splitlines()]
    assert "what decides and has changed: site" in done.err
    assert tree(layout.root) == before
    present = in_place(layout)
    run(layout)
    journal = [json.loads(line) for line in in_place(layout)["journal"][len(present["journal"]) :].splitlines()]
    kinds = {"changed": "change", "withdrawn": "vanish"}
    assert {(one["number"], one["kind"]) for one in told} == {
        (step["number"], kinds[step["action"]]) for step in journal
    }
    assert {one["kind"] for one in told} == {"change", "vanish"}
    assert all(one["causes"] and one["diff"] for one in told)
    assert {cause["stage"] for one in told for cause in one["causes"]} >= {"rejected", "extract"}
    assert compare(layout).out.startswith(
        "0 documents would change, 0 documents would appear, 0 documents would vanish"
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
