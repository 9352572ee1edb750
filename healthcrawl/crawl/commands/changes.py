"""`scrapy changes`: new, changed and withdrawn documents since a day or a cursor."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from healthcrawl.corpus.changes import News, cursor_at, news, place_of
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import moment, one_site
from healthcrawl.crawl.terminal import Page
from healthcrawl.errors import UsageError


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

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Print the changes, then the cursor to go on from."""
        if args:
            raise UsageError("takes no names; --site NAME and --since DATE|CURSOR say what to list")
        layout = ArchiveLayout(Path(self.setting("ARCHIVE_DIR")))
        if not layout.manifest.exists():
            raise UsageError(f"{layout.manifest}: no journal there; ARCHIVE_DIR names the archive")
        if opts.site and not layout.warc(opts.site).is_dir():  # a site whose file is gone may have documents
            assert self.settings is not None
            one_site(self.settings, opts.site)
        manifest = Manifest(layout.manifest)
        place = place_of(opts.since, manifest)
        since = moment(opts.since, "--since") if place is None else None
        page, count, last = Page(), 0, cursor_at(place or 0)
        for one in news(manifest, place=place or 0, since=since, site=opts.site):
            count, last = count + 1, one.cursor
            if opts.json:
                print(json.dumps(_as_json(one), ensure_ascii=False))
            else:
                _show(page, one)
        if count or place is not None:
            print(f"scrapy changes: {count} changes; `--since {last}` goes on from here", file=sys.stderr)
        else:
            print("scrapy changes: none", file=sys.stderr)
        return DONE


def _as_json(one: News) -> dict[str, Any]:
    step = one.step
    return {
        "event": one.kind,
        "what": list(one.what),
        "cause": "rules" if one.rules or one.kind == "taken-back" else "site",
        "noted_at": step.seen_at,
        "number": step.number,
        "name": step.name,
        "former": one.former,
        "sha256": step.sha256,
        "address": step.address,
        "url": step.url,
        "site": step.site,
        "title": step.title,
        "published": step.published,
        "source": step.source,
        "captured_at": step.captured_at,
        "cursor": one.cursor,
    }


def _show(page: Page, one: News) -> None:
    step = one.step
    what = f" ({', '.join(one.what)}{'; read anew by other rules' if one.rules else ''})" if one.what else ""
    style = {"new": "green", "changed": "yellow", "back": "green"}.get(one.kind, "red")
    when = step.seen_at[:16].replace("T", " ")
    page.line(
        f"{when}  ",
        (f"{one.kind}{what}", style),
        f"  {step.name or one.former or f'{step.number:03}'}  {step.title}  {step.url or step.address}",
    )
