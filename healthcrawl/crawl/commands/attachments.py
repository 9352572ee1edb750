"""`scrapy attachments`: the files that articles link to, with their texts."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The attachments command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Read the archived attachments that were not read yet, and list all"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "List the archived files that articles link to: type by their own bytes, size, digest, pages, and what reading their text "
            "came to. Those that were not read yet are read first, each in a process of its own with limits; a crawl and a replay do "
            "the same at their end. Exit status: 0 done, 1 the archive does not give a file any more."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--site", metavar="S", default="", help="only this site's files")
        parser.add_argument("--workers", metavar="N", type=int, default=0, help="processes (default: one per core)")
        parser.add_argument("--json", action="store_true", help="print one object a file, with its text")
