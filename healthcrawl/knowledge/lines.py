"""Line rules from their data files: furniture and spam, checked while they are read."""

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any

from healthcrawl.errors import KnowledgeError
from healthcrawl.knowledge.characters import load_mending
from healthcrawl.rules import Furniture, Spam

_LATIN = re.compile("[a-z ]+")
_HINT = 1.5  # weight from which a pair hints at spam: of 238 pieces of spam 6 had none, and half of honest short lines


@cache
def load_furniture() -> tuple[Furniture, ...]:
    """The furniture rules in order.

    Raises:
        KnowledgeError: the file is wrong.
    """
    return tuple(_furniture(rule) for rule in read("furniture.toml")["rule"])


@cache
def load_spam() -> Spam:
    """The spam model, the words with their weights, and the scores that decide; read once a process.

    Raises:
        KnowledgeError: the file is wrong.
    """
    data = read("spam.toml")
    bias, weights = _read_model()
    try:
        words = {word: float(group["weight"]) for group in data["words"].values() for word in group["words"]}
        simplified = {ord(old): new for old, new in load_mending().simplified.items() if len(old) == 1}
        return Spam(
            weights=weights,
            bias=bias,
            hints=frozenset(
                key for key, weight in weights.items() if len(key) == 2 and weight >= _HINT and not {*key} & {*"|。,“"}
            ),
            words=words,
            pattern=_one_of(words),
            contact=re.compile(data["contact"]["pattern"]),
            contact_weight=float(data["contact"]["weight"]),
            simplified=simplified,
            traditional=re.compile("[" + "".join(map(chr, simplified)) + "]"),
            **data["scores"],
        )
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise KnowledgeError(
            f"spam.toml: [scores], [contact] and [words.*] with weight and words expected ({error!r})"
        ) from error


def read(name: str) -> dict[str, Any]:
    """A data file of this package.

    Raises:
        KnowledgeError: it is not TOML.
    """
    text = resources.files("healthcrawl.knowledge").joinpath(name).read_text(encoding="utf-8")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise KnowledgeError(f"{name}: not TOML: {error}") from error


def _read_model() -> tuple[float, dict[str, float]]:
    """Bias and weights of the model that `healthcrawl.knowledge.build.spam` has written."""
    bias, weights = 0.0, {}
    for line in resources.files("healthcrawl.knowledge").joinpath("spam_model.tsv").read_text("utf-8").split("\n"):
        if not line or line.startswith("#"):
            continue
        weight, length, keys = line.split("\t")
        if weight == "bias":
            bias = float(keys)
        else:
            step = int(length)
            weights.update(dict.fromkeys((keys[at : at + step] for at in range(0, len(keys), step)), float(weight)))
    return bias, weights


def _one_of(words: Iterable[str]) -> re.Pattern[str]:
    """Finds the longest word at a place; one of Latin letters only where it is a word of its own.

    Words are grouped by their first character, which alone is looked for in most places.
    """
    tails: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        first, rest = re.escape(word[0]), re.escape(word[1:])
        tails.setdefault(first, []).append(rf"(?<![a-z]{first}){rest}(?![a-z])" if _LATIN.fullmatch(word) else rest)
    return re.compile("|".join(f"{first}(?:{'|'.join(rests)})" for first, rests in tails.items()) or "(?!)")


def _furniture(rule: dict[str, Any]) -> Furniture:
    try:
        return Furniture(
            name=rule["name"],
            pattern=re.compile("|".join(rule["patterns"]), re.IGNORECASE),
            place=rule.get("place", "any"),
            published=rule.get("published", False),
            scraped=rule.get("scraped", False),
            heads=rule.get("heads", False),
            **{key: re.compile(rule[key], re.IGNORECASE) for key in ("beside", "ends") if key in rule},
        )
    except (KeyError, TypeError, re.error) as error:
        raise KnowledgeError(f"furniture.toml: {rule.get('name', rule)}: {error!r}") from error
