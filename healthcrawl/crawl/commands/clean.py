"""`scrapy clean FILE…`: the text stages on text files that exist already."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The clean command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] FILE|DIR…"

    def short_desc(self) -> str:
        """One line of help."""
        return "Mend and clean existing corpus text files"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Mend text files (of folders: *.txt in and below them): glosses, shifted bytes and traditional characters of mirror "
            "sites, injected spam, navigation and copyright tails; find title, date and source. The files given are never "
            "changed; --out writes new ones, which keep their number and take the hash of their new content, and a journal. "
            "Called again, it goes on where it was interrupted. A bad file is a rejection, no failure. Exit status: 0 done, "
            "1 a fault of ours in a file, or interrupted, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument(
            "--out", metavar="DIR", help="write the cleaned files into this folder, with a manifest.jsonl"
        )
        parser.add_argument("--workers", metavar="N", type=int, default=0, help="processes (default: one per core)")
        parser.add_argument("--json", action="store_true", help="print one object a line")
