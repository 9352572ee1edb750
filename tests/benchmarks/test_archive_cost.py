"""What the archive costs: crawling with and without it, wget beside it, reading beside fastwarc.

`pytest -n 0 -m slow -s tests/benchmarks/test_archive_cost.py` prints the tables. Only CPU time and sizes of one run are compared.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.model import Context, Exchange
from healthcrawl.warc.read import read_captures, read_records
from healthcrawl.warc.write import Writer
from tests.benchmarks.pages import response
from tests.conftest import ROOT, scrapy_command

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PAGES = 600
RECORDS = 10_000
ROUNDS = 2
NOON = datetime(2026, 3, 1, tzinfo=UTC)
MANNERS = {"ROBOTSTXT_OBEY": "0", "CONCURRENT_REQUESTS_PER_DOMAIN": "1", "DOWNLOAD_DELAY": "0", "LOG_LEVEL": "WARNING"}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program cost: CPU seconds, and bytes of WARC."""

    cpu: float
    size: int = 0


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.benchmarks.pages", str(PAGES)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield f"127.0.0.1:{process.stdout.readline().strip()}"
        process.communicate()


def run(command: list[str], cwd: Path, environment: dict[str, str], status_wanted: int = 0) -> float:
    """The CPU seconds, user and system, of a program."""
    with subprocess.Popen(command, cwd=cwd, env={**os.environ, **environment}, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == status_wanted, said
    return usage.ru_utime + usage.ru_stime


def show(title: str, costs: dict[str, Cost], base: str) -> None:
    """Print a table with ratios to one of its lines."""
    print(f"\n{title}")
    for name, cost in costs.items():
        size = f"{cost.size:>13,} bytes" if cost.size else ""
        print(f"  {name:34} {cost.cpu:7.2f} s CPU  {cost.cpu / costs[base].cpu:5.2f} x  {size}")


def _add(costs: dict[str, Cost], name: str, cost: Cost) -> None:
    """Keep the cheapest of several runs."""
    costs[name] = min(cost, costs.get(name, cost), key=lambda one: one.cpu)


def test_crawling_with_an_archive(server: str, tmp_path: Path) -> None:
    site = tmp_path / "bench.toml"
    url = "http://bench.test/"
    site.write_text(
        'name = "bench"\ntitle = "B"\nkind = "bureau"\nstatus = "verified"\ndomains = ["bench.test"]\ndelay = 0\n'
        f'[[columns]]\nname = "c"\nurl = "{url}0.html"\n',
        "utf-8",
    )
    costs: dict[str, Cost] = {}
    told = {
        "BENCH_URL": f"http://{server}/",
        "BENCH_PAGES": str(PAGES),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONPYCACHEPREFIX": str(tmp_path / "compiled"),
    }
    alone = {"SPIDER_MODULES": "tests.benchmarks.spiders", "REMOTE_CONTROL_ENABLED": "0", "TELNETCONSOLE_ENABLED": "0"}
    command = scrapy_command("crawl", "plain", settings={**MANNERS, **alone})
    (tmp_path / "empty.py").touch()
    nothing = {**told, "SCRAPY_SETTINGS_MODULE": "empty", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    run(command, tmp_path, {**nothing, "BENCH_PAGES": "1"})  # compiles what it imports
    run(scrapy_command("crawl", "demo", settings={"ARCHIVE_DIR": str(tmp_path / "demo")}), ROOT, told)  # the same
    wget = shutil.which("wget")
    (tmp_path / "urls").write_text("".join(f"http://{server}/{number}.html\n" for number in range(PAGES)), "utf-8")
    words = ["-q", "-i", "urls", "-O", "/dev/null", "--warc-file=wget", "--warc-cdx", "--no-warc-keep-log"]
    for number in range(ROUNDS):  # in turn, since other work on the machine makes all of it dearer
        _add(costs, "plain Scrapy, nothing kept", Cost(run(command, tmp_path, nothing)))
        for name, sync in (("healthcrawl, WARC_SYNC=True", "1"), ("healthcrawl, WARC_SYNC=False", "0")):
            archive = tmp_path / f"archive{sync}{number}"
            settings = {
                **MANNERS,
                "ARCHIVE_DIR": str(archive),
                "SITES_DIR": str(tmp_path),
                "SITE_SPIDERS": '{"bench": "tests.benchmarks.spiders.RecordingSpider"}',
                "CONNECT_TO": json.dumps({"bench.test": server}),
                "WARC_SYNC": sync,
            }
            recording = scrapy_command("crawl", "bench", settings=settings)
            cpu = run(recording, ROOT, {**told, "BENCH_URL": url}, status_wanted=1)  # no list page was read
            files = ArchiveLayout(archive).warc_files("bench")
            _add(costs, name, Cost(cpu, sum(path.stat().st_size for path in files)))
            assert sum(record.type == "response" for path in files for record in read_records(path)) == PAGES
        if wget:
            cpu = run([wget, *words], tmp_path, {})
            _add(costs, "wget --warc-file", Cost(cpu, (tmp_path / "wget.warc.gz").stat().st_size))
    show(f"{PAGES} pages of 100 kB", costs, "plain Scrapy, nothing kept")
    ours, base = costs["healthcrawl, WARC_SYNC=True"], costs["plain Scrapy, nothing kept"]
    assert ours.cpu <= 2 * base.cpu
    if wget:
        print(f"  size against wget's: {ours.size / costs['wget --warc-file'].size:.3f}")
        assert ours.size <= 1.02 * costs["wget --warc-file"].size


def test_reading_the_archive(tmp_path: Path) -> None:
    writer = Writer(
        tmp_path, tmp_path, site="bench", worker="w", clock=lambda: NOON, info={}, max_bytes=10**12, sync=False
    )
    for number in range(RECORDS // 3 + 1):
        url = f"http://bench.test/{number}.html"
        request = f"GET /{number}.html HTTP/1.1\r\nHost: bench.test\r\n\r\n".encode()
        context = Context(via="http://bench.test/", hops=1, column="c", entry_title="题")
        exchange = Exchange(
            url=url, started_at=NOON, seconds=0.1, request=request, response=response(number), context=context
        )
        writer.write(exchange, f"<urn:uuid:{number}>")
    writer.close()
    (path,) = tmp_path.glob("*.warc.gz")

    def bare() -> int:
        with path.open("rb") as stream:
            records = ArchiveIterator(stream, record_types=WarcRecordType.any_type, parse_http=False)
            return sum(bool(record.reader.read()) for record in records)

    def ours() -> int:
        return sum(1 for _ in read_records(path))

    def captures() -> int:
        return sum(1 for _ in read_captures(path))

    timed = {"fastwarc, every block read": bare, "healthcrawl, records": ours, "healthcrawl, captures": captures}
    costs = {name: Cost(min(_seconds(work) for _ in range(3))) for name, work in timed.items()}
    assert ours() >= RECORDS
    show(f"reading {ours():,} records", costs, "fastwarc, every block read")
    assert costs["healthcrawl, records"].cpu <= 1.5 * costs["fastwarc, every block read"].cpu


def _seconds(work: Callable[[], int]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
