"""`scrapy history URL|NUMBER`: a document's versions, and what else its captures say."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The history command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[--json] URL|NUMBER"

    def short_desc(self) -> str:
        """One line of help."""
        return "Show what became of a document: its versions, their differences, their captures"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Show a document's life by the address of its page or by its number: every version with what differs from the one "
            "before ([-gone-] and {+new+}), whether the page told the change by a new date, withdrawals, and the captures (file, "
            "offset, time) that all this was seen in. Exit status: 0 done, 1 journal or catalog can't be read, 2 wrong use, or "
            "no such document."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one object a line, one for every event")
