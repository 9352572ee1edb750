"""A crawl in memory: a demo bureau's pages are asked of its resources and read by the core, without sockets or an archive."""

from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from healthcrawl.core.urls import canonical
from healthcrawl.demo.answer import Resource, answer, parse_request
from healthcrawl.demo.products import Bureau
from healthcrawl.ingest import Examined, examine
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Context, Document, Rejection
from healthcrawl.rules import Column, Rules, Site

NOTHING = Resource(status=404, body=b"not found")
AT = datetime(2026, 3, 1, tzinfo=UTC)


def rules_for(bureau: Bureau, *, without: str = "") -> Rules:
    """The rules for a bureau's site, all families but one."""
    host = bureau.base.removeprefix("http://")
    column = Column(name=bureau.product.name, url=bureau.base + bureau.product.column)
    site = Site(name="x", title="x", kind="bureau", status="verified", domains=(host,), columns=(column,))
    rules = load_rules(site)
    return replace(rules, families=tuple(family for family in rules.families if family.name != without))


def send(bureau: Bureau, url: str) -> bytes:
    """A bureau's answer to a request from its column's page."""
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    head = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nReferer: {bureau.base}{bureau.product.column}\r\n\r\n"
    return answer(parse_request(head.encode()), bureau, NOTHING).response


def fetch(bureau: Bureau, url: str, context: Context, rules: Rules, at: datetime = AT) -> Examined:
    """Ask for a page and read it."""
    sent = send(bureau, url)
    return examine(Capture(url=url, response=sent, captured_at=at, context=context), rules)


class Walk:
    """A way through a bureau, from its column to wherever its pages lead, each address once."""

    def __init__(self, bureau: Bureau, rules: Rules) -> None:
        assert rules.site is not None
        self.documents: dict[str, Document] = {}
        self.rejected: dict[str, Rejection] = {}
        self.asked: list[str] = []
        self._rules = rules
        self._known: set[str] = set()
        self._heads: dict[str, str] = {}
        self._queue: list[tuple[str, Context]] = []
        for column in rules.site.columns:
            self._note(column.url, Context(role="list", column=column.name))
        while self._queue:
            url, context = self._queue.pop(0)
            self.asked.append(url)
            self._take(fetch(bureau, url, context, rules), context)

    def _note(self, url: str, context: Context) -> None:
        address = canonical(url, self._rules)
        if url and address not in self._known:
            self._known.add(address)
            self._queue.append((url, context))

    def _take(self, read: Examined, context: Context) -> None:
        if isinstance(read.outcome, Document):
            self._keep(read.outcome, read.url, context)
        elif context.role == "article":
            self.rejected[read.outcome.address] = read.outcome
        self._note(read.target, context)
        if read.links:
            for entry in read.links.entries:
                self._note(entry.url, Context(role="article", entry_title=entry.title, entry_date=entry.date))
            for following in (read.links.next_page, *(one.url for one in read.links.lists)):
                self._note(following, Context(role="list", via=read.url))

    def _keep(self, document: Document, url: str, context: Context) -> None:
        """Keep a document, or append it to the one whose text it goes on with."""
        head = self._heads.get(document.address, document.address)
        if known := self.documents.get(head):
            document = replace(known, text=f"{known.text}\n{document.text}", goes_on_at=document.goes_on_at)
        self.documents[head] = document
        if document.goes_on_at:
            self._heads[canonical(document.goes_on_at, self._rules)] = head
            self._note(document.goes_on_at, replace(context, via=url))
