"""`scrapy sites list|check|probe`: what is known of the sites, whether it holds, and a first look at a new one."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The sites command."""

    def syntax(self) -> str:
        """How it is called."""
        return "list | check [NAME…] [--live] | probe URL [-o FILE]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Show the sites, check what their files say, draft a file for a new one"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "list: every site with its kind, families, columns and what was crawled of it. check: load every site file (or "
            "those named) and read the examples' captures in the archive as the files say; --live asks the site itself for its columns and "
            "examples, once each, with the manners of a crawl. probe: look at a home page and a "
            "few lists, with the manners of a crawl, and write a commented site file. Exit status: 0 done, 1 failed, "
            "2 wrong use, 3 an example does not hold. With --live, 1 means that something did not answer."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", default="", help="probe: write the site file here")
        parser.add_argument("--live", action="store_true", help="check: ask the sites named, not the archive")
        parser.add_argument("--name", metavar="NAME", default="", help="probe: the site's name; else from its host")
