"""`scrapy serve`: archive and corpus as pages for a browser."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The serve command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[--host ADDRESS] [--port N]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Show archive and corpus in a browser, read-only"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Serve pages over archive and corpus until Ctrl-C: sites, documents beside the pages they were read from, incidents, "
            "rejections. Nothing is written, so it may run beside a crawl and on a disk that is mounted read-only. Other addresses "
            "than loopback need a password in the environment variable HEALTHCRAWL_PASSWORD; the traffic is not encrypted."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="default: 127.0.0.1")
        parser.add_argument("--port", metavar="N", type=int, default=8480, help="default: 8480; 0: any that is free")
