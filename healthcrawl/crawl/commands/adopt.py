"""`scrapy adopt DIR`: keep the numbers of an existing corpus."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The adopt command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[--dry-run] [--json] [--workers N] DIR"

    def short_desc(self) -> str:
        """One line of help."""
        return "Keep the numbers of an existing corpus for the articles that a crawl finds again"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Register the files of a corpus that was made by other means, named like 017_a69cb386113e3a71.txt: new documents are "
            "numbered after them, and a crawled article that is the same (title, date, nearly the same text) takes over its "
            "number. The files are never changed; if DIR is the corpus folder of the archive itself, a file gives way to that of "
            "its article, and its text stays in the catalog. May be called again at any time. Exit status: 0 done, whatever is "
            "wrong with single files, 1 journal or catalog can't be written, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be done")
        parser.add_argument("--json", action="store_true", help="print one object a line, one for every file")
        parser.add_argument("--workers", metavar="N", type=int, default=0, help="processes (default: one per core)")
