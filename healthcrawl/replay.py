"""Archive → corpus without a network: every capture through the same path again, in the archive's order.

Files are cut into parts that do not depend on who reads them; parts are examined on as many processes as asked for; one writer
keeps the results in order, a part at a time. So the outcome does not depend on how many there are, memory does not grow with
the files, and after a kill what is kept is kept: the same replay goes on behind it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path

from healthcrawl.corpus import readings
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.readings import FileState, Lost
from healthcrawl.corpus.store import Reserved, Store
from healthcrawl.errors import ArchiveError, UsageError
from healthcrawl.ingest import Examined, Ingested, capture_sha256, examine, keep_within, settle
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Location, Rejection
from healthcrawl.processes import Crew, in_order
from healthcrawl.rules import NormalForm, Pattern, Rules, Site
from healthcrawl.stored import borrowed, elsewhere
from healthcrawl.warc.index import path_for
from healthcrawl.warc.parts import cuts
from healthcrawl.warc.read import read_captures, site_of

SCRATCH = ".replay.sqlite"  # the catalog of a replay into a folder of its own, until that is done


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which captures to replay: made from `since` on and before `until`, with an address in which `url` is found."""

    since: datetime | None = None
    until: datetime | None = None
    url: Pattern | None = None

    @property
    def is_everything(self) -> bool:
        """Whether no capture is left out."""
        return self.since is None and self.until is None and self.url is None

    def takes(self, capture: Capture) -> bool:
        """Whether a capture is selected. One without a date is only where no dates are asked for."""
        at = capture.captured_at
        if self.since and (at is None or at < self.since):
            return False
        if self.until and (at is None or at >= self.until):
            return False
        return self.url is None or self.url.search(capture.url) is not None


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A WARC or ARC file to replay, by the rules of its site (None: by the general ones).

    `unknown` is a site that the file names and that there is no site file for; `index` where its CDXJ file would be. A file that is not at
    `path` is in the `store` of that URL, `stored` bytes long.
    """

    path: Path
    site: Site | None
    form: NormalForm
    unknown: str = ""
    index: Path | None = None
    selection: Selection = EVERYTHING
    store: str = ""
    stored: int = 0

    def rules(self) -> Rules:
        """The rules; they are loaded once in every process."""
        return _rules(self.site, self.form)

    def state(self) -> FileState:
        """The file as it is now; those in a store never change."""
        site = self.site.name if self.site else ""
        if self.store:
            return FileState(path=self.path, site=site, size=self.stored, modified=0)
        return FileState.of(self.path, site)

    def open(self) -> tuple[Path, Callable[[str], Path] | None]:
        """Where the file lies on this machine, and what finds others of its site there (None: its folder).

        Raises:
            ArchiveError: it is in a store, and can't be had from there.
        """
        if not self.store:
            return self.path, None
        of_site = partial(borrowed(self.store).path, self.path.parent.name)
        return of_site(self.path.name), of_site


@lru_cache(maxsize=16)
def _rules(site: Site | None, form: NormalForm) -> Rules:
    return load_rules(site, script=form.script, width=form.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a file: the records that begin from `start` on and before `end` (None: all that follow).

    `known` are captures that need not be read if they are still the same: record id and digest. `unchanged` is the number of captures
    of a file that need not be opened; then there is nothing to read.
    """

    job: Job
    state: FileState
    start: int = 0
    end: int | None = None
    known: Mapping[str, str] = field(default_factory=dict)
    unchanged: int = 0

    @property
    def size(self) -> int:
        """How many bytes of the file it is."""
        return (self.state.size if self.end is None else self.end) - self.start


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A part examined: its captures, how many are unchanged, and a rejection for each place that can't be read."""

    part: Part
    examined: tuple[tuple[Examined, Location], ...] = ()
    unchanged: int = 0
    unreadable: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """A part that was kept: what became of each capture that was examined, in their order."""

    read: Read
    ingested: tuple[Ingested, ...]

    def __iter__(self) -> Iterator[tuple[Examined, Ingested]]:
        return ((examined, one) for (examined, _), one in zip(self.read.examined, self.ingested, strict=True))


def jobs(
    paths: Iterable[Path],
    sites: Mapping[str, Site],
    form: NormalForm,
    layout: ArchiveLayout,
    default: Site | None = None,
    selection: Selection = EVERYTHING,
) -> Iterator[Job]:
    """A job for each file.

    Our own files name their site; those of others belong to the site in whose folder of the archive they lie, and are read by
    the rules of `default` where they lie elsewhere.
    """
    for path in paths:
        home = layout.site_of(path)
        name = site_of(path) or home
        yield Job(
            path=path,
            site=sites.get(name) if name else default,
            form=form,
            unknown="" if name in sites else name,
            index=path_for(path, layout.index(home)) if home else None,
            selection=selection,
        )


def stored_jobs(
    layout: ArchiveLayout, sites: Mapping[str, Site], form: NormalForm, selection: Selection = EVERYTHING
) -> Iterator[Job]:
    """A job for each file of these sites that is in the archive's store and no longer here.

    Raises:
        ArchiveError: the store does not answer.
    """
    for site, name, size in elsewhere(layout):
        yield Job(
            path=layout.warc(site) / name,
            site=sites.get(site),
            form=form,
            unknown="" if site in sites else site,
            selection=selection,
            store=layout.store_url,
            stored=size,
        )


def parts(todo: Iterable[Job], store: Store | None = None) -> Iterator[Part]:
    """The files' parts in order. Given a store, what it holds unchanged is left out; without one everything is read.

    The first parts of a file are given before its last are known.
    """
    lost = Lost.find(store) if store else None
    for job in todo:
        state, start = job.state(), 0
        known: Mapping[str, str] = {}
        if store and lost and not job.unknown:
            unchanged, known = _unchanged(job, state, store, lost)
            if unchanged is not None:
                yield Part(job=job, state=state, unchanged=unchanged)
                continue
        for end in () if job.unknown or job.store else cuts(job.path, job.index):
            yield Part(job=job, state=state, start=start, end=end, known=known)
            start = end
        yield Part(job=job, state=state, start=start, known=known)


def _unchanged(job: Job, state: FileState, store: Store, lost: Lost) -> tuple[int | None, Mapping[str, str]]:
    """How many captures of a file are unchanged if all are, else None; and those that are."""
    fingerprint, wanted = job.rules().fingerprint, lost.records.get((state.site, job.path.name), set())
    with store.reading() as tx:
        if not wanted and (unchanged := readings.unchanged_captures(tx, state, fingerprint)) is not None:
            return unchanged, {}
        read = readings.read_captures_of(tx, state, fingerprint)
    return None, {record_id: digest for record_id, digest in read.items() if record_id not in wanted}


def read(part: Part) -> Read:
    """Examine all captures of a part. Pure but for reading it."""
    job = part.job
    if part.unchanged:
        return Read(part=part, unchanged=part.unchanged)
    if job.unknown:
        why = f"{job.path}: left out, no site file for {job.unknown!r}; SITES_DIR names the folder of your own"
        return Read(part=part, unreadable=(_unreadable(job, why),))
    rules, examined, unchanged = job.rules(), [], 0
    reasons: list[str] = []
    try:
        path, named = job.open()
        for capture, location in read_captures(
            path,
            lambda damage: reasons.append(f"{job.path}: at byte {damage.offset}: {damage.reason}"),
            part.start,
            part.end,
            named,
        ):
            if not job.selection.takes(capture):
                continue
            if capture.record_id in part.known and part.known[capture.record_id] == capture_sha256(capture):
                unchanged += 1
            else:
                examined.append((examine(capture, rules), location))
    except ArchiveError as error:
        reasons.append(str(error))
    unreadable = tuple(_unreadable(job, reason) for reason in reasons)
    return Read(part=part, examined=tuple(examined), unchanged=unchanged, unreadable=unreadable)


def _unreadable(job: Job, why: str) -> Rejection:
    return Rejection(address="", url="", site=job.site.name if job.site else "", reason="unreadable", detail=why)


def read_all(todo: Iterable[Part], workers: int | Crew) -> Iterator[Read]:
    """Examine parts on `workers` processes, or by a crew; results come in their order."""
    return in_order(read, todo, workers)


def replay(reads: Iterable[Read], store: Store) -> Iterator[Replayed]:
    """Keep what was read, a part at a time; a file that was read whole and without damage is marked as done.

    Raises:
        ArchiveError: the corpus can't be written.
    """
    is_whole = True
    for one in reads:
        part = one.part
        is_whole = (is_whole or part.start == 0) and not one.unreadable
        is_done = is_whole and part.end is None and not part.unchanged and part.job.selection.is_everything
        ingested: Sequence[Ingested] = ()
        if one.examined or is_done:
            with store.writing() as writing:
                ingested = keep_within(writing, one.examined, part.job.rules(), None)
                if is_done:
                    readings.mark_read(writing.tx, part.state)
        yield Replayed(read=one, ingested=tuple(ingested))
    settle(store)


@contextmanager
def beside(out: Path, archive: Manifest) -> Iterator[Store]:
    """A store that writes into an empty folder `out` of its own, with the numbers of the archive's journal.

    A replay that was killed goes on where it was; of one that is done nothing but texts and journal is left.

    Raises:
        UsageError: the folder already holds something.
    """
    scratch = out / SCRATCH
    if not scratch.exists():
        refuse_used(out)
    catalog = Catalog(scratch)
    try:
        yield store_beside(out, archive, catalog)
    finally:
        catalog.close()
    for path in out.glob(f"{SCRATCH}*"):
        path.unlink()


def refuse_used(out: Path) -> None:
    """Leave alone what somebody has put there.

    Raises:
        UsageError: the folder already holds something.
    """
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out}: not empty; name a new or empty folder to write into")


def store_beside(out: Path, archive: Manifest, catalog: Catalog) -> Store:
    """The store of `beside`, with a catalog of the caller's."""
    numbers: dict[str, int] = {}
    owners: dict[int, str] = {}
    for step, _ in archive.steps():
        numbers[step.address] = step.number
        if step.is_state:
            owners[step.number] = step.address
    reserved = Reserved(numbers=numbers, owners=owners)
    return Store(out, Manifest(out / "manifest.jsonl"), catalog, reserved, sync=False)
