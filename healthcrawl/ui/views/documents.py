"""Documents, the newest first, by site, date and finding."""

from dataclasses import dataclass
from typing import get_args

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.model import FindingKind
from healthcrawl.ui.query import Query, beginning
from healthcrawl.ui.shelf import Shelf

PAGE = 50
_RARE = 3_000  # findings
KINDS: tuple[str, ...] = get_args(FindingKind)
_DOCUMENTS, _FINDINGS = tables.documents.c, tables.findings.c


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A document; `findings` are the kinds of what was found in its page."""

    number: int
    title: str
    url: str
    site: str
    published: str
    source: str
    name: str
    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Documents:
    """One page of the documents that were asked for. `rest` is what was asked for, as the beginning of a query."""

    rows: tuple[Row, ...]
    number: int
    has_next: bool
    site: str
    since: str
    until: str
    finding: str
    sites: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...] = KINDS

    @property
    def rest(self) -> str:
        """What was asked for, as the beginning of a query that ends with a page."""
        return beginning(site=self.site, since=self.since, until=self.until, finding=self.finding)


def view(shelf: Shelf, query: Query) -> Documents:
    """One page of documents.

    Raises:
        UsageError: a date, a kind of findings or the page's number is none.
        NotArchivedError: there is no such site.
    """
    site, since, until = query.text("site"), query.day("since"), query.day("until")
    finding, number = query.choice("finding", KINDS), max(query.number("page", 1), 1)
    if site:
        shelf.require_site(site)
    wanted = sa.select(tables.documents).where(_DOCUMENTS.name != "")
    wanted = wanted.where(_DOCUMENTS.site == site) if site else wanted
    wanted = wanted.where(_DOCUMENTS.published >= since) if since else wanted
    wanted = wanted.where(_DOCUMENTS.published < f"{until}U") if until else wanted
    if finding:
        wanted = wanted.where(_has(shelf, finding))
    wanted = wanted.order_by(_DOCUMENTS.published.desc(), _DOCUMENTS.number.desc())
    with shelf.catalog.reading() as tx:
        rows = tx.execute(wanted.limit(PAGE + 1).offset((number - 1) * PAGE)).all()
        kinds: dict[str, list[str]] = {}
        records = [row.record_id for row in rows]
        found = sa.select(_FINDINGS.record_id, _FINDINGS.kind).where(_FINDINGS.record_id.in_(records)).distinct()
        for record_id, kind in tx.execute(found):
            kinds.setdefault(record_id, []).append(kind)
    return Documents(
        rows=tuple(
            Row(
                number=row.number,
                title=row.title,
                url=row.url,
                site=row.site,
                published=row.published,
                source=row.source,
                name=row.name,
                findings=tuple(sorted(kinds.get(row.record_id, ()))),
            )
            for row in rows[:PAGE]
        ),
        number=number,
        has_next=len(rows) > PAGE,
        site=site,
        since=since,
        until=until,
        finding=finding,
        sites=tuple((name, shelf.title(name)) for name in shelf.layout.sites),
    )


def _has(shelf: Shelf, kind: str) -> sa.ColumnElement[bool]:
    """Whether a document's page has a finding of a kind: of a rare kind all are looked up, else documents are asked one by one."""
    of_kind = sa.select(_FINDINGS.record_id).where(_FINDINGS.kind == kind)
    with shelf.catalog.reading() as tx:
        some = sa.select(sa.func.count()).select_from(of_kind.limit(_RARE + 1).subquery())
        is_rare = tx.execute(some).scalar_one() <= _RARE
    return (
        _DOCUMENTS.record_id.in_(of_kind)
        if is_rare
        else sa.exists(of_kind.where(_FINDINGS.record_id == _DOCUMENTS.record_id))
    )
