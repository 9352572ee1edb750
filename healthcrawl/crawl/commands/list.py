"""`scrapy list`: the sites there are."""

import argparse
import sys

from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.loader import SiteSpiderLoader
from healthcrawl.errors import UsageError


class Command(PlainCommand):
    """The list command."""

    def short_desc(self) -> str:
        """One line of help."""
        return "List the sites"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "List the names of all sites whose files are right, one a line; what is wrong with other site files is told on "
            "stderr. Exit status: 0, or 2 for wrong use."
        )

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Print the names."""
        if args:
            raise UsageError("list takes no names")
        assert self.settings is not None
        loader = SiteSpiderLoader.from_settings(self.settings)
        for error in loader.errors.values():
            print(f"scrapy list: left out: {error}", file=sys.stderr)
        print("\n".join(loader.list()))
        return DONE
