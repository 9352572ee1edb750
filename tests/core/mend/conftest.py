"""What the mender's tests share: its data, and a small mirror program that glosses a few characters of our choice."""

from dataclasses import dataclass

import pytest

from healthcrawl.knowledge.characters import load_mending
from healthcrawl.rules import Mending
from tests.core.mend import mirror as programs

GLOSSES = {
    "醫": "yī",
    "衛": "wèi",
    "務": "wù",
    "業": "yè",
    "發": "fā",
    "設": "shè",
    "聯": "lián",
    "學": "xué",
    "點": "diǎn",
}


@dataclass(frozen=True)
class SmallMirror:
    """The steps of a mirror program, one by one."""

    def convert(self, text: str) -> str:
        return programs.Mirror().convert(text)

    def gloss(self, text: str) -> str:
        return "".join(each + (f"({GLOSSES[each]})" if each in GLOSSES else "") for each in text)

    def cut(self, text: str, *extra: bytes) -> str:
        return programs.Mirror(splitters=(*programs.SPLITTERS, *extra)).cut(text)

    def misplace(self, text: str, key: str, reading: str) -> str:
        return programs.misplace(text, key, reading)

    def fold(self, text: str) -> str:
        return programs.fold(text)

    def drop_private(self, text: str) -> str:
        return programs.drop_private(text)


@pytest.fixture(scope="session")
def mirror() -> SmallMirror:
    return SmallMirror()


@pytest.fixture(scope="session")
def data() -> Mending:
    return load_mending()
