"""Line rules from their data files: furniture and spam, checked while they are read."""

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

from healthcrawl.errors import KnowledgeError
from healthcrawl.rules import Furniture, Spam


@cache
def load_furniture() -> tuple[Furniture, ...]:
    """The furniture rules in order.

    Raises:
        KnowledgeError: the file is wrong.
    """
    return tuple(_furniture(rule) for rule in read("furniture.toml")["rule"])


@cache
def load_spam() -> Spam:
    """The spam words with their weights, and the scores that decide.

    Raises:
        KnowledgeError: the file is wrong.
    """
    data = read("spam.toml")
    try:
        words = {word: float(group["weight"]) for group in data["words"].values() for word in group["words"]}
        return Spam(words=words, **data["scores"])
    except (KeyError, TypeError, ValueError) as error:
        raise KnowledgeError(f"spam.toml: [scores] and [words.*] with weight and words expected ({error!r})") from error


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


def _furniture(rule: dict[str, Any]) -> Furniture:
    try:
        pattern = re.compile("|".join(rule["patterns"]), re.IGNORECASE)
        return Furniture(
            name=rule["name"], pattern=pattern, place=rule.get("place", "any"), ends=rule.get("ends", False)
        )
    except (KeyError, TypeError, re.error) as error:
        raise KnowledgeError(f"furniture.toml: {rule.get('name', rule)}: {error!r}") from error
