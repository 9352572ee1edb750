"""Filler words: some programs put words of no meaning before commas. They can be seen, but nobody can tell where they end.

So they are reported and left. A word is reported that stands before several commas behind different words, hardly anywhere
else, and mostly where the text would be far likelier without it.
"""

import re
from collections import defaultdict

from healthcrawl.core.mend.likelihood import ORDER, listen
from healthcrawl.core.mend.pinyin import HAN
from healthcrawl.model import Finding
from healthcrawl.rules import Mending

TIMES = 4
"""So often a word must stand there ..."""
COST = 9.0
"""... and so much more, in nats, the text must cost with it than without it, in the middle of all places."""
ELSEWHERE = 0.25
"""At most this share of a word's occurrences is not before a comma."""
LOOKED_AT = 20
"""Words that are looked at, the most frequent before commas."""
WORD = 2
"""Characters of such a word."""

_COMMA = re.compile("[，,]")
_CHINESE = re.compile(f"[{HAN}]{{{WORD + ORDER - 1}}}")


def find(text: str, data: Mending) -> tuple[Finding, ...]:
    """Report words that were put before commas; the text stays as it is."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for comma in _COMMA.finditer(text):
        start = comma.start() - WORD
        if _CHINESE.fullmatch(text, max(start - ORDER + 1, 0), comma.start()):
            places[text[start : comma.start()]].append(start)
    likeliest = sorted(places, key=lambda word: (-len(places[word]), word))[:LOOKED_AT]
    frequent = {
        word: places[word]
        for word in likeliest
        if len(places[word]) >= TIMES and len(places[word]) >= (1 - ELSEWHERE) * text.count(word)
    }
    if not frequent or not data.followers:
        return ()
    scorer = listen("", data)
    findings = []
    for word, starts in frequent.items():
        befores = [text[start - ORDER + 1 : start] for start in starts]
        if len(set(befores)) < TIMES:
            continue
        extra = sorted(sum(scorer.costs(each, f"{word}，")) - sum(scorer.costs(each, "，")) for each in befores)
        if extra[len(extra) // 2] >= COST:
            detail = f"filler word: stands before {len(starts)} commas where nothing asks for it; left, since nobody can tell what is filler"
            findings.append(Finding(kind="mirror", text=word, detail=detail))
    return tuple(findings)
