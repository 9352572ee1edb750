"""Reads the character data of the mender (made by `healthcrawl.knowledge.build.characters`) into one `Mending`."""

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from healthcrawl.rules import Mending

_FOLDER = files("healthcrawl.knowledge") / "characters"
_BARE = str.maketrans("āáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜńňǹḿ", "aaaaooooeeeeiiiiuuuuüüüünnnm")


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


def _readings() -> dict[str, str]:
    toned = {row[0]: row[1] for row in _rows("readings.tsv")}
    bare: defaultdict[str, str] = defaultdict(str)
    for reading, characters in toned.items():
        bare[reading.translate(_BARE)] += characters
    return {**toned, **bare}


def _rows(name: str) -> Iterator[list[str]]:
    lines = (_FOLDER / name).read_text("utf-8").split("\n")
    return (line.split("\t") for line in lines if line and not line.startswith("#"))
