"""The fingerprint of what decides how a capture is read: our code, the knowledge files used, the libraries.

Where it and a capture are unchanged, so is the outcome, and a replay need not read it again. What only guides a crawl (delays,
budgets, expectations) is no part of it.
"""

import hashlib
import json
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from healthcrawl.knowledge.source import bare
from healthcrawl.rules import Rules, Site

_PACKAGE = Path(__file__).parent.parent
# Our code and data that decide, as patterns of files; the files of families are added by name.
_CODE = (
    "core/**/*.py",
    "knowledge/*.py",
    "warc/*.py",
    "corpus/parts.py",
    "corpus/twins.py",
    "ingest.py",
    "model.py",
    "rules.py",
)
_DATA = ("knowledge/*.toml", "knowledge/*.tsv", "knowledge/characters/*")
_LIBRARIES = ("trafilatura", "htmldate", "lxml", "lxml_html_clean", "opencc-python-reimplemented", "brotli", "backports.zstd",
              "cssselect", "courlan", "dateparser", "justext", "python-dateutil", "charset-normalizer")  # fmt: skip
_GUIDES = frozenset({"status", "delay", "budget", "manners", "expect", "examples"})  # of a site: only for a crawl
_DIGITS = 16


def fingerprint(rules: Rules) -> str:
    """The fingerprint of rules: 16 hex digits."""
    return _digest(json.dumps(parts(rules), sort_keys=True).encode())


def parts(rules: Rules) -> dict[str, str]:
    """What a fingerprint is made of, by name: digests of files (below the package) and of the site, versions, and the choices."""
    families = (f"knowledge/families/{family.name}.toml" for family in rules.families)
    return {
        **shared_parts(),
        **{name: _digest((_PACKAGE / name).read_bytes()) for name in families if (_PACKAGE / name).exists()},
        "site": _digest(json.dumps(_plain_site(rules.site), ensure_ascii=False).encode()) if rules.site else "",
        "normal form": f"{rules.script}, {rules.width}, at most {rules.max_chars} characters",
    }


@cache
def shared_parts() -> Mapping[str, str]:
    """The parts of a fingerprint that all sites share."""
    paths = sorted({path for pattern in (*_CODE, *_DATA) for path in _PACKAGE.glob(pattern) if path.is_file()})
    found = {path.relative_to(_PACKAGE).as_posix(): _digest(_deciding(path)) for path in paths}
    found |= {name: installed for name in _LIBRARIES if (installed := _version(name))}
    return {**found, "Python": ".".join(map(str, sys.version_info[:2])), "Unicode": unicodedata.unidata_version}


def _deciding(path: Path) -> bytes:
    """What of a file decides: of our code not what it says to its readers."""
    return bare(path.read_text("utf-8")).encode() if path.suffix == ".py" else path.read_bytes()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _plain_site(site: Site) -> object:
    return {field.name: _plain(getattr(site, field.name)) for field in fields(site) if field.name not in _GUIDES}


def _plain(value: object) -> object:
    """A value of rules as JSON has it."""
    match value:
        case re.Pattern():
            return [value.pattern, value.flags]
        case str() | int() | float() | None:
            return value
        case Mapping():
            return {str(key): _plain(one) for key, one in sorted(value.items())}
        case Sequence():
            return [_plain(one) for one in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    return str(value)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGITS]
