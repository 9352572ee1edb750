"""`scrapy ship`: bring WARC files to the store that were left behind."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The ship command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] [SITE…]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Bring closed WARC files to the store (STORE_URL)"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Bring the closed WARC files of the sites (default: of all), with their indexes, to the store that STORE_URL names, unless they "
            "are there; what lies there is read back and compared. A crawl does the same when it ends; this is for what was left then. "
            "Files of killed crawls are closed first. With STORE_KEEP=False, files that lie in the store are removed here. Exit status: 0 "
            "all is there, 1 something is left here."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print every file, one object a line")
