"""`scrapy export`: the corpus as a data set for others."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The export command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] --out DIR"

    def short_desc(self) -> str:
        """One line of help."""
        return "Write the corpus as a data set: JSON Lines or Parquet, with a card"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Write one row a document, with its text, metadata, provenance and findings, into a folder that Hugging Face `datasets` "
            "loads; README.md is its card, croissant.json describes it. The same corpus gives the same bytes."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--out", metavar="DIR", default="", help="a new or empty folder")
        parser.add_argument("--format", choices=("jsonl", "parquet"), default="jsonl", help="default: jsonl")
        parser.add_argument("--site", metavar="S", default="", help="only this site's documents")
        parser.add_argument("--since", metavar="DATE", default="", help="only texts captured on it or later")
        parser.add_argument("--until", metavar="DATE", default="", help="only texts captured before it")
        parser.add_argument(
            "--changed-since", metavar="DATE", default="", help="only texts that the archive first saw on it or later"
        )
