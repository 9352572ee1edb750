"""The words of the pages, in every language there are: data in words.toml, chosen by what the browser asks for."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from healthcrawl.errors import KnowledgeError


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language, by key (`sites.title`)."""

    language: str
    by_key: Mapping[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The words of a key, with values put into their places.

        Raises:
            KeyError: there is no such key.
        """
        text = self.by_key[key]
        return text.format_map(values) if values else text

    def maybe(self, key: str, otherwise: str) -> str:
        """The words of a key that comes from data; `otherwise` for one that has none."""
        return self.by_key.get(key, otherwise)


@cache
def languages() -> Mapping[str, Words]:
    """The languages by their tags, the first one for browsers that ask for none of them.

    Raises:
        KnowledgeError: a key lacks a language.
    """
    data = tomllib.loads(resources.files("healthcrawl.ui").joinpath("words.toml").read_text(encoding="utf-8"))
    tags: list[str] = data.pop("languages")
    found: dict[str, dict[str, str]] = {tag: {} for tag in tags}
    for group, entries in data.items():
        for name, texts in entries.items():
            if len(texts) != len(tags) or not all(texts):
                raise KnowledgeError(f"words.toml: {group}.{name}: expected a text for each of {', '.join(tags)}")
            for tag, text in zip(tags, texts, strict=True):
                found[tag][f"{group}.{name}"] = text
    return MappingProxyType({tag: Words(tag, MappingProxyType(texts)) for tag, texts in found.items()})


def choose(accepted: str) -> Words:
    """The words for an Accept-Language header: of the languages there are, the one that it likes best.

    >>> choose("de, zh-CN;q=0.8, en;q=0.5").language, choose("").language, choose("zh;q=x").language
    ('zh-CN', 'en', 'zh-CN')
    """
    known = languages()
    by_primary = {tag.partition("-")[0]: words for tag, words in known.items()}
    best, chosen = 0.0, next(iter(known.values()))
    for entry in accepted.split(","):
        tag, _, parameter = entry.partition(";")
        words = by_primary.get(tag.strip().lower().partition("-")[0])
        weight = _weight(parameter)
        if words is not None and weight > best:
            best, chosen = weight, words
    return chosen


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    try:
        return float(value) if name == "q" else 1.0
    except ValueError:
        return 1.0
