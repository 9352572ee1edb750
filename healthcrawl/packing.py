"""A site's archive as one WACZ file: which WARC files belong in it, and which pages it offers."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from healthcrawl import __version__
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.errors import ArchiveError
from healthcrawl.warc import wacz
from healthcrawl.warc.wacz import About, Page

_HTML = ("text/html", "application/xhtml+xml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Packing:
    """What goes into a package: WARC files in the order in which they were begun, pages, and what it says of itself."""

    site: str
    warcs: tuple[Path, ...]
    since: str
    about: About


def plan(layout: ArchiveLayout, catalog: Catalog, site: str, title: str, since: datetime | None = None) -> Packing:
    """What a package of a site holds: all its captures, or those from `since` on.

    WARC files go in whole, and with them those that hold what revisits refer to; pages of before `since` are not listed.

    Raises:
        ArchiveError: the site has no captures there, or none so young.
    """
    table, earliest = tables.captures, tables.moment(since)
    of_site = sa.and_(table.c.site == site, table.c.captured_at >= earliest)
    with catalog.reading() as tx:
        names = set(tx.execute(sa.select(table.c.warc_file).where(of_site).distinct()).scalars())
        names |= set(_originals(tx, site, earliest)) if since else set()
        newest = tables.parse_moment(
            tx.execute(sa.select(sa.func.max(table.c.captured_at)).where(of_site)).scalar() or ""
        )
        main = next(_pages(tx, site, earliest, limit=1), None)
    warcs = tuple(path for path in layout.warc_files(site) if path.name in names)
    if not warcs or newest is None:
        when = f" since {since:%Y-%m-%d %H:%M}" if since else ""
        raise ArchiveError(f"{site}: no captures{when} in {layout.warc(site)}; `scrapy crawl {site}` makes some")
    about = About(
        title=title,
        description=f"What healthcrawl captured of {title} ({site})" + (f" since {since:%Y-%m-%d}" if since else ""),
        software=f"healthcrawl/{__version__}",
        created=newest,
        main=main,
    )
    return Packing(site=site, warcs=warcs, since=earliest, about=about)


def pack(packing: Packing, catalog: Catalog, path: Path) -> Iterator[Path]:
    """Write the package; gives each WARC file when it is in it.

    Raises:
        ArchiveError: as `wacz.write`.
    """
    with catalog.reading() as tx:
        pages = _pages(tx, packing.site, packing.since, files={warc.name for warc in packing.warcs})
        yield from wacz.write(path, packing.warcs, pages, packing.about)


def _pages(
    tx: sa.Connection, site: str, earliest: str, *, limit: int | None = None, files: Iterable[str] | None = None
) -> Iterator[Page]:
    """Pages in the order of their capture, lists first to be offered as the main page when only one is wanted."""
    captures, documents, pages = tables.captures, tables.documents, tables.pages
    titles = sa.select(documents.c.title).where(documents.c.address == captures.c.address).scalar_subquery()
    aliases = sa.select(tables.aliases.c.title).where(tables.aliases.c.address == captures.c.address).scalar_subquery()
    at_page = sa.and_(pages.c.site == captures.c.site, pages.c.address == captures.c.address)
    entries = sa.select(pages.c.entry_title).where(at_page).scalar_subquery()
    columns = sa.select(pages.c.column).where(at_page).scalar_subquery()
    query = (
        sa.select(captures.c.record_id, captures.c.url, captures.c.captured_at, captures.c.warc_file)
        .add_columns(titles, aliases, entries, columns)
        .where(
            captures.c.site == site,
            captures.c.captured_at >= earliest,
            captures.c.status == 200,
            captures.c.media_type.in_(_HTML),
        )
        .order_by(*([captures.c.role != "list"] if limit else []), captures.c.captured_at, captures.c.url)
        .limit(limit)
    )
    wanted = None if files is None else frozenset(files)
    for record_id, url, captured_at, warc_file, *names in tx.execute(query.execution_options(yield_per=1000)):
        moment = tables.parse_moment(captured_at)
        if moment and (wanted is None or warc_file in wanted):
            title = next((name for name in names if name), "")
            yield Page(id=record_id.strip("<>").rpartition(":")[2], url=url, captured_at=moment, title=title)


def _originals(tx: sa.Connection, site: str, earliest: str) -> Iterator[str]:
    """The files with what captures since then stand for: equal payloads; and of a 304 what was captured before it, with its payload."""
    later, shown, original, other = (tables.captures.alias() for _ in range(4))
    since = sa.and_(later.c.site == site, later.c.captured_at >= earliest)
    before = (
        sa.select(sa.func.max(other.c.captured_at))
        .where(other.c.site == site, other.c.url == later.c.url, other.c.status != 304)
        .where(other.c.captured_at <= later.c.captured_at)
        .scalar_subquery()
    )
    is_shown = sa.and_(
        later.c.status == 304,
        shown.c.site == site,
        shown.c.url == later.c.url,
        shown.c.status != 304,
        shown.c.captured_at == before,
    )
    holds = sa.and_(original.c.site == site, original.c.record_type == "response")
    for query in (
        sa.select(original.c.warc_file).where(
            since, later.c.record_type == "revisit", holds, original.c.payload_sha256 == later.c.payload_sha256
        ),
        sa.select(shown.c.warc_file).where(since, is_shown),
        sa.select(original.c.warc_file).where(
            since,
            is_shown,
            shown.c.record_type == "revisit",
            holds,
            original.c.payload_sha256 == shown.c.payload_sha256,
        ),
    ):
        yield from tx.execute(query.distinct()).scalars()
