"""Hacked pages by site and campaign, with what a webmaster needs to find and remove what was put into them."""

import csv
import io
from dataclasses import dataclass

import sqlalchemy as sa

from healthcrawl.core.campaigns import campaigns
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.vitals import shows_its_page
from healthcrawl.ui import captured
from healthcrawl.ui.query import Query
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.show import plain

_MOST = 2_000  # findings of a site that are grouped, the latest
_SHOWN = 40  # pieces of evidence of a campaign on a page
_SNIPPET = 240  # characters
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_COLUMNS = (
    "site",
    "campaign",
    "page",
    "captured_at_utc",
    "where",
    "snippet",
    "contacts",
    "warc_file",
    "warc_offset",
    "record_id",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One piece of spam in one page. `where` is where in the page it stood (see `place_of`), `detail` the rule's own words."""

    url: str
    captured_at: str
    snippet: str
    where: str
    detail: str
    number: int | None
    capture: str
    warc_file: str
    warc_offset: int
    record_id: str
    finding: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A campaign on one site: how many pages, since when and until when they were seen, and the evidence."""

    name: str
    example: str
    contacts: tuple[str, ...]
    pages: int
    first: str
    last: str
    evidence: tuple[Evidence, ...]

    @property
    def shown(self) -> tuple[Evidence, ...]:
        """What a page shows of it; the table has all."""
        return self.evidence[:_SHOWN]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteIncidents:
    """A site's campaigns, that with most pages first."""

    site: str
    title: str
    pages: int
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incidents:
    """All hacked pages, or those of one site."""

    site: str
    sites: tuple[SiteIncidents, ...]
    choices: tuple[tuple[str, str], ...]


def view(shelf: Shelf, query: Query) -> Incidents:
    """The hacked pages.

    Raises:
        NotArchivedError: there is no such site.
    """
    site = query.text("site")
    wanted = [shelf.require_site(site)] if site else [*shelf.layout.sites]
    found = [one for name in wanted if (one := of_site(shelf, name)).pages]
    return Incidents(
        site=site, sites=tuple(found), choices=tuple((name, shelf.title(name)) for name in shelf.layout.sites)
    )


def as_csv(incidents: Incidents) -> str:
    """The evidence as a table for other programs; no cell of it is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    for site in incidents.sites:
        for group in site.groups:
            for one in group.evidence:
                row = (site.site, group.name, one.url, one.captured_at, one.where, one.snippet, " ".join(group.contacts),
                       one.warc_file, str(one.warc_offset), one.record_id)  # fmt: skip
                writer.writerow(map(harmless, row))
    return out.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula.

    >>> harmless("=HYPERLINK(1)"), harmless(" @SUM(1)"), harmless("http://a.test/")
    ("'=HYPERLINK(1)", "' @SUM(1)", 'http://a.test/')
    """
    text = plain(cell).replace("\n", " ").replace("\t", " ")
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else text


def place_of(detail: str) -> str:
    """Where in a page spam stood, by the words of its finding.

    >>> place_of("replaced title"), place_of("left:-9000px: score 9.66"), place_of("line, anywhere: score 4.00")
    ('headline', 'hidden', 'line')
    """
    if detail.startswith("replaced title"):
        return "headline"
    if detail.startswith("replaced"):
        return "metadata"
    if detail.startswith(("line", "end of a line")):
        return "line"
    return "block" if detail.startswith(("element", "around")) else "hidden"


def of_site(shelf: Shelf, site: str) -> SiteIncidents:
    """The hacked pages of one site."""
    captures, findings = tables.captures.c, tables.findings.c
    query = (
        sa.select(tables.captures, findings.serial, findings.text, findings.detail.label("rule"))
        .join(tables.findings, sa.and_(findings.record_id == captures.record_id, findings.kind == "spam"))
        .where(shows_its_page(site))
    )
    with shelf.catalog.reading() as tx:  # not in order: SQLite would go through all captures by time
        rows = sorted(tx.execute(query), key=lambda row: (row.address, row.serial))
    rows.sort(key=lambda row: row.captured_at, reverse=True)
    evidence = [_evidence(row) for row in rows[:_MOST]]
    groups = []
    for number, one in enumerate(campaigns([each.snippet for each in evidence], [each.url for each in evidence]), 1):
        own = [evidence[at] for at in one.members]
        moments = [each.captured_at for each in own]
        groups.append(
            Group(
                name=f"{site}-{number}",
                example=one.example,
                contacts=one.contacts,
                pages=len({each.url for each in own}),
                first=min(moments),
                last=max(moments),
                evidence=tuple(own),
            )
        )
    return SiteIncidents(
        site=site,
        title=shelf.title(site),
        pages=len({one.url for one in evidence}),
        groups=tuple(sorted(groups, key=lambda one: -one.pages)),
    )


def _evidence(row: sa.Row[tuple[object, ...]]) -> Evidence:
    return Evidence(
        url=row.url,
        captured_at=row.captured_at,
        snippet=row.text[:_SNIPPET],
        where=place_of(row.rule),
        detail=row.rule,
        number=row.number,
        capture=captured.address_of(row.site, row.warc_file, row.warc_offset),
        warc_file=row.warc_file,
        warc_offset=row.warc_offset,
        record_id=row.record_id,
        finding=row.serial,
    )
