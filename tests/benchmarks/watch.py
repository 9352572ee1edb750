"""Running a command and watching its processes: CPU seconds and memory of all of them, whoever started them. Linux only."""

import os
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.1  # seconds


@dataclass(slots=True)
class Watched:
    """What was seen: seconds on the wall, CPU seconds, and for each process its memory in MB at moments, as a share of the whole time."""

    wall: float = 0
    cpu: float = 0
    memory: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def growth(self, since: float) -> float:
        """By how many MB the memory of any process grew from a share of its own life on, the first second of it left out."""
        most = 0.0
        for seen in self.memory.values():
            begin, end = seen[0][0], seen[-1][0]
            later = [size for at, size in seen if at >= begin + since * (end - begin)]
            if end - begin > 10:
                early, late = later[: len(later) // 10 or 1], later[-(len(later) // 10 or 1) :]
                most = max(most, sum(late) / len(late) - sum(early) / len(early))
        return most


class Watch:
    """A command that runs."""

    def __init__(self, command: list[str], cwd: Path, **environment: str) -> None:
        self._process = subprocess.Popen(
            command, cwd=cwd, env={**os.environ, **environment}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )  # fmt: skip
        self._began = time.monotonic()
        self._cpu: dict[int, float] = {}
        self.watched = Watched()

    def wait(self) -> Watched:
        """Watch until it ends.

        Raises:
            AssertionError: it failed.
        """
        while self._process.poll() is None:
            self.look()
            time.sleep(_EVERY)
        self.end()
        return self.watched

    def look(self) -> bool:
        """Look at all its processes; says whether it runs."""
        for pid, (cpu, memory) in _of_session(self._process.pid).items():
            self._cpu[pid] = max(cpu, self._cpu.get(pid, 0))
            self.watched.memory[pid].append((time.monotonic() - self._began, memory))
        return self._process.poll() is None

    def end(self) -> None:
        self.watched.wall = time.monotonic() - self._began
        self.watched.cpu = sum(self._cpu.values())
        assert self._process.stderr is not None
        said = self._process.stderr.read().decode()
        self._process.stderr.close()
        assert self._process.returncode == 0, said


def side_by_side(watches: list[Watch]) -> list[Watched]:
    """Watch several commands until the last ends."""
    running = list(watches)
    while running:
        for watch in tuple(running):
            if not watch.look():
                watch.end()
                running.remove(watch)
        time.sleep(_EVERY)
    return [watch.watched for watch in watches]


def _of_session(session: int) -> dict[int, tuple[float, float]]:
    """CPU seconds and resident MB of the processes of a session."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                words = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(words[3]) == session:
                cpu = (int(words[11]) + int(words[12])) / _TICKS
                found[int(folder.name)] = (cpu, int(words[21]) * _PAGE / 1e6)
    return found
