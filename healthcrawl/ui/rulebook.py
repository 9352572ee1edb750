"""The knowledge files that rules stand in, and which line of them a finding or a rejection speaks of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from healthcrawl.knowledge.load import FOLDER

_LINES = ("furniture", "spam", "protections", "addresses", "health", "columns")
_NAMED = re.compile(r'^\s*(?:name|title)\s*=\s*"(?P<name>[^"]*)"')
_TABLE = re.compile(r"^\s*\[+(?P<name>[^\]]+)\]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A knowledge file: its lines, and the line of each table and of each rule by its name or title."""

    name: str
    lines: tuple[str, ...]
    places: Mapping[str, int]


@cache
def names() -> Mapping[str, Path]:
    """The knowledge files by the names that they have here."""
    found = {name: FOLDER / f"{name}.toml" for name in _LINES}
    for folder in ("families", "sites"):
        found |= {f"{folder}-{path.stem}": path for path in sorted((FOLDER / folder).glob("*.toml"))}
    return MappingProxyType({name: path for name, path in found.items() if path.is_file()})


@cache
def source(name: str) -> Source:
    """A knowledge file that `names` has.

    Raises:
        KeyError: there is no such file.
    """
    lines = tuple(names()[name].read_text("utf-8").splitlines())
    places: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        for pattern in (_NAMED, _TABLE):
            if match := pattern.match(line):
                places.setdefault(match["name"], number)
    return Source(name=name, lines=lines, places=MappingProxyType(places))


def rule_address(kind: str, detail: str) -> str:
    """The address of the rule behind a finding: the line of its file, or what is said of its kind where code decides.

    >>> rule_address("script", "1 characters simplified: 醫→医")
    '/rules#script'
    >>> rule_address("furniture", "info line").startswith("/rules/furniture#L")
    True
    """
    if kind == "furniture" and (line := source("furniture").places.get(detail)):
        return f"/rules/furniture#L{line}"
    if kind == "spam":
        return f"/rules/spam#L{source('spam').places['scores']}"
    family = detail.partition(":")[0]
    if kind == "template" and f"families-{family}" in names():
        return f"/rules/families-{family}"
    return f"/rules#{kind}"


def refusal_address(reason: str, detail: str) -> str:
    """The address of the rule behind a rejection; empty where the reason says all."""
    protections = source("protections").places
    line = next((line for title, line in protections.items() if len(title) > 3 and title in detail), 0)
    if reason in {"challenge", "blocked"} and line:
        return f"/rules/protections#L{line}"
    return f"/rules/spam#L{source('spam').places['scores']}" if reason == "spam" else ""
