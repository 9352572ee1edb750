"""`scrapy status`: every site at a glance."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The status command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[--json] [NAME…]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Show how every site stands: last run, documents, changes, problems, hacked pages"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Show the sites that were crawled (or those named): the last run and its result, when the next page is due, documents, what "
            "the last run changed, what it found wrong and since when, and pages that carry spam. Exit status: 0 all well, "
            "1 the last run of a site failed, 2 wrong use, 3 an expectation of a site is broken."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one object a line, one for every site")
