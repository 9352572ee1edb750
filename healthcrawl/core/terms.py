"""What a person looks for, and where it stands in a text.

Texts are compared in a form of their own: lower case, half width, simplified characters, each character by itself. It has as many
characters as the text, so that a place in one is the place in the other; and what is written anyhow is found, however it is written.
"""

import re
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from healthcrawl.core.mend.script import simplified_characters
from healthcrawl.core.normalise import normalise
from healthcrawl.errors import UsageError

MOST_CHARACTERS = 200  # of a question
_CODE_POINTS = f"utf-32-{'le' if sys.byteorder == 'little' else 'be'}"
_CODE = "I"  # of four bytes, as code points are
_WIDTHS = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
# OpenCC takes 著 for a simplified character; a mirror's table has written 着 that way. Greek has one sigma more than capitals tell.
_OTHERS = {ord("著"): "着", ord("\N{GREEK SMALL LETTER FINAL SIGMA}"): "\N{GREEK SMALL LETTER SIGMA}"}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of text; `found`: it is what was looked for."""

    text: str
    found: bool


def searchable(text: str) -> str:
    """A text in the form in which it is compared.

    >>> searchable("２０２４年Ｈ７Ｎ９：衛生健康局看著")
    '2024年h7n9:卫生健康局看着'
    """
    lower = text.lower()
    if len(lower) != len(text):  # one character of Turkish becomes two
        lower = "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
    return lower.translate(equals()) if _written_otherwise().search(lower) else lower  # to look is cheaper


def terms_of(question: str) -> tuple[str, ...]:
    """The terms of a question in the searchable form, each once: what stands between blanks. No sign has a meaning.

    >>> terms_of(' H7N9  流感　"2024年" 流感')
    ('h7n9', '流感', '"2024年"')

    Raises:
        UsageError: the question is too long.
    """
    if len(question) > MOST_CHARACTERS:
        raise UsageError(f"a question may have {MOST_CHARACTERS} characters, this one has {len(question)}")
    return tuple(dict.fromkeys(searchable(normalise(question)).split()))


def bigrams(text: str) -> str:
    r"""Each character of a text with the one behind it, as words between blanks; a blank or the end gives single characters.

    Single characters keep the pairs before and behind a blank apart, and let each character begin a word.

    >>> bigrams("流感 H7").split()
    ['流感', '感', 'H', 'H7', '7']
    """
    codes = array(_CODE, f"{text} ".encode(_CODE_POINTS))
    words = array(_CODE, [ord(" ")]) * (3 * len(text))
    words[0::3] = codes[:-1]
    words[1::3] = codes[1:]
    return words.tobytes().decode(_CODE_POINTS)


def mark(text: str, terms: Sequence[str]) -> tuple[Span, ...]:
    """A text cut where the terms stand in it.

    >>> mark("防控H7N9流感", ["h7n9"])
    (Span(text='防控', found=False), Span(text='H7N9', found=True), Span(text='流感', found=False))
    """
    spans, at = [], 0
    for start, end in _places(text, terms):
        spans += [Span(text[at:start], False), Span(text[start:end], True)]
        at = end
    return tuple(span for span in (*spans, Span(text[at:], False)) if span.text)


def excerpts(body: str, terms: Sequence[str], *, most: int = 3, around: int = 36) -> tuple[tuple[Span, ...], ...]:
    r"""Some parts of a text in which terms stand, with a little around; a cut-off end shows as an ellipsis.

    At first parts for terms that were not yet shown. Where no term stands, the beginning of the text.

    >>> excerpts("第一段。\n为做好流感防控工作,现将通知如下。", ["流感"], around=3)
    ((Span(text='为做好', found=False), Span(text='流感', found=True), Span(text='防控工…', found=False)),)
    """
    chosen: list[tuple[int, int]] = []
    unseen = set(terms)
    folded = searchable(body)
    places = _places(body, terms)
    for wanted in (True, False):
        for start, end in places:
            fresh = {term for term in unseen if term in folded[start:end]}
            if len(chosen) < most and bool(fresh) == wanted and not any(a <= start < b for a, b in chosen):
                unseen -= fresh
                chosen.append(_window(body, start, end, around))
    if not chosen:
        chosen = [_window(body, 0, 0, 2 * around)] if body else []
    return tuple(_excerpt(body, *part, terms) for part in _united(chosen))


def _places(text: str, terms: Sequence[str]) -> list[tuple[int, int]]:
    """Where terms stand, from the first on; those that touch or overlap are one."""
    folded = searchable(text)
    found = sorted(match.span(1) for term in terms for match in re.finditer(f"(?=({re.escape(term)}))", folded) if term)
    return _united(found)


def _united(parts: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    united: list[tuple[int, int]] = []
    for start, end in sorted(parts):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(end, united[-1][1]))
        else:
            united.append((start, end))
    return united


def _window(text: str, start: int, end: int, around: int) -> tuple[int, int]:
    """A place with a little around it, within its paragraph."""
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    return max(first, start - around), min(len(text) if last < 0 else last, end + around)


def _excerpt(text: str, start: int, end: int, terms: Sequence[str]) -> tuple[Span, ...]:
    before = "" if start == 0 or text[start - 1] == "\n" else "…"
    after = "" if end == len(text) or text[end] == "\n" else "…"
    spans = mark(text[start:end], terms)
    if before:
        spans = (Span(f"…{spans[0].text}", False), *spans[1:]) if not spans[0].found else (Span("…", False), *spans)
    if after:
        spans = (*spans[:-1], Span(f"{spans[-1].text}…", False)) if not spans[-1].found else (*spans, Span("…", False))
    return spans


@cache
def equals() -> dict[int, str]:
    """What is compared in another form, by code point."""
    return {**simplified_characters(), **_WIDTHS, **_OTHERS}


@cache
def _written_otherwise() -> re.Pattern[str]:
    return re.compile("[" + "".join(re.escape(chr(code)) for code in equals()) + "]")
