"""`scrapy extract FILE…`: what would be kept of saved pages."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The extract command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] FILE…"

    def short_desc(self) -> str:
        """One line of help."""
        return "Run the extraction on saved pages"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Read saved HTML pages as a crawl would and show what would be kept of each. A page that is no article, or a file "
            "that can't be read, is a rejection with its reason, no failure. Exit status: 0 done, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument(
            "--url", metavar="U", default="", help="the address the page was saved from (one file only)"
        )
        parser.add_argument("--site", metavar="S", default="", help="read with this site's rules")
        parser.add_argument("--json", action="store_true", help="print one object a line")
