"""`scrapy replay`: the corpus again from the archive, without a network."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The replay command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] [WARC…]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Make the corpus again from the archive, without a network"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Read every capture of the archive (or of the WARC and ARC files and folders given) through the same code again. Without "
            "--out, which only files of the archive can be, the corpus is brought up to date; with --out the documents are written into that folder, with the numbers of "
            "the archive's journal, and the corpus is left alone. What was read before by the same rules, code and libraries is "
            "passed over unless --force is given; after a kill the same command goes on where it was. Files that others wrote are read by general rules, or by those of "
            "--site. What can't be read is told, and the rest goes on. Exit status: 0 done, 1 a file could not be read in full."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument(
            "--site", metavar="S", default="", help="only this site's files; files of others by its rules"
        )
        parser.add_argument("--since", metavar="DATE", default="", help="only captures made on it or later")
        parser.add_argument("--until", metavar="DATE", default="", help="only captures made before it")
        parser.add_argument(
            "--url", metavar="PATTERN", default="", help="only captures with an address that it is found in"
        )
        parser.add_argument("--out", metavar="DIR", help="write into this new or empty folder, with a manifest.jsonl")
        parser.add_argument("--force", action="store_true", help="read also what is unchanged, by rules that are")
        parser.add_argument("--compare", action="store_true", help="write nothing; tell what would change, and why")
        parser.add_argument(
            "--samples", metavar="N", type=int, default=2, help="diffs to show for each cause (default: 2)"
        )
        parser.add_argument("--workers", metavar="N", type=int, default=0, help="processes (default: one per core)")
        parser.add_argument(
            "--cluster", metavar="ADDRESS", default="", help="a Dask scheduler, tcp://HOST:8786, or local:N processes"
        )
        parser.add_argument("--json", action="store_true", help="print every outcome, one object a line")
