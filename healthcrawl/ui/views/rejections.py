"""What was left out and why: captures that are no documents, counted by reason and listed, the latest first."""

from collections import Counter
from dataclasses import dataclass
from typing import get_args

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.model import Reason
from healthcrawl.ui import captured
from healthcrawl.ui.query import Query, beginning
from healthcrawl.ui.rulebook import refusal_address
from healthcrawl.ui.shelf import Shelf

PAGE = 50
REASONS: tuple[str, ...] = get_args(Reason)
# Captures that were never meant to be documents, or are ones already; shown when they are asked for by name.
USUAL = frozenset({"robots", "sitemap", "list", "attachment", "redirect", "not-modified"})
_CAPTURES = tables.captures.c
_REJECTED = _CAPTURES.outcome == sa.literal_column(
    "'rejected'"
)  # literally, so that SQLite sees that its index will do
_LISTED = (
    sa.select(tables.captures)
    .where(_REJECTED, _CAPTURES.site == sa.bindparam("site"), _CAPTURES.reason == sa.bindparam("reason"))
    .order_by(_CAPTURES.captured_at.desc())
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A rejected capture."""

    site: str
    url: str
    captured_at: str
    status: int
    reason: str
    detail: str
    rule: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejections:
    """One page of the rejections that were asked for; `counts` are those of the site, or of all, by reason, the most frequent first."""

    counts: tuple[tuple[str, int], ...]
    usual: tuple[tuple[str, int], ...]
    rows: tuple[Row, ...]
    number: int
    has_next: bool
    site: str
    reason: str
    sites: tuple[tuple[str, str], ...]

    @property
    def rest(self) -> str:
        """What was asked for, as the beginning of a query that ends with a page."""
        return beginning(site=self.site, reason=self.reason)


def view(shelf: Shelf, query: Query) -> Rejections:
    """One page of rejections.

    Raises:
        UsageError: there is no such reason, or the page's number is none.
        NotArchivedError: there is no such site.
    """
    site, reason, number = query.text("site"), query.choice("reason", REASONS), max(query.number("page", 1), 1)
    if site:
        shelf.require_site(site)
    sites = [site] if site else [*shelf.layout.sites]
    count = sa.select(_CAPTURES.site, _CAPTURES.reason, sa.func.count()).where(_REJECTED, _CAPTURES.site.in_(sites))
    last = number * PAGE + 1
    with shelf.catalog.reading() as tx:
        found = tx.execute(count.group_by(_CAPTURES.site, _CAPTURES.reason)).all()
        wanted = [(name, why) for name, why, _ in found if why == reason or (not reason and why not in USUAL)]
        listed = [row for name, why in wanted for row in tx.execute(_LISTED.limit(last), {"site": name, "reason": why})]
    listed.sort(key=lambda row: (row.captured_at, row.record_id), reverse=True)
    rows = listed[last - 1 - PAGE : last]
    numbers: Counter[str] = Counter()
    for _, why, number_found in found:
        numbers[why] += number_found
    counts = numbers.most_common()
    return Rejections(
        counts=tuple(one for one in counts if one[0] not in USUAL),
        usual=tuple(one for one in counts if one[0] in USUAL),
        rows=tuple(
            Row(
                site=row.site,
                url=row.url,
                captured_at=row.captured_at,
                status=row.status,
                reason=row.reason,
                detail=row.detail,
                rule=refusal_address(row.reason, row.detail),
                address=captured.address_of(row.site, row.warc_file, row.warc_offset),
            )
            for row in rows[:PAGE]
        ),
        number=number,
        has_next=len(rows) > PAGE,
        site=site,
        reason=reason,
        sites=tuple((name, shelf.title(name)) for name in shelf.layout.sites),
    )
