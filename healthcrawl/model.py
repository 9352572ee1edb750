"""The values that flow through healthcrawl, in the order in which they flow.

Exchange (what crossed the wire) → Capture (what the archive holds) → Page (decoded) → Metadata, lines → Document or
Rejection, with Findings. A list page gives Links instead. All are frozen; nothing here does any work.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["robots", "sitemap", "list", "article", "attachment"]

# What says that pages are there, or have changed.
Teller: TypeAlias = Literal["list", "sitemap", "feed"]

FindingKind: TypeAlias = Literal[
    "spam",
    "furniture",
    "hidden",
    "gloss",
    "byte-shift",
    "script",
    "control",
    "charset",
    "mirror",
    "inferred",
    "unresolved",
    "metadata",
    "truncated",
    "scope",
    "marker",
    "template",
    "attachment",
]

Reason: TypeAlias = Literal[
    "robots",
    "sitemap",
    "list",
    "attachment",
    "redirect",
    "not-modified",
    "unresolved",
    "not-found",
    "http-error",
    "truncated",
    "challenge",
    "blocked",
    "not-html",
    "too-large",
    "undecodable",
    "unreadable",
    "login",
    "search",
    "list-page",
    "index-page",
    "not-an-article",
    "no-text",
    "spam",
    "broken",
    "fault",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the crawl knew when it asked for a page; kept as one WARC metadata record beside the response.

    `role` is what the page was asked for as; `via` the address of the page that led to it, `hops` how many such steps lie
    between a seed and it; `column` the site's name for the list; `entry_title` and `entry_date` (ISO date or date-time, or
    empty) what the list said about it, or the article about its attachment.
    """

    role: Role = "article"
    via: str = ""
    hops: int = 0
    column: str = ""
    entry_title: str = ""
    entry_date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One HTTP exchange as it crossed the wire, or the failure to have one.

    `request` and `response` are the bytes sent and received (after TLS), `response` without interim 1xx heads; it is empty
    exactly when `error` says why nothing came. `truncated` is the WARC-Truncated reason ("length", "disconnect", "time") of
    a response that was cut off, else empty. `protocols` are those spoken, like "http/1.1" and "tls/1.3". `certificate`
    is "valid", or why the server's would have been refused; empty without TLS.
    """

    url: str
    started_at: datetime
    seconds: float
    request: bytes
    response: bytes
    ip_address: str = ""
    protocols: tuple[str, ...] = ()
    cipher: str = ""
    certificate: str = ""
    truncated: str = ""
    error: str = ""
    context: Context = field(default_factory=Context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Where a record lies: file name (below the site's folder), offset and length in bytes of its gzip member."""

    warc_file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisit:
    """Why an exchange is kept without a payload of its own: an earlier capture holds it.

    "server-not-modified": the server said so (304). "identical-payload-digest": it sent the same payload again. The rest says
    which capture; its `record_id` and `location` are empty where only its address and date are known.
    """

    profile: Literal["server-not-modified", "identical-payload-digest"]
    url: str
    captured_at: datetime
    record_id: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One response as the archive holds it, with the crawl's context: all that `process` may see.

    `response` is the HTTP response, head and body as received; of a revisit for an equal payload, its own head and the payload
    of the capture that it refers to (without a body where that one can't be found, then `unresolved` is set). `captured_at`
    (UTC, whole seconds) is None only for a page that was saved by other means. `refers_to` is set on a revisit: the address
    whose earlier capture holds the payload.
    """

    url: str
    response: bytes
    captured_at: datetime | None = None
    context: Context = field(default_factory=Context)
    record_id: str = ""
    truncated: str = ""
    refers_to: str = ""
    unresolved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a person may want to look up: a block dropped, a spot mended, a doubt.

    `text` is the text concerned as it stood (for a run of like edits, the first of them), `detail` says what was done and
    by which rule.
    """

    kind: FindingKind
    text: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A decoded HTML (or JSON) page. `charset_source` names the step that won: bom, utf-8, http, declared, guessed."""

    url: str
    captured_at: datetime | None
    context: Context
    text: str
    media_type: str
    charset: str
    charset_source: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a list page, sitemap or feed: an article's address with what is said of it.

    `date` is ISO or empty, `source` the office that published it, where the list names one, `modified` the day or moment (UTC) of its
    last change, as sitemaps and feeds have it.
    """

    url: str
    title: str = ""
    date: str = ""
    source: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What a list page leads to: the entries to follow in page order, and the next list page's address, if there is one.

    `lists` are the first pages of further columns, by name. `rows` are the canonical addresses of all its rows, followed or not: what tells whether a page brings anything new.

    Sitemaps and feeds (`told_by`) also tell of pages that are no reason to ask for one that is not known yet (`others`), and an index
    or robots.txt leads to further ones (`sitemaps`).
    """

    entries: tuple[Entry, ...] = ()
    next_page: str = ""
    lists: tuple[Entry, ...] = ()
    rows: tuple[str, ...] = ()
    others: tuple[Entry, ...] = ()
    sitemaps: tuple[Entry, ...] = ()
    told_by: Teller = "list"
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that an article links to: its name as shown, its absolute address (empty: a plain text knows none)."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivedFile:
    """A file that an article links to, as the archive holds it: the name it is shown under, its type by its own bytes, its size."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the page says of its article. `published` is an ISO date or date-time, local to the site; empty: unknown."""

    title: str = ""
    published: str = ""
    source: str = ""
    author: str = ""
    column: str = ""
    document_number: str = ""
    index_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An article in the corpus's normal form. `address` is its canonical URL, `text` the body, one paragraph a line.

    `goes_on_at` is the URL of the next page, where the text goes on behind this one; empty if it ends here.
    """

    address: str
    url: str
    site: str
    family: str
    metadata: Metadata
    text: str
    attachments: tuple[Attachment, ...] = ()
    findings: tuple[Finding, ...] = ()
    goes_on_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """A capture that is no article, and why. `detail` says more to a person."""

    address: str
    url: str
    site: str
    reason: Reason
    detail: str = ""
    family: str = ""
    findings: tuple[Finding, ...] = ()
