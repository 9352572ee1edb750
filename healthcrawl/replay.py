"""Archive → corpus without a network: every capture through the same path again, in the archive's order.

Files are examined on as many processes as asked for; one writer keeps the results in order, so the outcome does not depend on
how many there are.
"""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Reserved, Store
from healthcrawl.errors import ArchiveError, UsageError
from healthcrawl.ingest import Examined, Ingested, examine, keep, settle
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Location, Rejection
from healthcrawl.processes import in_order
from healthcrawl.rules import NormalForm, Rules, Site
from healthcrawl.warc.read import read_captures, site_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A WARC or ARC file to replay, by the rules of its site (None: by the general ones).

    `unknown` is a site that the file names and that there is no site file for.
    """

    path: Path
    site: Site | None
    form: NormalForm
    unknown: str = ""

    def rules(self) -> Rules:
        """The rules; they are loaded anew in every process."""
        return load_rules(self.site, script=self.form.script, width=self.form.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A file examined: its captures, and a rejection for each place that can't be read."""

    job: Job
    examined: tuple[tuple[Examined, Location], ...]
    unreadable: tuple[Rejection, ...] = ()


def jobs(
    paths: Iterable[Path],
    sites: Mapping[str, Site],
    form: NormalForm,
    layout: ArchiveLayout,
    default: Site | None = None,
) -> Iterator[Job]:
    """A job for each file.

    Our own files name their site; those of others belong to the site in whose folder of the archive they lie, and are read by
    the rules of `default` where they lie elsewhere.
    """
    for path in paths:
        name = site_of(path) or layout.site_of(path)
        site = sites.get(name) if name else default
        yield Job(path=path, site=site, form=form, unknown="" if name in sites else name)


def read(job: Job) -> Read:
    """Examine all captures of a file. Pure but for reading it."""
    if job.unknown:
        why = f"{job.path}: left out, no site file for {job.unknown!r}; SITES_DIR names the folder of your own"
        return Read(job=job, examined=(), unreadable=(_unreadable(job, why),))
    rules, examined = job.rules(), []
    reasons: list[str] = []
    try:
        for capture, location in read_captures(
            job.path, lambda damage: reasons.append(f"{job.path}: at byte {damage.offset}: {damage.reason}")
        ):
            examined.append((examine(capture, rules), location))
    except ArchiveError as error:
        reasons.append(str(error))
    return Read(job=job, examined=tuple(examined), unreadable=tuple(_unreadable(job, reason) for reason in reasons))


def _unreadable(job: Job, why: str) -> Rejection:
    return Rejection(address="", url="", site=job.site.name if job.site else "", reason="unreadable", detail=why)


def read_all(todo: Iterable[Job], workers: int) -> Iterator[Read]:
    """Examine files on `workers` processes; results come in the order of the jobs."""
    return in_order(read, todo, workers)


def replay(reads: Iterable[Read], store: Store) -> Iterator[tuple[Examined, Ingested] | Rejection]:
    """Keep what was read; give each capture with what became of it, then the rejections of what can't be read.

    Raises:
        ArchiveError: the corpus can't be written.
    """
    for one in reads:
        rules = one.job.rules()
        for examined, location in one.examined:
            yield examined, keep(examined, location, rules, store)
        yield from one.unreadable
    settle(store)


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
