"""What is not a page of ours: archived pages and what they show, texts, records, tables."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from importlib import resources
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from healthcrawl.core import message
from healthcrawl.core.decode import Unreadable, decode, expand
from healthcrawl.core.process import BROKEN
from healthcrawl.corpus import catalog as tables
from healthcrawl.errors import ArchiveError, NotArchivedError, UsageError
from healthcrawl.model import Context, Finding
from healthcrawl.ui import captured
from healthcrawl.ui.marks import Mark
from healthcrawl.ui.pages import query_of, refusal
from healthcrawl.ui.replayed import rewrite
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.show import plain
from healthcrawl.ui.views import incidents
from healthcrawl.ui.views.article import document_row, findings_of, text_of

_IMAGES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/jpg",
        "image/gif",
        "image/webp",
        "image/bmp",
        "image/x-icon",
        "image/vnd.microsoft.icon",
    }
)
_TYPES = {"image": _IMAGES, "style": frozenset({"text/css"})}
_SHEET = resources.files("healthcrawl.ui").joinpath("archived.css").read_text("utf-8")
_LARGEST = 20_000_000  # bytes of a resource
_GLOSS = re.compile(r"[\u3400-\u9fff]\(\w+ ?\)(?:\(\w+ ?\))?")
_HIDING = re.compile(r"line|end of a line|element|around|replaced")  # how the details of what was seen begin
_NAME = re.compile(r"[^A-Za-z0-9._-]+")
# Of what comes out of the archive nothing runs, is sent or leads away, whoever asks for it.
_INERT = "sandbox; default-src 'none'; form-action 'none'; base-uri 'none'"


def file_routes(shelf: Shelf) -> list[Route]:
    """The routes of all files."""
    capture = "/captures/{site}/{file}/{offset:int}"
    answers: dict[str, Callable[[Shelf, Request], Response]] = {
        f"{capture}/page": archived_page,
        f"{capture}/record": record,
        "/resources/{site}": resource,
        "/documents/{number:int}.txt": text,
        "/incidents.csv": table,
    }
    return [Route(path, partial(_answer, shelf, answer)) for path, answer in answers.items()]


def _answer(shelf: Shelf, answer: Callable[[Shelf, Request], Response], request: Request) -> Response:
    try:
        return answer(shelf, request)
    except (ArchiveError, NotArchivedError, UsageError) as error:
        return refusal(request, error, as_json=False)


def archived_page(shelf: Shelf, request: Request) -> Response:
    """An archived page, harmless, with what was found in it marked (unless `marks=0`).

    Raises:
        NotArchivedError: there is no such capture, or it is no page.
        ArchiveError: its record can't be read.
    """
    query = query_of(request)
    place = captured.find(shelf, query)
    page = decode(captured.capture_of(place, Context()), shelf.rules(place.row["site"]).max_chars)
    if isinstance(page, Unreadable) or page.media_type == "application/json":
        raise NotArchivedError(f"{place.row['url']}: no page that could be shown; its exchange can")
    with shelf.catalog.reading() as tx:
        marks = [*_marks(findings_of(tx, place.row["record_id"]))] if query.text("marks") != "0" else []
    archived = partial(_archived, shelf, place)
    try:
        shown = rewrite(page.text, page.url, archived, marks, _SHEET)
    except BROKEN as error:
        raise NotArchivedError(
            f"{place.row['url']}: its markup can't be read ({error}); its exchange can be shown"
        ) from error
    # By name and folder: a sandboxed page has an origin of its own, and may load from nowhere else.
    here = f"{request.url.scheme}://{request.headers['host']}"
    policy = f"{_INERT}; frame-ancestors 'self'; img-src {here}/resources/ data:; style-src {here}/resources/ 'unsafe-inline'"
    return Response(shown, media_type="text/html; charset=utf-8", headers=_locked(policy))


def resource(shelf: Shelf, request: Request) -> Response:
    """An image or style sheet of an archived page, as it was captured at that time or nearest to it.

    Raises:
        NotArchivedError: there is none.
        ArchiveError: its record can't be read.
    """
    query = query_of(request)
    kind = query.choice("kind", ("image", "style")) or "image"
    row = _nearest(shelf, query.text("site"), query.text("url"), query.text("at"), kind)
    if row is None:
        raise NotArchivedError("the archive has no such image or style sheet")
    place = captured.of_record(shelf, row.record_id)
    received = message.parse(captured.capture_of(place, Context()).response)
    payload = expand(received, _LARGEST)
    if payload is None or received.media_type not in _TYPES[kind]:
        raise NotArchivedError("the archive has no such image or style sheet that could be shown")
    # The page that asks for it is sandboxed, and so of no origin.
    headers = _locked(_INERT) | {"Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(payload, media_type=received.media_type, headers=headers)


def record(shelf: Shelf, request: Request) -> Response:
    """The bytes of a capture's WARC record as they lie in its file.

    Raises:
        NotArchivedError: there is no such capture, or it has no bytes of its own.
        ArchiveError: the file is gone.
    """
    place = captured.find(shelf, query_of(request))
    if not place.row["warc_length"]:
        raise NotArchivedError(
            f"{place.path}: this record shares its gzip member with others and can't be had by itself"
        )
    try:
        with place.path.open("rb") as file:
            file.seek(place.offset)
            data = file.read(place.row["warc_length"])
    except OSError as error:
        raise ArchiveError(f"{place.path}: {error.strerror}; `scrapy verify` says more") from error
    return _download(data, "application/gzip", f"{place.row['site']}-{place.offset}.warc.gz")


def text(shelf: Shelf, request: Request) -> Response:
    """A document's text, as its corpus file has it.

    Raises:
        NotArchivedError: there is none of that number.
    """
    with shelf.catalog.reading() as tx:
        row = document_row(tx, query_of(request).number("number"))
    return _download(text_of(shelf, row).encode(), "text/plain; charset=utf-8", row.name or f"{row.number:03}.txt")


def table(shelf: Shelf, request: Request) -> Response:
    """The hacked pages as CSV, in UTF-8 with the mark that spreadsheets want.

    Raises:
        NotArchivedError: there is no such site.
    """
    query = query_of(request)
    name = f"incidents-{query.text('site') or 'all'}.csv"
    return _download(
        incidents.as_csv(incidents.view(shelf, query)).encode("utf-8-sig"), "text/csv; charset=utf-8", name
    )


def _download(data: bytes, media_type: str, name: str) -> Response:
    disposition = f'attachment; filename="{_NAME.sub("-", name)}"'
    return Response(data, media_type=media_type, headers={"Content-Disposition": disposition})


def _locked(policy: str) -> dict[str, str]:
    return {"Content-Security-Policy": policy, "X-Frame-Options": "SAMEORIGIN"}


def _marks(findings: list[Finding]) -> Iterator[Mark]:
    for number, one in enumerate(findings):
        note = plain(f"{one.kind}: {one.detail}"[:300])
        if one.kind == "gloss":
            for form in dict.fromkeys(_GLOSS.findall(one.detail)):
                yield Mark(number=number, kind=one.kind, text=form, note=note)
        elif one.kind not in {"script", "scope", "metadata", "charset", "marker", "template"}:
            is_hidden = one.kind == "hidden" or (one.kind == "spam" and not _HIDING.match(one.detail))
            yield Mark(number=number, kind=one.kind, text=one.text, note=note, is_hidden=is_hidden)


def _archived(shelf: Shelf, place: captured.Place, url: str, kind: str) -> str:
    """The viewer's address of what an archived page shows, if the archive has it."""
    site, at = place.row["site"], place.row["captured_at"]
    if _nearest(shelf, site, url, at, kind) is None:
        return ""
    return f"/resources/{site}?{urlencode({'url': url, 'at': at, 'kind': kind})}"


def _nearest(shelf: Shelf, site: str, url: str, at: str, kind: str) -> sa.Row[Any, Any] | None:
    """The capture of an image or style sheet at some time: the last one until then, else the first one after."""
    captures = tables.captures.c
    types = _TYPES[kind]
    here = sa.select(captures.record_id, captures.captured_at).where(
        captures.site == site, captures.url == url, captures.status == 200, captures.media_type.in_(sorted(types))
    )
    before = here.where(captures.captured_at <= at).order_by(captures.captured_at.desc()).limit(1)
    after = here.where(captures.captured_at > at).order_by(captures.captured_at).limit(1)
    with shelf.catalog.reading() as tx:
        return tx.execute(before).first() or tx.execute(after).first()
