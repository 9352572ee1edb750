"""`scrapy extract FILE…`: what would be kept of saved pages."""

import argparse
import json
from pathlib import Path

from scrapy.settings import BaseSettings

from healthcrawl.core.process import process
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import normal_form, one_site
from healthcrawl.crawl.results import as_json, as_text, unreadable
from healthcrawl.errors import UsageError
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Document, Rejection
from healthcrawl.rules import Rules

# A saved page has lost its head; what it is shows in its bytes.
_HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Show the outcome of every file."""
    if not args:
        raise UsageError("give at least one file")
    if opts.url and len(args) > 1:
        raise UsageError("--url is the address of one page: give one file with it")
    form = normal_form(settings)
    if not any(Path(name).is_file() for name in args):
        raise UsageError(f"no such file: {' '.join(args)}")
    site = one_site(settings, opts.site) if opts.site else None
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
