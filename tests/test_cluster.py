"""Replays on a Dask cluster: the same as on one machine, also when workers are lost."""

import builtins
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from healthcrawl.cluster import cluster, version
from healthcrawl.errors import HealthcrawlError, UsageError
from healthcrawl.processes import Crew, in_order
from tests.benchmarks.synthetic import make_archive
from tests.conftest import ROOT, run_scrapy, scrapy_command
from tests.test_replay import content, copy, lines, settings


def later(number: int) -> int:
    time.sleep(0.01 * (number % 3))
    return number


def lose(number: int) -> int:
    raise BrokenExecutor(f"worker {number} is gone")


def test_a_crew_gives_results_in_the_order_of_the_work_and_its_loss_is_told() -> None:
    with ThreadPoolExecutor(3) as executor:
        crew = Crew(executor=executor, size=3)
        assert list(in_order(later, range(20), crew)) == list(range(20))
        with pytest.raises(HealthcrawlError, match="lost its workers: worker 0 is gone; run the same command again"):
            list(in_order(lose, range(3), crew))


@pytest.mark.parametrize("address", ["local:", "local:0", "local:two", "scheduler", ""])
def test_an_address_that_is_none_is_wrong_use(address: str) -> None:
    with pytest.raises(UsageError, match="expected tcp://HOST:PORT of a Dask scheduler"), cluster(address):
        pass


def test_without_the_extra_its_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *args: object) -> object:
        if name == "distributed":
            raise ImportError(name)
        return original(name, *args)  # type: ignore[arg-type]

    original = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UsageError, match=r"pip install 'healthcrawl\[cluster\]'"), cluster("local:2"):
        pass


def test_what_reads_otherwise_is_told_from_what_does_not() -> None:
    assert version() == version()
    assert version().startswith("healthcrawl ")


def workers_of(process: int) -> Iterator[int]:
    """The workers among the processes below one."""
    psutil = pytest.importorskip("psutil", reason="comes with the extra `cluster`")
    for child in psutil.Process(process).children(recursive=True):
        if "spawn_main" in " ".join(child.cmdline()):
            yield child.pid


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_replay_on_a_cluster_that_loses_a_worker_is_the_same(tmp_path: Path) -> None:
    bench = make_archive(tmp_path / "bench", 1000, pages_a_file=170)
    alone, shared = copy(bench, tmp_path / "alone"), copy(bench, tmp_path / "shared")
    assert run_scrapy(alone.root, "replay", "--workers", "1", **settings(alone)).status == 0
    command = scrapy_command("replay", "--cluster", "local:2", settings=settings(shared))
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while not lines(shared.manifest) > 0 and process.poll() is None:
            time.sleep(0.01)
        killed = next(workers_of(process.pid))
        os.kill(killed, signal.SIGKILL)
        kept = lines(shared.manifest)
        _, told = process.communicate(timeout=600)
    assert process.returncode == 0, told
    assert 0 < kept < lines(alone.manifest)
    assert content(shared.corpus, shared.manifest) == content(alone.corpus, alone.manifest)
