"""`scrapy changes`: new, changed and withdrawn documents since a day or a cursor."""

import argparse
import json
import sys
from typing import Any

from scrapy.settings import BaseSettings

from healthcrawl.corpus.changes import News, cursor_at, news, place_of
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import archive_layout, moment, one_site
from healthcrawl.crawl.terminal import Page
from healthcrawl.errors import UsageError


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Print the changes, then the cursor to go on from."""
    if args:
        raise UsageError("takes no names; --site NAME and --since DATE|CURSOR say what to list")
    layout = archive_layout(settings)
    if not layout.manifest.exists():
        raise UsageError(f"{layout.manifest}: no journal there; ARCHIVE_DIR names the archive")
    if opts.site and not layout.warc(opts.site).is_dir():  # a site whose file is gone may have documents
        one_site(settings, opts.site)
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
