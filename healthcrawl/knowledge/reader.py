"""Tables of a knowledge file turned into the frozen values of `healthcrawl.rules`, strictly.

The classes are the schema: a table may have the keys that the class has fields, of the types these have, and no others. So a
mistyped key is found when the file is loaded, not when a page is read wrong. What is wrong is told by file, key and what was
expected. A rule may carry its proofs, `examples` and `counter_examples`; they are collected, and no part of the value.
"""

import dataclasses
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from string import Formatter
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from healthcrawl.core.tree import compile_css
from healthcrawl.core.urls import host_of
from healthcrawl.errors import KnowledgeError
from healthcrawl.rules import Evidence, Pager, Rewrite

T = TypeVar("T")
_PROOFS = {"examples": True, "counter_examples": False}
_SCALARS = {str: "text", int: "a whole number", float: "a number", bool: "true or false", date: "a date (2024-03-01)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """An example (or counter-example: `holds` is False) that a rule carries; `place` is the rule's file and key."""

    place: str
    rule: object
    example: object
    holds: bool


class Reader:
    """Reads one file; `proofs` are the examples that its rules carry."""

    def __init__(self, path: Path) -> None:
        """Read nothing yet.

        Args:
            path: the TOML file; messages name it with its folder.
        """
        self._path = path
        self._file = f"{path.parent.name}/{path.name}"
        self.proofs: list[Proof] = []

    def read(self, kind: type[T]) -> T:
        """The file's content as a value of a class.

        Raises:
            KnowledgeError: the file can't be read, is not TOML, or not of that class.
        """
        try:
            table = tomllib.loads(self._path.read_text(encoding="utf-8"))
        except OSError as error:
            raise KnowledgeError(f"{self._file}: can't be read: {error}") from error
        except ValueError as error:  # not UTF-8, or not TOML
            raise KnowledgeError(f"{self._file}: not TOML: {error}") from error
        value = self._read(kind, table, "")
        assert isinstance(value, kind)
        return value

    def fail(self, key: str, expected: str, got: object) -> KnowledgeError:
        """The error to raise for a key."""
        shown = repr(got)
        shown = shown if len(shown) <= 100 else f"{shown[:99]}\N{HORIZONTAL ELLIPSIS}"
        return KnowledgeError(f"{self._place(key)}: expected {expected}, got {shown}")

    def _place(self, key: str) -> str:
        return f"{self._file}: {key}" if key else self._file

    def _read(self, kind: Any, value: object, key: str) -> object:
        if dataclasses.is_dataclass(kind):
            return self._read_table(kind, value, key)
        readers: dict[Any, Callable[[Any, object, str], object]] = {
            Annotated: self._read_marked,
            Literal: self._read_choice,
            UnionType: self._read_optional,
            re.Pattern: self._read_pattern,
            tuple: self._read_list,
        }
        return readers.get(get_origin(kind), self._read_scalar)(kind, value, key)

    def _read_scalar(self, kind: Any, value: object, key: str) -> object:
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise self.fail(key, _SCALARS[kind], value)
        return value

    def _read_choice(self, kind: Any, value: object, key: str) -> object:
        if value not in get_args(kind):
            raise self.fail(key, " or ".join(map(repr, get_args(kind))), value)
        return value

    def _read_optional(self, kind: Any, value: object, key: str) -> object:
        (kind,) = (argument for argument in get_args(kind) if argument is not NoneType)
        return self._read(kind, value, key)

    def _read_list(self, kind: Any, value: object, key: str) -> object:
        if not isinstance(value, list):
            raise self.fail(key, "a list", value)
        return tuple(self._read(get_args(kind)[0], item, f"{key}[{at}]") for at, item in enumerate(value))

    def _read_marked(self, kind: Any, value: object, key: str) -> object:
        """Text with a meaning: `Annotated[str, mark]`."""
        base, mark = get_args(kind)
        text = str(self._read(base, value, key))
        if not _MARKS[mark](text):
            raise self.fail(key, mark, text)
        return text

    def _read_pattern(self, _kind: Any, value: object, key: str) -> re.Pattern[str]:
        """A pattern is text, or where it is to carry its examples, a table with the key `pattern`."""
        text = value.get("pattern") if isinstance(value, dict) else value
        if not isinstance(text, str):
            raise self.fail(key, "a regular expression", value)
        try:
            pattern = re.compile(text)
        except (re.error, OverflowError, RecursionError) as error:
            raise self.fail(key, f"a regular expression ({error})", text) from error
        if isinstance(value, dict):
            self._refuse_unknown(value, {"pattern"}, key)
            self._take_proofs(pattern, value, {"pattern"}, key)
        return pattern

    def _read_table(self, kind: Any, value: object, key: str) -> object:
        if not isinstance(value, dict):
            raise self.fail(key, "a table", value)
        hints, fields = _schema(kind)
        self._refuse_unknown(value, set(fields), key)
        given = {
            name: self._read(hints[name], item, f"{key}.{name}" if key else name)
            for name, item in value.items()
            if name in fields
        }
        for name, field in fields.items():
            if (
                name not in given
                and field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING
            ):
                raise KnowledgeError(f"{self._place(f'{key}.{name}' if key else name)}: missing")
        rule = kind(**given)
        self._take_proofs(rule, value, set(fields), key)
        for name, expected, got in _CHECKS.get(kind, _sound)(rule):
            raise self.fail(f"{key}.{name}" if key else name, expected, got)
        return rule

    def _refuse_unknown(self, table: Mapping[str, object], fields: set[str], key: str) -> None:
        for name in table:
            if name not in fields | _PROOFS.keys():
                at = f"{key}.{name}" if key else name
                raise KnowledgeError(f"{self._place(at)}: no such key; there are {', '.join(sorted(fields))}")

    def _take_proofs(self, rule: object, table: Mapping[str, object], fields: set[str], key: str) -> None:
        for name, value in table.items():
            at = f"{key}.{name}" if key else name
            if name in fields:
                continue
            if not isinstance(value, list):
                raise self.fail(at, "a list", value)
            self.proofs += [
                Proof(place=self._place(key), rule=rule, example=item, holds=_PROOFS[name]) for item in value
            ]


@cache
def _schema(kind: Any) -> tuple[dict[str, Any], dict[str, dataclasses.Field[Any]]]:
    return get_type_hints(kind, include_extras=True), {field.name: field for field in dataclasses.fields(kind)}


def _is_selector(text: str) -> bool:
    try:
        compile_css(text)
    except ValueError:
        return False
    return True


_MARKS: dict[str, Callable[[str], object]] = {"a CSS selector": _is_selector, "an http(s) URL": host_of}

# What the types don't say: key, what was expected, what was given.
_Flaws = Iterator[tuple[str, str, object]]


def _sound(_rule: object) -> _Flaws:
    yield from ()


def _check_evidence(sign: Evidence) -> _Flaws:
    given = [name for name, value in (("url", sign.url), ("page", sign.page), ("element", sign.element)) if value]
    if len(given) != 1:
        yield "url", "exactly one of url, page and element", given


def _check_rewrite(rewrite: Rewrite) -> _Flaws:
    try:  # with an empty alternative the pattern matches anything, so that the replacement is looked at
        re.compile(f"{rewrite.pattern.pattern}|").sub(rewrite.replacement, "")
    except (re.error, IndexError) as error:
        yield "replacement", f"text with groups of the pattern ({error})", rewrite.replacement


def _check_pager(pager: Pager) -> _Flaws:
    if pager.kind == "query":
        if not pager.parameter or not pager.total or pager.size < 1:
            yield "kind", "'query' with parameter, total and size", pager.kind
        return
    if pager.kind == "service":
        if not pager.service:
            yield "service", "the name of a service", pager.service
        return
    if pager.pattern is None:
        yield "pattern", "a regular expression", None
    elif pager.kind == "script":
        known = {"n", "stem", "ext", *pager.pattern.groupindex}
        try:
            fields = {name for _, name, _, _ in Formatter().parse(pager.template) if name is not None}
        except ValueError as error:
            yield "template", f"an address with fields ({error})", pager.template
            return
        if not pager.template or not fields <= known:
            yield "template", f"an address with the fields {', '.join(sorted(known))}", pager.template


_CHECKS: dict[Any, Callable[[Any], _Flaws]] = {
    Evidence: _check_evidence,
    Rewrite: _check_rewrite,
    Pager: _check_pager,
}
