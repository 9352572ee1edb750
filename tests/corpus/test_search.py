"""Full text: what a plain scan of all texts finds is found, no more and no less, whatever happened to documents and to the file."""

import os
import random
import sqlite3
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from threading import Thread

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcrawl.core.terms import MOST_CHARACTERS, excerpts, searchable, terms_of
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus import fulltext
from healthcrawl.corpus.fulltext import Filters
from healthcrawl.corpus.search import Answer, Search
from healthcrawl.errors import ArchiveError, UsageError
from tests.corpus.shelves import KINDS, Shelf, document
from tests.crawl.disks import disk, remount

NUMBER = 500
ODD = (
    document(9001, title="H7N9 禽流感监测", text='２０２４年H7N9疫情通报"AND"NEAR(卫生)*\n第二段 Covid-19 疫苗。'),
    document(9002, title="Ａ１号", text="衛生健康局發佈:看著後來\n𠮷野家 ΑΣ Σ"),
    document(9003, title="纯标题", text="。"),
    document(9004, title="甲 乙丙", text="丁 甲乙\n乙丙丁"),
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """So many documents, some with findings, and some odd ones."""
    shelf = Shelf(tmp_path_factory.mktemp("search") / "archive")
    for at, kind in enumerate(KINDS):
        shelf.keep((document(n) for n in range(at, NUMBER, len(KINDS))), kinds=(kind, "script"))
    shelf.keep(ODD)
    return shelf


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Shelf]:
    shelf = Shelf(tmp_path / "archive")
    shelf.keep(document(n) for n in range(20))
    yield shelf
    shelf.catalog.close()


def search_of(shelf: Shelf) -> Search:
    return Search(shelf.layout, shelf.catalog)


@cache
def read(path: Path) -> str:
    return searchable(path.read_text("utf-8"))


def scan(shelf: Shelf, words: str) -> set[int]:
    """The numbers of the corpus files in which all terms stand, by looking through them all."""
    terms, paths = terms_of(words), shelf.layout.corpus.iterdir()
    return {int(path.name.partition("_")[0]) for path in paths if all(term in read(path) for term in terms)}


def numbers(answer: Answer) -> list[int]:
    return [hit.number for hit in answer.hits]


def texts(shelf: Shelf) -> list[str]:
    return [path.read_text("utf-8") for path in sorted(shelf.layout.corpus.iterdir())]


def everything(search: Search, words: str, filters: Filters | None = None) -> list[int]:
    answer = search.ask(words, filters or Filters(), limit=10_000)
    found = numbers(answer)
    assert answer.total == len(found)
    return found


def test_what_stands_in_a_text_is_found_as_by_a_plain_scan(shelf: Shelf) -> None:
    search, corpus, chance = search_of(shelf), texts(shelf), random.Random(7)  # noqa: S311  # nothing secret
    for length in (1, *range(2, 9), 20):
        for _ in range(6):
            text = chance.choice(corpus)
            at = chance.randrange(max(1, len(text) - length))
            words = text[at : at + length]
            assert set(everything(search, words)) == scan(shelf, words), words


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.text(max_size=12),
        st.text("卫生健康局疫苗接种通知2024年第号h7n9H :。、\"'*()-^{}+\n", max_size=10),
        st.lists(st.sampled_from(["卫生", "OR", "NOT", "NEAR(", '"', "title:", "2024年", "H7N9", "*"]), max_size=4).map(
            " ".join
        ),
    )
)
def test_any_question_is_answered_as_by_a_plain_scan(shelf: Shelf, words: str) -> None:
    assert set(everything(search_of(shelf), words)) == scan(shelf, words)


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("2024年H7N9", 500),
        ("２０２４年ｈ７ｎ９", 500),
        ('"AND"', 500),
        ("NEAR(卫生)*", 500),
        ("疫苗 covid-19", 500),
        ("衛生健康局發佈", 501),
        ("卫生健康局发布", 501),
        ("看着后来", 501),
        ("𠮷野", 501),
        ("ας", 501),
        ("纯标题", 502),
    ],
)
def test_however_it_is_written_it_is_found(shelf: Shelf, words: str, number: int) -> None:
    assert number in everything(search_of(shelf), words)


@pytest.mark.parametrize("words", ["甲乙丙", "丁甲", "丁甲乙", "乙乙", "标题。", "9卫生", "health"])
def test_what_stands_across_a_break_is_not_found(shelf: Shelf, words: str) -> None:
    assert everything(search_of(shelf), words) == []


def test_filters_take_what_they_name(shelf: Shelf) -> None:
    search = search_of(shelf)
    with shelf.catalog.reading() as tx:
        rows = tx.execute(sa.select(tables.documents)).all()
    table = tables.findings
    with shelf.catalog.reading() as tx:
        spammed = set(tx.execute(sa.select(table.c.record_id).where(table.c.kind == "spam")).scalars())
    for words in ("", "卫生"):
        found = scan(shelf, words)
        wanted: list[tuple[Filters, set[int]]] = [
            (Filters(site="qingshan"), {row.number for row in rows if row.site == "qingshan"}),
            (Filters(kind="spam"), {row.number for row in rows if row.record_id in spammed}),
            (Filters(since=date(2015, 3, 4)), {row.number for row in rows if row.published >= "2015-03-04"}),
            (Filters(until=date(2015, 4, 4)), {row.number for row in rows if row.published <= "2015-04-04"}),
            (
                Filters(site="baihe", kind="spam", since=date(2012, 1, 1), until=date(2020, 12, 31)),
                {
                    row.number
                    for row in rows
                    if row.site == "baihe"
                    and row.record_id in spammed
                    and "2012-01-01" <= row.published <= "2020-12-31"
                },
            ),
        ]
        for filters, numbers_wanted in wanted:
            assert set(everything(search, words, filters)) == numbers_wanted & found
            assert numbers_wanted & found
    assert everything(search, "", Filters(site="x' OR 1=1 --")) == []
    assert everything(search, "", Filters(kind="%")) == []


def test_titles_come_first_then_the_newest_and_pages_make_up_the_whole(shelf: Shelf) -> None:
    search = search_of(shelf)
    whole = search.ask("卫生健康", limit=10_000)
    in_title = [any(span.found for span in hit.title) for hit in whole.hits]
    assert in_title == sorted(in_title, reverse=True)
    assert {*in_title} == {True, False}
    for part in (True, False):
        dates = [
            (hit.published, hit.number) for hit, titled in zip(whole.hits, in_title, strict=True) if titled == part
        ]
        assert dates == sorted(dates, reverse=True)
    pages = [search.ask("卫生健康", offset=at, limit=7) for at in range(0, whole.total, 7)]
    assert [number for page in pages for number in numbers(page)] == numbers(whole)
    beyond = search.ask("卫生健康", offset=10**30)
    assert (beyond.hits, beyond.total) == ((), whole.total)


@pytest.mark.parametrize("most", [0, 20_000])
def test_what_comes_out_of_turn_is_found_in_its_turn(small: Shelf, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr(fulltext, "_OUT_OF_TURN", most)
    search = search_of(small)
    for first in (0, 200, 100, 300):
        small.keep((document(n) for n in range(first, first + 15)), day=2)
        for words in ("", "号窗口"):
            hits = search.ask(words, limit=99).hits
            dates = [(hit.published, hit.number) for hit in hits]
            assert dates == sorted(dates, reverse=True)
            pages = [hit for at in range(0, len(hits), 4) for hit in search.ask(words, offset=at, limit=4).hits]
            assert pages == list(hits)
            assert {hit.number for hit in hits} == scan(small, words)


def test_a_hit_shows_where_its_terms_stand(shelf: Shelf) -> None:
    hit = next(hit for hit in search_of(shelf).ask("h7n9 ＣＯＶＩＤ").hits if hit.number == 500)
    assert [span.text for span in hit.title if span.found] == ["H7N9"]
    found = [span.text for excerpt in hit.excerpts for span in excerpt if span.found]
    assert found == ["H7N9", "Covid"]
    assert (hit.site, hit.url, hit.source) == ("qingshan", "http://qingshan.test/9001", "市卫生健康局")


@given(st.text("卫生a<\n ", max_size=40), st.lists(st.text("卫生a<", min_size=1, max_size=3), max_size=3))
def test_excerpts_are_parts_of_the_text(body: str, terms: list[str]) -> None:
    for excerpt in excerpts(body, terms, around=3):
        assert "".join(span.text for span in excerpt).strip("…") in body
        assert all(any(term in span.text for term in terms) for span in excerpt if span.found)
    shown = {span.text for excerpt in excerpts(body, terms, around=3) for span in excerpt if span.found}
    assert bool(shown) == any(term in body for term in terms)


def test_the_index_follows_the_documents(small: Shelf) -> None:
    search = search_of(small)
    assert everything(search, "独一无二") == []
    small.keep(
        [document(3, text="改成独一无二的正文。"), document(21, text="新来的也独一无二。")], day=2, kinds=["spam"]
    )
    assert set(everything(search, "独一无二")) == {3, 20} == scan(small, "独一无二")
    assert everything(search, "独一无二", Filters(kind="spam")) == everything(search, "独一无二")
    small.keep([document(3)], day=3)
    assert everything(search, "独一无二") == [20]
    small.withdraw("http://yunhai.test/21", day=2)
    assert everything(search, "独一无二") == []
    assert set(everything(search, "卫生")) == scan(small, "卫生")
    assert len(everything(search, "")) == 20


def test_a_new_date_or_site_is_followed_where_the_text_is_the_same(small: Shelf) -> None:
    search = search_of(small)
    before = everything(search, "卫生")
    with small.catalog.writing() as tx:
        tx.execute(sa.update(tables.documents).values(published="2031-01-01", site="elsewhere"))
        tx.execute(sa.insert(tables.fingerprints), {"fingerprint": "other", "parts": {}})
    assert set(everything(search, "卫生", Filters(site="elsewhere", since=date(2031, 1, 1)))) == set(before)


def test_an_index_that_lost_its_catalog_is_made_anew(small: Shelf) -> None:
    search = search_of(small)
    everything(search, "卫生")
    with small.catalog.writing() as tx:  # as a catalog that was made anew from the journal
        tx.execute(sa.update(tables.versions).values(text=""))
    small.keep([document(3, text="改成独一无二的正文。")], day=2)
    assert everything(search, "独一无二") == [3]
    assert set(everything(search, "卫生")) == scan(small, "卫生")


def test_a_lost_text_is_found_once_it_is_there_again(small: Shelf) -> None:
    search, path = search_of(small), next(small.layout.corpus.glob("003_*"))
    data = path.read_bytes()
    path.unlink()
    with small.catalog.writing() as tx:
        tx.execute(sa.update(tables.versions).where(tables.versions.c.number == 3).values(text=""))
    assert 3 not in everything(search, "卫生")
    assert 3 in everything(search, ""), "it is there, though nobody knows its text"
    path.write_bytes(data)
    small.keep([document(3, version=1)], day=2)
    assert everything(search, "另行通知") == [3]


@pytest.mark.parametrize("damage", ["garbage", "torn", "empty", "older", "page"])
def test_a_file_that_is_no_index_of_ours_is_made_anew(small: Shelf, damage: str) -> None:
    path, expected = small.layout.search, everything(search_of(small), "卫生健康")
    data = path.read_bytes()
    if damage == "older":
        with sqlite3.connect(path) as database:
            database.execute("UPDATE facts SET value = 'other' WHERE name = 'form'")
        database.close()
    else:
        half = len(data) // 2
        wrong = {"garbage": b"garbage" * 999, "torn": data[:half], "empty": b""}
        path.write_bytes(wrong.get(damage, data[:4096] + b"\xff" * (len(data) - 4096)))
    assert everything(search_of(small), "卫生健康") == expected


def test_who_may_not_write_searches_in_memory(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=20m") as folder:
        shelf = Shelf(folder / "archive")
        shelf.keep(document(n) for n in range(20))
        expected = scan(shelf, "卫生")
        everything(search_of(shelf), "卫生")
        shelf.keep([document(20, text="卫生")])
        shelf.catalog.close()
        with sqlite3.connect(shelf.layout.catalog) as database:
            database.execute("PRAGMA journal_mode=DELETE")
        database.close()
        remount(folder, "ro")
        assert not os.access(folder, os.W_OK)
        shelf.catalog = tables.Catalog(shelf.layout.catalog, read_only=True)
        search = search_of(shelf)
        assert set(everything(search, "卫生")) == expected | {20}
        assert search.in_memory


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=20m") as folder:
        shelf = Shelf(folder / "archive")
        shelf.keep(document(n) for n in range(300))
        shelf.catalog.close()
        ballast = folder / "ballast"
        with ballast.open("wb") as file:
            file.truncate(os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize - 200_000)
            os.posix_fallocate(file.fileno(), 0, file.seek(0, os.SEEK_END))
        with pytest.raises(ArchiveError, match="make room on the disk"):
            search_of(shelf).ask("卫生")
        ballast.unlink()
        assert set(everything(search_of(shelf), "卫生")) == scan(shelf, "卫生")
        shelf.catalog.close()


def test_while_another_process_writes_what_there_is_is_searched(small: Shelf) -> None:
    search = search_of(small)
    before = everything(search, "卫生")
    small.keep([document(20, text="卫生")])
    other = sqlite3.connect(small.layout.search, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = search.ask("卫生", limit=99)
    assert (answer.behind, numbers(answer)) == (True, before)
    other.close()
    assert len(everything(search, "卫生")) == len(before) + 1


def test_two_that_build_at_once_build_one_index(small: Shelf) -> None:
    small.keep(document(n) for n in range(20, 400))
    searches = [search_of(small) for _ in range(2)]
    threads = [Thread(target=search.refresh) for search in searches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(everything(searches[0], "卫生")) == scan(small, "卫生")
    assert len(everything(searches[1], "")) == 400


def test_several_may_ask_while_documents_come(small: Shelf) -> None:
    searches, wrong = [search_of(small) for _ in range(3)], []

    def ask(search: Search) -> None:
        for _ in range(10):
            answer = search.ask("卫生", limit=500)
            if answer.total != len(answer.hits):
                wrong.append(answer)

    threads = [Thread(target=ask, args=(search,)) for search in searches]
    for thread in threads:
        thread.start()
    for number in range(20, 50):
        small.keep([document(number)])
    for thread in threads:
        thread.join()
    assert not wrong
    assert set(everything(searches[0], "卫生")) == scan(small, "卫生")


def test_a_question_that_is_too_long_is_wrong_use(shelf: Shelf) -> None:
    with pytest.raises(UsageError, match=str(MOST_CHARACTERS)):
        search_of(shelf).ask("卫" * (MOST_CHARACTERS + 1))
