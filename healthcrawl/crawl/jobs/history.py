"""`scrapy history URL|NUMBER`: a document's versions, and what else its captures say."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from scrapy.settings import BaseSettings

from healthcrawl.core.compare import ParagraphChange, Stretch
from healthcrawl.core.urls import canonical, in_scope
from healthcrawl.corpus.catalog import Catalog, catalog_exists, open_catalog
from healthcrawl.corpus.history import Event, Kind, Life, Origin, Part, find_number, life_of
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest, Step
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import all_sites, archive_layout
from healthcrawl.crawl.terminal import Page, Piece
from healthcrawl.errors import UsageError
from healthcrawl.knowledge.load import load_rules

_AROUND = 24  # characters shown on either side of a change
_WORDS: dict[Kind, str] = {
    "new": "first seen",
    "changed": "changed",
    "read-anew": "read anew by other rules",
    "withdrawn": "withdrawn: its page is gone, the text is kept",
    "taken-back": "taken back by our rules",
    "back": "back again",
    "alias": "the same text at another address",
    "adopted": "adopted from an older corpus",
    "taken-over": "found on its site, which it follows from now on",
    "same": "unchanged",
    "template": "page changed, article did not",
    "absent": "not found",
    "rejected": "no article",
}
_STYLES: dict[Kind, str] = {
    "changed": "bold yellow",
    "withdrawn": "bold red",
    "taken-back": "red",
    "back": "bold green",
}
_VALUES: dict[Part, str] = {
    "title": "title",
    "date": "published",
    "source": "source",
    "author": "author",
    "address": "url",
}


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Print the life of one document."""
    if len(args) != 1:
        raise UsageError("give the address of one page, or the number of one document")
    layout = archive_layout(settings)
    if not layout.manifest.exists() or not catalog_exists(layout):
        raise UsageError(f"{layout.root}: no corpus with journal and catalog there; ARCHIVE_DIR names it")
    catalog = open_catalog(layout)
    try:
        number = int(args[0]) if args[0].isdecimal() else _number_at(settings, args[0], catalog)
        life = life_of(number, Manifest(layout.manifest), catalog, layout.corpus)
    finally:
        catalog.close()
    if life is None:
        raise UsageError(f"no document has the number {number}; `scrapy changes` lists those there are")
    if opts.json:
        for event in life.events:
            print(json.dumps(_as_json(event, life), ensure_ascii=False))
    else:
        _show(life, layout)
    return DONE


def _number_at(settings: BaseSettings, given: str, catalog: Catalog) -> int:
    url = given if "://" in given else f"http://{given}"
    rules = (load_rules(site) for site in all_sites(settings).values() if in_scope(url, site))
    addresses = dict.fromkeys([url, canonical(url, load_rules()), *(canonical(url, one) for one in rules)])
    number = find_number(catalog, addresses)
    if number is None:
        raise UsageError(f"no document is or was at {url}; `grep` it in the journal, or crawl its site")
    return number


def _as_json(event: Event, life: Life) -> dict[str, Any]:
    step = event.step
    told: dict[str, Any] = {
        "number": life.present.number,
        "event": event.kind,
        "at": event.at,
        "until": event.until,
        "times": event.times,
        "what": list(event.what),
        "silent": event.silent,
        "detail": event.detail,
        "capture": _capture(event.origin),
    }
    if step is not None:
        told |= {
            "name": step.name,
            "sha256": step.sha256,
            "address": step.address,
            "url": step.url,
            "site": step.site,
            "title": step.title,
            "published": step.published,
            "source": step.source,
            "author": step.author,
            "attachments": [{"name": name, "url": url} for name, url in step.attachments],
            "decided_by": step.decided_by,
        }
        told["diff"] = None if event.changes is None else [_change_as_json(change) for change in event.changes]
    return told


def _capture(origin: Origin) -> dict[str, Any] | None:
    if not origin.warc_file:
        return None
    return {
        "file": origin.warc_file,
        "offset": origin.warc_offset,
        "record_id": origin.record_id,
        "captured_at": origin.captured_at,
    }


def _change_as_json(change: ParagraphChange) -> dict[str, Any]:
    stretches = [{"kind": one.kind, "text": one.text} for one in change.stretches]
    return {"kind": change.kind, "paragraph": change.number, "stretches": stretches}


def _show(life: Life, layout: ArchiveLayout) -> None:
    page, present = Page(), life.present
    page.line((f"{present.number:03} {present.title or '(without a title)'}", "bold"))
    page.line(present.url or present.address)
    page.line(str(layout.corpus / present.name) if present.name else "no file: the catalog keeps its texts")
    former: Step | None = None
    for event in life.events:
        page.line()
        page.line(f"{_when(event)}  ", (_WORDS[event.kind], _STYLES.get(event.kind, "")), *_note(event))
        for line in _details(event, former):
            page.line(*line, margin=4)
        if event.step is not None and event.kind != "alias":
            former = event.step


def _when(event: Event) -> str:
    first, last = (moment[:16].replace("T", " ") or "at some time" for moment in (event.at, event.until))
    return first if event.times == 1 else f"{first} to {last}"


def _note(event: Event) -> Iterator[Piece]:
    if event.what:
        yield f": {', '.join(event.what)}"
    if event.silent:
        yield ("; the date stayed as it was: a silent edit", "bold red")
    if event.detail:
        yield f": {event.detail}"
    if event.times > 1:
        yield f", {event.times} captures"


def _details(event: Event, former: Step | None) -> Iterator[list[Piece]]:
    if event.step is not None:
        yield from _told(event, event.step, former)
    if event.changes is None:
        yield ["a text of the two is not in the catalog; their captures are in the archive"]
    for change in event.changes or ():
        yield [f"¶{change.number}:", *_marked(change.stretches)]
    if event.origin.warc_file:
        yield [(f"capture: {event.origin.warc_file} @ {event.origin.warc_offset}", "dim")]


def _told(event: Event, step: Step, former: Step | None) -> Iterator[list[Piece]]:
    """What a step says: all of it at first, then what differs."""
    if event.kind == "alias":
        yield [step.url]
    if former is None:
        yield [", ".join(filter(None, (step.published, step.source, _files(step)))) or "no date, no source"]
        return
    for part in event.what:
        if name := _VALUES.get(part):
            yield [f"{part}: ", *_gone(getattr(former, name)), *_added(getattr(step, name))]
    if "attachments" in event.what:
        before, after = ({f"{name} {url}".strip() for name, url in one.attachments} for one in (former, step))
        for one in sorted(before ^ after):
            yield ["file: ", *(_gone(one) if one in before else _added(one))]


def _files(step: Step) -> str:
    number = len(step.attachments)
    return f"{number} file{'s' if number > 1 else ''}" if number else ""


def _gone(text: str) -> list[Piece]:
    return [(f"[-{text}-]", "red")] if text else []


def _added(text: str) -> list[Piece]:
    return [(f"{{+{text}+}}", "green")] if text else []


def _marked(stretches: tuple[Stretch, ...]) -> Iterator[Piece]:
    """What went and came, with a little of what stayed around it."""
    last = len(stretches) - 1
    for at, one in enumerate(stretches):
        if one.kind == "removed":
            yield from _gone(one.text)
        elif one.kind == "added":
            yield from _added(one.text)
        else:
            head, tail = ("" if at == 0 else one.text[:_AROUND]), ("" if at == last else one.text[-_AROUND:])
            short = len(one.text) > len(head) + len(tail)
            yield f"{head}\N{HORIZONTAL ELLIPSIS}{tail}" if short else one.text
