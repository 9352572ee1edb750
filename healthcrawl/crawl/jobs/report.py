"""What `scrapy report` does."""

import argparse
import os

from scrapy.settings import BaseSettings

from healthcrawl.corpus.catalog import catalog_exists, open_catalog
from healthcrawl.corpus.condition import crawled_sites
from healthcrawl.corpus.search import Search
from healthcrawl.crawl.clock import load_clock
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import all_sites, archive_layout, moment, normal_form, output_file
from healthcrawl.disk import write_atomically
from healthcrawl.errors import UsageError


def work(settings: BaseSettings, args: list[str], opts: argparse.Namespace) -> int:
    """Write the report.

    Raises:
        UsageError: a library is not installed, or the call's words are wrong.
        ArchiveError: the archive can't be read, or the file not be written.
    """
    try:
        from healthcrawl.ui import report, words  # noqa: PLC0415  # its libraries may not be installed
        from healthcrawl.ui.shelf import Shelf  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UsageError(f"report needs {error.name}: pip install 'healthcrawl[ui]'") from error
    path = output_file(opts.output, "report.html")
    languages = words.languages()
    if opts.lang and opts.lang not in languages:
        raise UsageError(f"--lang: expected one of {', '.join(languages)}, got {opts.lang!r}")
    language = languages[opts.lang] if opts.lang else words.choose(_locale())
    since, until = moment(opts.since, "--since"), moment(opts.until, "--until")
    layout = archive_layout(settings)
    if not catalog_exists(layout):
        raise UsageError(f"{layout.root}: no catalog there; crawl first, or ARCHIVE_DIR names another archive")
    catalog = open_catalog(layout, read_only=True)
    try:
        crawled = crawled_sites(catalog)
        if strange := [name for name in args if name not in crawled]:
            raise UsageError(f"{strange[0]}: never crawled here; there are {', '.join(crawled) or 'none'}")
        shelf = Shelf(
            layout=layout,
            catalog=catalog,
            search=Search(layout, catalog),
            sites=all_sites(settings),
            form=normal_form(settings),
            clock=load_clock(settings),
        )
        html = report.as_html(report.report(shelf, args or crawled, since, until), language)
    finally:
        catalog.close()
    write_atomically(path, html.encode())
    return DONE


def _locale() -> str:
    """The language of the environment, as a browser would say it: of POSIX's variables the first that is set counts."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return next(filter(None, names), "").partition(".")[0].replace("_", "-")
