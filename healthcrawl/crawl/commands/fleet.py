"""`scrapy fleet`: crawl many sites on a cluster."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The fleet command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] --cluster ADDRESS [SITE…]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Crawl many sites on the workers of a cluster"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Crawl the sites that are named, or with --due those that have a page to visit now, on the workers of a Dask scheduler: each in "
            "a process of its own, one site at a time in each worker, no site by two. Settings given with -s are handed on. What "
            "ended badly is told as it ends, then a summary. Exit status: that of the worst crawl (1 failed, 2 wrong use, 3 an "
            "expectation is broken, 75 crawled by another process all the while), 0 if all are done."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument(
            "--cluster", metavar="ADDRESS", default="", help="a Dask scheduler, tcp://HOST:8786, or local:N processes"
        )
        parser.add_argument("--due", action="store_true", help="every site that has a page to visit now")
        parser.add_argument("--json", action="store_true", help="print how every crawl ended, one object a line")
