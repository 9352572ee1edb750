"""`scrapy search`: full text of the corpus, in a terminal."""

import argparse
from typing import get_args

from healthcrawl.crawl.command import PlainCommand
from healthcrawl.model import FindingKind


class Command(PlainCommand):
    """The search command."""

    def syntax(self) -> str:
        """How it is called."""
        return "WORDS… [--site NAME] [--since DATE] [--until DATE] [--finding KIND] [--limit N] [--offset N] [--json]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Search the texts of the corpus"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Find the documents in which all words stand, be it in title or text: any characters, in simplified or traditional "
            "writing, half or full width, upper or lower case. No sign has a meaning of its own. Those with all words in the title come first, "
            "then the newest. Without words, all documents that the options leave. The index, search.sqlite in ARCHIVE_DIR, is "
            "brought up to date first. Exit status: 0 done (even if nothing was found), 1 the archive can't be read, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--site", metavar="NAME", default="", help="only documents of this site")
        parser.add_argument("--since", metavar="DATE", default="", help="only what was published on that day or later")
        parser.add_argument(
            "--until", metavar="DATE", default="", help="only what was published on that day or earlier"
        )
        parser.add_argument(
            "--finding",
            metavar="KIND",
            default="",
            help=f"only documents with such a finding: {', '.join(get_args(FindingKind))}",
        )
        parser.add_argument("--limit", metavar="N", type=int, default=20, help="how many to show (20)")
        parser.add_argument("--offset", metavar="N", type=int, default=0, help="how many to pass over")
        parser.add_argument("--json", action="store_true", help="print one object a line")
