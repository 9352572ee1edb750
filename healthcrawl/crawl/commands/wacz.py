"""`scrapy wacz`: a site's archive as one file that opens in a browser."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The wacz command."""

    def syntax(self) -> str:
        """How it is called."""
        return "SITE -o FILE [--since DATE] [--force]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Pack a site's archive into one WACZ file that opens in a browser"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Write the site's WARC files, their index and a list of the pages with their titles into one WACZ file, which opens at "
            "https://replayweb.page or in any other reader of WACZ. With --since only files with captures from then on go in (and "
            "those that their revisits refer to), and only pages captured since are listed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", help="the file to write, like demo.wacz")
        parser.add_argument("--since", metavar="DATE", default="", help="like 2026-03-01 or 2026-03-01T08:00 (UTC)")
        parser.add_argument("--force", action="store_true", help="replace FILE if it is there")
