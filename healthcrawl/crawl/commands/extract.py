"""`scrapy extract FILE…`: what would be kept of saved pages."""

import argparse
import json
from pathlib import Path

from healthcrawl.core.process import process
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import normal_form, one_site
from healthcrawl.crawl.results import as_json, as_text, unreadable
from healthcrawl.errors import UsageError
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Document, Rejection
from healthcrawl.rules import Rules

# A saved page has lost its head; what it is shows in its bytes.
_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Command(PlainCommand):
    """The extract command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] FILE…"

    def short_desc(self) -> str:
        """One line of help."""
        return "Run the extraction on saved pages"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Read saved HTML pages as a crawl would and show what would be kept of each. A page that is no article, or a file "
            "that can't be read, is a rejection with its reason, no failure. Exit status: 0 done, 2 wrong use."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument(
            "--url", metavar="U", default="", help="the address the page was saved from (one file only)"
        )
        parser.add_argument("--site", metavar="S", default="", help="read with this site's rules")
        parser.add_argument("--json", action="store_true", help="print one object a line")

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Show the outcome of every file."""
        if not args:
            raise UsageError("give at least one file")
        if opts.url and len(args) > 1:
            raise UsageError("--url is the address of one page: give one file with it")
        assert self.settings is not None
        form = normal_form(self.settings)
        if not any(Path(name).is_file() for name in args):
            raise UsageError(f"no such file: {' '.join(args)}")
        site = one_site(self.settings, opts.site) if opts.site else None
        rules = load_rules(site, script=form.script, width=form.width)
        for name in args:
            outcome = _extract(Path(name), opts.url, rules)
            print(json.dumps(as_json(outcome, name), ensure_ascii=False) if opts.json else as_text(outcome, name))
        return DONE


def _extract(path: Path, url: str, rules: Rules) -> Document | Rejection:
    try:
        page = path.read_bytes()
    except OSError as error:
        return unreadable(str(path), error)
    return process(Capture(url=url, response=_HEAD + page), rules)
