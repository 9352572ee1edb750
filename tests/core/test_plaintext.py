"""Text files as scrapers leave them: what is dropped, what is kept whole, what is found in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from healthcrawl.core.normalise import file_text
from healthcrawl.core.process import clean
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Document

RULES = load_rules()
TEXTS = Path(__file__).parent / "texts"


@dataclass(frozen=True)
class Case:
    """A text file with what must become of it."""

    name: str
    raw: str
    title: str
    published: str
    source: str
    body: str


def cases(name: str) -> Iterator[Case]:
    """Read a file of cases.

    A case begins with `## name | date | source`. Its lines are marked: T the title, t what stands in the file where the title
    isn't said in one line, = a line of the text, - furniture, ! spam.
    """
    for block in (TEXTS / name).read_text("utf-8").split("## ")[1:]:
        head, *marked = block.strip().splitlines()
        about, published, source = (field.strip() for field in head.split("|"))
        lines = [(line[0], line[2:]) for line in marked if line]
        told = any(mark == "t" for mark, _ in lines)
        yield Case(
            name=about,
            raw="\n".join(line for mark, line in lines if not (told and mark == "T")) + "\n",
            title=next((line for mark, line in lines if mark == "T"), ""),
            published=published,
            source=source,
            body="\n".join(line for mark, line in lines if mark == "="),
        )


SCRAPED = list(cases("scraped.txt"))
WHOLE = list(cases("whole.txt"))


def read(text: str) -> Document:
    document = clean(text, RULES)
    assert isinstance(document, Document)
    return document


@pytest.mark.parametrize("case", [*SCRAPED, *WHOLE], ids=lambda case: case.name)
def test_text_is_kept_and_the_page_around_it_dropped(case: Case) -> None:
    document = read(case.raw)
    assert document.text == case.body
    assert document.metadata.title == case.title
    assert (document.metadata.published, document.metadata.source) == (case.published, case.source)


@pytest.mark.parametrize("case", [*SCRAPED, *WHOLE], ids=lambda case: case.name)
def test_cleaning_twice_changes_nothing(case: Case) -> None:
    first = read(case.raw)
    again = read(file_text(first.metadata.title, first.text))
    assert (again.metadata.title, again.text) == (first.metadata.title, first.text)
