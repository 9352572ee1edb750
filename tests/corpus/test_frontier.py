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
    return [page.address for page in frontier.due(2000)]


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
    (page,) = Frontier(catalog, "demo", 2).due(9)
    assert (page.etag, page.captured_at) == ('"x"', NOON)


def test_a_visit_without_a_body_keeps_what_the_server_said_before(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    visit(catalog, frontier)
    visit(catalog, frontier, body=False, etag="")
    (page,) = Frontier(catalog, "demo", 2).due(9)
    assert page.etag == '"x"'


def test_a_failed_page_is_due_again_when_the_run_goes_on(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    visit(catalog, frontier, "failed", body=False)
    assert due(frontier) == []
    frontier.retry_failed()
    assert due(frontier) == [ADDRESS]


def test_lists_come_first_then_what_was_never_seen_the_newest_before_the_older(catalog: Catalog) -> None:
    visit(catalog, Frontier(catalog, "demo", 1))
    frontier = Frontier(catalog, "demo", 2)
    with catalog.writing() as tx:
        for day in ("2024-01-05", "2024-03-01", ""):
            frontier.discover(tx, f"http://a.test/{day}", f"http://a.test/{day}", Context(entry_date=day))
    discover(catalog, frontier, "http://a.test/list", "list")
    expected = ["list", "2024-03-01", "2024-01-05", "", "1"]
    assert due(frontier) == [f"http://a.test/{name}" for name in expected]
    assert [page.address for page in frontier.due(2)] == ["http://a.test/list", "http://a.test/2024-03-01"]
    assert frontier.count_due() == 5


def test_a_page_never_fetched_is_asked_for_at_its_own_address(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    copy = "http://a.test/m1"
    with catalog.writing() as tx:
        frontier.discover(tx, ADDRESS, copy, Context())
        page = frontier.discover(tx, ADDRESS, "https://a.test/1", Context())
        assert page is not None
        assert page.url == "https://a.test/1"
        again = frontier.discover(tx, ADDRESS, copy, Context())
        assert again is not None
        assert again.url == "https://a.test/1"


def test_a_page_reopened_is_due_at_its_new_address(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    visit(catalog, frontier, "redirected", body=False)
    with catalog.writing() as tx:
        assert frontier.state_in_run(tx, ADDRESS) == "redirected"
        frontier.reopen(tx, ADDRESS, "https://a.test/1")
        assert frontier.state_in_run(tx, ADDRESS) is None
    (page,) = frontier.due(9)
    assert page.url == "https://a.test/1"
    frontier.give_up([page], NOON)
    assert due(frontier) == []
    with catalog.reading() as tx:
        assert frontier.state_in_run(tx, ADDRESS) == "failed"


def test_a_page_that_was_forgotten_is_not_due(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    discover(catalog, frontier)
    frontier.forget(ADDRESS)
    assert due(frontier) == []


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
