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

# A keyword list: pieces between marks that join keywords, not clauses.
_PIECES = re.compile(r"[,、|_;/\\《》\s\N{EM DASH}\N{MIDDLE DOT}-]+")
# Words that sentences can't do without and keyword lists don't have.
_FUNCTION_WORDS = re.compile("[的了在是和与对为将把被从及等其并]|应当|可以|已经|我们|你们|他们")
_STOP = re.compile(r"[。!?]\S{0,2}$")
_EDGE = 3  # lines at head and foot where a suspect line goes


def score(line: str, spam: Spam) -> float:
    """How much a line looks like spam; `Spam.suspect` and `Spam.drop` are the marks to compare with.

    The weights of the words found, each once, are added up; words of health and law weigh against. The sum counts in full
    where the words fill a quarter of the line, and more in a keyword list than in a sentence.
    """
    text = fold(line).lower()
    if not text:
        return 0.0
    found = {word: weight for word, weight in spam.words.items() if word in text}
    total = sum(found.values())
    if total <= 0:
        return 0.0
    bare = text.replace(" ", "")
    covered = sum(len(word) * text.count(word) for word, weight in found.items() if weight > 0)
    return total * min(1.0, 4 * covered / len(bare)) * _shape(text)


def is_spam(line: str, spam: Spam) -> bool:
    """Whether a line goes wherever it stands."""
    return score(line, spam) >= spam.drop


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
