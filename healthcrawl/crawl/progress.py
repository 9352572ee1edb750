"""How far a long job is: a bar on a terminal, a line now and then elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

T = TypeVar("T")


@contextmanager
def track(
    items: Iterator[T], total: int, what: str, seconds: float, count: Callable[[T], int] = lambda _: 1
) -> Iterator[Iterator[T]]:
    """Items as they are taken, with done, rate and time left on standard error; without a terminal, every so many seconds.

    `count` says how much of `total` an item is.
    """
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _in_lines(items, total, what, seconds, count)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total, rate="")

        def counted() -> Iterator[T]:
            for item in items:
                yield item
                speed = progress.tasks[0].speed
                progress.update(task, advance=count(item), rate=f"{speed:,.0f}/s" if speed else "")

        yield counted()


def _in_lines(items: Iterator[T], total: int, what: str, seconds: float, count: Callable[[T], int]) -> Iterator[T]:
    began = told = monotonic()
    done = 0
    for item in items:
        yield item
        done += count(item)
        now = monotonic()
        if now - told >= seconds:
            told = now
            rate = done / (now - began)
            left = (total - done) / rate if rate else 0
            sys.stderr.write(f"{done:,} of {total:,} {what}, {rate:,.0f} a second, {left:,.0f} seconds left\n")
