"""Traditional characters back to the simplified ones of the original.

The originals are simplified, so the measure is the original's spelling, not a dictionary's: a mirror's table knows no
words, writes 着 as 著 everywhere and leaves 后, 里, 干 as they are. OpenCC converts, `Mending` says where it is wrong.
Japanese is left alone: a clause with kana is no Chinese.
"""

import importlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from itertools import zip_longest
from operator import ne
from typing import NamedTuple, Protocol

from healthcrawl.model import Finding
from healthcrawl.rules import Mending

_CLAUSE = re.compile(r"""[^\s，。；：！？,.;:!?…“”"「」『』《》〈〉【】]+""")
_BETWEEN_CLAUSES = re.compile(r"([\s，。、；：？！]+)")
"""Some of what no word of OpenCC's reaches across."""
_KANA = re.compile(
    "[\N{HIRAGANA LETTER SMALL A}-\N{HIRAGANA LETTER N}\N{KATAKANA LETTER SMALL A}-\N{KATAKANA LETTER VO}]"
)
_BMP_END = "\uffff"
_DICTIONARY = files("opencc") / "dictionary"
SHOWN = 200
"""Changes looked at for the list in a finding."""


class _Converter(Protocol):
    def convert(self, string: str) -> str: ...


class Script(NamedTuple):
    """What a text is written in.

    `by_line`: how many characters are traditional only, in each line that may have any; `is_traditional`: they are more than
    those that are simplified only.
    """

    by_line: Mapping[int, int]
    is_traditional: bool


def read_script(text: str, data: Mending) -> Script:
    """Tell what a text is written in.

    Simplified only is what GB2312, the mainland's character set, has and Big5, Taiwan's, has not. GB2312 lacks all but a few of
    the traditional characters; so what its codec, fast as it is, takes needs no closer look.
    """
    by_line: dict[int, int] = {}
    if _may_be_traditional(text, data):
        for at, line in enumerate(text.split("\n")):
            if _may_be_traditional(line, data):
                by_line[at] = sum(map(data.traditional.__contains__, line))
    traditional = sum(by_line.values())
    return Script(by_line, traditional > 0 and _has_fewer_simplified(text, traditional))


def simplify(text: str, data: Mending, script: Script) -> tuple[str, tuple[Finding, ...]]:
    """Write a text in simplified characters; text that has no other is given back as it is."""
    lines = text.split("\n")
    changed: list[tuple[str, str]] = []
    for at in range(len(lines)) if script.is_traditional else script.by_line:
        line, lines[at] = (
            lines[at],
            _simplify_line(lines[at], data, script.by_line.get(at, 0), default=script.is_traditional),
        )
        if lines[at] != line:
            changed += (pair for pair in zip_longest(line, lines[at], fillvalue="") if ne(*pair))
    if not changed:
        return text, ()
    either = [pair for pair in changed if pair[0] in data.kept]
    return "\n".join(lines), (_summary(changed), *_infer(either))


def to_traditional(text: str) -> str:
    """Write a text in traditional characters (OpenCC's standard)."""
    return _converter("s2t").convert(text)


def _may_be_traditional(text: str, data: Mending) -> bool:
    """Whether a text has a traditional character, or one that GB2312 lacks for another reason."""
    text = text.replace("—", "").replace("·", "")  # often written, and in GB2312 under other names
    if text.encode("gb2312", "replace").count(b"?") != text.count("?"):
        return True
    return any(each in text for each in data.traditional_of_gb2312)


def _has_fewer_simplified(text: str, bound: int) -> bool:
    """Whether a text has fewer characters than so many that are simplified only."""
    simplified = 0
    for line in text.split("\n"):
        simplified += _count_simplified(line)
        if simplified >= bound:
            return False
    return True


def _count_simplified(text: str) -> int:
    """How many characters GB2312 has and Big5 lacks."""
    known = text.encode("gb2312", "ignore").decode("gb2312")
    return known.encode("big5", "replace").count(b"?") - known.count("?")


def _simplify_line(line: str, data: Mending, traditional: int, *, default: bool) -> str:
    """Write a line with so many traditional characters in simplified ones; `default`: the text is traditional."""
    if line.isascii():
        return line
    simplified = _count_simplified(line)
    if not traditional and (not default or simplified):
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
    """OpenCC's conversion, but for simplified characters so new that nobody writes them: names keep the old ones.

    The converter is slow, and few clauses have one of the words for which it is needed; elsewhere each character is by itself.
    """
    characters, words = _dictionary()
    if not words.search(text):
        return text.translate(characters)
    clauses = _BETWEEN_CLAUSES.split(text)
    return "".join(_by_words(each) if words.search(each) else each.translate(characters) for each in clauses)


def _by_words(clause: str) -> str:
    converted = _converter("t2s").convert(clause)
    if max(converted) <= _BMP_END or len(converted) != len(clause):
        return converted
    return "".join(old if new > _BMP_END else new for old, new in zip(clause, converted, strict=True))


@cache
def simplified_characters() -> Mapping[int, str]:
    """OpenCC's characters, each with what it becomes by itself."""
    rows = (line.split("\t") for line in (_DICTIONARY / "TSCharacters.txt").read_text("utf-8").splitlines())
    first = {ord(old): new.split()[0] for old, new in rows}
    return {old: new for old, new in first.items() if new <= _BMP_END}


@cache
def _dictionary() -> tuple[Mapping[int, str], re.Pattern[str]]:
    """OpenCC's characters by themselves, and a pattern of its words."""
    words = (line.partition("\t")[0] for line in (_DICTIONARY / "TSPhrases.txt").read_text("utf-8").splitlines())
    return simplified_characters(), re.compile("|".join(map(re.escape, words)))


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


def _infer(changed: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """Characters that simplified texts have too: the original may have had them."""
    for (old, new), times in Counter(changed).items():
        detail = f"{old}→{new} at {times} places: simplified texts have {old} too"
        yield Finding(kind="inferred", text=old, detail=detail)
