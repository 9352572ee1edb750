"""Which lines sell something that the bureau does not.

Spam is put into hacked or mirrored pages as runs of keywords or as a glib sentence. What sets it apart is vocabulary *and*
density: news of a gambling raid, a notice on STD tests or a list of departments use the same words, but thinly, beside the
words of their own trade, which count against. A line that scores high goes wherever it stands; a line that is only suspect
goes at the head or foot of a text, where such lines are put. Look-alikes stay: a true line lost is worse than spam kept.
"""

import re

from healthcrawl.core.fold import fold
from healthcrawl.model import Finding
from healthcrawl.rules import Spam

# A keyword list: pieces between marks that join keywords, neither clauses nor (\N{IDEOGRAPHIC COMMA}) the things a sentence lists.
_PIECES = re.compile(r"[,|_;/\\\s\N{EM DASH}\N{MIDDLE DOT}-]+")
# Marks and blanks between single characters, that hide a word from filters.
_SPACED = re.compile(
    r"(?<![\u4e00-\u9fff])[\u4e00-\u9fff](?:[.*\N{MIDDLE DOT}_ ]{1,2}[\u4e00-\u9fff](?![\u4e00-\u9fff]))+"
)
_BETWEEN = re.compile(r"[.*\N{MIDDLE DOT}_ ]+")
_INSIDE = re.compile(r"(?<=[\u4e00-\u9fff])[*\N{MIDDLE DOT}](?=[\u4e00-\u9fff])")
# Words that sentences can't do without and keyword lists don't have.
_FUNCTION_WORDS = re.compile("[的了在是和与对为将把被从及等其并]|应当|可以|已经|我们|你们|他们")
_STOP = re.compile(r"[。!?]\S{0,2}$")
_EDGE = 3  # lines at head and foot where a suspect line goes


def score(line: str, spam: Spam) -> float:
    """How much a line looks like spam; `Spam.suspect` and `Spam.drop` are the marks to compare with.

    The weights of the words found, each once, are added up; words of health and law weigh against. The sum counts in full
    where the words fill a quarter of the line, and more in a keyword list than in a sentence. The line is also read without
    the marks that split words into single characters; the higher score counts.
    """
    text = fold(line).lower()
    return max(_score(view, spam) for view in {text, _joined(text)})


def _score(text: str, spam: Spam) -> float:
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
    return _INSIDE.sub("", _SPACED.sub(lambda match: _BETWEEN.sub("", match[0]), text))


def is_suspect(line: str, spam: Spam) -> bool:
    """Whether a line goes where spam is put: at head or foot, hidden, or among links."""
    return score(line, spam) >= spam.suspect


def drop_spam(lines: tuple[str, ...], spam: Spam) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """Lines without spam, and a finding for each line dropped."""
    kept: list[str] = []
    findings: list[Finding] = []
    for at, line in enumerate(lines):
        value = score(line, spam)
        edge = at < _EDGE or at >= len(lines) - _EDGE
        if value >= (spam.suspect if edge else spam.drop):
            findings.append(Finding(kind="spam", text=line, detail=f"score {value:.2f}"))
        else:
            kept.append(line)
    return tuple(kept), tuple(findings)


def _shape(text: str) -> float:
    """Above 1 for a run of short pieces without function words, below 1 for a sentence."""
    pieces = [piece for piece in _PIECES.split(text) if piece]
    glue = len(_FUNCTION_WORDS.findall(text))
    if len(pieces) >= 4 and len(text) / len(pieces) <= 16 and glue * 25 < len(text):
        return 1.5
    if glue * 25 >= len(text) and _STOP.search(text):
        return 0.5
    return 1.0
