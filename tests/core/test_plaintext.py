"""Text files as scrapers leave them: what is dropped, what is kept whole, what is found in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from opencc import OpenCC

from healthcrawl.core.normalise import file_text
from healthcrawl.core.process import clean
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Document

RULES = load_rules()
READINGS = dict(
    pair.split(":")
    for pair in [
        "衛:wèi",
        "醫:yī",
        "務:wù",
        "業:yè",
        "發:fā",
        "會:huì",
        "時:shí",
        "間:jiān",
        "關:guān",
        "開:kāi",
        "門:mén",
        "來:lái",
        "國:guó",
        "學:xué",
        "點:diǎn",
        "動:dòng",
        "區:qū",
        "縣:xiàn",
        "書:shū",
        "記:jì",
        "員:yuán",
        "級:jí",
        "護:hù",
        "藥:yào",
        "療:liáo",
        "診:zhěn",
        "報:bào",
        "號:hào",
        "網:wǎng",
        "電:diàn",
        "話:huà",
        "聯:lián",
        "頁:yè",
        "訪:fǎng",
        "問:wèn",
        "鏈:liàn",
        "離:lí",
        "繼:jì",
        "續:xù",
        "棄:qì",
        "單:dān",
        "編:biān",
        "輯:jí",
        "審:shěn",
        "責:zé",
        "體:tǐ",
        "覽:lǎn",
        "瀏:liú",
        "閱:yuè",
        "讀:dú",
        "擊:jī",
        "紙:zhǐ",
        "轉:zhuǎn",
        "載:zài",
        "權:quán",
        "屬:shǔ",
        "備:bèi",
        "標:biāo",
        "應:yīng",
        "為:wèi",
        "對:duì",
        "強:qiáng",
        "進:jìn",
        "優:yōu",
        "質:zhì",
        "個:gè",
        "實:shí",
        "過:guò",
        "現:xiàn",
        "經:jīng",
    ]
)
CONVERTER = OpenCC("s2t")
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


@cache
def traditional(character: str) -> str:
    converted: str = CONVERTER.convert(character)
    return converted


def mirror(text: str, readings: dict[str, str]) -> str:
    """A text as a mirror program shows it: character by character to traditional ones, with readings behind some of them."""
    converted = [traditional(each) for each in text]
    return "".join(f"{each}({readings[each]})" if each in readings else each for each in converted)


@pytest.mark.parametrize("readings", [{}, READINGS], ids=["converted", "glossed"])
@pytest.mark.parametrize("case", [*SCRAPED, *WHOLE], ids=lambda case: case.name)
def test_a_mirrored_text_is_read_like_the_original(case: Case, readings: dict[str, str]) -> None:
    document = read(mirror(case.raw, readings))
    assert document.text == case.body
    assert document.metadata.title == case.title
    assert (document.metadata.published, document.metadata.source) == (case.published, case.source)
