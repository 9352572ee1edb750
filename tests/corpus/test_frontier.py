"""A page is known before it is asked for, due until it was visited, and asked for again in the next run."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.frontier import Frontier, PageRow, Run, State, Visit, begin_run, end_run
from healthcrawl.model import Context

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
ADDRESS = "http://a.test/1"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(tmp_path / "catalog.sqlite")
    yield made
    made.close()


def discover(
    catalog: Catalog, frontier: Frontier, address: str = ADDRESS, role: str = "article", title: str = ""
) -> PageRow | None:
    with catalog.writing() as tx:
        return frontier.discover(tx, address, address, Context(role=role, entry_title=title))  # type: ignore[arg-type]


def visit(
    catalog: Catalog, frontier: Frontier, state: State = "fetched", *, body: bool = True, etag: str = '"x"'
) -> None:
    with catalog.writing() as tx:
        frontier.visited(tx, ADDRESS, Visit(url=ADDRESS, at=NOON, state=state, body=body, etag=etag), Context())


def due(frontier: Frontier) -> list[str]:
    return [page.address for page in frontier.due()]


def test_a_page_is_due_until_it_was_visited(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    assert discover(catalog, frontier) is not None
    assert due(frontier) == [ADDRESS]
    visit(catalog, frontier)
    assert due(frontier) == []
    assert discover(catalog, frontier) is None


def test_the_next_run_asks_with_what_the_server_said(catalog: Catalog) -> None:
    discover(catalog, Frontier(catalog, "demo", 1))
    visit(catalog, Frontier(catalog, "demo", 1))
    (page,) = Frontier(catalog, "demo", 2).due()
    assert (page.etag, page.captured_at) == ('"x"', NOON)


def test_a_visit_without_a_body_keeps_what_the_server_said_before(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    visit(catalog, frontier)
    visit(catalog, frontier, body=False, etag="")
    (page,) = Frontier(catalog, "demo", 2).due()
    assert page.etag == '"x"'


def test_a_failed_page_stays_due_when_the_run_goes_on(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    visit(catalog, frontier, "failed", body=False)
    assert due(frontier) == [ADDRESS]


def test_lists_come_first_and_all_pages_come(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    addresses = [f"http://a.test/{number:04}" for number in range(1203)]
    for address in addresses:
        discover(catalog, frontier, address)
    discover(catalog, frontier, "http://a.test/list", "list")
    assert due(frontier) == ["http://a.test/list", *addresses]


def test_what_lists_say_is_brought_up_to_date(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    discover(catalog, frontier, title="旧题")
    page = discover(catalog, frontier, title="新题")
    assert page is not None
    assert page.context.entry_title == "新题"


def test_sites_do_not_see_each_others_pages(catalog: Catalog) -> None:
    discover(catalog, Frontier(catalog, "demo", 1))
    assert due(Frontier(catalog, "other", 1)) == []


def test_a_run_that_was_cut_off_goes_on(catalog: Catalog) -> None:
    first = begin_run(catalog, "demo", NOON)
    assert begin_run(catalog, "demo", NOON) == Run(id=first.id, resumed=True)
    end_run(catalog, first, NOON, "finished", {"captures": 1})
    second = begin_run(catalog, "demo", NOON)
    assert (second.resumed, second.id != first.id) == (False, True)
