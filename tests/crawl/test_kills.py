"""Three sites crawled at once, killed at random moments again and again: nothing that was kept is lost, little asked twice."""

import json
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.demo import DemoServer
from healthcrawl.errors import DamagedRecordError
from healthcrawl.warc.read import read_records
from tests.conftest import ROOT, run_scrapy, scrapy_command
from tests.crawl.bureaus import resources, write_site
from tests.crawl.disks import disk, remount
from tests.crawl.test_demo_crawl import essence

SITES = ("north", "south", "west")
FEW = 60
ALL_AT_ONCE = 8  # every so many moments all crawls are killed
ROTATION = 1_000_000
SMALL = 3_000_000  # bytes of a disk
PATIENCE = 200  # seconds, on a machine with much else to do


@dataclass(frozen=True, slots=True)
class Bureaus:
    """Three bureaus served on loopback, with the settings that crawl them."""

    servers: Mapping[str, DemoServer]
    sites: Path

    def settings(self, archive: Path) -> dict[str, str]:
        return {
            "ARCHIVE_DIR": str(archive),
            "SITES_DIR": str(self.sites),
            "CONNECT_TO": json.dumps({host(name): server.address for name, server in self.servers.items()}),
            "WARC_MAX_BYTES": str(ROTATION),
        }

    def served(self) -> int:
        return sum(len(server.log) for server in self.servers.values())

    def start(self, archive: Path, names: Iterable[str] = SITES) -> dict[str, "subprocess.Popen[str]"]:
        """One crawl a site, at the same time."""
        return {
            name: subprocess.Popen(
                scrapy_command("crawl", name, settings=self.settings(archive)),
                cwd=ROOT,
                stderr=subprocess.PIPE,
                text=True,
            )
            for name in names
        }


def host(name: str) -> str:
    return f"{name}.healthcrawl.test"


@contextmanager
def bureaus(folder: Path, articles: int) -> Iterator[Bureaus]:
    with ExitStack() as stack:
        servers = {}
        for name in SITES:
            write_site(folder / "sites", name, host(name))
            servers[name] = stack.enter_context(DemoServer(resources(host(name), articles)))
        yield Bureaus(servers, folder / "sites")


def whole_records(archive: Path, name: str = "*") -> set[str]:
    """The ids of all records of a site that lie whole on disk, in files that are closed or not; what a kill cut off is none."""
    found: set[str] = set()
    for path in (archive / "warc").glob(f"{name}/*.warc.gz*"):
        try:
            for record in read_records(path):
                if record.type in {"response", "revisit", "metadata"}:
                    found.add(record.id)
        except DamagedRecordError:
            pass
    return found


def fetched_twice(bureaus: Bureaus) -> dict[str, int]:
    """How often each site's pages were answered beyond the first time; robots.txt is asked for by every process."""
    return {
        name: sum(
            times - 1 for target, times in Counter(one.target for one in server.log).items() if target != "/robots.txt"
        )
        for name, server in bureaus.servers.items()
    }


def undisturbed(folder: Path, articles: int) -> dict[str, dict[str, object]]:
    """The documents of crawls that nothing upset."""
    with bureaus(folder, articles) as calm:
        finish(calm.start(folder / "archive"))
    return essence(folder / "archive")


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, object]]:
    """The documents of undisturbed crawls of bureaus with FEW articles each."""
    return undisturbed(tmp_path_factory.mktemp("calm"), FEW)


def finish(crawls: Mapping[str, "subprocess.Popen[str]"]) -> None:
    """Wait until all crawls are done, as they must be."""
    for crawl in crawls.values():
        _, err = crawl.communicate(timeout=PATIENCE)
        assert crawl.returncode == 0, err


def kill(crawls: Mapping[str, "subprocess.Popen[str]"]) -> tuple[set[str], set[str]]:
    """Kill crawls; give the names of those that were not through, and of those that had ended since the disk was full."""
    for crawl in crawls.values():
        crawl.send_signal(signal.SIGKILL)
    ended = {name: (crawl.communicate(timeout=PATIENCE)[1], crawl.returncode) for name, crawl in crawls.items()}
    for err, status in ended.values():
        assert status in {0, -signal.SIGKILL} or (status == 1 and is_full(err)), err
    return {name for name, (_, status) in ended.items() if status}, {
        name for name, (_, status) in ended.items() if status == 1
    }


def is_full(err: str) -> bool:
    """Whether a crawl says that the disk is full, and nothing worse."""
    return ("No space left" in err or "disk is full" in err) and "Traceback" not in err


def through(archive: Path) -> set[str]:
    """The sites whose run is over: run again, they would be crawled anew."""
    known = Catalog(ArchiveLayout(archive).catalog)
    with closing(known), known.reading() as tx:
        return set(tx.execute(sa.select(catalog.runs.c.site).where(catalog.runs.c.result != "")).scalars())


def campaign(
    tmp_path: Path,
    expected: Mapping[str, dict[str, object]],
    *,
    moments: int,
    articles: int,
    seed: int,
    small: Path | None = None,
) -> None:
    """Kill a crawl at each of so many random moments while the others go on, and all of them at once now and then.

    A `small` disk is full now and then, which ends all crawls; then it grows by a megabyte.
    """
    chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
    archive = (small or tmp_path) / "archive"
    kept: dict[str, set[str]] = {name: set() for name in SITES}
    cuts, kills, fulls = Counter[str](), 0, 0
    with bureaus(tmp_path, articles) as served:
        crawls = served.start(archive)
        while crawls:
            goal = len(SITES) * articles * (kills + 1) // (moments + 1)
            deadline = time.monotonic() + PATIENCE
            while (kills == moments or served.served() < goal) and time.monotonic() < deadline:
                if any(crawl.poll() is not None for crawl in crawls.values()):
                    break
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.05))
            going = [name for name, crawl in crawls.items() if crawl.poll() is None]
            victims = going if kills % ALL_AT_ONCE == 0 else chance.sample(going, min(1, len(going)))
            victims = victims if kills < moments and served.served() >= goal else []
            kills += bool(victims)
            killed, full = kill({name: crawls.pop(name) for name in [*crawls] if name in victims or name not in going})
            cuts.update(killed)
            fulls += bool(full)
            if small:
                remount(small, f"size={SMALL + fulls * 1_000_000 + kills * 50_000}")
            # One request at a time and host: what a kill costs a site is one page at most.
            assert all(times <= cuts[name] for name, times in fetched_twice(served).items())
            for name in killed:
                whole = whole_records(archive, name)
                assert kept[name] <= whole, "records that were whole after an earlier kill are gone"
                kept[name] = whole
            if killed:
                crawls |= served.start(archive, killed - through(archive))
    assert kills == moments
    assert bool(fulls) == bool(small)
    assert set().union(*kept.values()) <= whole_records(archive)
    assert essence(archive) == expected
    assert len(list((archive / "corpus").iterdir())) == len(expected) == len(SITES) * articles
    assert not list((archive / "warc").glob("*/*.open"))
    assert min(len(ArchiveLayout(archive).warc_files(name)) for name in SITES) > 1
    verified = run_scrapy(archive, "verify")
    assert verified.status == 0, verified.out


@pytest.mark.timeout(900)
def test_eight_kills(tmp_path: Path, calm: dict[str, dict[str, object]]) -> None:
    campaign(tmp_path, calm, moments=8, articles=FEW, seed=8)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_fifty_kills(tmp_path: Path) -> None:
    campaign(tmp_path, undisturbed(tmp_path / "calm", 150), moments=50, articles=150, seed=50)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_fifty_kills_on_a_disk_that_fills_up(tmp_path: Path) -> None:
    """Whenever the disk is full it grows by a little, until all that there is to fetch finds room."""
    expected = undisturbed(tmp_path / "calm", 150)
    with disk(tmp_path / "disk", f"size={SMALL}") as small:
        campaign(tmp_path, expected, moments=50, articles=150, seed=51, small=small)


@pytest.mark.timeout(600)
def test_a_disk_that_fills_up_loses_nothing(tmp_path: Path, calm: dict[str, dict[str, object]]) -> None:
    """Two crawls run into the full disk, one is killed there; with room again, all is as if nothing had been."""
    with disk(tmp_path / "disk", f"size={SMALL}") as small, bureaus(tmp_path, FEW) as served:
        archive = small / "archive"
        full = served.start(archive)
        told = {name: (crawl.communicate(timeout=PATIENCE)[1], crawl.returncode) for name, crawl in full.items()}
        assert 1 in {status for _, status in told.values()}
        for err, status in told.values():
            assert status in {0, 1}, err
            assert "Traceback" not in err
            assert status == 0 or str(archive) in err
        kept = whole_records(archive)
        kill(served.start(archive))
        assert kept <= whole_records(archive)
        remount(small, "size=64m")
        unfinished = {name for name, (_, status) in told.items() if status}
        finish(served.start(archive, unfinished))
        assert kept <= whole_records(archive)
        assert essence(archive) == calm
        verified = run_scrapy(archive, "verify")
        assert verified.status == 0, verified.out
