"""All sites, a row each."""

from dataclasses import dataclass

from healthcrawl.corpus.condition import Condition, condition_of, crawled_sites
from healthcrawl.ui.query import Query
from healthcrawl.ui.shelf import Shelf


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A site at a glance."""

    title: str
    condition: Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """All sites that were crawled, and the names of those that never were."""

    rows: tuple[Row, ...]
    never: tuple[str, ...]


def view(shelf: Shelf, _query: Query) -> Sites:
    """Every site at a glance."""
    crawled = crawled_sites(shelf.catalog)
    return Sites(
        rows=tuple(Row(title=shelf.title(name), condition=condition_of(shelf.catalog, name)) for name in crawled),
        never=tuple(sorted(shelf.sites.keys() - {*crawled})),
    )
