"""Results come in the order of the work; processes are replaced; none outlives the first."""

import os
import signal
import subprocess
import sys
import time

import pytest

from healthcrawl import processes
from healthcrawl.errors import HealthcrawlError
from healthcrawl.processes import in_order
from tests.conftest import ROOT


def later(number: int) -> tuple[int, int]:
    time.sleep(0.02 * (number % 3))
    return number, os.getpid()


def die(number: int) -> int:
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_the_order_of_the_work_from_processes_that_are_replaced(
    workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_PER_PROCESS", 3)
    done = list(in_order(later, range(20), workers))
    assert [number for number, _ in done] == list(range(20))
    if workers > 1:
        assert len({process for _, process in done}) > workers


def test_a_killed_process_is_told() -> None:
    with pytest.raises(HealthcrawlError, match="fewer --workers"):
        list(in_order(die, range(9), 2))


def test_no_process_outlives_the_first() -> None:
    script = (
        "import sys; from tests.test_processes import later; from healthcrawl.processes import in_order\n"
        "for _, process in in_order(later, range(10**6), 2): print(process, flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        started = {int(first.stdout.readline()) for _ in range(9)}
        first.kill()
    deadline = time.monotonic() + 20
    while any(map(is_there, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(is_there, started))


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
