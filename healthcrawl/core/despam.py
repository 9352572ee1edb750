"""Which lines sell something that the bureau does not.

Spam is put into hacked or mirrored pages as runs of keywords, as a lone link, or as a glib sentence. Two witnesses are heard. A
model of character pairs, learned from lines of our own (`healthcrawl.knowledge.build.spam`), knows how such lines are made, down
to brands it has never met; a short list of words, weighed against those of hospitals, police and courts, knows what they are
about. News of a gambling raid, a notice on STD tests or a list of departments use the same words in another way, and score low.

A line that scores high goes wherever it stands. One that is only suspect goes where spam is put: at the head or foot of a text,
among links, in another script than the text around it, or in a page that was already seen to be hacked. Look-alikes stay: a
true line lost is worse than spam kept.
"""

import math
import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from itertools import repeat
from operator import add

from healthcrawl.core.fold import INVISIBLE, fold
from healthcrawl.model import Finding
from healthcrawl.rules import Spam

# A keyword list: pieces between marks that join keywords, neither clauses nor (\N{IDEOGRAPHIC COMMA}) the things a sentence lists.
_PIECES = re.compile(r"[,|_;/\\\s\N{EM DASH}\N{MIDDLE DOT}-]+")
# Marks and blanks between single characters, that hide a word from filters.
_SPACED = re.compile(
    r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff](?:[.*\N{MIDDLE DOT}_ ]{1,2}[\u4e00-\u9fff](?![\u4e00-\u9fff]))+"
)
_BETWEEN = re.compile(r"[.*\N{MIDDLE DOT}_ ]+")
# Marks and pictures inside words: arrows, technical and other symbols, dingbats, emoji and what modifies them.
_PICTURES = "\u2190-\u23ff\u2500-\u2bff\U0001f000-\U0001faff\U000e0020-\U000e007f"
_INSIDE = re.compile(rf"(?<=[\u4e00-\u9fff])(?:[*\N{{MIDDLE DOT}}~^`]|[{_PICTURES}]{{1,4}})(?=[\u4e00-\u9fff])")
_SPLITTING = re.compile(rf"[.*\N{{MIDDLE DOT}}_ ~^`{_PICTURES}]")  # one of the characters above
# Words that sentences can't do without and keyword lists don't have.
_FUNCTION_WORDS = re.compile("[的了在是和与对为将把被从及等其并]|应当|可以|已经|我们|你们|他们")
_STOP = re.compile(r"[。!?]\S{0,2}$")
# Where one statement ends and another may have been put behind it.
_SENTENCES = re.compile(r"[^。!?！？；;]*[。!?！？；;]*[”’」』)）]?")

# What the model sees: all digits as one, marks by what they do.
_AS_SEEN = str.maketrans(
    {**dict.fromkeys("0123456789", "0"), **dict.fromkeys("。!?;:", "。"), **dict.fromkeys(",、", ","),
     **dict.fromkeys("“\"‘'《([【〈「『", "“"), **dict.fromkeys("”’》)]】〉」』", None)}
)  # fmt: skip
_MARKS = re.compile(r"[^\w。,“]+|_+")
PRIOR = 4
"""Characters that every line is taken to have beside its own, so that short ones prove less."""

_CELLS = " | "  # what stands between the cells of a table row
DENSE = 0.1
"""The density from which a text that sells as a whole is to be told from others."""
# The same for a line, and from how many characters: of 8000 lines of spam that are suspect, all that are longer than 15 have two
# such pairs in 40 characters; of honest lines more than half haven't.
_HONEST = 40
_TELLING = 24
_EDGE = 3  # lines at head and foot where a suspect line goes
_LONGEST_LINE = 5000  # characters; of a longer line this much is read at either end
# What stands on every page of a site is short: so many lines, up to so many characters, are known from the pages before.
_KEPT = 4096
_MENU = 40
_PART = range(8, 400)  # characters of a statement that may be cut out of a line
_CONTRAST = 3  # simplified characters by which a line shows that it was not converted with the text around it
_CONVERTED = 0.1  # share of traditional characters from which a text is one


def score(line: str, spam: Spam) -> float:
    """How much a line looks like spam: log odds, up to the prior; `Spam.suspect` and `Spam.drop` are the marks to compare with.

    A line of some length that has next to nothing that hints at spam is not weighed: minus infinity. The model's verdict and, up
    to `Spam.most_of_words`, that of the words are added up. The line is also read without the marks, blanks and pictures that
    split its words; the higher score counts.
    """
    return _score_once(line, spam) if len(line) <= _MENU else _score_line(line, spam)


@lru_cache(maxsize=_KEPT)
def _score_once(line: str, spam: Spam) -> float:
    return _score_line(line, spam)


def _score_line(line: str, spam: Spam) -> float:
    text = line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE // 2] + line[-_LONGEST_LINE // 2 :]
    text = fold(text).lower()
    if spam.traditional.search(text):
        text = text.translate(spam.simplified)
    joined = _joined(text)
    if _is_honest(text, spam) and (joined == text or _is_honest(joined, spam)):
        return -math.inf
    return _score(text, spam) if joined == text else max(_score(text, spam), _score(joined, spam))


def density(text: str, spam: Spam) -> float:
    """How many of the pairs that hint at spam a text has for each character: quick, and nearly never 0 for spam in plain writing.

    What goes as a whole or not at all is only worth scoring from DENSE on.
    """
    return _density_once(text, spam) if len(text) <= _MENU else _density(text, spam)


@lru_cache(maxsize=_KEPT)
def _density_once(text: str, spam: Spam) -> float:
    return _density(text, spam)


def _density(text: str, spam: Spam) -> float:
    plain = (text if text.isascii() else INVISIBLE.sub("", text)).lower()
    return len(spam.hints.intersection(map(add, plain, plain[1:]))) / max(len(plain), 1)


def _is_honest(text: str, spam: Spam) -> bool:
    """Whether a folded line has so little of what hints at spam for its length that it can't be suspect."""
    return len(text) >= _TELLING and _HONEST * len(spam.hints.intersection(map(add, text, text[1:]))) < len(text)


def speaks_of_crime(line: str, spam: Spam) -> bool:
    """Whether a line has words of police and courts, of those that weigh against spam the heaviest."""
    heaviest = min(spam.words.values(), default=0.0)
    return any(spam.words[word] == heaviest for word in spam.pattern.findall(fold(line).lower()))


def is_suspect(line: str, spam: Spam) -> bool:
    """Whether a line goes where spam is put: at head or foot, hidden, or among links."""
    return score(line, spam) >= spam.suspect


def drop_spam(
    lines: tuple[str, ...], spam: Spam, doubtful: Collection[str] = (), *, hacked: bool = False
) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Lines without spam, and a finding with rule and score for each line, or end of a line, that was dropped.

    `doubtful` are lines that stand where spam is put, besides those at head and foot; in a page that is known to be `hacked`
    all lines do.
    """
    scores = [score(line, spam) for line in lines]
    hacked = hacked or any(value >= spam.drop for value in scores)
    kept: list[str] = []
    findings: list[Finding] = []
    for at, (line, value) in enumerate(zip(lines, scores, strict=True)):
        edge = at < _EDGE or at >= len(lines) - _EDGE
        rule = next((name for name, holds in (
            ("anywhere", value >= spam.drop),
            ("at head or foot", edge and value >= spam.suspect),
            ("among links or in another script", line in doubtful and value >= spam.suspect),
            ("in a hacked page", hacked and value >= spam.suspect),
        ) if holds), "")  # fmt: skip
        if rule:
            honest, sold = _part_cells(line, spam)
            kept += filter(None, [honest])
            findings.append(Finding(kind="spam", text=sold, detail=f"line, {rule}: score {value:.2f}"))
            continue
        rest, cut = _cut_statements(line, spam)
        findings += cut
        if rest:
            kept.append(rest)
    return tuple(kept), tuple(findings)


def unconverted(lines: tuple[str, ...], simplified: Mapping[int, str]) -> frozenset[str]:
    """The simplified lines of a text that a mirror has converted to traditional characters.

    >>> unconverted(("國產藥品監督管理辦法", "国产视频下载网站"),
    ...     {ord(old): new for old, new in zip("國產藥監辦載網", "国产药监办载网", strict=True)})
    frozenset({'国产视频下载网站'})
    """
    plain = set(simplified.values())
    whole = "".join(lines)
    converted = (character for character in set(whole) if ord(character) in simplified)
    if sum(map(whole.count, converted)) < _CONVERTED * len(whole):
        return frozenset()
    return frozenset(
        line
        for line in lines
        if sum(map(plain.__contains__, line)) >= _CONTRAST and not any(map(simplified.__contains__, map(ord, line)))
    )


def features(text: str) -> tuple[set[str], int]:
    """What the model looks at in a folded line in lower case: its characters and pairs of them, and how long it is.

    >>> sorted(features("看片!")[0]), features("看片!")[1]
    (['|看', '。', '。|', '片', '片。', '看', '看片'], 5)
    """
    seen = "|" + _MARKS.sub("|", text.translate(_AS_SEEN)).strip("|") + "|"
    found = set(map(add, seen, seen[1:]))
    found.update(seen)
    found.discard("|")
    return found, len(seen)


def _score(text: str, spam: Spam) -> float:
    found, length = features(text)
    weights = spam.weights
    value = spam.bias + sum(map(weights.get, found, repeat(0.0))) / math.sqrt(length + PRIOR)
    if value < spam.suspect - spam.most_of_words:  # whatever the words say
        return value
    return value + min(spam.share_of_words * _weigh_words(text, spam), spam.most_of_words)


def _weigh_words(text: str, spam: Spam) -> float:
    """The weights of the words found, each once; in full where the words fill a quarter of the line, and more in a keyword list."""
    found = spam.pattern.findall(text)
    total = sum(spam.words[word] for word in set(found))
    if total <= 0:
        return 0.0
    covered = sum(len(word) for word in found if spam.words[word] > 0)
    if total >= spam.contact_weight and (contact := spam.contact.search(text)):
        total += spam.contact_weight
        covered += len(contact[0])
    return total * min(1.0, 4 * covered / len(text.replace(" ", ""))) * _shape(text)


def _joined(text: str) -> str:
    """A line without the marks between single characters, and inside words."""
    if not _SPLITTING.search(text):
        return text
    return _INSIDE.sub("", _SPACED.sub(lambda match: _BETWEEN.sub("", match[0]), text))


def _shape(text: str) -> float:
    """Above 1 for a run of short pieces without function words, below 1 for a sentence."""
    pieces = [piece for piece in _PIECES.split(text) if piece]
    glue = len(_FUNCTION_WORDS.findall(text))
    if len(pieces) >= 4 and len(text) / len(pieces) <= 16 and glue * 25 < len(text):
        return 1.5
    if glue * 25 >= len(text) and _STOP.search(text):
        return 0.5
    return 1.0


def _part_cells(line: str, spam: Spam) -> tuple[str, str]:
    """What is honest of a line that sells, and what is not: the cells of a table row are parted, any other line is of one piece."""
    cells = line.split(_CELLS)
    selling = [score(cell, spam) >= spam.suspect for cell in cells]
    honest = _CELLS.join(cell for cell, sold in zip(cells, selling, strict=True) if not sold)
    if len(cells) == 1 or score(honest, spam) >= 0:
        return "", line
    return honest, _CELLS.join(cell for cell, sold in zip(cells, selling, strict=True) if sold)


def _cut_statements(line: str, spam: Spam) -> tuple[str, list[Finding]]:
    """A line without the statements at its ends that were added to it: what is left must be honest text."""
    parts = [part for part in _SENTENCES.findall(line) if part]
    findings: list[Finding] = []
    for end in (-1, 0):
        while len(parts) > 1 and len(parts[end]) in _PART and (value := score(parts[end], spam)) >= spam.drop:
            findings.append(
                Finding(kind="spam", text=parts.pop(end).strip(), detail=f"end of a line: score {value:.2f}")
            )
    return ("".join(parts).strip() if findings else line), findings
