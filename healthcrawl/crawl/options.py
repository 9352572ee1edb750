"""Settings and options that several commands share, checked where they are read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TypeAlias, get_args, get_type_hints

from scrapy.settings import BaseSettings

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.crawl.loader import SiteSpiderLoader
from healthcrawl.errors import UsageError
from healthcrawl.rules import Budget, NormalForm, Site

Scope: TypeAlias = Literal["site", "url", "never"]

_SCRAPYD_JOB = "_job"  # Scrapyd tells every spider which of its jobs it is
_ARCHIVE_SUFFIXES = (".warc.gz", ".warc", ".arc.gz", ".arc")


def archive_layout(settings: BaseSettings) -> ArchiveLayout:
    """Where the archive lies, its catalog, and the store."""
    return ArchiveLayout(Path(settings["ARCHIVE_DIR"]), settings["CATALOG_URL"] or "", settings["STORE_URL"] or "")


def normal_form(settings: BaseSettings) -> NormalForm:
    """The normal form that `CORPUS_SCRIPT` and `CORPUS_WIDTH` ask for.

    Raises:
        UsageError: a value is not one of those there are.
    """
    values = {}
    for name, choices in get_type_hints(NormalForm).items():
        setting = f"CORPUS_{name.upper()}"
        values[name] = settings[setting]
        if values[name] not in get_args(choices):
            expected = ", ".join(get_args(choices))
            raise UsageError(f"{setting}: expected one of {expected}, got {values[name]!r}")
    return NormalForm(**values)


def connect_to(settings: BaseSettings) -> dict[str, str]:
    """The mapping of `CONNECT_TO`, given as a dict or as JSON.

    Raises:
        UsageError: it is neither.
    """
    try:
        return dict(settings.getdict("CONNECT_TO"))
    except (ValueError, TypeError) as error:
        given = settings["CONNECT_TO"]
        raise UsageError(f'CONNECT_TO: expected JSON like {{"host": "127.0.0.1:8080"}}, got {given!r}') from error


def size(settings: BaseSettings, name: str, *, least: int = 1) -> int:
    """A setting that is a whole number, at least 1 or what is said.

    Raises:
        UsageError: it is not.
    """
    try:
        number = int(settings[name])
    except (ValueError, TypeError, OverflowError):
        number = least - 1
    if number < least:
        expected = "above 0" if least else "0 or more"
        raise UsageError(f"{name}: expected a number {expected}, got {settings[name]!r}")
    return number


def flag(settings: BaseSettings, name: str) -> bool:
    """A setting that is on or off.

    Raises:
        UsageError: it is neither.
    """
    try:
        return settings.getbool(name)
    except ValueError as error:
        raise UsageError(f"{name}: expected True or False, got {settings[name]!r}") from error


def is_offline(settings: BaseSettings) -> bool:
    """Whether the crawl is to be fed from the archive alone.

    Raises:
        UsageError: `OFFLINE` is neither on nor off.
    """
    return flag(settings, "OFFLINE")


def offline_moment(settings: BaseSettings) -> datetime | None:
    """The moment that `OFFLINE_AT` names (in UTC where it names no zone); None for the present.

    Raises:
        UsageError: it is no date.
    """
    return moment(str(settings["OFFLINE_AT"] or ""), "OFFLINE_AT")


def moment(value: str, name: str) -> datetime | None:
    """The moment that a date (in UTC where it names no zone) means; None for an empty one. `name` is what it was given as.

    Raises:
        UsageError: it is no date.
    """
    try:
        told = datetime.fromisoformat(value) if value else None
    except ValueError as error:
        raise UsageError(f"{name}: expected a date like 2026-03-01 or 2026-03-01T08:00, got {value!r}") from error
    return told.replace(tzinfo=UTC) if told and told.tzinfo is None else told


def revisit_scope(settings: BaseSettings) -> Scope:
    """Where `WARC_REVISITS` wants an equal payload to be kept only once.

    Raises:
        UsageError: it is none of the choices.
    """
    value = settings["WARC_REVISITS"]
    if value not in get_args(Scope):
        raise UsageError(f"WARC_REVISITS: expected one of {', '.join(get_args(Scope))}, got {value!r}")
    return value  # type: ignore[no-any-return]


def budget(settings: BaseSettings, unnamed: Sequence[str], arguments: Mapping[str, str], site: Budget) -> Budget:
    """The budget of one run: the site's, unless a setting (`BUDGET_PAGES`) or a spider argument (`pages=100`) says otherwise.

    Raises:
        UsageError: an argument is none of those there are, or a value is no number above 0.
    """
    names = [field.name for field in fields(Budget)]
    strange = [*unnamed, *(name for name in arguments if name not in {*names, _SCRAPYD_JOB})]
    if strange:
        raise UsageError(f"spider argument not known: {', '.join(strange)}; there are {', '.join(names)}, full")
    limits = {}
    for name in names:
        setting = f"BUDGET_{name.upper()}"
        if name in arguments:
            limits[name] = _positive(f"spider argument {name}", arguments[name])
        elif settings.get(setting) is not None:
            limits[name] = size(settings, setting)
    return replace(site, **limits)


def is_full(value: str) -> bool:
    """Whether the spider argument `full` asks for every known page.

    Raises:
        UsageError: it is neither 0 nor 1.
    """
    if value not in {"0", "1"}:
        raise UsageError(f"spider argument full: expected 0 or 1, got {value!r}")
    return value == "1"


def _positive(name: str, value: str) -> int:
    if not value.isdecimal() or not int(value):
        raise UsageError(f"{name}: expected a number above 0, got {value!r}")
    return int(value)


def output_file(value: str | None, example: str) -> Path:
    """The file that `-o` names.

    Raises:
        UsageError: it names none, or one that can't be there.
    """
    if not value:
        raise UsageError(f"-o FILE: say which file to write, like -o {example}")
    path = Path(value)
    if path.is_dir() or not path.parent.is_dir():
        advice = "a folder; name a file" if path.is_dir() else "its folder is not there; make it first"
        raise UsageError(f"-o {path}: {advice}")
    return path


def archive_files(args: Iterable[str]) -> list[Path]:
    """The WARC and ARC files that are named, and those in the folders that are.

    Raises:
        UsageError: there is no such file or folder, or no archive file in it.
    """
    paths: list[Path] = []
    for path in map(Path, args):
        found = [path]
        if path.is_dir():
            found = sorted(one for one in path.rglob("*") if one.name.endswith(_ARCHIVE_SUFFIXES) and one.is_file())
        if not found or not path.exists():
            raise UsageError(f"{path}: no WARC or ARC file there; names end with {', '.join(_ARCHIVE_SUFFIXES)}")
        paths += found
    return paths


def all_sites(settings: BaseSettings) -> dict[str, Site]:
    """The sites whose files are right, by name."""
    return dict(SiteSpiderLoader.from_settings(settings).sites)


def one_site(settings: BaseSettings, name: str) -> Site:
    """The site of that name.

    Raises:
        UsageError: there is none, or its file is wrong.
    """
    try:
        return SiteSpiderLoader.from_settings(settings).site(name)
    except KeyError as error:
        raise UsageError(str(error.args[0])) from error
