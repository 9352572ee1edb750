"""`scrapy sites list|check|probe`: what is known of the sites, whether it holds, and a first look at a new one."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table
from scrapy.crawler import AsyncCrawlerProcess

from healthcrawl.core.decode import decode
from healthcrawl.core.links import links
from healthcrawl.core.process import process
from healthcrawl.core.urls import host_of
from healthcrawl.corpus.captures import closest
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.store import count_documents
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import BROKEN_EXPECTATION, DONE, FAILED
from healthcrawl.crawl.loader import SiteSpiderLoader
from healthcrawl.crawl.options import all_sites, one_site
from healthcrawl.crawl.probe import ProbeSpider
from healthcrawl.disk import write_atomically
from healthcrawl.errors import ArchiveError, DamagedRecordError, UsageError
from healthcrawl.knowledge.draft import Look, draft_site, has_columns, site_name
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Context, Document, Page, Role
from healthcrawl.rules import Example, Rules, Site
from healthcrawl.warc.read import read_capture

_ROLES: dict[str, Role] = {"article": "article", "list": "list"}


class Command(PlainCommand):
    """The sites command."""

    def syntax(self) -> str:
        """How it is called."""
        return "list | check [NAME…] | probe URL [-o FILE]"

    def short_desc(self) -> str:
        """One line of help."""
        return "Show the sites, check what their files say, draft a file for a new one"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "list: every site with its kind, families, columns and what was crawled of it. check: load every site file (or "
            "those named) and read the examples' captures in the archive as the files say. probe: look at a home page and a "
            "few lists, with the manners of a crawl, and write a commented site file. Exit status: 0 done, 1 failed, "
            "2 wrong use, 3 an example does not hold."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument("-o", "--output", metavar="FILE", default="", help="probe: write the site file here")
        parser.add_argument("--name", metavar="NAME", default="", help="probe: the site's name; else from its host")

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Do what the first word says."""
        match args:
            case ["list"]:
                return self._list()
            case ["check", *names]:
                return self._check(names)
            case ["probe", url]:
                return self._probe(url, opts)
        raise UsageError("say list, check [NAME…] or probe URL")

    def _list(self) -> int:
        assert self.settings is not None
        loader = SiteSpiderLoader.from_settings(self.settings)
        layout = ArchiveLayout(Path(self.setting("ARCHIVE_DIR")))
        known = Catalog(layout.catalog) if layout.catalog.exists() else None
        table = Table("site", "kind", "status", "families", "columns", "documents", "title", box=None, pad_edge=False)
        for name, site in all_sites(self.settings).items():
            documents = str(count_documents(known, name)) if known else "-"
            families = " ".join(site.families) or "any"
            table.add_row(name, site.kind, site.status, families, str(len(site.columns)), documents, site.title)
        Console().print(table)
        if known:
            known.close()
        for error in loader.errors.values():
            print(f"scrapy sites: left out: {error}", file=sys.stderr)
        return DONE

    def _check(self, names: list[str]) -> int:
        assert self.settings is not None
        loader = SiteSpiderLoader.from_settings(self.settings)
        sites = [one_site(self.settings, name) for name in names] or list(all_sites(self.settings).values())
        wrong = 0
        for error in () if names else loader.errors.values():
            wrong += 1
            print(f"{error}")
        layout = ArchiveLayout(Path(self.setting("ARCHIVE_DIR")))
        catalog = Catalog(layout.catalog) if layout.catalog.exists() else None
        for site in sites:
            print(f"{site.name}: the file is right, {len(site.examples)} examples")
            for example, held, said in _prove(site, layout, catalog):
                wrong += held is False
                mark = {True: "holds", False: "DOES NOT HOLD", None: "not proved"}[held]
                print(f"  {mark}: {example.kind} {example.url}: {said}")
        if catalog:
            catalog.close()
        return BROKEN_EXPECTATION if wrong else DONE

    def _probe(self, url: str, opts: argparse.Namespace) -> int:
        url = url if "://" in url else f"http://{url}/"
        if not host_of(url):
            raise UsageError(f"not an http(s) URL: {url}")
        output = Path(opts.output) if opts.output else None
        if output is not None and output.exists():
            raise UsageError(f"{output} is there already; name another file with -o")
        name = opts.name or (output.stem if output else site_name(url))
        print(f"scrapy sites: looking at {url}; this takes a minute or two, since nobody is hurried", file=sys.stderr)
        spider = self._run(url)
        look = spider.look
        if look is None:
            print(f"scrapy sites: the home page could not be read: {spider.trouble}", file=sys.stderr)
            return FAILED
        if not has_columns(look):
            _tell_lists(look)
            print(
                "scrapy sites: no column with entries was found, so there is nothing to crawl; look at the page in a browser "
                "and probe the address of the bureau's own page",
                file=sys.stderr,
            )
            return FAILED
        text = draft_site(look, name)
        if output is None:
            print(text, end="")
        else:
            write_atomically(output, text.encode())
            _tell_lists(look)
            print(
                f"scrapy sites: wrote {output}; read it, then put it into SITES_DIR and crawl {name}", file=sys.stderr
            )
        return DONE

    def _run(self, url: str) -> ProbeSpider:
        assert self.settings is not None
        with tempfile.TemporaryDirectory(prefix="healthcrawl-probe-") as folder:
            self.settings.set("ARCHIVE_DIR", folder, priority="cmdline")
            self.settings.set("LOG_INSTALL_ROOT_HANDLER", value=False, priority="cmdline")
            process = AsyncCrawlerProcess(self.settings)
            crawler = process.create_crawler(ProbeSpider)
            task = process.crawl(crawler, url=url)
            assert isinstance(task, asyncio.Task), "the asyncio reactor is Scrapy's default"
            process.start()
        failure = task.exception() if task.done() else None
        if failure is not None:
            raise failure
        assert isinstance(crawler.spider, ProbeSpider)
        return crawler.spider


def _tell_lists(look: Look) -> None:
    for candidate, reading in look.lists:
        found = f"{reading.entries} entries ({reading.family})" if reading else "no answer"
        print(f"  {candidate.name} {candidate.url}: {found}", file=sys.stderr)


def _prove(site: Site, layout: ArchiveLayout, catalog: Catalog | None) -> Iterator[tuple[Example, bool | None, str]]:
    """For each example whether its newest capture is what the file says; None where there is none to tell."""
    rules = load_rules(site)
    for example in site.examples:
        if example.kind == "outside":
            yield example, True, "outside of the site"
            continue
        row = closest(catalog, site.name, example.url) if catalog else None
        if row is None:
            yield example, None, "not in the archive"
            continue
        try:
            capture = read_capture(
                layout.warc(site.name) / row.location.warc_file, row.location.offset, Context(role=_ROLES[example.kind])
            )
        except (ArchiveError, DamagedRecordError) as error:
            yield example, None, str(error)
            continue
        yield example, *_read(example, capture, rules)


def _read(example: Example, capture: Capture, rules: Rules) -> tuple[bool, str]:
    if example.kind == "article":
        outcome = process(capture, rules)
        if isinstance(outcome, Document):
            return (
                True,
                f"{outcome.metadata.title or 'without a title'} ({outcome.metadata.published or 'without a date'})",
            )
        return False, f"rejected: {outcome.reason}"
    page = decode(capture, rules.max_chars)
    if not isinstance(page, Page):
        return False, f"can't be read: {page.reason}"
    found = links(page, rules)
    return bool(found.entries or found.next_page), f"{len(found.entries)} entries"
