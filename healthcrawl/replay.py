"""Archive → corpus without a network: every capture through the same path again, in the archive's order.

Files are examined on as many processes as asked for; one writer keeps the results in order, so the outcome does not depend on
how many there are.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Reserved, Store
from healthcrawl.errors import ArchiveError, UsageError
from healthcrawl.ingest import Examined, Ingested, examine, keep
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Location
from healthcrawl.rules import Rules, Site
from healthcrawl.warc.read import read_captures, site_of

_AHEAD = 2  # files examined and waiting for the writer, per worker


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalForm:
    """The choices of the corpus's normal form."""

    script: Literal["simplified", "traditional", "keep"] = "simplified"
    width: Literal["half", "keep"] = "half"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A WARC file to replay, by the rules of its site (None: it names none). `unknown` is a site that it names in vain."""

    path: Path
    site: Site | None
    form: NormalForm
    unknown: str = ""

    def rules(self) -> Rules:
        """The rules; they are loaded anew in every process."""
        return load_rules(self.site, script=self.form.script, width=self.form.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A WARC file examined. `error` says why the rest of it can't be read; empty if all of it could."""

    job: Job
    examined: tuple[tuple[Examined, Location], ...]
    error: str = ""


def jobs(paths: Iterable[Path], sites: Mapping[str, Site], form: NormalForm) -> Iterator[Job]:
    """A job for each WARC file; its warcinfo record names its site."""
    for path in paths:
        name = site_of(path)
        yield Job(path=path, site=sites.get(name), form=form, unknown="" if name in sites else name)


def read(job: Job) -> Read:
    """Examine all captures of a file. Pure but for reading it."""
    if job.unknown:
        why = f"{job.path}: left out, no site file for {job.unknown!r}; SITES_DIR names the folder of your own"
        return Read(job=job, examined=(), error=why)
    rules, examined = job.rules(), []
    try:
        for capture, location in read_captures(job.path):
            examined.append((examine(capture, rules), location))
    except ArchiveError as error:
        return Read(job=job, examined=tuple(examined), error=str(error))
    return Read(job=job, examined=tuple(examined))


def read_all(todo: Iterable[Job], workers: int) -> Iterator[Read]:
    """Examine files on `workers` processes; results come in the order of the jobs."""
    if workers <= 1:
        yield from map(read, todo)
        return
    waiting: list[Future[Read]] = []
    queue = iter(todo)
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), max_tasks_per_child=20) as pool:
        try:
            waiting = [pool.submit(read, job) for job in islice(queue, workers * _AHEAD)]
            while waiting:
                done = waiting.pop(0).result()
                waiting += [pool.submit(read, job) for job in islice(queue, 1)]
                yield done
        finally:
            for future in waiting:
                future.cancel()


def replay(reads: Iterable[Read], store: Store) -> Iterator[tuple[Examined, Ingested] | str]:
    """Keep what was read; give each capture with what became of it, or the words of an error for a file's unread rest.

    Raises:
        ArchiveError: the corpus can't be written.
    """
    for one in reads:
        rules = one.job.rules()
        for examined, location in one.examined:
            yield examined, keep(examined, location, rules, store)
        if one.error:
            yield one.error


@contextmanager
def beside(out: Path, archive: Manifest) -> Iterator[Store]:
    """A store that writes into an empty folder `out` of its own, with the numbers of the archive's journal.

    Raises:
        UsageError: the folder already holds something.
    """
    with tempfile.TemporaryDirectory(prefix="healthcrawl-") as scratch:
        catalog = Catalog(Path(scratch) / "catalog.sqlite")
        try:
            yield store_beside(out, archive, catalog)
        finally:
            catalog.close()


def store_beside(out: Path, archive: Manifest, catalog: Catalog) -> Store:
    """The store of `beside`, with a catalog of the caller's.

    Raises:
        UsageError: the folder already holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out}: not empty; name a new or empty folder to write into")
    numbers: dict[str, int] = {}
    owners: dict[int, str] = {}
    for step, _ in archive.steps():
        numbers[step.address] = step.number
        if step.action != "alias":
            owners[step.number] = step.address
    return Store(out, Manifest(out / "manifest.jsonl"), catalog, Reserved(numbers=numbers, owners=owners))
