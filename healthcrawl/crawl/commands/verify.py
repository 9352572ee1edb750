"""`scrapy verify`: do archive, index, corpus and catalog agree?"""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The verify command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] [FILE…]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Check that archive, index, corpus and catalog agree"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Compute every digest and every name again and compare archive, index, corpus, journal and catalog; or check the WARC "
            "and ARC files given by themselves, whoever wrote them. Names of an older corpus that can't be computed again are "
            "legacy, no damage. Exit status: 0 all well, 1 damage was found (with --repair: and is still there)."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one object a line, for every file")
        parser.add_argument(
            "--repair",
            action="store_true",
            help="save what is whole; what is changed is kept as NAME.damaged beside it",
        )
