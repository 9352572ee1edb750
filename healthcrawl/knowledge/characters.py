"""Reads the character data of the mender (made by `healthcrawl.knowledge.build.characters`) into one `Mending`."""

import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from healthcrawl.rules import Mending

_FOLDER = files("healthcrawl.knowledge") / "characters"
_TONES = frozenset("\N{COMBINING MACRON}\N{COMBINING ACUTE ACCENT}\N{COMBINING CARON}\N{COMBINING GRAVE ACCENT}")


@cache
def load_mending() -> Mending:
    """The mender's data; read once a process."""
    script = tomllib.loads((_FOLDER / "script.toml").read_text("utf-8"))
    model: dict[str, dict[str, float]] = {"character": {}, "other": {}, "pair": {}, "word": {}}
    for kind, length, cost, keys in _rows("likelihood.tsv"):
        step = int(length)
        model[kind].update(dict.fromkeys((keys[at : at + step] for at in range(0, len(keys), step)), float(cost)))
    simplified = {each: simplified for simplified, group in _rows("traditional.tsv") for each in group}
    return Mending(
        readings=_readings(),
        simplified=simplified | {word: form for word, form in script["after"].items() if len(word) == 1},
        kept=frozenset(script["kept"]),
        spellings=script["before"] | {form: form for form in script["before"].values()},
        respellings=script["after"],
        characters=model["character"],
        others=model["other"],
        pairs=model["pair"],
        words=model["word"],
    )


def bare(reading: str) -> str:
    """A reading without its tone.

    >>> bare("lǜ"), bare("zhōng")
    ('lü', 'zhong')
    """
    letters = (letter for letter in unicodedata.normalize("NFD", reading) if letter not in _TONES)
    return unicodedata.normalize("NFC", "".join(letters))


def _readings() -> dict[str, frozenset[str]]:
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for reading, characters in _rows("readings.tsv"):
        groups[reading].update(characters)
        groups[bare(reading)].update(characters)
    return {reading: frozenset(characters) for reading, characters in groups.items()}


def _rows(name: str) -> Iterator[list[str]]:
    lines = (_FOLDER / name).read_text("utf-8").split("\n")
    return (line.split("\t") for line in lines if line and not line.startswith("#"))
