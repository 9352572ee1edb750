"""`scrapy sites list|check|probe`: what is known of the sites, whether it holds, and a first look at a new one."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.table import Table
from scrapy import Spider
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from healthcrawl.core.decode import decode
from healthcrawl.core.links import links
from healthcrawl.core.process import process
from healthcrawl.core.urls import host_of
from healthcrawl.corpus.captures import closest
from healthcrawl.corpus.catalog import Catalog, catalog_exists, open_catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.store import count_documents
from healthcrawl.crawl.exits import BROKEN_EXPECTATION, DONE, FAILED
from healthcrawl.crawl.live import LiveCheck, claims, live_check
from healthcrawl.crawl.loader import SiteSpiderLoader
from healthcrawl.crawl.options import all_sites, archive_layout, one_site
from healthcrawl.crawl.probe import ProbeSpider
from healthcrawl.disk import write_atomically
from healthcrawl.errors import ArchiveError, DamagedRecordError, UsageError
from healthcrawl.knowledge.draft import Look, draft_site, has_columns, site_name
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Context, Document, Page, Rejection, Role
from healthcrawl.rules import Example, Rules, Site
from healthcrawl.warc.read import read_capture

_ROLES: dict[str, Role] = {"article": "article", "list": "list"}


def work(settings: Settings, args: list[str], opts: argparse.Namespace) -> int:
    """Do what the first word says."""
    match args:
        case ["list"]:
            return _list(settings)
        case ["check", *names]:
            return _check_live(settings, names) if opts.live else _check(settings, names)
        case ["probe", url]:
            return _probe(settings, url, opts)
    raise UsageError("say list, check [NAME…] or probe URL")


def _list(settings: Settings) -> int:
    loader = SiteSpiderLoader.from_settings(settings)
    layout = archive_layout(settings)
    known = open_catalog(layout) if catalog_exists(layout) else None
    table = Table(box=None, pad_edge=False)
    for name in ("site", "title", "kind", "status", "families", "columns", "documents"):
        table.add_column(name, overflow="fold", no_wrap=name in {"site", "kind", "status"})
    for name, site in all_sites(settings).items():
        documents = str(count_documents(known, name)) if known else "-"
        families = " ".join(site.families) or "any"
        table.add_row(name, site.title, site.kind, site.status, families, str(len(site.columns)), documents)
    Console().print(table)
    if known:
        known.close()
    for error in loader.errors.values():
        print(f"scrapy sites: left out: {error}", file=sys.stderr)
    return DONE


def _check(settings: Settings, names: list[str]) -> int:
    loader = SiteSpiderLoader.from_settings(settings)
    sites = [one_site(settings, name) for name in names] or list(all_sites(settings).values())
    wrong = 0
    for error in () if names else loader.errors.values():
        wrong += 1
        print(f"{error}")
    layout = archive_layout(settings)
    catalog = open_catalog(layout) if catalog_exists(layout) else None
    for site in sites:
        print(f"{site.name}: the file is right, {len(site.examples)} examples")
        for example, held, said in _prove(site, site.examples, layout, catalog):
            wrong += held is False
            _tell_proof(example, held, said)
    if catalog:
        catalog.close()
    return BROKEN_EXPECTATION if wrong else DONE


def _check_live(settings: Settings, names: list[str]) -> int:
    if not names:
        raise UsageError("--live: say which sites; nobody is asked without being named")
    loader = SiteSpiderLoader.from_settings(settings)
    asked = [claim for name in names for claim in claims(one_site(settings, name)) if claim.kind != "outside"]
    print(f"scrapy sites: asking for {len(asked)} pages; nobody is hurried", file=sys.stderr)
    statuses = []
    with tempfile.TemporaryDirectory(prefix="healthcrawl-check-") as folder:
        layout = ArchiveLayout(Path(folder))
        for spider in _ask(settings, folder, [live_check(loader.load(name)) for name in names]):
            assert isinstance(spider, LiveCheck)
            catalog = open_catalog(layout)
            statuses.append(_judge_live(spider, layout, catalog))
            catalog.close()
    return next((status for status in (BROKEN_EXPECTATION, FAILED) if status in statuses), DONE)


def _probe(settings: Settings, url: str, opts: argparse.Namespace) -> int:
    url = url if "://" in url else f"http://{url}/"
    if not host_of(url):
        raise UsageError(f"not an http(s) URL: {url}")
    output = Path(opts.output) if opts.output else None
    if output is not None and output.exists():
        raise UsageError(f"{output} is there already; name another file with -o")
    name = opts.name or (output.stem if output else site_name(url))
    print(f"scrapy sites: looking at {url}; this takes a minute or two, since nobody is hurried", file=sys.stderr)
    spider = _run(settings, url)
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
        print(f"scrapy sites: wrote {output}; read it, then put it into SITES_DIR and crawl {name}", file=sys.stderr)
    return DONE


def _run(settings: Settings, url: str) -> ProbeSpider:
    with tempfile.TemporaryDirectory(prefix="healthcrawl-probe-") as folder:
        (spider,) = _ask(settings, folder, [ProbeSpider], url=url)
    assert isinstance(spider, ProbeSpider)
    return spider


def _ask(settings: Settings, folder: str, kinds: Sequence[type[Spider]], **arguments: str) -> list[Spider]:
    """Let spiders work, with a folder for their archive, and give them back when they are through."""
    settings.set("ARCHIVE_DIR", folder, priority="cmdline")
    settings.set("ATTACHMENTS", value=False, priority="cmdline")
    settings.set("LOG_INSTALL_ROOT_HANDLER", value=False, priority="cmdline")
    process = AsyncCrawlerProcess(settings)
    crawlers = [process.create_crawler(kind) for kind in kinds]
    tasks = [process.crawl(crawler, **arguments) for crawler in crawlers]
    process.start()
    for task in tasks:
        assert isinstance(task, asyncio.Task), "the asyncio reactor is Scrapy's default"
        failure = task.exception() if task.done() else None
        if failure is not None:
            raise failure
    return [crawler.spider for crawler in crawlers if crawler.spider is not None]


def _tell_lists(look: Look) -> None:
    for candidate, reading in look.lists:
        found = f"{reading.entries} entries ({reading.family})" if reading else "no answer"
        print(f"  {candidate.name} {candidate.url}: {found}", file=sys.stderr)


def _judge_live(spider: LiveCheck, layout: ArchiveLayout, catalog: Catalog) -> int:
    """Tell what a site's answers prove; the exit status."""
    site, proofs = spider.site, []
    print(f"{site.name} ({site.status}), as it is now:")
    for example in claims(site):
        here = replace(example, url=spider.arrived.get(example.url, example.url))
        ((_, held, said),) = _prove(site, [here], layout, catalog)
        if example.url in spider.trouble:
            held, said = None, spider.trouble[example.url]
        proofs.append((example, held))
        _tell_proof(example, held, said if here == example else f"{said}, moved to {here.url}")
    wrong, unknown = ([example for example, held in proofs if held is state] for state in (False, None))
    articles = sum(example.kind == "article" for example in site.examples)
    if wrong or unknown:
        print(f"  {len(wrong)} do not hold, {len(unknown)} did not answer: ", end="")
        print('mend the file; until then its status is "unverified"' if wrong else "try again later")
    elif not articles:
        print("  all holds, but the file has no example of an article: add one")
    elif site.status == "unverified":
        print('  all holds: set status = "verified" in its file')
    else:
        print("  all holds")
    return BROKEN_EXPECTATION if wrong else FAILED if unknown else DONE


def _tell_proof(example: Example, held: bool | None, said: str) -> None:  # one of three
    mark = {True: "holds", False: "DOES NOT HOLD", None: "not proved"}[held]
    print(f"  {mark}: {example.kind} {example.url}: {said}")


def _prove(
    site: Site, examples: Iterable[Example], layout: ArchiveLayout, catalog: Catalog | None
) -> Iterator[tuple[Example, bool | None, str]]:
    """For each example whether its newest capture is what the file says; None where there is none to tell."""
    rules = load_rules(site)
    for example in examples:
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
    asked = process(capture, rules)
    if not isinstance(asked, Rejection) or asked.reason != "list":
        return False, f"rejected: {asked.reason}" if isinstance(asked, Rejection) else "no list"
    page = decode(capture, rules.max_chars)
    if not isinstance(page, Page):
        return False, f"can't be read: {page.reason}"
    if isinstance(process(replace(capture, context=Context(role="article")), rules), Document):
        return False, "an article, no list"
    found = links(page, rules)
    return bool(found.rows or found.next_page), f"{len(found.rows)} entries, {len(found.entries)} of them to follow"
