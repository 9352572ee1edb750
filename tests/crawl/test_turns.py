"""Turns at a server: one request at a time among all processes, a pause between two, and no wait without an end."""

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from healthcrawl.crawl.turns import Turns
from healthcrawl.errors import ArchiveError


class Ended(Exception):  # noqa: N818
    pass


_opened: list[Turns] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def turns(
    folder: Path,
    name: str = "north",
    *,
    installation: str = "",
    delay: float = 0.0,
    check: Callable[[str], None] | None = None,
) -> Turns:
    made = Turns(
        folder,
        name=name,
        installation=installation,
        delay=delay,
        check=check or (lambda _: None),
    )
    _opened.append(made)
    return made


async def use(mine: Turns, host: str, times: int, log: list[tuple[float, float]], work: float = 0.01) -> None:
    for _ in range(times):
        async with mine.take(host):
            began = time.monotonic()
            await asyncio.sleep(work)
            log.append((began, time.monotonic()))


def gaps(log: list[tuple[float, float]]) -> list[float]:
    ordered = sorted(log)
    return [later[0] - earlier[1] for earlier, later in pairwise(ordered)]


def test_requests_of_one_crawl_and_of_two_follow_each_other(tmp_path: Path) -> None:
    log: list[tuple[float, float]] = []

    async def crawl_all() -> None:
        one, two = turns(tmp_path, "north", delay=0.05), turns(tmp_path, "south", delay=0.05)
        await asyncio.gather(*(use(mine, "a.test", 3, log) for mine in (one, one, two)))

    asyncio.run(crawl_all())
    assert len(log) == 9
    assert min(gaps(log)) >= 0.05 - 0.005  # files tell milliseconds


def test_hosts_of_one_installation_share_its_turn_and_others_do_not_wait(tmp_path: Path) -> None:
    shared: list[tuple[float, float]] = []
    alone: list[tuple[float, float]] = []

    async def crawl_all() -> None:
        one, two = (turns(tmp_path, name, installation="cms", delay=0.05) for name in ("north", "south"))
        other = turns(tmp_path, "west")
        work = (use(one, "a.test", 3, shared), use(two, "b.test", 3, shared), use(other, "a.test", 3, alone, work=0.3))
        await asyncio.gather(*work)

    asyncio.run(crawl_all())
    assert min(gaps(shared)) >= 0.045
    assert max(end for _, end in shared) < max(end for _, end in alone)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.test.turn", "cms.turn"]


def test_a_rest_holds_for_the_next_one_whoever_it_is(tmp_path: Path) -> None:
    async def rest_then_take() -> float:
        async with turns(tmp_path, "north").take("a.test") as turn:
            turn.rest = 0.4
        began = time.monotonic()
        async with turns(tmp_path, "south").take("a.test"):
            return time.monotonic() - began

    assert asyncio.run(rest_then_take()) >= 0.39


def test_robots_txt_may_ask_for_more(tmp_path: Path) -> None:
    log: list[tuple[float, float]] = []
    mine = turns(tmp_path, delay=0.01)
    mine.slow_down("a.test", 0.2)
    asyncio.run(use(mine, "a.test", 2, log))
    assert gaps(log)[0] >= 0.19


def test_a_wait_ends_when_the_crawl_does(tmp_path: Path) -> None:
    ending = False

    def check(_: str) -> None:
        if ending:
            raise Ended

    async def wait() -> float:
        nonlocal ending
        async with turns(tmp_path, "north").take("a.test") as turn:
            turn.rest = 600
        waiting = asyncio.create_task(use(turns(tmp_path, "south", check=check), "a.test", 1, []))
        await asyncio.sleep(0.1)
        began, ending = time.monotonic(), True
        with suppress(Ended):
            await waiting
        return time.monotonic() - began

    assert asyncio.run(wait()) < 2


@pytest.mark.parametrize("text", ["", "x", "nan a", "inf a", "99999999999 a", "\xff\xfe", "-5 a", "1" * 5000])
def test_a_file_that_makes_no_sense_holds_nobody_up(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.test.turn").write_text(text, "latin-1")
    log: list[tuple[float, float]] = []
    began = time.monotonic()
    asyncio.run(use(turns(tmp_path), "a.test", 1, log))
    assert time.monotonic() - began < 2
    assert len(log) == 1


def test_the_file_says_whose_turn_it_is(tmp_path: Path) -> None:
    asyncio.run(use(turns(tmp_path, "north"), "a.test", 1, []))
    assert f"north, process {os.getpid()} on " in (tmp_path / "a.test.turn").read_text("utf-8")


def test_a_folder_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    (tmp_path / "turns").write_text("a file", "utf-8")
    with pytest.raises(ArchiveError, match="turns"):
        asyncio.run(use(turns(tmp_path / "turns"), "a.test", 1, []))
