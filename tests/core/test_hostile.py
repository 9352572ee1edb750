"""Pages made to hurt: whatever comes, a document or a rejection comes out, soon and in little memory."""

import gzip
import random
import resource
from time import process_time

import brotli  # type: ignore[import-untyped]
import pytest

from healthcrawl.core.process import process
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Document, Rejection
from tests.quality.pages import labelled_pages

RULES = load_rules(None)
SECONDS = 5
MEGABYTES = 500
SENTENCE = "市卫生健康局组织开展传染病防控培训，来自各区的医务人员参加了学习。"


def read(payload: bytes, *headers: str) -> Document | Rejection:
    head = "\r\n".join(["HTTP/1.1 200 OK", "Content-Type: text/html; charset=utf-8", *headers])
    start, before = process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    outcome = process(
        Capture(url="http://www.example.gov.cn/a.html", response=head.encode() + b"\r\n\r\n" + payload), RULES
    )
    assert process_time() - start < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES
    return outcome


def body(markup: str) -> bytes:
    return f"<html><head><title>关于开展培训的通知</title></head><body><h1>关于开展培训的通知</h1>{markup}</body></html>".encode()


HOSTILE = {
    "100,000 levels": body("<div>" * 100_000 + SENTENCE),
    "100,000 levels of spans": body("<p>" + "<span>" * 100_000 + SENTENCE),
    "100,000 levels of tables": body("<table><tr><td>" * 100_000 + SENTENCE),
    "100,000 rows": body("<table>" + "<tr><td>王芳<td>云海市第一人民医院" * 100_000 + "</table>"),
    "25,000 lines of one character": body("<p>字</p>" * 25_000),
    "50,000 equal lines": body(f"<p>{SENTENCE}</p>" * 50_000),
    "200,000 line breaks": body("字<br>" * 200_000),
    "100,000 links": body("".join(f"<a href=/{n}.html>第{n}期健康讲座通知</a>" for n in range(100_000))),
    "50,000 styles": body("".join(f"<p style='font-size:{n}px;left:-{n}px'>字</p>" for n in range(50_000))),
    "a style sheet of 50,000 rules": body("<style>" + "".join(f".c{n}{{display:none}}" for n in range(50_000)) + f"</style><p class=c1>{SENTENCE}</p>"),
    "an element with 100,000 classes": body(f"<p class='{' '.join(f'c{n}' for n in range(100_000))}'>{SENTENCE}</p>"),
    "100,000 attributes": body("<p " + " ".join(f"a{n}=1" for n in range(100_000)) + f">{SENTENCE}</p>"),
    "entities": b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + b"".join(b"<!ENTITY %c '&%c;&%c;&%c;&%c;'>" % ((c,) + (c - 1,) * 4) for c in range(98, 122)) + b"]>" + body("&y;" * 1000),
    "references": body("&#23383;" * 200_000),
    "one line of 2,000,000 characters": body("字" * 2_000_000),
    "blanks": body(" \u3000" * 1_000_000),
    "colons": body("来源：" * 300_000),
    "dates": body("2024-03-01 " * 150_000),
    "open brackets": body("【（[" * 300_000),
    "dots": body("赌.博.网 " * 200_000),
    "labels": body("<p>发布时间：</p><p>来源：</p>" * 10_000),
    "no tags closed": ("<p><b><i>" + SENTENCE).encode() * 5_000,
    "angle brackets": b"<" * 3_000_000,
    "comments": body("<!--" * 200_000),
    "a title without an end": ("<title>" + SENTENCE * 30_000).encode(),
    "scripts with content": body("<script>" + '{"content":"<p>' * 100_000 + "</script>"),
    "NUL bytes": bytes(2_000_000),
    "random bytes": random.Random(7).randbytes(1_000_000),  # noqa: S311
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_page_is_read_soon_and_in_little_memory(name: str) -> None:
    read(HOSTILE[name])


def test_text_behind_deep_nesting_is_kept() -> None:
    outcome = read(body(f"<p>{SENTENCE}</p>" * 9 + "<div>" * 5_000))
    assert isinstance(outcome, Document)
    assert SENTENCE[:10] in outcome.text


@pytest.mark.parametrize("coding", ["gzip", "br", "gzip, gzip"])
def test_what_expands_beyond_the_limit_is_too_large(coding: str) -> None:
    bomb = b"<p>" + b"a" * (5 * RULES.max_chars)
    for step in coding.split(", "):
        bomb = brotli.compress(bomb, quality=1) if step == "br" else gzip.compress(bomb)
    outcome = read(bomb, f"Content-Encoding: {coding}")
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "too-large"


@pytest.mark.parametrize(
    ("markup", "much"),
    [
        ("<p>x" * 1_900_000, "tags"),
        (("<i" + " a=1" * 99 + ">") * 19_000, "attributes"),
        ("".join(f"<p>{'各單位請認真組織實施' * 1_000}" for _ in range(110)), "a text of"),
    ],
)
def test_what_would_fill_the_memory_or_take_minutes_is_too_large(markup: str, much: str) -> None:
    outcome = read(body(markup))
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "too-large"
    assert much in outcome.detail


@pytest.mark.parametrize("length", ["1", "-1", "99999999999999999999", "x", "1, 2"])
def test_lying_length_is_survived(length: str) -> None:
    read(body(f"<p>{SENTENCE}</p>" * 5), f"Content-Length: {length}")


def mutated(number: int) -> bytes:
    """One of endlessly many broken pages: labelled pages with bytes changed, moved, repeated and lost."""
    chance = random.Random(number)  # noqa: S311
    response = bytearray(PAGES[number % len(PAGES)])
    for _ in range(chance.randint(1, 12)):
        if not response:  # the rest of a short page can be lost too
            break
        at, size = chance.randrange(len(response)), chance.choice([1, 1, 2, 7, 60, 900])
        match chance.randrange(5):
            case 0:
                response[at : at + size] = chance.randbytes(size)
            case 1:
                del response[at : at + size]
            case 2:
                response[at:at] = response[at : at + size] * chance.choice([1, 3, 50])
            case 3:
                response[at:at] = chance.choice(
                    [b"<", b">", b"</div>", b"<table>", b"\x00", b"&#x", b"<!--", b"</html>", b"\xff", b"{{", b"'\""]
                )
            case _:
                other = chance.randrange(len(response))
                response[at : at + size] = response[other : other + size]
    return bytes(response)


PAGES = [page.response for page in labelled_pages()]


@pytest.mark.parametrize("start", [0, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])])
def test_mutated_pages_give_an_outcome(start: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(start, start + 10_000 if start else 500):
        begin = process_time()
        outcome = process(Capture(url="http://www.example.gov.cn/a.html", response=mutated(number)), RULES)
        assert isinstance(outcome, Document | Rejection)
        assert not (isinstance(outcome, Rejection) and outcome.reason == "fault")
        assert process_time() - begin < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES
