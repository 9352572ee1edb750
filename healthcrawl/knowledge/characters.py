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
    followers = {first: rows for first, _, rows in (line.partition("\t") for line in _lines("likelihood.tsv"))}
    simplified = {each: simplified for simplified, group in _rows("traditional.tsv") for each in group}
    simplified |= {word: form for word, form in script["after"].items() if len(word) == 1}
    traditional = frozenset(simplified) - set(script["kept"])
    return Mending(
        readings=_readings(),
        simplified=simplified,
        kept=frozenset(script["kept"]),
        traditional=traditional,
        traditional_of_gb2312="".join(sorted(traditional)).encode("gb2312", "ignore").decode("gb2312"),
        spellings=script["before"] | {form: form for form in script["before"].values()},
        respellings=script["after"],
        followers=followers,
    )


def _readings() -> dict[str, str]:
    toned = {row[0]: row[1] for row in _rows("readings.tsv")}
    bare: defaultdict[str, str] = defaultdict(str)
    for reading, characters in toned.items():
        plain = reading.translate(_BARE)
        bare[plain] += characters
        if "ü" in plain:
            bare[plain.replace("ü", "v")] += characters  # as it is typed
    return {**toned, **bare}


def _rows(name: str) -> Iterator[list[str]]:
    return (line.split("\t") for line in _lines(name))


def _lines(name: str) -> Iterator[str]:
    lines = (_FOLDER / name).read_text("utf-8").split("\n")
    return (line for line in lines if line and not line.startswith("#"))
