"""Articles over several pages: one document, kept when all of them are there; what happens when one is missing or changes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Store
from healthcrawl.ingest import Ingested, examine, keep, settle
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Context, Document, Location
from healthcrawl.rules import Column, Site

HOST = "parts.test"
BASE = f"http://{HOST}/tzgg/content/post_2000007"
SITE = Site(
    name="parts", title="x", kind="bureau", status="verified", domains=(HOST,), columns=(Column(name="a", url=f"http://{HOST}/"),)
)  # fmt: skip
RULES = load_rules(SITE)
TEXTS = {
    1: "为普及合理膳食知识，我局定于三月中旬在市民中心举办健康讲座，请各单位组织职工参加，名单于月底前报送。",
    2: "讲座分为上午和下午两场，上午讲慢性病的预防，下午讲老年人的膳食，每场安排半小时解答群众的提问。",
    3: "参加人员请携带本人身份证件，自觉遵守会场秩序，因故不能参加的应当提前一天向会务组请假并说明理由。",
}
PLAIN = {n: text.replace("，", ",") for n, text in TEXTS.items()}


def address(n: int) -> str:
    return f"{BASE}{f'_{n}' if n > 1 else ''}.html"


def page(n: int, *, of: int = 3, text: str = "") -> bytes:
    links = " ".join(f'<a href="{address(one).rpartition("/")[2]}">{one}</a>' for one in range(1, of + 1) if one != n)
    following = f'<a href="{address(n + 1).rpartition("/")[2]}">下一页</a>' if n < of else ""
    body = (
        "<html><head><title>关于开展健康讲座的通知</title><script>window.NFCMS_POST_ID='2000007'</script></head><body>"
        "<h1>关于开展健康讲座的通知</h1><p>发布时间：2026-03-01 08:30 来源：某市卫生健康局</p>"
        f'<div id="zoomcon"><p>{text or TEXTS[n]}</p><div>{links} {following}</div></div>'
        '<p>下一篇：<a href="post_2000008.html">关于开展义诊活动的通知</a></p></body></html>'
    )
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body.encode()


GONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"


class Corpus:
    """A corpus that captures are kept in, one a minute."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalog = Catalog(folder / "catalog.sqlite")
        self.store = Store(folder / "corpus", Manifest(folder / "manifest.jsonl"), self.catalog)
        self._number = 0

    def take(self, n: int, response: bytes) -> Ingested:
        """Keep an answer of the n-th page."""
        self._number += 1
        capture = Capture(
            url=address(n),
            response=response,
            captured_at=datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=self._number),
            context=Context(via=address(n - 1) if n > 1 else ""),
            record_id=f"<urn:uuid:{self._number}>",
        )
        location = Location(warc_file="parts.warc.gz", offset=self._number, length=1)
        return keep(examine(capture, RULES), location, RULES, self.store)

    @property
    def steps(self) -> list[dict[str, object]]:
        """The journal."""
        path = self.folder / "manifest.jsonl"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    @property
    def text(self) -> str:
        """The one text there is."""
        (path,) = (self.folder / "corpus").iterdir()
        return path.read_text("utf-8")


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    corpus = Corpus(tmp_path)
    yield corpus
    corpus.catalog.close()


def whole(*lines: str) -> str:
    return "\n".join(["关于开展健康讲座的通知", "", *lines, ""])


def test_a_document_is_kept_once_with_all_its_pages(corpus: Corpus) -> None:
    assert [corpus.take(n, page(n)).change is None for n in (1, 2, 3)] == [True, True, False]
    assert corpus.text == whole(*PLAIN.values())
    (step,) = corpus.steps
    assert (step["action"], step["address"], step["published"]) == ("new", address(1), "2026-03-01T08:30:00")
    assert step["pages"] == ["<urn:uuid:1>", "<urn:uuid:2>", "<urn:uuid:3>"]


def test_what_is_kept_is_told_where_the_last_page_came(corpus: Corpus) -> None:
    waiting, last = corpus.take(1, page(1, of=2)), corpus.take(2, page(2, of=2))
    assert waiting.document is None
    assert isinstance(waiting.outcome, Document)
    assert last.document is not None
    assert last.document.text == "\n".join([PLAIN[1], PLAIN[2]])
    assert [finding.text for finding in last.document.findings] == ["2 下一页", "1"]


def test_where_a_page_is_missing_the_text_ends(corpus: Corpus) -> None:
    corpus.take(1, page(1))
    corpus.take(2, page(2))
    corpus.take(3, GONE)
    assert corpus.text == whole(PLAIN[1], PLAIN[2])
    with corpus.catalog.reading() as tx:
        told = tx.execute(sa.select(tables.findings).where(tables.findings.c.kind == "truncated")).one()
    assert (told.text, told.detail) == (address(3), "the page that the text goes on at: not-found")


def test_a_page_that_never_answers_is_waited_for_until_the_run_ends(corpus: Corpus) -> None:
    corpus.take(1, page(1, of=2))
    assert corpus.steps == []
    settle(corpus.store, "another")
    assert corpus.steps == []
    settle(corpus.store, "parts")
    assert corpus.text == whole(PLAIN[1])
    corpus.take(2, page(2, of=2))
    settle(corpus.store, "parts")
    assert corpus.text == whole(PLAIN[1], PLAIN[2])
    assert [step["action"] for step in corpus.steps] == ["new", "changed"]


def test_a_change_of_any_page_is_one_of_the_document(corpus: Corpus) -> None:
    for n in (1, 2):
        corpus.take(n, page(n, of=2))
    corpus.take(2, page(2, of=2, text=TEXTS[3]))
    assert corpus.text == whole(PLAIN[1], PLAIN[3])
    corpus.take(2, GONE)  # what was there stays, as a whole document would
    corpus.take(1, page(1, of=2, text=TEXTS[2]))
    assert corpus.text == whole(PLAIN[2], PLAIN[3])
    assert [step["number"] for step in corpus.steps] == [0, 0, 0]


def test_pages_that_are_no_longer_led_to_do_not_count(corpus: Corpus) -> None:
    for n in (1, 2):
        corpus.take(n, page(n, of=2))
    corpus.take(1, page(1, of=1))
    assert corpus.text == whole(PLAIN[1])


def test_the_same_captures_again_change_nothing(corpus: Corpus) -> None:
    for _ in range(2):
        corpus._number = 0
        for n in (1, 2, 3):
            corpus.take(n, page(n))
    assert [step["action"] for step in corpus.steps] == ["new"]


def test_a_page_that_repeats_the_text_is_no_part_of_it(corpus: Corpus) -> None:
    """As where it is the comments below a text that have pages."""
    corpus.take(1, page(1, of=9))
    last = corpus.take(2, page(2, of=9, text=TEXTS[1]))
    assert corpus.text == whole(PLAIN[1])
    assert last.document is not None
    assert "the page repeats those before it" in {finding.detail for finding in last.document.findings}
    assert len(corpus.steps) == 1
