"""`scrapy report`: what a run or a period brought, as one HTML file."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The report command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[SITE…] -o FILE [--since DATE] [--until DATE] [--lang en|zh-CN]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Write what the last run, or a period, brought, as one HTML file"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Write an HTML file that can be mailed or printed: documents that are new, changed or withdrawn, broken expectations, "
            "rejections by reason, hacked pages with their evidence, captures and bytes, of all sites or those named. It has no "
            "scripts and loads nothing, and the same archive gives the same file. Without --since and --until it is about the last run of each site; health and "
            "hacked pages are always the present ones. Exit status: 0 done, 1 the archive can't be read or the file not written, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument(
            "-o", "--output", metavar="FILE", help="the file to write, like report.html; one that is there is replaced"
        )
        parser.add_argument("--since", metavar="DATE", default="", help="like 2026-03-01 or 2026-03-01T08:00 (UTC)")
        parser.add_argument("--until", metavar="DATE", default="", help="only what was before it")
        parser.add_argument("--lang", metavar="TAG", default="", help="en or zh-CN; default: by the locale")
