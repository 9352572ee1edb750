"""Reading the texts of archived files where people wait for it: after a crawl, after a replay, on demand."""

from healthcrawl.attachments import count_unread, read_texts
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.crawl.progress import track


def read_now(catalog: Catalog, layout: ArchiveLayout, site: str, workers: int, seconds: float) -> list[str]:
    """Read what is not read yet, with a progress line every so many seconds; say what the archive does not give any more."""
    number = count_unread(catalog, site)
    if not number:
        return []
    reading = read_texts(catalog, layout, site, min(workers, number))
    with track(reading, number, "attachments", seconds) as outcomes:
        return [outcome.trouble for outcome in outcomes if outcome.trouble]
