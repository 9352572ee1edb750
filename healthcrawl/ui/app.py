"""The application: all pages over one archive."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.errors import NotArchivedError, UsageError
from healthcrawl.rules import NormalForm, Site
from healthcrawl.ui.guard import Guard
from healthcrawl.ui.pages import Page, refusal, routes
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.views import sites as sites_view

_HERE = Path(__file__).parent

PAGES = (Page(path="/sites", view=sites_view.view, template="sites.html", section="sites"),)


def build_app(
    archive_dir: Path,
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
    layout = ArchiveLayout(archive_dir)
    if not layout.catalog.exists():
        raise UsageError(f"{layout.root}: no catalog there; crawl first, or ARCHIVE_DIR names another archive")
    shelf = Shelf(
        layout=layout,
        catalog=Catalog(layout.catalog, read_only=True),
        sites=sites,
        form=form or NormalForm(),
        clock=clock,
    )
    known: list[BaseRoute] = [route for page in PAGES for route in routes(page, shelf)]
    known += [
        Route("/", lambda _: RedirectResponse("/sites")),
        Mount("/static", StaticFiles(directory=_HERE / "static")),
    ]
    return Starlette(
        routes=known,
        middleware=[Middleware(Guard, password=password)],
        exception_handlers={404: _not_found},
    )


def _not_found(request: Request, _error: Exception) -> Response:
    assert isinstance(_error, HTTPException)
    error = NotArchivedError("there is nothing at this address")
    return refusal(request, error, as_json=request.url.path.endswith(".json"))
