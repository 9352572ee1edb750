"""Traditional characters back to the simplified ones of the original.

The originals are simplified, so the measure is the original's spelling, not a dictionary's: a mirror's table knows no
words, writes 着 as 著 everywhere and leaves 后, 里, 干 as they are. OpenCC converts, `Mending` says where it is wrong.
Japanese is left alone: a clause with kana is no Chinese.
"""

import importlib
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from typing import Protocol

from healthcrawl.model import Finding
from healthcrawl.rules import Mending

_CLAUSE = re.compile(r"""[^\s，。；：！？,.;:!?…“”"「」『』《》〈〉【】]+""")
_KANA = re.compile(
    "[\N{HIRAGANA LETTER SMALL A}-\N{HIRAGANA LETTER N}\N{KATAKANA LETTER SMALL A}-\N{KATAKANA LETTER VO}]"
)
_BMP_END = "\uffff"
SHOWN = 200
"""Changes looked at for the list in a finding."""


class _Converter(Protocol):
    def convert(self, string: str) -> str: ...


def simplify(text: str, data: Mending) -> tuple[str, tuple[Finding, ...]]:
    """Write a text in simplified characters; text that has no other is given back as it is."""
    traditional, simplified = _counts(text, data)
    if not traditional:
        return text, ()
    lines = [_simplify_line(line, data, default=traditional > simplified) for line in text.split("\n")]
    result = "\n".join(lines)
    if result == text:
        return text, ()
    return result, (_summary(text, result),)


def is_traditional(text: str, data: Mending) -> bool:
    """Whether more of a text's characters are traditional only than simplified only."""
    traditional, simplified = _counts(text, data)
    return traditional > simplified


def to_traditional(text: str) -> str:
    """Write a text in traditional characters (OpenCC's standard)."""
    return _converter("s2t").convert(text)


def _counts(text: str, data: Mending) -> tuple[int, int]:
    """How many characters are traditional only, how many simplified only; neither is counted where none is traditional."""
    if data.traditional.search(text) is None:
        return 0, 0
    counts = Counter(text)
    traditional = sum(times for each, times in counts.items() if each in data.simplified and each not in data.kept)
    simplified = sum(times for each, times in counts.items() if _is_simplified_only(each))
    return traditional, simplified


@lru_cache(maxsize=30_000)
def _is_simplified_only(character: str) -> bool:
    """Whether GB2312, the mainland's character set, has the character and Big5, Taiwan's, has not."""
    return _encodes(character, "gb2312") and not _encodes(character, "big5")


def _encodes(character: str, charset: str) -> bool:
    return character.encode(charset, "ignore") != b""


def _simplify_line(line: str, data: Mending, *, default: bool) -> str:
    if line.isascii():
        return line
    traditional, simplified = _counts(line, data)
    if not traditional and (not default or any(map(_is_simplified_only, line))):
        return line
    whole = traditional > simplified or (default and not simplified)
    if not _KANA.search(line):
        return _convert(line, data, whole=whole)
    return _CLAUSE.sub(
        lambda match: match[0] if _KANA.search(match[0]) else _convert(match[0], data, whole=whole), line
    )


def _convert(text: str, data: Mending, *, whole: bool) -> str:
    """Convert all of a traditional text, or the single traditional characters in a simplified one."""
    if not whole:
        return "".join(each if each in data.kept else data.simplified.get(each, each) for each in text)
    text = _respell(text, data.spellings, _to_simplified)
    return _respell(text, data.respellings, str)


def _respell(text: str, spellings: Mapping[str, str], otherwise: Callable[[str], str]) -> str:
    """Replace the words of a table, and put everything between them through another function."""
    if not spellings:
        return otherwise(text)
    words = _words(tuple(spellings))
    pieces = words.split(text)
    return "".join(spellings[piece] if at % 2 else otherwise(piece) for at, piece in enumerate(pieces))


def _to_simplified(text: str) -> str:
    """OpenCC's conversion, but for simplified characters so new that nobody writes them: names keep the old ones."""
    converted = _converter("t2s").convert(text)
    if converted.isascii() or max(converted) <= _BMP_END or len(converted) != len(text):
        return converted
    return "".join(old if new > _BMP_END else new for old, new in zip(text, converted, strict=True))


@lru_cache(maxsize=8)
def _words(words: tuple[str, ...]) -> re.Pattern[str]:
    """A pattern of one group: any of the words, the longest first."""
    return re.compile(f"({'|'.join(map(re.escape, sorted(words, key=len, reverse=True)))})")


@cache
def _converter(name: str) -> _Converter:
    """One of OpenCC's conversions; imported when first needed, since few texts need it."""
    opencc = importlib.import_module("opencc")
    converter: _Converter = opencc.OpenCC(name)
    return converter


def _summary(text: str, result: str) -> Finding:
    changed = [(old, new) for old, new in zip(text, result, strict=False) if old != new]
    shown = " ".join(dict.fromkeys(f"{old}→{new}" for old, new in changed[:SHOWN]))
    return Finding(kind="script", text=changed[0][0], detail=f"{len(changed)} characters simplified: {shown}")
