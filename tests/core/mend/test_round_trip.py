"""The round trip: clean text, damaged by a mirror program written apart from the mender, comes back as it was."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import NamedTuple

import pytest

from healthcrawl.core.mend import mend
from healthcrawl.core.normalise import normalise
from healthcrawl.model import Finding
from healthcrawl.rules import Mending
from tests.core.mend.mirror import Mirror, fold, greedy_table
from tests.core.mend.prose import articles

MIRRORS = {
    "converted": Mirror(splitters=()),
    "converted without restraint": Mirror(splitters=(), table=greedy_table()),
    "few glosses": Mirror(glossed=0.1, splitters=()),
    "glosses with blanks": Mirror(glossed=0.3, splitters=(), blank=True, seed=1),
    "many glosses": Mirror(glossed=0.6, splitters=(), table=greedy_table(), seed=2),
    "toneless": Mirror(toneless=0.07, splitters=(), noise=0.5),
    "toneless, doubled, simplified": Mirror(table={}, toneless=0.05, doubled=True, splitters=()),
    "cut": Mirror(glossed=0.2, seed=3),
    "cut here and there": Mirror(glossed=0.2, hit=0.5, seed=4),
    "cut, widths folded": Mirror(glossed=0.2, folded=True, seed=5),
    "cut without glosses": Mirror(seed=6),
    "cut and misplaced": Mirror(glossed=0.1, misplaced=True, seed=7),
    "toneless and cut": Mirror(toneless=0.05, noise=0.3, seed=9),
}
HARDER = {
    "cut, simplified": Mirror(table={}, seed=8),
    "cut, folded, private-use dropped": Mirror(glossed=0.2, folded=True, private=False, seed=10),
    "misplaced, folded, private-use dropped": Mirror(glossed=0.2, misplaced=True, folded=True, private=False, seed=11),
}
"""Where bytes are gone for good."""


class Result(NamedTuple):
    """Characters in all, those that differ, and the differences that no finding admits."""

    characters: int
    wrong: int
    silent: list[tuple[str, str]]


def round_trip(texts: Iterable[str], mirror: Mirror, data: Mending) -> Result:
    characters = wrong = 0
    silent = []
    for text in texts:
        mended = mend("\n".join(map(mirror, text.split("\n"))), data)
        one, two = normalise(fold(text)), normalise(fold(mended.text))
        characters += len(text)
        if one == two:
            continue
        admitted = admissions(mended.findings, data)
        for tag, i, j, k, m in SequenceMatcher(None, one, two, autojunk=False).get_opcodes():
            if tag != "equal":
                wrong += max(j - i, m - k)
                places = {two[max(0, k - 1) : m], two[max(0, k - 2) : m], two[k : m + 1], two[k : m + 2]}
                if not any(len(place) > 1 and place in admitted for place in places):
                    silent.append((one[max(0, i - 4) : j + 4], two[max(0, k - 4) : m + 4]))
    return Result(characters, wrong, silent)


def admissions(findings: Iterable[Finding], data: Mending) -> str:
    doubted = [
        re.sub(" \\(.*", "", finding.detail) + "\n" + finding.text
        for finding in findings
        if finding.kind in {"inferred", "unresolved"}
    ]
    plain = mend("\n".join(doubted), data).text
    return normalise(fold("\n".join([*doubted, plain])))


@pytest.mark.parametrize("name", MIRRORS)
def test_what_a_mirror_did_is_undone(name: str, data: Mending) -> None:
    characters, wrong, silent = round_trip(articles(3_000), MIRRORS[name], data)
    assert silent == []
    assert wrong <= 0.001 * characters


@pytest.mark.parametrize("name", HARDER)
def test_what_is_gone_for_good_is_told(name: str, data: Mending) -> None:
    characters, wrong, silent = round_trip(articles(3_000), HARDER[name], data)
    assert silent == []
    assert wrong <= 0.01 * characters


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", MIRRORS)
def test_all_but_one_character_in_two_thousand_come_back_from_300_kb(name: str, data: Mending) -> None:
    texts = articles(105_000)
    assert sum(len(text.encode()) for text in texts) > 300_000
    characters, wrong, silent = round_trip(texts, MIRRORS[name], data)
    assert silent == []
    assert wrong <= 0.0005 * characters
