"""Full text: the documents in which all words stand, in context."""

from dataclasses import dataclass
from datetime import date

from healthcrawl.corpus.fulltext import Filters
from healthcrawl.corpus.search import PAGE, Hit
from healthcrawl.ui.query import Query, beginning
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.views.documents import KINDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One page of hits, of `total` in all; nothing where nothing was asked for.

    `behind`: another process is bringing the index up to date.
    """

    words: str
    hits: tuple[Hit, ...]
    total: int
    number: int
    behind: bool
    site: str
    since: str
    until: str
    finding: str
    sites: tuple[tuple[str, str], ...]
    kinds: tuple[str, ...] = KINDS

    @property
    def is_asked(self) -> bool:
        """Whether anything was asked for."""
        return bool(self.words or self.site or self.since or self.until or self.finding)

    @property
    def has_next(self) -> bool:
        """Whether there are further hits."""
        return self.number * PAGE < self.total

    @property
    def rest(self) -> str:
        """What was asked for, as the beginning of a query that ends with a page."""
        return beginning(q=self.words, site=self.site, since=self.since, until=self.until, finding=self.finding)


def view(shelf: Shelf, query: Query) -> Found:
    """One page of hits.

    Raises:
        UsageError: a date, a kind of findings or the page's number is none, or the words are too many.
        NotArchivedError: there is no such site.
    """
    words, site, since, until = query.text("q"), query.text("site"), query.day("since"), query.day("until")
    finding, number = query.choice("finding", KINDS), max(query.number("page", 1), 1)
    if site:
        shelf.require_site(site)
    filters = Filters(site=site, kind=finding, since=_day(since), until=_day(until))
    asked = words or filters != Filters()
    answer = shelf.search.ask(words, filters, offset=(number - 1) * PAGE, limit=PAGE) if asked else None
    return Found(
        words=words,
        hits=answer.hits if answer else (),
        total=answer.total if answer else 0,
        number=number,
        behind=bool(answer and answer.behind),
        site=site,
        since=since,
        until=until,
        finding=finding,
        sites=tuple((name, shelf.title(name)) for name in shelf.layout.sites),
    )


def _day(value: str) -> date | None:
    return date.fromisoformat(value) if value else None
