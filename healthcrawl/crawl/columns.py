"""Which lists of a site a run could not read: articles may stand there that nobody will see until somebody is told."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from healthcrawl.ingest import Ingested
from healthcrawl.model import Context, Rejection

_READ = frozenset({"list", "not-modified"})
_LONGEST = 160  # characters of a reason
_CUT = {  # by the words of WARC-Truncated
    "length": "larger than DOWNLOAD_MAXSIZE",
    "time": "not whole within DOWNLOAD_TIMEOUT",
    "disconnect": "the connection ended before its end",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadList:
    """A list page that could not be read: its column, its address, and why."""

    column: str
    url: str
    why: str

    def __str__(self) -> str:
        """As people read it: `通知公告 (http://a.test/: http-error, status 500)`; what a server chose can't steer a terminal."""
        text = f"{self.column or 'a list'} ({self.url}: {self.why[:_LONGEST]})"
        return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


@dataclass(slots=True)
class UnreadLists:
    """Keeps, by address, what the last attempt at each list page came to."""

    _unread: dict[str, UnreadList] = field(default_factory=dict)

    def note(self, context: Context, url: str, ingested: Ingested) -> None:
        """Take in the outcome of a capture.

        A redirect that is followed is not the end, and where a list has no further page, that is no loss: sites announce more
        pages than they have.
        """
        outcome = ingested.outcome
        if context.role != "list":
            return
        reason = outcome.reason if isinstance(outcome, Rejection) else "an article, no list"
        if reason in _READ:
            self._unread.pop(outcome.address, None)
        elif (reason == "redirect" and not ingested.decisions) or (reason == "not-found" and context.hops):
            return
        else:
            detail = outcome.detail if isinstance(outcome, Rejection) else ""
            detail = _CUT.get(detail, detail) if reason == "truncated" else detail
            self.fail(context, outcome.address, url, f"{reason}, {detail}" if detail else reason)

    def fail(self, context: Context, address: str, url: str, why: str) -> None:
        """Take in that a page was not answered, or not asked for."""
        if context.role == "list":
            self._unread[address] = UnreadList(column=context.column, url=url, why=why)

    def __len__(self) -> int:
        return len(self._unread)

    def __iter__(self) -> Iterator[UnreadList]:
        return iter(self._unread.values())
