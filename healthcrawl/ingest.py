"""Capture → process → corpus: the one path of a crawl and of a replay.

`examine` is pure and may run anywhere; `keep` writes what it found. A crawl hands over its frontier too; then what the capture
means for the pages to visit is noted in the same transaction as its outcome, so that after a kill a capture is either known
in full or read again from the archive.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache, partial
from importlib.metadata import version
from typing import Any
from urllib.parse import urljoin

import sqlalchemy as sa

from healthcrawl.core import feeds, message
from healthcrawl.core.decode import Unreadable, decode, decode_feed
from healthcrawl.core.filetypes import file_type, mismatch, plain_name
from healthcrawl.core.identity import post_of
from healthcrawl.core.links import links, missing
from healthcrawl.core.process import process
from healthcrawl.core.refuse import refuse_protected
from healthcrawl.core.scope import leads_to, refuse
from healthcrawl.core.urls import canonical
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus import parts
from healthcrawl.corpus.attachments import list_file
from healthcrawl.corpus.frontier import Frontier
from healthcrawl.corpus.outcomes import Outcomes
from healthcrawl.corpus.queues import State, Visit
from healthcrawl.corpus.store import Change, Provenance, Store, Writing
from healthcrawl.knowledge.fingerprint import parts as fingerprint_parts
from healthcrawl.model import (
    ArchivedFile,
    Capture,
    Context,
    Document,
    Finding,
    Links,
    Location,
    Rejection,
)
from healthcrawl.rules import Rules

logger = logging.getLogger(__name__)

_DEEPEST_SITEMAP = 2  # steps from the one that robots.txt or the site file names
_DECIDING = ("healthcrawl", "trafilatura", "htmldate", "lxml", "opencc-python-reimplemented")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What a capture holds, without its bytes. `links` is only there for list pages, `target` for redirects, `file` for files."""

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
    file: ArchivedFile | None = None
    target: str = ""
    sets_cookie: bool = False
    capture_sha256: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingested:
    """What became of a capture: its outcome, what that did to the corpus, and what was decided about where it leads.

    `document` is the article that was kept, which may have more pages than this one; None while some of them are to come.
    """

    outcome: Document | Rejection
    document: Document | None = None
    change: Change | None = None
    decisions: tuple[Finding, ...] = ()


@lru_cache(maxsize=8)
def decided_by(fingerprint: str = "") -> str:
    """The versions of what decides a text, as the journal keeps them; rules have their fingerprint."""
    return " ".join(
        [*(f"{name}/{version(name)}" for name in _DECIDING), *([f"rules/{fingerprint}"] if fingerprint else [])]
    )


def capture_sha256(capture: Capture) -> str:
    """The SHA-256 of all that is read of a capture: where it is the same, and the rules are, so is the outcome."""
    told = (
        capture.url,
        tables.moment(capture.captured_at),
        capture.context,
        capture.truncated,
        capture.refers_to,
        capture.unresolved,
    )
    return hashlib.sha256(repr(told).encode("utf-8", "backslashreplace") + b"\n" + capture.response).hexdigest()


@lru_cache(maxsize=1)  # asked for before a response is written and when it is read
def payload_sha256(response: bytes) -> str:
    """The SHA-256 of a response's payload, without chunk framing: by it the catalog knows equal payloads."""
    return hashlib.sha256(message.parse(response).payload).hexdigest()


def examine(capture: Capture, rules: Rules) -> Examined:
    """Read a capture. Pure, but that a fault is logged."""
    parsed = message.parse(capture.response)
    outcome, found = _read(capture, rules, parsed.status)
    outcome, file = _look_at_file(capture, parsed.payload, outcome)
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
        file=file,
        target=_target(capture.url, parsed),
        sets_cookie=bool(parsed.header("Set-Cookie")),
        capture_sha256=capture_sha256(capture),
    )


def keep(
    examined: Examined, location: Location, rules: Rules, store: Store, frontier: Frontier | None = None
) -> Ingested:
    """Keep what a capture holds.

    Raises:
        ArchiveError: the corpus can't be written.
    """
    (ingested,) = keep_all([(examined, location)], rules, store, frontier)
    return ingested


def keep_all(
    batch: Sequence[tuple[Examined, Location]], rules: Rules, store: Store, frontier: Frontier | None = None
) -> list[Ingested]:
    """Keep what captures hold, in their order and all at once: after a crash either all of it is there or it is read again.

    Raises:
        ArchiveError: the corpus can't be written.
    """
    with store.writing() as writing:
        return keep_within(writing, batch, rules, frontier)


def keep_within(
    writing: Writing,
    batch: Sequence[tuple[Examined, Location]],
    rules: Rules,
    frontier: Frontier | None = None,
) -> list[Ingested]:
    """`keep_all` as a part of what is written at once."""
    tx = writing.tx
    rows = Outcomes(rules.fingerprint, partial(fingerprint_parts, rules))
    rows.forget(tx, [examined.record_id for examined, _ in batch])
    documents = [examined.outcome for examined, _ in batch if isinstance(examined.outcome, Document)]
    writing.expect(documents)
    in_pages = any(one.goes_on_at for one in documents) or parts.some(tx)
    done: list[Ingested] = []
    told: set[str] = set()
    for examined, location in batch:
        outcome, change, whole = examined.outcome, None, None
        if examined.record_id in told:  # a copy of the record
            rows.write(tx)
            rows.forget(tx, [examined.record_id])
        told.add(examined.record_id)
        if in_pages:
            rows.write(tx)  # what came of other pages may count
            whole = _gather(tx, examined, location, rules)
        elif isinstance(outcome, Document):
            whole = parts.Whole(document=outcome, provenance=_provenance(examined, location, rules))
        if whole:
            change = writing.keep(whole.document, whole.provenance)
        if isinstance(outcome, Rejection) and _says_something(outcome):
            change = writing.withdraw(examined.record_id) or change
        decisions = _note(tx, examined, rules, change, frontier) if frontier else ()
        if frontier and whole is None and isinstance(outcome, Document):
            _go_on(tx, examined, outcome.goes_on_at, rules, frontier)
        lacking = whole.lacking if whole else ()
        findings = (*outcome.findings, *lacking, *(examined.links.findings if examined.links else ()), *decisions)
        if examined.file and (finding := _list_file(tx, examined, examined.file)):
            findings = (*findings, finding)
        rows.add(_capture_row(examined, location, change), findings, examined.capture_sha256)
        decided = tuple(one for one in findings if one.kind == "scope")
        document = whole.document if whole else None
        done.append(Ingested(outcome=outcome, document=document, change=change, decisions=decided))
    rows.write(tx)
    return done


def settle(store: Store, site: str | None = None) -> None:
    """Keep, as far as they go, the articles that still wait for one of their pages, now that none will come.

    Raises:
        ArchiveError: the corpus can't be written.
    """
    with store.reading() as tx:
        if not parts.some(tx):
            return
    with store.writing() as writing:
        for whole in [*parts.unfinished(writing.tx, site)]:
            writing.keep(whole.document, whole.provenance)


def _gather(tx: sa.Connection, examined: Examined, location: Location, rules: Rules) -> parts.Whole | None:
    """The document that a capture gives or completes, with all its pages."""
    outcome = examined.outcome
    if isinstance(outcome, Document):
        following = canonical(outcome.goes_on_at, rules) if _may_go_on(outcome, rules) else ""
        return parts.take(tx, outcome, following, _provenance(examined, location, rules))
    if not _says_something(outcome):
        return None
    return parts.refuse(tx, outcome.site, outcome.address, examined.record_id, outcome.reason)


def _go_on(tx: sa.Connection, examined: Examined, url: str, rules: Rules, frontier: Frontier) -> None:
    """Make the page known that an article waits for; a later page of it may know its own next one already."""
    if url and not refuse(url, rules):
        known = replace(examined.context, via=examined.url, hops=examined.context.hops + 1)
        assert examined.captured_at is not None
        address = canonical(url, rules)
        frontier.discover(tx, address, url, known, examined.captured_at)
        frontier.ask(tx, address)


def _says_something(rejection: Rejection) -> bool:
    """Whether a rejection is one of the page, not of a fault of ours or of an archive that lacks something."""
    return rejection.reason not in {"fault", "unresolved", "not-modified"}


def _may_go_on(document: Document, rules: Rules) -> bool:
    return bool(document.goes_on_at) and not refuse(document.goes_on_at, rules)


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
        return _read_further(capture, rules, outcome, status) if isinstance(outcome, Rejection) else (outcome, None)
    except Exception as error:  # a fault of ours in one page, found by hostile input, must not cost the others
        logger.exception("%s (%s): reading it failed", capture.url, capture.record_id)
        site = rules.site.name if rules.site else ""
        address = canonical(capture.url, rules)
        return Rejection(address=address, url=capture.url, site=site, reason="fault", detail=repr(error)), None


def _read_further(capture: Capture, rules: Rules, outcome: Rejection, status: int) -> tuple[Rejection, Links | None]:
    """What a capture that is no article leads to."""
    match outcome.reason:
        case "robots" | "sitemap":
            return _read_told(capture, rules, outcome, status)
        case "attachment":
            return _refuse_page_for_file(capture, rules, outcome), None
        case "list":
            return _read_list(capture, rules, outcome, status)
        case "not-found" if capture.context.role == "list":
            return outcome, missing(capture.url, rules)
    return outcome, None


def _read_list(capture: Capture, rules: Rules, outcome: Rejection, status: int) -> tuple[Rejection, Links | None]:
    """What a list page leads to."""
    page = decode(capture, rules.max_chars)
    if isinstance(page, Unreadable):
        return replace(outcome, reason=page.reason, detail=page.detail), None
    if refusal := refuse_protected(capture, page, rules):
        return replace(outcome, reason=refusal.reason, detail=refusal.detail), None
    return outcome, links(page, rules) if status == 200 else None


def _read_told(capture: Capture, rules: Rules, outcome: Rejection, status: int) -> tuple[Rejection, Links | None]:
    """What robots.txt, a sitemap or a feed tells of."""
    if status != 200:
        return outcome, None
    text = decode_feed(capture, feeds.LARGEST)
    if isinstance(text, Unreadable):
        return replace(
            outcome, reason=text.reason, detail=text.detail
        ) if outcome.reason == "sitemap" else outcome, None
    if outcome.reason == "robots":
        return outcome, Links(sitemaps=feeds.sitemaps_of(text, capture.url), told_by="sitemap")
    return outcome, feeds.told(text, capture.url, rules)


def _refuse_page_for_file(capture: Capture, rules: Rules, outcome: Rejection) -> Rejection:
    """What came for a file; if that is a protection's page, the reason says so."""
    if file_type(message.parse(capture.response).payload) != "html":
        return outcome
    page = decode(capture, rules.max_chars)
    refusal = None if isinstance(page, Unreadable) else refuse_protected(capture, page, rules)
    return replace(outcome, reason=refusal.reason, detail=refusal.detail) if refusal else outcome


def _look_at_file(
    capture: Capture, payload: bytes, outcome: Document | Rejection
) -> tuple[Document | Rejection, ArchivedFile | None]:
    """The file that a capture holds, if it does, and the outcome with what is to be told of it.

    A file may also have come where a list promised an article.
    """
    if isinstance(outcome, Document) or outcome.reason not in {"attachment", "not-html"}:
        return outcome, None
    kind = file_type(payload)
    if outcome.reason == "not-html" and kind in {"text", "html", "empty", "unknown"}:
        return outcome, None
    name = plain_name(capture.context.entry_title, capture.url)
    file = ArchivedFile(name=name, type=kind, size=len(payload))
    told = mismatch(name, capture.url, kind)
    findings = (*outcome.findings, Finding(kind="metadata", text=name, detail=told)) if told else outcome.findings
    return replace(outcome, detail=f"{kind}, {len(payload)} bytes", findings=findings), file


def _provenance(examined: Examined, location: Location, rules: Rules) -> Provenance:
    return Provenance(
        captured_at=tables.moment(examined.captured_at),
        record_id=examined.record_id,
        warc_file=location.warc_file,
        warc_offset=location.offset,
        decided_by=decided_by(rules.fingerprint),
    )


def _capture_row(examined: Examined, location: Location, change: Change | None) -> dict[str, Any]:
    """What the catalog says of a capture."""
    outcome = examined.outcome
    rejected = outcome if isinstance(outcome, Rejection) else None
    return {
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


def _list_file(tx: sa.Connection, examined: Examined, file: ArchivedFile) -> Finding | None:
    outcome = examined.outcome
    told = {"site": outcome.site, "address": outcome.address, "url": examined.url, "via": examined.context.via}
    return list_file(tx, examined.record_id, examined.payload_sha256, file, told)


def _note(
    tx: sa.Connection, examined: Examined, rules: Rules, change: Change | None, frontier: Frontier
) -> tuple[Finding, ...]:
    """Bring the frontier up to date with a capture; say what was decided against."""
    context, outcome = examined.context, examined.outcome
    if examined.captured_at is None or rules.site is None:
        return ()
    if context.role == "robots":
        return _discover_sitemaps(tx, examined, rules, frontier)
    # Who says "not modified" without having been told what we have can't know.
    lied = examined.status == 304 and not examined.revisit
    state = "failed" if lied else _state(examined.status, context, outcome)
    body = state == "fetched" and examined.status != 304 and not _is_lost(outcome)
    news, decisions = False, tuple[Finding, ...]()
    if examined.links is not None and (body or state == "gone"):
        if context.role == "sitemap":
            decisions = _hear(tx, examined, examined.links, rules, frontier)
        else:
            news, decisions = _discover(tx, examined, examined.links, rules, frontier)
    visit = Visit(
        url=examined.url,
        at=examined.captured_at,
        state=state,
        body=body,
        etag=examined.etag,
        last_modified=examined.last_modified,
        changed=news if context.role == "list" else change is not None and change.kind != "unchanged",
        lied=lied,
    )
    frontier.visited(tx, outcome.address, visit, context)
    if examined.target:
        return _follow(tx, examined, rules, frontier)
    if isinstance(outcome, Rejection) and outcome.reason == "redirect":
        return (_decision("redirect", examined.url, "to no address that could be followed"),)
    if context.role == "article" and frontier.lists_files:
        return _discover_files(tx, examined, rules, change, frontier)
    return decisions


def _hear(tx: sa.Connection, examined: Examined, found: Links, rules: Rules, frontier: Frontier) -> tuple[Finding, ...]:
    """Take in what a sitemap or feed says: which pages have changed, which are new, which sitemaps say more."""
    assert examined.captured_at is not None
    for entries, may_be_new in ((found.entries, True), (found.others, False)):
        addresses = [canonical(entry.url, rules) for entry in entries]
        frontier.hear(
            tx,
            dict(zip(addresses, entries, strict=True)),
            examined.url,
            examined.captured_at,
            told_by=found.told_by,
            may_be_new=may_be_new,
        )
    return _discover_sitemaps(tx, examined, rules, frontier)


def _discover_sitemaps(tx: sa.Connection, examined: Examined, rules: Rules, frontier: Frontier) -> tuple[Finding, ...]:
    """Have the sitemaps read that robots.txt or an index names; of an index those only that may say something new."""
    assert examined.captured_at is not None
    context, decisions = examined.context, list[Finding]()
    for entry in examined.links.sitemaps if examined.links else ():
        if refusal := refuse(entry.url, rules):
            decisions.append(_decision(refusal.name, entry.url, refusal.rule))
            continue
        hops = 0 if context.role == "robots" else context.hops + 1
        if hops > _DEEPEST_SITEMAP:
            decisions.append(_decision("depth", entry.url, "a sitemap in an index in an index"))
            continue
        address = canonical(entry.url, rules)
        if frontier.state_in_run(tx, address):
            continue
        known = Context(role="sitemap", via=examined.url, hops=hops)
        at, modified = examined.captured_at, entry.modified
        news = frontier.discover(tx, address, entry.url, known, at, modified=modified, told_by="sitemap")
        if news or not modified:
            frontier.ask(tx, address)
    return tuple(decisions)


def _discover_files(
    tx: sa.Connection, examined: Examined, rules: Rules, change: Change | None, frontier: Frontier
) -> tuple[Finding, ...]:
    """Make the files of an article pages to visit, those of one that has not changed too; of one that has, once more."""
    assert rules.site is not None
    assert examined.captured_at is not None
    most = rules.site.attachments.of_an_article
    linked = _files_of(tx, examined.outcome)
    decisions = []
    for name, url in linked[:most]:
        target = leads_to(url, examined.url, rules)
        if refusal := refuse(target, rules):
            decisions.append(_decision(refusal.name, target, refusal.rule))
            continue
        known = Context(
            role="attachment",
            via=examined.url,
            hops=examined.context.hops + 1,
            column=examined.context.column,
            entry_title=name,
        )
        again = change is not None and change.kind == "changed"
        frontier.attach(tx, canonical(target, rules), target, known, examined.captured_at, again=again)
    if len(linked) > most:
        rule = f"attachments.of_an_article is {most}, it has {len(linked)}"
        decisions.append(_decision("too many files", examined.url, rule))
    return tuple(decisions)


def _files_of(tx: sa.Connection, outcome: Document | Rejection) -> list[tuple[str, str]]:
    """Names and addresses of the files of an article, as it stands or (not modified) as it is known."""
    if isinstance(outcome, Document):
        return [(one.name, one.url) for one in outcome.attachments]
    if outcome.reason != "not-modified":
        return []
    table = tables.documents
    query = sa.select(table.c.attachments).where(table.c.address == outcome.address, table.c.name != "")
    return [(name, url) for name, url in tx.execute(query).scalar_one_or_none() or ()]


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
        assert examined.captured_at is not None
        frontier.discover(tx, address, target, examined.context, examined.captured_at)
        frontier.ask(tx, address)
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


def _is_too_large(context: Context, outcome: Rejection) -> bool:
    """Whether a file was cut off for its size: asking for it again would bring no more."""
    return context.role == "attachment" and outcome.reason == "truncated" and outcome.detail == "length"


def _is_lost(outcome: Document | Rejection) -> bool:
    """Whether the page must be asked for in full again, since this answer could not be read."""
    return isinstance(outcome, Rejection) and outcome.reason in {"fault", "too-large", "undecodable"}


def _state(status: int, context: Context, outcome: Document | Rejection) -> State:
    if isinstance(outcome, Rejection) and outcome.reason in {"truncated", "challenge", "blocked"}:
        return "fetched" if _is_too_large(context, outcome) else "failed"
    if status in {404, 410}:
        return "gone"
    if 200 <= status < 300 or status == 304:
        return "fetched"
    return "redirected" if 300 <= status < 400 else "failed"


def _discover(
    tx: sa.Connection, examined: Examined, found: Links, rules: Rules, frontier: Frontier
) -> tuple[bool, tuple[Finding, ...]]:
    """Make what a list leads to known; say whether there is news on it, and what was decided against.

    A list is read on as long as there is news. A further page that is not known yet is always asked for.
    """
    assert rules.site is not None
    assert examined.captured_at is not None
    context, at = examined.context, examined.captured_at
    news, told = False, list[Finding]()
    for entry in found.entries:
        known = Context(
            role="article",
            via=examined.url,
            hops=context.hops + 1,
            column=context.column,
            entry_title=entry.title,
            entry_date=entry.date,
        )
        address = canonical(entry.url, rules)
        post = post_of(address, rules)
        if twin := frontier.twin(tx, address, post, known):
            news |= twin.is_news
            told.append(_decision("listed already", entry.url, f"the same article as {twin.address}"))
        else:
            news |= frontier.discover(tx, address, entry.url, known, at, post=post)
    for one in found.lists:
        known = Context(role="list", via=examined.url, hops=context.hops + 1, column=one.title or context.column)
        frontier.discover(tx, canonical(one.url, rules), one.url, known, at, head=True)
    moves = frontier.walk.brings_news(context.column, found.rows) or examined.status != 200
    following = canonical(found.next_page, rules)
    if not following or frontier.state_in_run(tx, following):
        return news, tuple(told)
    # The second page may be the first once more, where a site counts pages from 0 and from 1.
    if not moves and context.hops > 1:
        return news, (*told, _decision("endless list", found.next_page, "the page before it brings nothing new"))
    if context.hops + 1 >= rules.site.budget.depth:
        return news, (*told, _decision("depth", found.next_page, f"budget.depth is {rules.site.budget.depth}"))
    known = Context(role="list", via=examined.url, hops=context.hops + 1, column=context.column)
    frontier.discover(tx, following, found.next_page, known, at)
    if news or examined.status != 200:
        frontier.ask(tx, following)
    return news, tuple(told)
