"""A fault in reading one page costs that page only, and takes nothing back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.core.urls import canonical
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.frontier import Frontier
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.queues import Visit
from healthcrawl.corpus.store import Store
from healthcrawl.ingest import examine, keep
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Context, Document, Location, Rejection, Role
from healthcrawl.rules import Site

RULES = load_rules()
PAGE = """<html><head><title>关于开展健康讲座的通知</title></head><body><h1>关于开展健康讲座的通知</h1>
<p>发布时间：2026-03-01 来源：某市卫生健康局</p><div class="TRS_Editor"><p>各有关单位：</p>
<p>为普及合理膳食知识，我局定于三月中旬在市民中心举办健康讲座，请组织职工参加。</p></div></body></html>"""
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"
NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)
HERE = Location(warc_file="demo.warc.gz", offset=0, length=1)


def capture(role: Role = "article", body: bytes = PAGE.encode()) -> Capture:
    context = Context(role=role)
    return Capture(url="http://a.test/1.html", response=HEAD + body, record_id="<urn:uuid:1>", context=context)


def test_a_fault_is_a_rejection_and_withdraws_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    store = Store(tmp_path / "corpus", Manifest(tmp_path / "manifest.jsonl"), catalog)
    first = keep(examine(capture(), RULES), HERE, RULES, store)
    assert isinstance(first.outcome, Document)
    (name,) = [path.name for path in (tmp_path / "corpus").iterdir()]

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("healthcrawl.ingest.process", fail)
        again = keep(examine(capture(), RULES), HERE, RULES, store)
    assert isinstance(again.outcome, Rejection)
    assert (again.outcome.reason, again.outcome.detail) == ("fault", "ZeroDivisionError()")
    assert [path.name for path in (tmp_path / "corpus").iterdir()] == [name]
    catalog.close()


def test_a_list_that_cannot_be_read_is_no_list() -> None:
    examined = examine(capture("list", b"%PDF-1.7 not a list"), RULES)
    assert isinstance(examined.outcome, Rejection)
    assert (examined.outcome.reason, examined.links) == ("not-html", None)
    assert examine(capture("list"), RULES).links is not None


def test_a_redirect_makes_its_target_known_before_it_is_asked_for(tmp_path: Path) -> None:
    site = Site(name="a", title="A", kind="bureau", status="verified", domains=("a.test",), columns=())
    rules = load_rules(site)
    catalog = Catalog(tmp_path / "catalog.sqlite")
    store = Store(tmp_path / "corpus", Manifest(tmp_path / "manifest.jsonl"), catalog)
    frontier = Frontier(catalog, "a", 1)

    def visit(url: str, location: str) -> list[str]:
        with catalog.writing() as tx:
            frontier.discover(tx, canonical(url, rules), url, Context(), NOON)
        head = f"HTTP/1.1 301 Moved\r\nLocation: {location}\r\n\r\n".encode()
        moved = Capture(url=url, response=head, record_id=f"<{url}>", captured_at=NOON)
        keep(examine(moved, rules), HERE, rules, store, frontier)
        return [page.url for page in frontier.due(9, NOON)]

    assert visit("http://a.test/old.html", "/new.html") == ["http://a.test/new.html"]
    assert visit("http://a.test/out.html", "http://b.test/") == ["http://a.test/new.html"]
    assert visit("http://a.test/safe.html", "https://a.test/safe.html") == [
        "http://a.test/new.html",
        "https://a.test/safe.html",
    ]
    assert visit("http://a.test/bad.html", "http://[") == ["http://a.test/new.html", "https://a.test/safe.html"]
    catalog.close()


LIST_PAGE = """<html><body><ul class="infoList">
<li><a href="/1.html" title="关于开展健康讲座的通知">关于开展健康讲座的通知</a><span>{day}</span></li>
<li><a href="/2.html" title="关于流感疫苗接种的通知">关于流感疫苗接种的通知</a><span>2026-02-27</span></li>
</ul><a href="/index_2.html">下一页</a></body></html>"""


def test_a_list_is_read_on_as_long_as_it_brings_news(tmp_path: Path) -> None:
    site = Site(name="a", title="A", kind="bureau", status="verified", domains=("a.test",), columns=())
    rules = load_rules(site)
    catalog = Catalog(tmp_path / "catalog.sqlite")
    store = Store(tmp_path / "corpus", Manifest(tmp_path / "manifest.jsonl"), catalog)

    def read(run: int, day: str) -> set[str]:
        """The addresses that a run wants after it has read the list and everything it led to."""
        at = NOON + run * timedelta(hours=20)
        frontier = Frontier(catalog, "a", run)
        head = Capture(
            url="http://a.test/index.html",
            response=HEAD + LIST_PAGE.format(day=day).encode(),
            context=Context(role="list"),
            record_id=f"<{run}>",
            captured_at=at,
        )
        keep(examine(head, rules), HERE, rules, store, frontier)
        asked = set()
        while wanted := frontier.due(9, at):
            with catalog.writing() as tx:
                for page in wanted:
                    visit = Visit(url=page.url, at=at, state="fetched", body=True)
                    frontier.visited(tx, page.address, visit, page.context)
            asked |= {page.url.removeprefix("http://a.test/") for page in wanted}
        return asked

    assert read(1, "2026-02-28") == {"1.html", "2.html", "index_2.html"}
    assert read(2, "2026-02-28") == set()
    assert read(3, "2026-03-01") == {"1.html", "2.html", "index_2.html"}, "the second is due after more than a day"
    assert read(4, "2026-03-01") == set()
    catalog.close()


def test_not_modified_is_believed_only_from_who_was_told_what_we_have(tmp_path: Path) -> None:
    site = Site(name="a", title="A", kind="bureau", status="verified", domains=("a.test",), columns=())
    rules = load_rules(site)
    catalog = Catalog(tmp_path / "catalog.sqlite")
    store = Store(tmp_path / "corpus", Manifest(tmp_path / "manifest.jsonl"), catalog)
    first = replace(
        capture(),
        captured_at=NOON,
        record_id="<1>",
        response=HEAD.replace(b"\r\n\r\n", b'\r\nETag: W/"1"\r\n\r\n') + PAGE.encode(),
    )
    bare = replace(first, response=b"HTTP/1.1 304 Not Modified\r\n\r\n", captured_at=NOON + timedelta(days=9))
    keep(examine(first, rules), HERE, rules, store, Frontier(catalog, "a", 1))
    for run, refers_to, state, etag in ((2, first.url, "fetched", 'W/"1"'), (3, "", "failed", "")):
        answer = replace(bare, record_id=f"<{run}>", refers_to=refers_to)
        keep(examine(answer, rules), HERE, rules, store, Frontier(catalog, "a", run))
        with catalog.reading() as tx:
            (row,) = tx.execute(sa.select(tables.pages)).all()
        assert (row.state, row.etag) == (state, etag)
    catalog.close()


def test_a_revisit_is_read_as_the_full_page_by_rules_that_have_changed(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite")
    store = Store(tmp_path / "corpus", Manifest(tmp_path / "manifest.jsonl"), catalog)
    first = capture(body=PAGE.replace("我局定于", "我局 (卫健) 定于").replace("合理", "合理，均衡").encode())
    revisit = replace(first, record_id="<urn:uuid:2>", refers_to=first.url)
    assert keep(examine(first, RULES), HERE, RULES, store).change is not None
    same = keep(examine(revisit, RULES), HERE, RULES, store).change
    assert same is not None
    assert same.kind == "unchanged"
    changed = load_rules(width="keep")
    told = keep(examine(revisit, changed), HERE, changed, store).change
    assert told is not None
    assert (told.kind, told.number) == ("changed", same.number)
    (path,) = (tmp_path / "corpus").iterdir()
    assert "，" in path.read_text("utf-8")
    # Where its original is lost, it says nothing of the page.
    lost = replace(revisit, response=HEAD, unresolved=True)
    outcome = keep(examine(lost, changed), HERE, changed, store)
    assert isinstance(outcome.outcome, Rejection)
    assert (outcome.outcome.reason, outcome.change) == ("unresolved", None)
    assert list((tmp_path / "corpus").iterdir()) == [path]
    catalog.close()
