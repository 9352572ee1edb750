"""`scrapy changes`: new, changed and withdrawn documents since a day or a cursor."""

import argparse

from healthcrawl.crawl.command import PlainCommand


class Command(PlainCommand):
    """The changes command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[--since DATE|CURSOR] [--site NAME] [--json]"

    def short_desc(self) -> str:
        """One line of help."""
        return "List new, changed and withdrawn documents"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "List what became of documents, in the order in which it was noted: new, changed (and what of it), withdrawn (the "
            "page is gone, the file stays), back, taken-back (by our rules; the file is gone), adopted (of an older corpus), taken-over (its article was found). --since takes a date, or "
            "the cursor of the last line that a job has seen: the next call then goes on behind it. Exit status: 0 done, "
            "1 the journal can't be read, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument(
            "--since",
            metavar="DATE|CURSOR",
            default="",
            help="like 2026-03-01, 2026-03-01T08:00 (UTC), or a cursor that an earlier call gave",
        )
        parser.add_argument("--site", metavar="NAME", default="", help="only documents of this site")
        parser.add_argument("--json", action="store_true", help="print one object a line, each with its cursor")
