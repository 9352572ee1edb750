"""What a replay costs: beside reading alone, on two cores, at more pages, with nothing to do; and beside other tools.

    pytest -n 0 -m slow -s tests/benchmarks/test_replay_cost.py

prints the tables. `REPLAY_PAGES` (default 30,000) is the size of the large archive; 100,000 is the documented long run.
With `PAGES=DIR` (`*.html` files) and `GOLD=DIR` (JSON files of the same names with `paragraphs`) the tools are compared on these too.
`PEERS=PYTHON` names an interpreter that has datatrove (`pip install 'datatrove[io,processing]' lxml_html_clean warcio`); without it that line is left out.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median

import pytest

from healthcrawl.core.process import process
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.knowledge.load import load_rules, load_sites
from healthcrawl.model import Context, Document, Exchange
from healthcrawl.replay import SCRATCH, beside, jobs, parts, read_all, replay
from healthcrawl.rules import NormalForm
from healthcrawl.warc.read import read_captures
from tests.benchmarks.synthetic import BEGIN, HOST, SITE, archive_of, exchanges, make_archive, varied
from tests.benchmarks.watch import Watch, Watched, side_by_side
from tests.conftest import ROOT, scrapy_command
from tests.quality.pages import agreement

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

SMALL = 1_000
LARGE = int(os.environ.get("REPLAY_PAGES", "30000"))
ROUNDS = 3


class Archives:
    """Archives by size, made when they are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._out = 0

    def of(self, pages: int) -> ArchiveLayout:
        root = self._folder / str(pages)
        return ArchiveLayout(root) if root.exists() else make_archive(root, pages)

    def replay(self, pages: int, *args: str, out: bool = True) -> Watch:
        """Begin to replay an archive, into a folder of its own or in place."""
        layout = self.of(pages)
        self._out += 1
        if out:
            args = (*args, "--out", str(self._folder / f"out{self._out}"))
        settings = {"ARCHIVE_DIR": str(layout.root), "SITES_DIR": str(layout.root / "sites")}
        return Watch(scrapy_command("replay", *args, settings=settings), ROOT)


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    return Archives(tmp_path_factory.mktemp("replay"))


def process_alone(layout: ArchiveLayout, most: int) -> float:
    """CPU seconds a page of `process`, with everything loaded."""
    rules = load_rules(load_sites(layout.root / "sites").sites[SITE])
    captures = [capture for path in layout.warc_files()[:1] for capture, _ in read_captures(path)][:most]
    for capture in captures[:100]:
        process(capture, rules)
    gc.collect()
    began = time.process_time()
    for capture in captures:
        process(capture, rules)
    return (time.process_time() - began) / len(captures)


def start_up(archives: Archives) -> float:
    """CPU seconds of a replay of next to nothing."""
    return archives.replay(10, "--workers", "1").wait().cpu


def show(name: str, value: float, unit: str, note: str = "") -> None:
    print(f"  {name:44} {value:9.2f} {unit:10} {note}")


def test_a_page_costs_little_more_than_reading_it_at_any_number_of_pages(archives: Archives) -> None:
    alone, small, large = [], [], []
    for _ in range(ROUNDS):
        alone.append(process_alone(archives.of(SMALL), SMALL) * 1e3)
        small.append(archives.replay(SMALL, "--workers", "1").wait().cpu / SMALL * 1e3)
    begin = start_up(archives)
    run = archives.replay(LARGE, "--workers", "1").wait()
    large.append(run.cpu / LARGE * 1e3)
    alone.append(process_alone(archives.of(LARGE), SMALL) * 1e3)
    print(f"\na page of a replay into a folder, one process; start-up {begin:.2f} s")
    base = median(alone)
    show("process alone", base, "ms CPU")
    show(
        f"replay of {SMALL:,}",
        median(small),
        "ms CPU",
        f"{median(small) / base:.3f} x, {(median(small) - begin * 1e3 / SMALL) / base:.3f} x without start-up",
    )
    show(f"replay of {LARGE:,}", median(large), "ms CPU", f"{median(large) / base:.3f} x")
    show("replay of more pages to fewer", median(large) / median(small), "x")
    show("memory, from a sixth of the run to its end", run.growth(1 / 6), "MB")
    assert run.growth(1 / 6) < 20
    assert median(large) <= 1.1 * median(small)


def test_two_processes_do_nearly_as_much_as_two_replays(archives: Archives) -> None:
    pages = min(LARGE, 6_000)
    joint: list[float] = []
    alone: list[float] = []
    grown: list[float] = []
    cpu: list[Watched] = []
    for _ in range(ROUNDS):
        two = archives.replay(2 * pages, "--workers", "2").wait()
        both = side_by_side([archives.replay(pages, "--workers", "1"), archives.replay(pages, "--workers", "1")])
        joint.append(2 * pages / max(one.wall for one in both))
        alone.append(2 * pages / two.wall)
        grown.append(two.growth(1 / 3))
        cpu.append(two)
        show("CPU of two processes to two replays", two.cpu / sum(one.cpu for one in both), "x")
    print(f"\nreplays of {2 * pages:,} pages on two cores")
    show("one replay on two processes", median(alone), "pages/s")
    show("two replays side by side", median(joint), "pages/s")
    show("ratio", median(a / j for a, j in zip(alone, joint, strict=True)), "x")
    show("memory that any process grew by", max(grown), "MB")


def test_an_unchanged_archive_takes_seconds(archives: Archives) -> None:
    first = archives.replay(LARGE, out=False).wait()
    print(
        f"\nthe first replay of {LARGE:,}: {first.wall:.0f} s, {first.cpu / LARGE * 1e3:.2f} ms CPU a page, {first.growth(1 / 6):.1f} MB"
    )
    again = archives.replay(LARGE, out=False).wait()
    print(f"\nreplay of {LARGE:,} captures that are unchanged: {again.wall:.2f} s, {again.cpu:.2f} s CPU")
    assert again.cpu < 5


def test_side_by_side_with_other_tools(archives: Archives, tmp_path: Path) -> None:
    labels = {
        exchange.url: varied(number).lines
        for number, exchange in enumerate(exchanges(SMALL))
        if number % 10 not in {4, 9}
    }
    compare(archives.of(SMALL), labels, tmp_path)


@pytest.mark.skipif("PAGES" not in os.environ, reason="PAGES names no folder of pages")
def test_side_by_side_on_saved_pages(tmp_path: Path) -> None:
    sent = [saved(path, second) for second, path in enumerate(sorted(Path(os.environ["PAGES"]).glob("*.html")))]
    gold = Path(os.environ["GOLD"])
    labels = {
        exchange.url: json.loads(label.read_bytes())["paragraphs"]
        for exchange in sent
        if (label := gold / Path(exchange.url).with_suffix(".json").name).exists()
    }
    compare(archive_of(tmp_path / "archive", sent), labels, tmp_path)


def saved(path: Path, second: int) -> Exchange:
    """A saved page, as if it had been sent."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    return Exchange(
        url=f"http://{HOST}/tzgg/{path.name}",
        started_at=BEGIN + timedelta(seconds=second),
        seconds=0.1,
        request=f"GET /tzgg/{path.name} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
        response=head + path.read_bytes(),
        context=Context(via=f"http://{HOST}/tzgg/index.html", hops=1, column="通知公告"),
    )


def compare(layout: ArchiveLayout, labels: Mapping[str, Sequence[str]], folder: Path) -> None:
    """Print and check what it costs to read an archive, and how well texts agree with the labels of pages, by address."""
    costs: dict[str, list[float]] = {}
    quality: dict[str, float] = {}
    sites = load_sites(layout.root / "sites").sites
    pages = sum(1 for path in layout.warc_files() for _ in read_captures(path))

    def ours() -> None:
        out = folder / f"ours{len(costs.get('healthcrawl replay', ()))}"
        with beside(out, Manifest(layout.manifest)) as store:
            texts: dict[str, str] = {}
            began = time.process_time()
            todo = jobs(layout.warc_files(), sites, NormalForm(), layout)
            for done in replay(read_all(parts(todo), 1), store):
                texts |= {one.outcome.url: one.outcome.text for _, one in done if isinstance(one.outcome, Document)}
            costs.setdefault("healthcrawl replay", []).append((time.process_time() - began) / pages)
        assert not (out / SCRATCH).exists()
        quality["healthcrawl replay"] = measured(texts)

    def measured(texts: Mapping[str, str]) -> float:
        """Mean agreement with the labels; a page without a text counts as 0."""
        return sum(agreement(lines, texts.get(url, "")) for url, lines in labels.items()) / len(labels)

    def peer(name: str, python: str, way: str) -> None:
        out = folder / f"{way}.jsonl"
        script = str(Path(__file__).with_name("peers.py"))
        command = [python, script, way, str(layout.warc(SITE)), str(out)]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=600)
        told = json.loads(done.stdout.splitlines()[-1])
        costs.setdefault(name, []).append(told["cpu"] / told["pages"])
        rows = map(json.loads, out.read_text("utf-8").splitlines())
        quality[name] = measured({row["url"]: row["text"] for row in rows})

    for _ in range(ROUNDS):
        ours()
        peer("warcio + trafilatura loop", sys.executable, "loop")
        if python := os.environ.get("PEERS"):
            peer("datatrove WarcReader + Trafilatura", python, "datatrove")
    print(f"\n{pages:,} captures, one core, without start-up; a replay also keeps texts, journal and catalog")
    base = median(costs["warcio + trafilatura loop"])
    for name, seconds in costs.items():
        value = median(seconds)
        show(
            name,
            1 / value,
            "pages/s CPU",
            f"{base / value:5.2f} x the loop, agreement with the labels {quality[name]:.4f}",
        )
    assert quality["healthcrawl replay"] >= quality["warcio + trafilatura loop"]
