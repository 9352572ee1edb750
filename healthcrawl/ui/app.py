"""The application: all pages over one archive."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from threading import Thread

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from healthcrawl.corpus.catalog import catalog_exists, open_catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.search import Search
from healthcrawl.errors import ArchiveError, NotArchivedError, UsageError
from healthcrawl.rules import NormalForm, Site
from healthcrawl.ui.files import file_routes
from healthcrawl.ui.guard import Guard
from healthcrawl.ui.pages import Page, refusal, routes
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.views import again, article, capture, documents, incidents, rejections, rules, search, site
from healthcrawl.ui.views import sites as overview

_HERE = Path(__file__).parent

_CAPTURE = "/captures/{site}/{file}/{offset:int}"

PAGES = (
    Page(path="/sites", view=overview.view, template="sites.html", section="sites"),
    Page(path="/sites/{site}", view=site.view, template="site.html", section="sites"),
    Page(path="/documents", view=documents.view, template="documents.html", section="documents"),
    Page(path="/documents/{number:int}", view=article.view, template="article.html", section="documents"),
    Page(path="/search", view=search.view, template="search.html", section="search"),
    Page(path=_CAPTURE, view=capture.view, template="capture.html", section=""),
    Page(path=f"{_CAPTURE}/again", view=again.view, template="again.html", section=""),
    Page(path="/incidents", view=incidents.view, template="incidents.html", section="incidents"),
    Page(path="/rejections", view=rejections.view, template="rejections.html", section="rejections"),
    Page(path="/rules", view=rules.view, template="rules.html", section="rules"),
    Page(path="/rules/{name}", view=rules.view_file, template="rule_file.html", section="rules"),
)


def build_app(
    layout: ArchiveLayout,
    sites: Mapping[str, Site],
    clock: Callable[[], datetime],
    *,
    form: NormalForm | None = None,
    password: str = "",
) -> Starlette:
    """The pages over an archive. Without a password only requests to loopback's own names are answered.

    Raises:
        UsageError: there is no catalog.
        ArchiveError: the catalog is of another version, or can't be read.
    """
    if not catalog_exists(layout):
        raise UsageError(f"{layout.root}: no catalog there; crawl first, or ARCHIVE_DIR names another archive")
    catalog = open_catalog(layout, read_only=True)
    shelf = Shelf(
        layout=layout,
        catalog=catalog,
        search=Search(layout, catalog),
        sites=sites,
        form=form or NormalForm(),
        clock=clock,
    )
    known: list[BaseRoute] = [route for page in PAGES for route in routes(page, shelf)]
    known += file_routes(shelf)
    known += [
        Route("/", lambda _: RedirectResponse("/sites")),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        # Of a large corpus the index takes a while to make: the first who searches need not wait for all of it.
        Thread(target=_prepare, args=(shelf.search,), name="full text", daemon=True).start()
        yield

    return Starlette(
        routes=known,
        middleware=[Middleware(Guard, password=password)],
        exception_handlers={404: _not_found},
        lifespan=lifespan,
    )


def _prepare(search: Search) -> None:
    """Bring the index up to date; whoever searches is told if that can't be done."""
    with suppress(ArchiveError):
        search.refresh()


def _not_found(request: Request, _error: Exception) -> Response:
    assert isinstance(_error, HTTPException)
    error = NotArchivedError("there is nothing at this address")
    return refusal(request, error, as_json=request.url.path.endswith(".json"))
