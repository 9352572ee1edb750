"""`scrapy verify`: do archive, index, corpus and catalog agree?"""

import argparse
import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE, FAILED
from healthcrawl.errors import UsageError
from healthcrawl.verify import verify


class Command(PlainCommand):
    """The verify command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[--json]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Check that archive, index, corpus and catalog agree"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Compute every digest and every name again and compare archive, index, corpus, journal and catalog. Names of an "
            "older corpus that can't be computed again are legacy, no damage. Exit status: 0 all well, 1 damage was found."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print one object a line, for every file")

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Print what is wrong, and how much is well."""
        if args:
            raise UsageError("verify takes no names; the archive is the one of ARCHIVE_DIR")
        layout = ArchiveLayout(Path(self.setting("ARCHIVE_DIR")))
        if not layout.sites and not layout.manifest.exists():
            raise UsageError(f"{layout.root}: no archive there; ARCHIVE_DIR names it")
        counts: Counter[str] = Counter()
        damaged = False
        for verdict in verify(layout):
            counts[verdict.state] += 1
            damaged |= verdict.is_damage
            if opts.json:
                print(json.dumps(asdict(verdict), ensure_ascii=False))
            elif verdict.state != "ok":
                print(f"{verdict.state}: {verdict.file}: {verdict.detail}")
        if not opts.json:
            print(f"{layout.root}: " + ", ".join(f"{number} {state}" for state, number in sorted(counts.items())))
        return FAILED if damaged else DONE
