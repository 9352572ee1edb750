"""The reader takes classes as schema, and keeps the proofs that rules carry out of their values."""

from pathlib import Path

import pytest

from healthcrawl.errors import KnowledgeError
from healthcrawl.knowledge.reader import Reader
from healthcrawl.rules import Family

FAMILY = """
name = "x"
title = "示例系统"

[[evidence]]
url = '/x/'
weight = 10
examples = ["http://www.example.gov.cn/x/"]

[[articles]]
pattern = '/x/(?P<id>\\d+)'
counter_examples = ["http://www.example.gov.cn/y/1"]

[[duplicates]]
pattern = '(/x/\\d+)_print'
replacement = '\\1'

[[pagers]]
kind = "script"
pattern = 'pages\\((?P<count>\\d+)\\)'
template = "list_{n}.html"
"""


def read(folder: Path, text: str) -> tuple[Family, Reader]:
    path = folder / "x.toml"
    path.write_text(text, encoding="utf-8")
    reader = Reader(path)
    return reader.read(Family), reader


def test_family_is_read_and_its_proofs_set_apart(tmp_path: Path) -> None:
    family, reader = read(tmp_path, FAMILY)
    assert [pattern.pattern for pattern in family.articles] == [r"/x/(?P<id>\d+)"]
    places = [(proof.place.partition(": ")[2], proof.rule, proof.holds) for proof in reader.proofs]
    assert places == [("evidence[0]", family.evidence[0], True), ("articles[0]", family.articles[0], False)]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("url = '/x/'\n", "", "evidence[0].url: expected exactly one of url, page and element, got []"),
        ("url = '/x/'\n", "url = '/x/'\nelement = 'p'\n", "got ['url', 'element']"),
        ("url = '/x/'\n", "element = '..p'\n", "evidence[0].element: expected a CSS selector, got '..p'"),
        ("weight = 10\n", "", "evidence[0].weight: missing"),
        (r"replacement = '\1'", r"replacement = '\2'", "duplicates[0].replacement: expected text with groups of the pattern ("),
        (r"pattern = '/x/(?P<id>\d+)'", "pattern = 3", "articles[0]: expected a regular expression, got {"),
        (r"pattern = '/x/(?P<id>\d+)'", "pattern = 'a{2,1}'", "articles[0]: expected a regular expression (min repeat"),
        ('counter_examples = ["http://www.example.gov.cn/y/1"]', "counter_examples = 1", "articles[0].counter_examples: expected a list"),
        ("counter_examples", "counterexamples", "articles[0].counterexamples: no such key; there are pattern"),
        ("list_{n}.html", "list_{m}.html", "pagers[0].template: expected an address with the fields count, ext, n, stem, got"),
        ("list_{n}.html", "list_{n.html", "pagers[0].template: expected an address with fields ("),
        ("list_{n}.html", "list_{}.html", "pagers[0].template: expected an address with the fields"),
        ("pattern = 'pages\\((?P<count>\\d+)\\)'\n", "", "pagers[0].pattern: expected a regular expression, got None"),
        ('kind = "script"', 'kind = "query"', "pagers[0].kind: expected 'query' with parameter, total and size, got 'query'"),
        ('name = "x"', 'name = "x"\nweak_pub_date = 1', "weak_pub_date: expected true or false, got 1"),
    ],
)  # fmt: skip
def test_mistake_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in FAMILY
    with pytest.raises(KnowledgeError) as caught:
        read(tmp_path, FAMILY.replace(old, new))
    assert message in str(caught.value)


def test_file_that_is_not_there_is_a_knowledge_error(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="can't be read"):
        Reader(tmp_path / "none.toml").read(Family)
