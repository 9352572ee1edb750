"""Traditional characters back to the simplified ones of the original.

The originals are simplified, so the measure is the original's spelling, not a dictionary's: a mirror's table knows no
words, writes 着 as 著 everywhere and leaves 后, 里, 干 as they are. OpenCC converts, `Mending` says where it is wrong.
Japanese is left alone: a clause with kana is no Chinese.
"""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import compress, count, zip_longest
from operator import ne
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
    default = traditional > simplified
    lines = text.split("\n")
    if default or any(each in text for each in data.traditional_of_gb2312):
        chosen: Iterable[int] = range(len(lines))
    else:
        chosen = compress(count(), map(ne, lines, _in_gb2312(text).split("\n")))
    changed: list[tuple[str, str]] = []
    for at in chosen:
        line, lines[at] = lines[at], _simplify_line(lines[at], data, default=default)
        if lines[at] != line:
            changed += (pair for pair in zip_longest(line, lines[at], fillvalue="") if ne(*pair))
    return ("\n".join(lines), (_summary(changed),)) if changed else (text, ())


def is_traditional(text: str, data: Mending) -> bool:
    """Whether more of a text's characters are traditional only than simplified only."""
    traditional, simplified = _counts(text, data)
    return traditional > simplified


def to_traditional(text: str) -> str:
    """Write a text in traditional characters (OpenCC's standard)."""
    return _converter("s2t").convert(text)


def _counts(text: str, data: Mending) -> tuple[int, int]:
    """How many characters are traditional only, how many simplified only; neither is counted where none is traditional.

    Simplified only is what GB2312, the mainland's character set, has and Big5, Taiwan's, has not. GB2312 lacks all but a few of
    the traditional characters; so what its codec, fast as it is, gives back unchanged needs no closer look.
    """
    known = _in_gb2312(text)
    traditional = sum(text.count(each) for each in data.traditional_of_gb2312)
    if known != text:
        lines = zip(text.split("\n"), known.split("\n"), strict=True)
        traditional += sum(_count_unknown(line, of_line, data) for line, of_line in lines if line != of_line)
    if not traditional:
        return 0, 0
    return traditional, _count_simplified(known)


def _in_gb2312(text: str) -> str:
    """The text with `?` for each character that GB2312 lacks."""
    return text.encode("gb2312", "replace").decode("gb2312")


def _count_simplified(known: str) -> int:
    """How many characters of a text in GB2312 Big5 lacks."""
    return len(known) - len(known.encode("big5", "ignore").decode("big5"))


def _count_unknown(text: str, known: str, data: Mending) -> int:
    """How many of the characters in which two texts differ are traditional."""
    return sum(map(data.traditional.__contains__, compress(text, map(ne, text, known))))


def _simplify_line(line: str, data: Mending, *, default: bool) -> str:
    if line.isascii():
        return line
    traditional, simplified = _counts(line, data)
    if not traditional and (not default or _count_simplified(_in_gb2312(line))):
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


def _summary(changed: Sequence[tuple[str, str]]) -> Finding:
    shown = " ".join(dict.fromkeys(f"{old}→{new}" for old, new in changed[:SHOWN]))
    return Finding(kind="script", text=changed[0][0], detail=f"{len(changed)} characters simplified: {shown}")
