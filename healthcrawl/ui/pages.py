"""A page's address, what it shows and how: one definition gives HTML, and the bare value as JSON at the same address with `.json`."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from healthcrawl.errors import ArchiveError, NotArchivedError, UsageError
from healthcrawl.ui import show
from healthcrawl.ui.query import Query
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.words import Words, choose

View = Callable[[Shelf, Query], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page: `view` gives a frozen value, `template` shows it under the name `page`; `path` may have parts of Starlette's kind.

    `section` is the entry of the menu that it belongs to.
    """

    path: str
    view: View
    template: str
    section: str


_TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("healthcrawl.ui"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(
    {name: getattr(show, name) for name in ("number", "size", "share", "when", "day", "parts", "plain")}
)
SECTIONS = ("sites", "documents", "search", "incidents", "rejections", "rules")


def routes(page: Page, shelf: Shelf) -> list[Route]:
    """The routes of a page; that of its JSON comes first, since a part of a path may end with anything."""

    def as_json(request: Request) -> Response:
        return _answer(page, shelf, request, as_json=True)

    def as_html(request: Request) -> Response:
        return _answer(page, shelf, request, as_json=False)

    return [Route(f"{page.path}.json", as_json), Route(page.path, as_html)]


def query_of(request: Request) -> Query:
    """What was asked for: fields of the query, and parts of the path, which go before them."""
    return Query({**request.query_params, **{name: str(value) for name, value in request.path_params.items()}})


def _answer(page: Page, shelf: Shelf, request: Request, *, as_json: bool) -> Response:
    try:
        value = page.view(shelf, query_of(request))
    except (ArchiveError, NotArchivedError, UsageError) as error:
        return refusal(request, error, as_json=as_json)
    if as_json:
        return JSONResponse(dataclasses.asdict(value))
    as_json_at = request.url.replace(scheme="", netloc="", path=f"{request.url.path}.json")
    return html(request, page.template, page=value, section=page.section, as_json=str(as_json_at))


def html(request: Request, template: str, *, status: int = 200, section: str = "", **values: object) -> HTMLResponse:
    """A template as an answer, in the language that the browser asks for."""
    words = choose(request.headers.get("accept-language", ""))
    values.setdefault("as_json", "")
    text = rendered(template, words, sections=SECTIONS, section=section, **values)
    return HTMLResponse(text, status, {"Content-Language": words.language, "Vary": "Accept-Language"})


def rendered(template: str, words: Words, **values: object) -> str:
    """A template's text in a language."""
    return _TEMPLATES.get_template(template).render(t=words, language=words.language, **values)


def refusal(request: Request, error: Exception, *, as_json: bool) -> Response:
    """What is answered where there is nothing to show."""
    status = 404 if isinstance(error, NotArchivedError) else 400 if isinstance(error, UsageError) else 503
    if as_json:
        return JSONResponse({"error": str(error)}, status)
    return html(request, "error.html", status=status, message=str(error), code=status)
