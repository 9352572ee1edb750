"""`scrapy duplicates`: which documents are nearly the same."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The duplicates command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Find documents that are nearly the same"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Compare the texts of all documents and note in journal and catalog which are nearly the same: the same notice on several "
            "sites, or published again with small edits. Of each cluster the document with the lowest number stands for all. Texts "
            "that differ in a year or a number are not the same. No file is dropped or changed."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print every cluster, one object a line")
