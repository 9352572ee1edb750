"""What mending costs, against opencc-python-reimplemented's `convert` on the same text in the same run: ratios of CPU time.

`pytest -n 0 -m slow -s tests/benchmarks/test_mend_cost.py` prints the table.
"""

import random
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from time import process_time

import pytest
from opencc import OpenCC

from healthcrawl.core.mend import mend
from healthcrawl.demo.bureau import published
from healthcrawl.knowledge.characters import load_mending
from tests.core.mend.mirror import read_bytes

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

DATA = load_mending()
TO_SIMPLIFIED = OpenCC("t2s")
TO_TRADITIONAL = OpenCC("s2t")
SPLITTERS = (b"\xa3\xbf", b"\xa3\xa1", b"\xa3\xbb")
GLOSSES = (
    "衛:wèi 務:wù 業:yè 發:fā 會:huì 時:shí 關:guān 開:kāi 門:mén 來:lái 國:guó 學:xué 點:diǎn 動:dòng 區:qū 縣:xiàn 書:shū "
    "記:jì 員:yuán 級:jí 護:hù 藥:yào 診:zhěn 報:bào 號:hào 網:wǎng 電:diàn 話:huà 聯:lián 設:shè 強:qiáng 進:jìn 質:zhì 個:gè"
)
READINGS = dict(pair.split(":") for pair in GLOSSES.split())


def clean_text(size: int) -> str:
    """So many bytes of simplified text: the demo's paragraphs in an order of chance."""
    paragraphs = [line for article in published() for line in article.body.strip().splitlines()]
    chance = random.Random(size)  # noqa: S311  # nothing secret
    lines: list[str] = []
    while sum(map(len, lines)) * 3 < size:
        lines += chance.sample(paragraphs, len(paragraphs))
    return "\n".join(lines).encode()[:size].decode("utf-8", "ignore")


@cache
def traditional(character: str) -> str:
    converted: str = TO_TRADITIONAL.convert(character)
    return converted


def mirrored(text: str) -> str:
    """The text converted character by character, readings behind some."""
    return "".join(each + (f"({READINGS[each]})" if each in READINGS else "") for each in map(traditional, text))


def with_stray(text: str) -> str:
    """The text with one traditional character in its middle."""
    at = len(text) // 2
    return text[:at] + "醫" + text[at:]


def shifted(text: str) -> str:
    """The mirrored text, cut in its GBK bytes in front of every splitter."""
    raw = mirrored(text).encode("gbk", "ignore")
    for splitter in SPLITTERS:
        raw = raw.replace(splitter, b"\xff\xff" + splitter)
    return "".join(map(read_bytes, raw.split(b"\xff\xff")))


def seconds(work: Callable[[str], object], text: str, runs: int = 1) -> float:
    """The least CPU time of so many runs."""
    times = []
    for _ in range(runs):
        began = process_time()
        work(text)
        times.append(process_time() - began)
    return min(times)


def ours(text: str) -> None:
    mend(text, DATA)


@pytest.fixture(autouse=True, scope="module")
def _warm() -> None:
    ours(shifted(clean_text(3000)))
    TO_SIMPLIFIED.convert("暖")


@pytest.mark.parametrize(
    ("kind", "make", "at_least"),
    [("clean", str, 40.0), ("stray", with_stray, 10.0), ("mirrored", mirrored, 1.5), ("shifted", shifted, 0.25)],
)
def test_speed_against_opencc(kind: str, make: Callable[[str], str], at_least: float) -> None:
    text = make(clean_text(100_000))
    own, theirs = seconds(ours, text, 2), seconds(TO_SIMPLIFIED.convert, text, 2)
    print(
        f"\n{kind:10} {len(text):8} characters: mend {own * 1000:8.1f} ms, opencc {theirs * 1000:8.1f} ms, {theirs / own:6.2f} times as fast"
    )
    assert theirs >= at_least * own


def test_the_data_is_there_at_once() -> None:
    """Loaded in a fresh process: the best of three, in CPU time."""
    code = (
        "from time import process_time; from healthcrawl.knowledge.characters import load_mending; import healthcrawl.core.mend;"
        "began = process_time(); load_mending(); print(process_time() - began)"
    )
    times = [float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(3)]
    print(f"\ndata loaded in {min(times) * 1000:.1f} ms")
    assert min(times) < 0.06


@pytest.mark.parametrize(
    ("kind", "make", "sizes"),
    [
        ("clean", str, (10_000, 100_000, 1_000_000)),
        ("mirrored", mirrored, (10_000, 100_000, 1_000_000)),
        ("shifted", shifted, (10_000, 50_000)),
    ],
)
def test_cost_is_linear_in_length(kind: str, make: Callable[[str], str], sizes: tuple[int, ...]) -> None:
    texts = [make(clean_text(size)) for size in sizes]
    costs = [seconds(ours, text) / len(text) * 1e6 for text in texts]
    print(f"\n{kind:10} {sizes} bytes: " + ", ".join(f"{cost:.3f}" for cost in costs) + " µs a character")
    assert costs[-1] <= 1.5 * max(costs[:-1])


@pytest.mark.parametrize(
    "unit",
    [
        "?",
        "??",
        "? ",
        "?，",
        "?科",
        "??平ㄔO",
        "?！",
        "?！\ue50f^",
        "?)",
        "?yàn)",
        "(a)",
        "衛(wèi)?",
        "?\u3000",
        "專?",
        "?a",
    ],
)
def test_no_text_makes_the_search_explode(unit: str) -> None:
    short, long = (unit * (size // len(unit)) for size in (1_000, 4_000))
    costs = [seconds(ours, text) / len(text) * 1e6 for text in (short, long)]
    print(f"\n{unit!r:14} {costs[0]:8.2f} {costs[1]:8.2f} µs a character")
    assert costs[1] <= 2 * costs[0] + 1
    assert costs[1] < 2000
