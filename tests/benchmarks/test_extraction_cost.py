"""What reading a page costs, stage by stage, beside trafilatura and what other extractors make of the same pages.

    pip install -e '.[bench]' && pytest -n 0 -m slow -s tests/benchmarks/test_extraction_cost.py

It reads the labelled pages of tests/quality, or with `PAGES=DIR` the `*.html` files of a folder. With `GOLD=DIR` (JSON files of
the same names with `paragraphs`) agreement is told too. Extractors that are not installed (extra `bench`) are left out.
"""

import gc
import importlib
import json
import os
import resource
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import mean
from time import process_time
from typing import Any

import pytest
import trafilatura

from healthcrawl.core import process as recipe
from healthcrawl.core.decode import decode
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Document, Page
from tests.quality.pages import agreement, labelled_pages

RULES = load_rules(None)
STAGES = ("refuse_response", "decode", "refuse_protected", "cut_before_root", "parse", "Index", "drop_hidden", "recognise", "goes_on_at",
          "_drop_parts", "blocks", "awaits_script", "find_embedded", "drop_injected", "locate", "refuse_page", "read_metadata",
          "read_attachments", "extract", "_mend", "drop_furniture", "drop_spam", "_normalise", "_settle")  # fmt: skip
SLOWEST = 0.65  # times the cost of trafilatura's default extraction, on any machine; half of it is usual
GROWTH = 20  # MB
READ = 20_000


def captures() -> list[tuple[str, Capture, list[str]]]:
    """Name, capture and label of each page."""
    if folder := os.environ.get("PAGES"):
        gold = Path(os.environ.get("GOLD", ""))
        labels = (
            {path.stem: json.loads(path.read_bytes())["paragraphs"] for path in gold.glob("*.json")}
            if gold.name
            else {}
        )
        return [
            (
                path.stem,
                Capture(url="", response=b"HTTP/1.1 200 OK\r\n\r\n" + path.read_bytes()),
                labels.get(path.stem, []),
            )
            for path in sorted(Path(folder).glob("*.html"))
        ]
    return [
        (
            f"{page.layout}-{page.article.name}",
            Capture(url="http://www.example.gov.cn/a.html", response=page.response),
            page.article.text,
        )
        for page in labelled_pages()
        if not page.spoil
    ]


def peers() -> dict[str, Callable[[str], str]]:
    """Those extractors that are installed, as functions from markup to text."""
    found: dict[str, Callable[[str], str]] = {"trafilatura": lambda markup: trafilatura.extract(markup) or ""}

    def bare(markup: str) -> str:
        return str(trafilatura.html2txt(markup)) if markup.strip() else ""

    extractors: dict[str, Callable[[Any], Callable[[str], str]]] = {
        "readability": lambda lib: lambda markup: bare(lib.Document(markup).summary()),
        "magic_html": lambda lib: (
            lambda markup: bare(f"<html>{lib.GeneralExtractor().extract(markup, base_url='')['html']}</html>")
        ),
        "gne": lambda lib: lambda markup: str(lib.GeneralNewsExtractor().extract(markup)["content"]),
    }
    for module, extractor in extractors.items():
        try:
            found[module] = extractor(importlib.import_module(module))
        except ImportError:
            print(f"{module}: not installed")
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_reading_costs_less_than_trafilatura_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = captures()
    texts = [page.text for _, capture, _ in pages if isinstance(page := decode(capture, RULES.max_chars), Page)]
    for _, capture, _ in pages:  # caches filled, on both sides
        recipe.process(capture, RULES)
    for text in texts:
        trafilatura.extract(text)
    ours, theirs = 0.0, 0.0
    for (_, capture, _), text in zip(pages, texts, strict=True):  # in turns, so that a busy machine slows both
        ours += _cost(partial(recipe.process, capture, RULES))
        theirs += _cost(partial(trafilatura.extract, text))
    print(
        f"\n{len(pages)} pages: {len(pages) / ours:.0f} a second, trafilatura {len(pages) / theirs:.0f}: {theirs / ours:.2f} times as fast"
    )
    _print_stages(pages, monkeypatch)
    assert ours < SLOWEST * theirs


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_reading_agrees_with_the_labels_better_than_its_peers() -> None:
    pages = [(capture, label) for _, capture, label in captures() if label]
    outcomes = [(recipe.process(capture, RULES), label) for capture, label in pages]
    own = mean(agreement(label, outcome.text if isinstance(outcome, Document) else "") for outcome, label in outcomes)
    print(f"\n{'healthcrawl':14}{own:.4f}")
    for name, extract in peers().items():
        scores = []
        for capture, label in pages:
            page = decode(capture, RULES.max_chars)
            try:
                scores.append(agreement(label, extract(page.text) if isinstance(page, Page) else ""))
            except Exception as error:  # whatever a peer dies of is its score
                print(f"{name}: {error!r}")
                scores.append(0.0)
        print(f"{name:14}{mean(scores):.4f}")
        assert own > mean(scores)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_memory_stays_flat() -> None:
    pages = captures()
    smallest = sorted(pages, key=lambda page: len(page[1].response))[: max(len(pages) // 2, 1)]
    for _, capture, _ in smallest * 3:
        recipe.process(capture, RULES)
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(READ):
        recipe.process(smallest[number % len(smallest)][1], RULES)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"\n{READ} pages: {grown:.1f} MB more")
    assert grown < GROWTH


def _cost(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def _print_stages(pages: list[tuple[str, Capture, list[str]]], monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of each stage without that of the stages inside it."""
    spent: dict[str, float] = {}
    inner: list[float] = [0.0]

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            start = process_time()
            inner.append(0.0)
            try:
                return work(*args, **options)
            finally:
                took = process_time() - start
                spent[name] = spent.get(name, 0.0) + took - inner.pop()
                inner[-1] += took

        return run

    for name in STAGES:
        monkeypatch.setattr(recipe, name, timed(name, getattr(recipe, name)))
    whole = sum(_cost(partial(recipe.process, capture, RULES)) for _, capture, _ in pages)
    for name, seconds in [*sorted(spent.items(), key=lambda item: -item[1]), ("all else", whole - sum(spent.values()))]:
        print(f"{name:18}{1000 * seconds / len(pages):8.2f} ms a page {seconds / whole:6.1%}")
