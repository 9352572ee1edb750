"""What full text costs over a large corpus: building, asking, following; and that every answer is what a plain scan gives.

pytest -n 0 -m slow -s tests/benchmarks/test_search_cost.py
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import process_time

import pytest
import sqlalchemy as sa

from healthcrawl.core.normalise import file_text
from healthcrawl.core.terms import searchable, terms_of
from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog, set_fact
from healthcrawl.corpus.fulltext import Filters, FullText
from healthcrawl.corpus.layout import ArchiveLayout, content_hash, file_name
from healthcrawl.corpus.search import Search
from tests.corpus.shelves import document

NUMBER = int(os.environ.get("SEARCH_DOCUMENTS", "100000"))
MOST_SECONDS = 0.050
LEAST_A_SECOND = 5_000
_BATCH = 5_000

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    layout: ArchiveLayout
    catalog: Catalog
    texts: list[str]  # by number, as they are compared
    size: int  # bytes of all files
    build_seconds: float


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Corpus]:
    layout = ArchiveLayout(tmp_path_factory.mktemp("large") / "archive")
    catalog = Catalog(layout.catalog)
    texts = [text for start in range(0, NUMBER, _BATCH) for text in _fill(catalog, range(start, start + _BATCH))]
    began = process_time()
    assert Search(layout, catalog).refresh()
    seconds = process_time() - began
    size = sum(len(text.encode()) for text in texts)
    yield Corpus(
        layout=layout, catalog=catalog, texts=[searchable(text) for text in texts], size=size, build_seconds=seconds
    )
    catalog.close()


def _fill(catalog: Catalog, numbers: range) -> list[str]:
    """Put documents into a catalog, without files and captures; their texts."""
    documents, versions, texts = [], [], []
    for number in numbers:
        one = document(number)
        text = file_text(one.metadata.title, one.text)
        sha256 = content_hash(text.encode())
        texts.append(text)
        shared = {"number": number, "sha256": sha256, "captured_at": "", "record_id": f"<urn:{number}>"}
        versions.append({**shared, "serial": 1, "text": text})
        documents.append(
            {
                **shared, "address": one.address, "url": one.url, "site": one.site, "family": one.family,
                "name": file_name(number, sha256), "title": one.metadata.title, "published": one.metadata.published,
                "source": one.metadata.source, "author": "", "attachments": [], "warc_file": "w", "warc_offset": 0,
                "decided_by": "test",
            }
        )  # fmt: skip
    with catalog.writing() as tx:
        tx.execute(sa.insert(tables.documents), documents)
        tx.execute(sa.insert(tables.versions), versions)
        set_fact(tx, "journal", 0)
    return texts


def questions(corpus: Corpus) -> list[str]:
    """Stretches of 2 to 8 characters out of any line, some that stand in very many texts, some that stand nowhere."""
    chance = random.Random(11)  # noqa: S311  # nothing secret
    chosen = [
        "卫生",
        "卫生健康",
        "市卫生健康局",
        "通知",
        "2024年",
        "。各",
        "号窗口本月受理",
        "H7N9",
        "毫无踪影",
        "局卫健生",
    ]
    for length in range(2, 9):
        for _ in range(30):
            text = chance.choice(corpus.texts)
            at = chance.randrange(len(text) - length)
            chosen.append(text[at : at + length])
    return [one for one in chosen if not any(map(str.isspace, one))]


def test_an_index_is_built_fast_and_small(corpus: Corpus) -> None:
    size = corpus.layout.search.stat().st_size
    rate = NUMBER / corpus.build_seconds
    print(f"\n{NUMBER:,} documents: {rate:,.0f} a second, index {size / corpus.size:.2f} times {corpus.size:,} bytes")
    assert rate >= LEAST_A_SECOND


def test_any_question_is_exact_and_answered_at_once(corpus: Corpus) -> None:
    search, index, told = Search(corpus.layout, corpus.catalog), FullText(corpus.layout.search), []
    for words in questions(corpus):
        seconds = []
        for _ in range(3):
            began = process_time()
            answer = search.ask(words)
            seconds.append(process_time() - began)
        terms = terms_of(words)
        found = index.look_up(terms, Filters(), 0, NUMBER).documents.keys()
        assert found == {number for number, text in enumerate(corpus.texts) if all(term in text for term in terms)}
        assert answer.total == len(found)
        told.append((median(seconds), answer.total, words))
    told.sort(reverse=True)
    times = [seconds for seconds, _, _ in told]
    print(f"\n{len(told)} questions: median {median(times) * 1000:.1f} ms, the slowest:")
    for slow, total, words in told[:5]:
        print(f"  {slow * 1000:6.1f} ms, {total:7,} documents: {words!r}")
    assert max(times) < MOST_SECONDS


@pytest.mark.parametrize("words", ["卫", "的", "卫生 通知", ": 病", "卫生健康 2024 办结"])
def test_single_characters_and_several_terms(corpus: Corpus, words: str) -> None:
    search = Search(corpus.layout, corpus.catalog)
    began = process_time()
    answer = search.ask(words)
    print(f"\n{words!r}: {(process_time() - began) * 1000:.1f} ms, {answer.total:,} documents")
    terms = terms_of(words)
    assert answer.total == sum(all(term in text for term in terms) for text in corpus.texts)


def test_filters_cost_little(corpus: Corpus) -> None:
    search = Search(corpus.layout, corpus.catalog)
    began = process_time()
    answer = search.ask("卫生健康", Filters(site="baihe"), offset=5_000)
    seconds = process_time() - began
    print(f"\nof one site, page 251: {seconds * 1000:.1f} ms, {answer.total:,} documents")
    assert seconds < 2 * MOST_SECONDS
    assert Path(corpus.layout.search).exists()
