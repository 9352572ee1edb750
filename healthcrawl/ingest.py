"""Capture → process → corpus: the one path of a crawl and of a replay.

`examine` is pure and may run anywhere; `keep` writes what it found. A crawl hands over its frontier too; then what the capture
means for the pages to visit is noted in the same transaction as its outcome, so that after a kill a capture is either known
in full or read again from the archive.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from importlib.metadata import version
from urllib.parse import urljoin

import sqlalchemy as sa

from healthcrawl.core import message
from healthcrawl.core.decode import Unreadable, decode
from healthcrawl.core.links import links, missing
from healthcrawl.core.process import process
from healthcrawl.core.refuse import refuse_protected
from healthcrawl.core.scope import leads_to, refuse
from healthcrawl.core.urls import canonical
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.frontier import Frontier, State, Visit
from healthcrawl.corpus.store import Change, Provenance, Store
from healthcrawl.model import Capture, Context, Document, Finding, Links, Location, Rejection
from healthcrawl.rules import Rules

logger = logging.getLogger(__name__)

_DECIDING = ("healthcrawl", "trafilatura", "htmldate", "lxml", "opencc-python-reimplemented")

# Made once: making them costs more than running them.
_FORGET = [
    sa.delete(one).where(one.c.record_id == sa.bindparam("record")) for one in (tables.findings, tables.captures)
]
_CAPTURE, _FINDING = sa.insert(tables.captures), sa.insert(tables.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a capture holds, without its bytes. `links` is only there for list pages, `target` for redirects."""

    url: str
    captured_at: datetime | None
    record_id: str
    context: Context
    status: int
    media_type: str
    payload_sha256: str
    revisit: bool
    etag: str
    last_modified: str
    outcome: Document | Rejection
    links: Links | None = None
    target: str = ""
    sets_cookie: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of a capture: its outcome, what that did to the corpus, and what was decided about where it leads."""

    outcome: Document | Rejection
    change: Change | None = None
    decisions: tuple[Finding, ...] = ()


@cache
def decided_by() -> str:
    """The versions of what decides a text, as the journal keeps them."""
    return " ".join(f"{name}/{version(name)}" for name in _DECIDING)


@lru_cache(maxsize=1)  # asked for before a response is written and when it is read
def payload_sha256(response: bytes) -> str:
    """The SHA-256 of a response's payload, without chunk framing: by it the catalog knows equal payloads."""
    return hashlib.sha256(message.parse(response).payload).hexdigest()


def examine(capture: Capture, rules: Rules) -> Examined:
    """Read a capture. Pure, but that a fault is logged."""
    parsed = message.parse(capture.response)
    outcome, found = _read(capture, rules, parsed.status)
    return Examined(
        url=capture.url,
        captured_at=capture.captured_at,
        record_id=capture.record_id,
        context=capture.context,
        status=parsed.status,
        media_type=parsed.media_type,
        payload_sha256=payload_sha256(capture.response),
        revisit=bool(capture.refers_to),
        etag=parsed.header("ETag"),
        last_modified=parsed.header("Last-Modified"),
        outcome=outcome,
        links=found,
        target=_target(capture.url, parsed),
        sets_cookie=bool(parsed.header("Set-Cookie")),
    )


def keep(
    examined: Examined, location: Location, rules: Rules, store: Store, frontier: Frontier | None = None
) -> Ingested:
    """Keep what a capture holds.

    Raises:
        ArchiveError: the corpus can't be written.
    """
    outcome, change = examined.outcome, None
    with store.writing() as tx:
        if isinstance(outcome, Document):
            change = store.keep(tx, outcome, _provenance(examined, location))
        elif outcome.reason not in {"fault", "unresolved"}:  # which say nothing of the page
            change = store.withdraw(tx, examined.record_id)
        decisions = _note(tx, examined, rules, frontier) if frontier else ()
        findings = (*outcome.findings, *(examined.links.findings if examined.links else ()), *decisions)
        _record(tx, examined, location, change, findings)
    return Ingested(outcome=outcome, change=change, decisions=tuple(one for one in findings if one.kind == "scope"))


def is_ingested(store: Store, record_id: str, location: Location) -> bool:
    """Whether the catalog knows the outcome of a capture, and that it lies there."""
    table = tables.captures
    query = sa.select(table.c.warc_file, table.c.warc_offset).where(table.c.record_id == record_id)
    with store.reading() as tx:
        return tx.execute(query).first() == (location.warc_file, location.offset)


def _read(capture: Capture, rules: Rules, status: int) -> tuple[Document | Rejection, Links | None]:
    """The outcome of a capture, and what it leads to if it is a list. A list that can't be read is no list."""
    try:
        outcome = process(capture, rules)
        if not isinstance(outcome, Rejection) or outcome.reason != "list":
            gone = isinstance(outcome, Rejection) and outcome.reason == "not-found"
            return outcome, missing(capture.url, rules) if gone and capture.context.role == "list" else None
        page = decode(capture, rules.max_chars)
        if isinstance(page, Unreadable):
            return replace(outcome, reason=page.reason, detail=page.detail), None
        if refusal := refuse_protected(capture, page, rules):
            return replace(outcome, reason=refusal.reason, detail=refusal.detail), None
        return outcome, links(page, rules) if status == 200 else None
    except Exception as error:  # a fault of ours in one page, found by hostile input, must not cost the others
        logger.exception("%s (%s): reading it failed", capture.url, capture.record_id)
        site = rules.site.name if rules.site else ""
        address = canonical(capture.url, rules)
        return Rejection(address=address, url=capture.url, site=site, reason="fault", detail=repr(error)), None


def _provenance(examined: Examined, location: Location) -> Provenance:
    return Provenance(
        captured_at=tables.moment(examined.captured_at),
        record_id=examined.record_id,
        warc_file=location.warc_file,
        warc_offset=location.offset,
        decided_by=decided_by(),
    )


def _record(
    tx: sa.Connection, examined: Examined, location: Location, change: Change | None, findings: Sequence[Finding]
) -> None:
    outcome = examined.outcome
    rejected = outcome if isinstance(outcome, Rejection) else None
    for forget in _FORGET:  # a replay reads a capture again
        tx.execute(forget, {"record": examined.record_id})
    values = {
        "record_id": examined.record_id,
        "site": outcome.site,
        "address": outcome.address,
        "url": examined.url,
        "captured_at": tables.moment(examined.captured_at),
        "role": examined.context.role,
        "status": examined.status,
        "media_type": examined.media_type,
        "payload_sha256": examined.payload_sha256,
        "record_type": "revisit" if examined.revisit else "response",
        "warc_file": location.warc_file,
        "warc_offset": location.offset,
        "warc_length": location.length,
        "outcome": "rejected" if rejected else "document",
        "reason": rejected.reason if rejected else "",
        "detail": rejected.detail if rejected else "",
        "number": change.number if change else None,
    }
    tx.execute(_CAPTURE, values)
    if findings:
        rows = [{"record_id": examined.record_id, "serial": at, **asdict(one)} for at, one in enumerate(findings)]
        tx.execute(_FINDING, rows)


def _note(tx: sa.Connection, examined: Examined, rules: Rules, frontier: Frontier) -> tuple[Finding, ...]:
    """Bring the frontier up to date with a capture; say what was decided against."""
    context, outcome = examined.context, examined.outcome
    if context.role == "robots" or examined.captured_at is None or rules.site is None:
        return ()
    state = _state(examined.status, outcome)
    visit = Visit(
        url=examined.url,
        at=examined.captured_at,
        state=state,
        body=state == "fetched" and examined.status != 304 and not _is_lost(outcome),
        etag=examined.etag,
        last_modified=examined.last_modified,
    )
    frontier.visited(tx, outcome.address, visit, context)
    if examined.target:
        return _follow(tx, examined, rules, frontier)
    if examined.links is None or not (visit.body or state == "gone"):
        return ()
    return _discover(tx, examined, examined.links, rules, frontier)


def _follow(tx: sa.Connection, examined: Examined, rules: Rules, frontier: Frontier) -> tuple[Finding, ...]:
    """Make the target of a redirect a page to visit, be it the page itself at another address or with a cookie."""
    target = leads_to(examined.target, examined.url, rules)
    if refusal := refuse(target, rules):
        return (_decision(refusal.name, target, refusal.rule),)
    address = canonical(target, rules)
    seen = frontier.state_in_run(tx, address)
    if seen not in {None, "redirected"}:
        return ()
    if not frontier.walk.may_follow(examined.url, target, sets_cookie=examined.sets_cookie):
        return (_decision("redirect loop", examined.url, f"to {target}"),)
    if seen:
        frontier.reopen(tx, address, target)
    else:
        frontier.discover(tx, address, target, examined.context)
    return ()


def _decision(name: str, url: str, rule: str) -> Finding:
    return Finding(kind="scope", text="", detail=f"{name}: {url} ({rule})")


def _target(url: str, answer: message.Message) -> str:
    """Where a redirect leads; empty for other answers and for what is no address."""
    if not 300 <= answer.status < 400:
        return ""
    try:
        return urljoin(url, answer.header("Location")).partition("#")[0]
    except ValueError:
        return ""


def _is_lost(outcome: Document | Rejection) -> bool:
    """Whether the page must be asked for in full again, since this answer could not be read."""
    return isinstance(outcome, Rejection) and outcome.reason in {"fault", "too-large", "undecodable"}


def _state(status: int, outcome: Document | Rejection) -> State:
    if isinstance(outcome, Rejection) and outcome.reason in {"truncated", "challenge", "blocked"}:
        return "failed"
    if status in {404, 410}:
        return "gone"
    if 200 <= status < 300 or status == 304:
        return "fetched"
    return "redirected" if 300 <= status < 400 else "failed"


def _discover(
    tx: sa.Connection, examined: Examined, found: Links, rules: Rules, frontier: Frontier
) -> tuple[Finding, ...]:
    assert rules.site is not None
    context = examined.context
    for entry in found.entries:
        known = Context(
            role="article",
            via=examined.url,
            hops=context.hops + 1,
            column=context.column,
            entry_title=entry.title,
            entry_date=entry.date,
        )
        frontier.discover(tx, canonical(entry.url, rules), entry.url, known)
    for one in found.lists:
        known = Context(role="list", via=examined.url, hops=context.hops + 1, column=one.title or context.column)
        frontier.discover(tx, canonical(one.url, rules), one.url, known)
    news = frontier.walk.brings_news(context.column, found.rows) or examined.status != 200
    following = canonical(found.next_page, rules)
    if not following or frontier.state_in_run(tx, following):
        return ()
    # The second page may be the first once more, where a site counts pages from 0 and from 1.
    if not news and context.hops > 1:
        return (_decision("endless list", found.next_page, "the page before it brings nothing new"),)
    if context.hops + 1 >= rules.site.budget.depth:
        return (_decision("depth", found.next_page, f"budget.depth is {rules.site.budget.depth}"),)
    known = Context(role="list", via=examined.url, hops=context.hops + 1, column=context.column)
    frontier.discover(tx, following, found.next_page, known)
    return ()
