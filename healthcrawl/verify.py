"""Archive, index, corpus and catalog against each other: every digest and every name computed again, every file read once."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, catalog_exists, open_catalog
from healthcrawl.corpus.layout import ArchiveLayout, content_hash, parse_name
from healthcrawl.corpus.manifest import Manifest, Step
from healthcrawl.corpus.queues import NOW
from healthcrawl.disk import disk_errors
from healthcrawl.errors import ArchiveError
from healthcrawl.model import Location
from healthcrawl.stored import borrowed, elsewhere
from healthcrawl.warc import index, lock
from healthcrawl.warc.check import Checked, check
from healthcrawl.warc.repair import DAMAGED_SUFFIX
from healthcrawl.warc.repair import repair as repair_warc
from healthcrawl.warc.scan import Damage
from healthcrawl.warc.write import OPEN_SUFFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is to be said of a file.

    "ok" and "legacy" (a name of an older corpus) are no damage, "open" is being written, "repaired" was damaged. `places` are
    those of an archive file that can't be read. `remedy` says what `repair` can do: "salvage" the whole records of a WARC file,
    make an "index" anew, or "replay" the WARC file `source`.
    """

    file: str
    state: Literal["ok", "legacy", "open", "repaired", "damaged", "missing", "unknown"]
    detail: str = ""
    places: tuple[Damage, ...] = ()
    remedy: Literal["", "salvage", "index", "replay"] = ""
    source: str = ""

    @property
    def is_damage(self) -> bool:
        """Whether something is wrong."""
        return self.state in {"damaged", "missing", "unknown"}


@dataclass(slots=True, kw_only=True)
class _Known:
    """What the journal says, and what the archive was found to hold of it."""

    steps: dict[int, Step]  # the last of every number
    aliases: dict[str, int]  # numbers of the addresses that show another's text
    wanted: Mapping[tuple[str, str], list[Step]]  # by site and WARC file
    pages: frozenset[str]  # ids of the captures of texts that have several
    found: set[str] = field(default_factory=set)  # ids of their captures that are in the archive
    lost: set[str] = field(default_factory=set)  # and of those that a repair could not save
    repaired: set[str] = field(default_factory=set)  # sites of which a repair could not save something


def verify(layout: ArchiveLayout) -> Iterator[Verdict]:
    """Every file of the archive with what is to be said of it. Writes nothing.

    Raises:
        ArchiveError: the catalog can't be read.
    """
    known, broken = _journal(layout)
    yield broken or Verdict(file=str(layout.manifest), state="ok", detail=f"{len(known.steps)} numbers")
    catalog = open_catalog(layout, read_only=True) if catalog_exists(layout) else None
    try:
        for path in layout.warc_files():
            yield from _verify_warc(path, layout, catalog, known)
        stored: Collection[tuple[str, str]] = ()
        if layout.store_url:
            stored = [(site, name) for site, name, _ in elsewhere(layout)]
            for site, name in stored:
                yield from _verify_stored(site, name, layout, catalog, known)
        for site in layout.sites:
            for path in sorted(layout.warc(site).glob(f"*{OPEN_SUFFIX}")):
                yield _verify_open(path, known)
        yield from _find_lost(layout, catalog, stored)
        yield from _verify_corpus(layout, known)
        yield _verify_catalog(layout, known, catalog)
    finally:
        if catalog:
            catalog.close()


def count_files(layout: ArchiveLayout) -> int:
    """About how many verdicts `verify` will give."""
    texts = sum(1 for _ in layout.corpus.glob("*.txt")) if layout.corpus.is_dir() else 0
    return 2 * len(layout.warc_files()) + texts + 2


def verify_files(paths: Iterable[Path]) -> Iterator[Verdict]:
    """What is to be said of WARC and ARC files by themselves, whoever wrote them. Irregular is told, but no damage."""
    for path in paths:
        try:
            checked = check(path)
        except ArchiveError as error:
            yield Verdict(file=str(path), state="damaged", detail=str(error))
            continue
        told = [f"{checked.records} records, {len(checked.captures)} of them captures"]
        told += [f"{number} times {defect}" for defect, number in checked.defects]
        yield Verdict(
            file=str(path),
            state="damaged" if checked.damages else "ok",
            detail="; ".join([*_told(checked.damages), *told]),
            places=checked.damages,
        )


def repair(verdicts: Iterable[Verdict], layout: ArchiveLayout, moment: datetime) -> Iterator[Verdict]:
    """Do what can be done with files alone; of what was changed a copy is kept beside it, with the suffix `.damaged`.

    What needs a replay is left to the caller. Sites that are being crawled are left alone.

    Raises:
        ArchiveError: the disk does not let us.
        SiteLockedError: a site is being crawled.
    """
    for verdict in verdicts:
        path = Path(verdict.file)
        if verdict.remedy == "replay" and path.parent == layout.corpus and path.exists():
            kept = path.with_name(path.name + DAMAGED_SUFFIX)
            with disk_errors(path):
                path.rename(kept)
            yield Verdict(file=str(path), state="repaired", detail=f"moved to {kept.name}", source=verdict.source)
        if verdict.remedy not in {"salvage", "index"}:
            continue
        warc = Path(verdict.source)
        with lock.hold(warc.parent, moment):
            if verdict.remedy == "salvage":
                try:
                    kept = repair_warc(warc, moment)
                except ArchiveError as error:
                    yield Verdict(file=str(path), state="damaged", detail=str(error))
                    continue
                detail = f"its whole records were kept, as it was found it is {kept.name}"
                yield Verdict(file=str(path), state="repaired", detail=detail, source=str(warc))
            made = index.write(warc, layout.index(warc.parent.name))
            yield Verdict(file=str(made), state="repaired", detail=f"made anew from {warc.name}")


def forget_lost(warc: Path, catalog: Catalog) -> int:
    """Take captures off the catalog that a repair of a WARC file could not save; returns how many they were.

    Their pages, and those whose captures refer to their payloads, will be asked for in full again, so that no server answers that
    what is lost has not changed.

    Raises:
        ArchiveError: the file or the catalog can't be read.
    """
    site, gaps = warc.parent.name, check(warc).gaps
    rows, pages = tables.captures, tables.pages
    with catalog.writing() as tx:
        here = sa.and_(rows.c.site == site, rows.c.warc_file == warc.name)
        columns = (rows.c.record_id, rows.c.url, rows.c.payload_sha256, rows.c.warc_offset)
        lost = [row for row in tx.execute(sa.select(*columns).where(here)) if _is_in(gaps, row.warc_offset)]
        for record_id, url, payload, _ in lost:
            same = sa.and_(rows.c.site == site, rows.c.payload_sha256 == payload, rows.c.record_type == "revisit")
            concerned = sa.or_(pages.c.url == url, pages.c.url.in_(sa.select(rows.c.url).where(same)))
            tx.execute(
                sa.update(pages)
                .where(pages.c.site == site, concerned)
                .values(etag="", last_modified="", captured_at="", queue=NOW, place="")
            )
            for table in (tables.findings, tables.attachments, rows):
                tx.execute(sa.delete(table).where(table.c.record_id == record_id))
    return len(lost)


def _journal(layout: ArchiveLayout) -> tuple[_Known, Verdict | None]:
    steps: dict[int, Step] = {}
    aliases: dict[str, int] = {}
    broken = None
    try:
        for step, _ in Manifest(layout.manifest).steps():
            aliases.pop(step.address, None)
            if step.action == "alias":
                aliases[step.address] = step.number
            elif step.is_state:
                steps[step.number] = step
    except ArchiveError as error:
        broken = Verdict(file=str(layout.manifest), state="damaged", detail=str(error))
    wanted: dict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in steps.values():
        wanted[step.site, step.warc_file].append(step)
    pages = frozenset(record_id for step in steps.values() for record_id in step.pages)
    return _Known(steps=steps, aliases=aliases, wanted=wanted, pages=pages), broken


def _note(known: _Known, site: str, name: str, checked: Checked) -> None:
    """Note which captures that the journal speaks of are in a file, and which a repair of it could not save."""
    known.found |= known.pages & checked.captures.keys()
    if checked.gaps:
        known.repaired.add(site)
    for step in known.wanted.get((site, name), ()):
        if step.record_id in checked.captures:
            known.found.add(step.record_id)
        elif _is_in(checked.gaps, step.warc_offset):
            known.lost.add(step.record_id)


def _is_in(gaps: tuple[tuple[int, int], ...], offset: int) -> bool:
    return any(start <= offset < end for start, end in gaps)


def _verify_warc(path: Path, layout: ArchiveLayout, catalog: Catalog | None, known: _Known) -> Iterator[Verdict]:
    site = path.parent.name
    try:
        checked = check(path)
    except ArchiveError as error:
        yield Verdict(file=str(path), state="damaged", detail=str(error))
        return
    _note(known, site, path.name, checked)
    detail = f"{checked.records} records"
    if checked.gaps:
        detail += f", {len(checked.gaps)} of them in place of what a repair could not save"
    complaints = _told(checked.damages) + [f"{number} times {defect}" for defect, number in checked.defects]
    outdated = _against_catalog(path, checked, catalog)
    yield Verdict(
        file=str(path),
        state="damaged" if complaints or outdated else "ok",
        detail="; ".join(complaints + outdated) or detail,
        places=checked.damages,
        remedy="salvage" if checked.damages else "replay" if outdated else "",
        source=str(path) if checked.damages or outdated else "",
    )
    if not checked.damages:
        yield _verify_index(path, index.path_for(path, layout.index(site)), checked.lines)


def _told(damages: tuple[Damage, ...]) -> list[str]:
    few = [f"at byte {damage.offset}: {damage.reason}" for damage in damages[:3]]
    return [*few, f"and {len(damages) - 3} places more"] if len(damages) > 3 else few


def _against_catalog(path: Path, checked: Checked, catalog: Catalog | None) -> list[str]:
    if catalog is None:
        return []
    table = tables.captures
    columns = (table.c.record_id, table.c.warc_file, table.c.warc_offset, table.c.warc_length)
    query = sa.select(*columns).where(table.c.site == path.parent.name, table.c.warc_file == path.name)
    with catalog.reading() as tx:
        rows = {row[0]: Location(warc_file=row[1], offset=row[2], length=row[3]) for row in tx.execute(query)}
    fresh = checked.captures.keys() - rows.keys()
    moved = [name for name, place in checked.captures.items() if name in rows and rows[name] != place]
    gone = [name for name in rows.keys() - checked.captures.keys() if not _is_in(checked.gaps, rows[name].offset)]
    complaints = []
    if fresh:
        complaints.append(f"{len(fresh)} captures that the catalog does not know; `scrapy replay {path}` adds them")
    if moved:
        complaints.append(f"{len(moved)} captures lie elsewhere than the catalog says; `scrapy replay {path}` tells it")
    if gone:
        complaints.append(f"{len(gone)} captures of the catalog are not in it")
    return complaints


def _verify_open(path: Path, known: _Known) -> Verdict:
    """A file that is being written, or that a killed crawl left: what is whole in it counts."""
    detail = "being written, or left by a killed crawl: the next one closes it"
    try:
        _note(known, path.parent.name, path.name.removesuffix(OPEN_SUFFIX), check(path))
    except ArchiveError as error:  # closed meanwhile
        detail = str(error)
    return Verdict(file=str(path), state="open", detail=detail)


def _verify_stored(
    site: str, name: str, layout: ArchiveLayout, catalog: Catalog | None, known: _Known
) -> Iterator[Verdict]:
    """A file that is only in the store: it is brought here for that."""
    place = f"{layout.store_url}/warc/{site}/{name}"
    try:
        path = borrowed(layout.store_url).path(site, name)
    except ArchiveError as error:
        yield Verdict(file=place, state="damaged", detail=str(error))
        return
    found, *_ = _verify_warc(path, layout, catalog, known)
    yield replace(found, file=place, remedy="", source="")


def _find_lost(
    layout: ArchiveLayout, catalog: Catalog | None, stored: Collection[tuple[str, str]]
) -> Iterator[Verdict]:
    """WARC files that the catalog knows and that are gone (and not `stored`, by site and name), and indexes without a file."""
    table = tables.captures
    if catalog:
        with catalog.reading() as tx:
            known = tx.execute(sa.select(table.c.site, table.c.warc_file).distinct().order_by(table.c.warc_file)).all()
        for site, name in known:
            path = layout.warc(site) / name
            if (
                site
                and (site, name) not in stored
                and not path.exists()
                and not path.with_name(name + OPEN_SUFFIX).exists()
            ):
                detail = "the catalog has captures of it"
                if catalog.is_shared:
                    detail += ": if another machine has it, `scrapy ship` there brings it to the store (STORE_URL)"
                yield Verdict(file=str(path), state="missing", detail=detail)
    for site in layout.sites:
        here = [*layout.warc_files(site), *(layout.warc(site) / name for where, name in stored if where == site)]
        named = {index.path_for(path, layout.index(site)) for path in here}
        for path in sorted(set(layout.index(site).glob(f"*{index.SUFFIX}")) - named):
            yield Verdict(file=str(path), state="unknown", detail="an index without its WARC file")


def _verify_index(warc: Path, path: Path, lines: tuple[str, ...]) -> Verdict:
    try:
        same = path.read_bytes() == "".join(line + "\n" for line in lines).encode()
    except FileNotFoundError:
        detail = f"the index of {warc.name}; a crawl of the site makes it anew"
        return Verdict(file=str(path), state="missing", detail=detail, remedy="index", source=str(warc))
    except OSError as error:
        return Verdict(file=str(path), state="damaged", detail=str(error))
    if same:
        return Verdict(file=str(path), state="ok")
    return Verdict(
        file=str(path),
        state="damaged",
        detail=f"does not agree with {warc.name}; `scrapy verify --repair` makes it anew",
        remedy="index",
        source=str(warc),
    )


def _verify_corpus(layout: ArchiveLayout, known: _Known) -> Iterator[Verdict]:
    expected = {step.name: step for step in known.steps.values() if step.name}
    found = set()
    for path in sorted(layout.corpus.glob("*.txt")) if layout.corpus.is_dir() else []:
        found.add(path.name)
        try:
            yield _verify_text(path, expected.get(path.name), layout, known)
        except OSError as error:
            yield Verdict(file=str(path), state="damaged", detail=str(error))
    for missing in sorted(expected.keys() - found):
        step = expected[missing]
        if step.action == "adopted":
            detail = f"document {step.number}, adopted from an older corpus: put the file back"
            yield Verdict(file=str(layout.corpus / missing), state="missing", detail=detail)
            continue
        yield Verdict(
            file=str(layout.corpus / missing),
            state="missing",
            detail=f"document {step.number}; `scrapy replay` writes it again",
            remedy="replay",
            source=str(layout.warc(step.site) / step.warc_file),
        )


def _verify_text(path: Path, step: Step | None, layout: ArchiveLayout, known: _Known) -> Verdict:
    digest = content_hash(path.read_bytes())
    if step is None:
        return _verify_stranger(path, digest)
    if step.action == "adopted":
        return _verify_adopted(path, digest, step)
    source = str(layout.warc(step.site) / step.warc_file)
    if digest != step.sha256:
        detail = "its content is not what its name says"
        return Verdict(file=str(path), state="damaged", detail=detail, remedy="replay", source=source)
    if step.record_id in known.lost:
        return Verdict(file=str(path), state="ok", detail="its capture was lost to damage that was repaired")
    return _verify_captures(path, step, source, known)


def _verify_captures(path: Path, step: Step, source: str, known: _Known) -> Verdict:
    """Whether the captures that a text was made of are in the archive: its own, and those of its other pages."""
    if step.record_id not in known.found:
        return _verdict(path, [f"its capture {step.record_id} is not in {source}"])
    missing = [record_id for record_id in step.pages if record_id not in known.found]
    if missing and step.site in known.repaired:  # the journal does not tell where they lay
        detail = f"captures of {len(missing)} of its pages are gone, and files of its site were repaired"
        return Verdict(file=str(path), state="ok", detail=detail)
    return _verdict(
        path, [f"the capture {record_id} of one of its pages is not in the archive" for record_id in missing]
    )


def _verify_adopted(path: Path, digest: str, step: Step) -> Verdict:
    """A file of an older corpus: its own digest is known, its name says nothing."""
    if digest != step.sha256:
        return Verdict(file=str(path), state="damaged", detail="its content is not what was adopted")
    detail = f"document {step.number}, adopted from an older corpus; its name can't be computed again"
    return Verdict(file=str(path), state="legacy", detail=detail)


def _verify_stranger(path: Path, digest: str) -> Verdict:
    """A file that the journal does not speak of."""
    name = parse_name(path.name)
    if name is None:
        return Verdict(file=str(path), state="unknown", detail="not a name of the corpus")
    if digest.startswith(name[1]):
        return Verdict(file=str(path), state="unknown", detail="the journal does not speak of it")
    return Verdict(file=str(path), state="legacy", detail="a name of an older corpus: it can't be computed again")


def _verify_catalog(layout: ArchiveLayout, known: _Known, catalog: Catalog | None) -> Verdict:
    if catalog is None:
        detail = "`scrapy replay` makes it anew"
        return Verdict(file=str(layout.catalog), state="missing", detail=detail, remedy="replay")
    with catalog.reading() as tx:
        rows = {row.number: (row.name, row.address) for row in tx.execute(sa.select(tables.documents))}
        aliases = {row.address: row.number for row in tx.execute(sa.select(tables.aliases))}
    expected = {number: (step.name, step.address) for number, step in known.steps.items()}
    complaints = [
        f"document {number} differs from the journal"
        for number in sorted(rows.keys() | expected.keys())
        if rows.get(number) != expected.get(number)
    ]
    complaints += [
        f"alias {address} differs from the journal"
        for address in sorted(aliases.keys() | known.aliases.keys())
        if aliases.get(address) != known.aliases.get(address)
    ]
    return _verdict(catalog.name, complaints, f"{len(rows)} documents")


def _verdict(file: Path | str, complaints: list[str], detail: str = "") -> Verdict:
    return Verdict(
        file=str(file), state="damaged" if complaints else "ok", detail="; ".join(complaints) if complaints else detail
    )
