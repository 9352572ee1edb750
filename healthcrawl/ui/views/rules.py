"""What decides: each kind of finding, and the knowledge files with their examples, line by line."""

from collections.abc import Mapping
from dataclasses import dataclass

from healthcrawl.errors import NotArchivedError
from healthcrawl.ui.query import Query
from healthcrawl.ui.rulebook import names, source
from healthcrawl.ui.shelf import Shelf
from healthcrawl.ui.views.documents import KINDS

_CODE: Mapping[str, str] = {
    "spam": "core/despam.py",
    "furniture": "core/furniture.py",
    "hidden": "core/hidden.py",
    "gloss": "core/mend/glosses.py",
    "byte-shift": "core/mend/byteshift.py",
    "script": "core/mend/script.py",
    "control": "core/mend/__init__.py",
    "charset": "core/decode.py",
    "mirror": "core/metadata.py",
    "inferred": "core/mend/byteshift.py",
    "unresolved": "core/mend/byteshift.py",
    "metadata": "core/metadata.py",
    "truncated": "core/decode.py",
    "scope": "core/scope.py",
    "marker": "core/identity.py",
    "template": "core/extract.py",
    "attachment": "core/filetypes.py",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of finding, and the module that decides it."""

    name: str
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All kinds, and the names of all knowledge files."""

    kinds: tuple[Kind, ...]
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """A knowledge file."""

    name: str
    lines: tuple[str, ...]


def view(_shelf: Shelf, _query: Query) -> Rules:
    """What there is."""
    return Rules(kinds=tuple(Kind(name=name, code=_CODE[name]) for name in KINDS), files=tuple(names()))


def view_file(_shelf: Shelf, query: Query) -> RuleFile:
    """One file.

    Raises:
        NotArchivedError: there is none of that name.
    """
    name = query.text("name")
    if name not in names():
        raise NotArchivedError(f"no rule file {name!r}")
    return RuleFile(name=name, lines=source(name).lines)
