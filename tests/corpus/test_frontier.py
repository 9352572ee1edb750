"""A page is known before it is asked for, due until it was visited, and visited again when that is worth most."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.frontier import Frontier
from healthcrawl.corpus.queues import State, Visit
from healthcrawl.corpus.runs import Run, begin_run, end_run
from healthcrawl.model import Context, Role
from healthcrawl.rules import Revisiting

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
ADDRESS = "http://a.test/1"


@pytest.fixture
def catalog(tmp_path: Path, catalog_url: str) -> Iterator[Catalog]:
    made = Catalog(catalog_url or tmp_path / "catalog.sqlite")
    yield made
    made.close()


def discover(
    catalog: Catalog,
    frontier: Frontier,
    address: str = ADDRESS,
    role: Role = "article",
    *,
    date: str = "",
    title: str = "",
) -> bool:
    context = Context(role=role, entry_title=title, entry_date=date)
    with catalog.writing() as tx:
        return frontier.discover(tx, address, address, context, NOON)


def visit(
    catalog: Catalog,
    frontier: Frontier,
    state: State = "fetched",
    *,
    address: str = ADDRESS,
    days: float = 0,
    etag: str = '"x"',
    changed: bool = False,
) -> None:
    body = bool(etag)
    at = NOON + timedelta(days=days)
    seen = Visit(url=address, at=at, state=state, body=body, etag=etag, changed=changed)
    with catalog.writing() as tx:
        frontier.visited(tx, address, seen, Context())


def due(frontier: Frontier, days: float = 0, limit: int = 2000) -> list[str]:
    return [page.address for page in frontier.due(limit, NOON + timedelta(days=days))]


def row(catalog: Catalog, address: str = ADDRESS) -> sa.Row[tuple[object, ...]]:
    with catalog.reading() as tx:
        return tx.execute(sa.select(tables.pages).where(tables.pages.c.address == address)).one()


def test_a_page_is_due_until_it_was_visited(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    assert discover(catalog, frontier)
    assert due(frontier) == [ADDRESS]
    visit(catalog, frontier)
    assert due(frontier) == []
    assert not discover(catalog, frontier)


def test_a_later_run_asks_with_what_the_server_said(catalog: Catalog) -> None:
    discover(catalog, Frontier(catalog, "demo", 1))
    visit(catalog, Frontier(catalog, "demo", 1))
    assert due(Frontier(catalog, "demo", 2)) == [], "it was there an hour ago"
    (page,) = Frontier(catalog, "demo", 2).due(9, NOON + timedelta(days=1))
    assert (page.etag, page.captured_at) == ('"x"', NOON)


def test_a_visit_without_a_body_keeps_what_the_server_said_before(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    visit(catalog, frontier)
    visit(catalog, frontier, etag="")
    assert row(catalog).etag == '"x"'


def test_a_failed_page_is_due_again_when_the_run_goes_on(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    visit(catalog, frontier, "failed", etag="")
    assert due(frontier) == []
    frontier.retry_failed()
    assert due(frontier) == [ADDRESS]


def test_a_page_in_error_is_asked_for_less_and_less(catalog: Catalog) -> None:
    days = [0.0]
    for run in range(1, 9):
        frontier = Frontier(catalog, "demo", run)
        visit(catalog, frontier, "failed", days=days[-1], etag="")
        days.append(
            next(
                day for day in (days[-1] + step for step in range(100)) if due(Frontier(catalog, "demo", run + 1), day)
            )
        )
    waits = [after - before for before, after in pairwise(days)]
    assert waits == [0, 1, 3, 7, 15, 30, 30, 30]
    visit(catalog, Frontier(catalog, "demo", 9), days=days[-1])
    assert row(catalog).failures == 0


def test_a_page_is_withdrawn_when_it_is_gone_twice_with_days_between(catalog: Catalog) -> None:
    visit(catalog, Frontier(catalog, "demo", 1))
    visit(catalog, Frontier(catalog, "demo", 2), "gone", days=5, etag="")
    assert (row(catalog).state, row(catalog).withdrawn_at) == ("gone", "")
    assert due(Frontier(catalog, "demo", 3), days=6) == []
    assert due(Frontier(catalog, "demo", 3), days=7) == [ADDRESS]
    visit(catalog, Frontier(catalog, "demo", 3), "gone", days=5.5, etag="")
    assert row(catalog).state == "gone", "half a day is no proof"
    visit(catalog, Frontier(catalog, "demo", 4), "gone", days=7, etag="")
    found = row(catalog)
    assert (found.state, found.gone_at[:10], found.withdrawn_at[:10]) == ("withdrawn", "2026-03-06", "2026-03-08")
    assert due(Frontier(catalog, "demo", 5), days=37) == [ADDRESS], "it may come back"
    visit(catalog, Frontier(catalog, "demo", 5), days=37)
    assert (row(catalog).state, row(catalog).gone_at, row(catalog).withdrawn_at) == ("fetched", "", "")


def test_lists_come_first_then_what_was_never_seen_the_newest_before_the_older(catalog: Catalog) -> None:
    visit(catalog, Frontier(catalog, "demo", 1))
    frontier = Frontier(catalog, "demo", 2)
    for day in ("2024-01-05", "2024-03-01", ""):
        discover(catalog, frontier, f"http://a.test/{day}", date=day)
    discover(catalog, frontier, "http://a.test/list", "list")
    expected = [f"http://a.test/{name}" for name in ("list", "2024-03-01", "2024-01-05", "")]
    assert due(frontier, 1) == expected
    assert due(Frontier(catalog, "demo", 2), 1, limit=2) == ["http://a.test/list", "http://a.test/2024-03-01"]
    assert frontier.count_due() == 4
    for address in expected:
        visit(catalog, frontier, address=address, days=1)
    assert due(frontier, 1) == ["http://a.test/1"], "only then, since lists may tell what is worth most"


def test_a_page_never_fetched_is_asked_for_at_its_own_address(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    copy = "http://a.test/m1"
    with catalog.writing() as tx:
        frontier.discover(tx, ADDRESS, copy, Context(), NOON)
        frontier.discover(tx, ADDRESS, "https://a.test/1", Context(), NOON)
    assert row(catalog).url == "https://a.test/1"
    with catalog.writing() as tx:
        frontier.discover(tx, ADDRESS, copy, Context(), NOON)
    assert row(catalog).url == "https://a.test/1"


def test_a_page_reopened_is_due_at_its_new_address(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    visit(catalog, frontier, "redirected", etag="")
    with catalog.writing() as tx:
        assert frontier.state_in_run(tx, ADDRESS) == "redirected"
        frontier.reopen(tx, ADDRESS, "https://a.test/1")
        assert frontier.state_in_run(tx, ADDRESS) is None
    (page,) = frontier.due(9, NOON)
    assert page.url == "https://a.test/1"
    frontier.give_up([page], NOON)
    assert due(frontier) == []
    with catalog.reading() as tx:
        assert frontier.state_in_run(tx, ADDRESS) == "failed"
    assert due(Frontier(catalog, "demo", 2)) == [ADDRESS], "not its fault: the next run tries it at once"


def test_a_page_that_was_forgotten_is_not_due(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    discover(catalog, frontier)
    frontier.forget(ADDRESS)
    assert due(frontier) == []


def test_what_lists_say_is_brought_up_to_date(catalog: Catalog) -> None:
    frontier = Frontier(catalog, "demo", 1)
    discover(catalog, frontier, title="旧题")
    discover(catalog, frontier, title="新题")
    assert row(catalog).entry_title == "新题"


def test_a_list_that_shows_another_date_has_its_page_visited_before_all_others(catalog: Catalog) -> None:
    first = Frontier(catalog, "demo", 1)
    for number in range(20):
        address = f"http://a.test/{number}"
        discover(catalog, first, address, date="2024-01-01")
        visit(catalog, first, address=address, days=-number)
    second = Frontier(catalog, "demo", 2)
    assert discover(catalog, second, ADDRESS, date="2024-01-09"), "it is news"
    (page,) = second.due(1, NOON + timedelta(days=2))
    assert (page.address, page.signal) == (ADDRESS, "list")
    visit(catalog, second, days=2, changed=True)
    assert row(catalog).signal == ""
    with catalog.reading() as tx:
        (signals,) = tx.execute(sa.select(tables.learned.c.signals)).one()
    assert signals["records"] == {"list": {"right": 1, "wrong": 0}}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        ("", "2026-03-02", True),
        ("", "2026-02-20", False),
        ("2026-02-20", "2026-02-20", False),
        ("2026-02-20", "2026-02-21", True),
        ("", "", False),
    ],
)
def test_a_sitemap_tells_of_changes_since_a_page_was_seen(catalog: Catalog, before: str, now: str, told: bool) -> None:
    first, second = Frontier(catalog, "demo", 1), Frontier(catalog, "demo", 2)
    with catalog.writing() as tx:
        first.discover(tx, ADDRESS, ADDRESS, Context(), NOON, modified=before)
    visit(catalog, first)
    with catalog.writing() as tx:
        assert second.discover(tx, ADDRESS, ADDRESS, Context(), NOON, modified=now, told_by="sitemap") == told
    assert row(catalog).signal == ("sitemap" if told else "")


def test_a_run_visits_its_share_again_the_pages_that_change_most_first(catalog: Catalog) -> None:
    allowed = Revisiting(share=0.1, ceiling_days=1000)
    for run in range(1, 7):  # every fifth changes all the time
        frontier = Frontier(catalog, "demo", run, allowed)
        with catalog.writing() as tx:
            for number in range(100):
                at, url = NOON + timedelta(days=run * 10), f"http://a.test/{number}"
                seen = Visit(url=url, at=at, state="fetched", body=True, changed=number % 5 == 0)
                frontier.visited(tx, url, seen, Context())
        frontier.learn(NOON + timedelta(days=run * 10))
    again = due(Frontier(catalog, "demo", 9, allowed), days=75)
    assert len(again) == 10
    assert sum(int(address.rpartition("/")[2]) % 5 == 0 for address in again) == 10
    frontier = Frontier(catalog, "demo", 9, allowed)
    assert sum(len(due(frontier, days=75, limit=7)) for _ in range(4)) == 10, "batches together get no more"
    late = due(Frontier(catalog, "demo", 9, Revisiting(share=0.1, ceiling_days=10)), days=75)
    assert len(late) == 10


@pytest.mark.parametrize(("ceiling", "first"), [(70, {"calm"}), (200, {"lively"})])
def test_pages_seen_on_one_day_do_not_come_to_the_ceiling_on_one_day(
    catalog: Catalog, ceiling: int, first: set[str]
) -> None:
    """Sixty calm pages take six runs of ten, and are begun with six days before the ceiling, although others are worth more."""
    pages = {f"http://a.test/calm/{number}": 0 for number in range(60)}
    pages |= {f"http://a.test/lively/{number}": 2 for number in range(40)}
    for run, start in enumerate(range(0, 60, 10), 1):
        frontier = Frontier(catalog, "demo", run)
        for address, later in pages.items():
            visit(catalog, frontier, address=address, days=start + later, changed="lively" in address)
    frontier = Frontier(catalog, "demo", 9, Revisiting(share=0.1, ceiling_days=ceiling))
    with catalog.writing() as tx:
        frontier.begin(tx, NOON + timedelta(days=114))
    again = due(frontier, days=114)
    assert len(again) == 10
    assert {address.split("/")[3] for address in again} == first


def test_a_full_run_visits_everything(catalog: Catalog) -> None:
    first = Frontier(catalog, "demo", 1)
    for number in range(100):
        visit(catalog, first, address=f"http://a.test/{number}")
    discover(catalog, first, "http://a.test/list", "list")
    full = Frontier(catalog, "demo", 2, full=True)
    assert due(full, limit=1) == ["http://a.test/list"]
    assert full.count_due() == 101
    visit(catalog, full, address="http://a.test/list")
    assert len(due(full)) == 100


def test_a_page_that_grows_old_begins_anew_among_the_old(catalog: Catalog) -> None:
    discover(catalog, Frontier(catalog, "demo", 1), date="2026-02-20")
    for run, days, queue in ((1, 0, "fresh 0 0 "), (2, 20, "fresh 1 "), (3, 89, "old 0 0 ")):
        visit(catalog, Frontier(catalog, "demo", run), days=days, changed=True)
        assert row(catalog).queue.startswith(queue)


def test_sites_do_not_see_each_others_pages(catalog: Catalog) -> None:
    discover(catalog, Frontier(catalog, "demo", 1))
    assert due(Frontier(catalog, "other", 1)) == []


def test_a_run_that_was_cut_off_goes_on(catalog: Catalog) -> None:
    first = begin_run(catalog, "demo", NOON)
    assert begin_run(catalog, "demo", NOON) == Run(id=first.id, resumed=True)
    end_run(catalog, first, NOON, "finished", {"captures": 1})
    second = begin_run(catalog, "demo", NOON)
    assert (second.resumed, second.id != first.id) == (False, True)


def test_what_is_asked_for_every_row_of_a_list_reads_no_more_than_its_pages(tmp_path: Path) -> None:
    """The catalog has no statistics, so how a question is put decides which index answers it: lists have many thousand rows."""
    catalog = Catalog(tmp_path / "catalog.sqlite")
    asked: list[tuple[str, tuple[object, ...]]] = []
    frontier, context = Frontier(catalog, "demo", 1), Context(entry_date="2024-03-01", entry_title="停诊通知")
    with closing(catalog), catalog.writing() as tx:
        sa.event.listen(tx, "before_cursor_execute", lambda _c, _cursor, text, given, *_: asked.append((text, given)))
        frontier.discover(tx, ADDRESS, ADDRESS, context, NOON, post="a.test 1")
        frontier.discover(tx, ADDRESS, ADDRESS, context, NOON, post="a.test 2")
        frontier.twin(tx, "http://a.test/2", "a.test 2", context)
        frontier.ask(tx, ADDRESS)
        frontier.visited(tx, ADDRESS, Visit(url=ADDRESS, at=NOON, state="fetched"), context)
        questions = [question for question in asked if "pages" in question[0] and not question[0].startswith("INSERT")]
        plans = [
            row[3] for text, given in questions for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", given).all()
        ]
    assert len(plans) >= len(questions) > 5
    assert all(plan.startswith("SEARCH pages") and " AND " in plan for plan in plans), plans
