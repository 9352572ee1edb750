"""Knowledge files turned into rules: families, sites, health words, line rules and mending data in one `Rules` value.

A wrong site file disables that site and no other: whoever crawls ten sites must not be stopped by the eleventh.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from healthcrawl.core.hours import is_span
from healthcrawl.core.urls import in_scope
from healthcrawl.errors import KnowledgeError, UsageError
from healthcrawl.knowledge.characters import load_mending
from healthcrawl.knowledge.fingerprint import fingerprint
from healthcrawl.knowledge.lines import load_furniture, load_spam
from healthcrawl.knowledge.reader import Proof, Reader
from healthcrawl.rules import AddressRules, Ambiguous, Family, Health, Layout, Pattern, Protection, Rules, Site

FOLDER = Path(__file__).parent
GENERIC = "generic"
_ORDER = "layouts ordered by since, each day once; only the first may be without"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_INSTALLATION = re.compile(r"(?:[a-z0-9][a-z0-9._-]{0,63})?")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}(?::\d{2,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sites:
    """The sites by name, and for each file that is wrong, by the name it would have had, why."""

    sites: Mapping[str, Site]
    errors: Mapping[str, KnowledgeError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Protections:
    """The rules that know a protection's answers, in order; the first that holds says what it is."""

    rule: tuple[Protection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AmbiguousWords:
    """Words of health that mean something else beside one of `unless`."""

    words: tuple[str, ...]
    unless: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthWords:
    """The health file: see `healthcrawl.rules.Health`."""

    folders: tuple[Pattern, ...]
    offices: tuple[str, ...]
    look_alikes: tuple[str, ...]
    elsewhere: tuple[str, ...]
    words: tuple[str, ...]
    ambiguous: tuple[AmbiguousWords, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """The names of one kind of column, and what people call it."""

    title: str
    pattern: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNames:
    """The names under which home pages link to columns."""

    names: tuple[Name, ...]


def load_rules(
    site: Site | None = None,
    *,
    script: Literal["simplified", "traditional", "keep"] = "simplified",
    width: Literal["half", "keep"] = "half",
) -> Rules:
    """The rules for a site (None: for any page), with its families only, the generic one last.

    Raises:
        KnowledgeError: a file that comes with healthcrawl is wrong.
    """
    rules = _load_base()
    families = tuple(
        family
        for family in rules.families
        if site is None or not site.families or family.name in {*site.families, GENERIC}
    )
    rules = replace(rules, families=families, site=site, script=script, width=width)
    return replace(rules, fingerprint=fingerprint(rules))


def load_sites(*folders: Path) -> Sites:
    """The sites that come with healthcrawl and those in further folders; a later file replaces an earlier of its name.

    Raises:
        UsageError: a folder is not there.
    """
    sites: dict[str, Site] = {}
    errors: dict[str, KnowledgeError] = {}
    for folder in (FOLDER / "sites", *folders):
        if not folder.is_dir():
            raise UsageError(f"no folder of site files: {folder}; SITES_DIR names it")
        for path in sorted(folder.glob("*.toml")):
            sites.pop(path.stem, None)
            errors.pop(path.stem, None)
            try:
                sites[path.stem] = load_site(path)
            except KnowledgeError as error:
                errors[path.stem] = error
    return Sites(sites=MappingProxyType(sites), errors=MappingProxyType(errors))


def load_site(path: Path) -> Site:
    """One site.

    Raises:
        KnowledgeError: the file is wrong; the message says where and what was expected.
    """
    reader = Reader(path)
    site = reader.read(Site)
    for holds, key, expected, got in _claims(site, path.stem):
        if not holds:
            raise reader.fail(key, expected, got)
    return site


def examples() -> tuple[Proof, ...]:
    """All examples and counter-examples that the rules of the built-in files carry."""
    kinds: dict[Path, type] = dict.fromkeys(_family_files(), Family)
    kinds |= {FOLDER / "addresses.toml": AddressRules, FOLDER / "columns.toml": ColumnNames}
    kinds |= {FOLDER / "health.toml": HealthWords}
    kinds[FOLDER / "protections.toml"] = Protections
    readers = [(Reader(path), kind) for path, kind in kinds.items()]
    for reader, kind in readers:
        reader.read(kind)
    return tuple(proof for reader, _ in readers for proof in reader.proofs)


@cache
def load_column_names() -> Pattern:
    """What matches the whole name of a column.

    Raises:
        KnowledgeError: the file is wrong.
    """
    return re.compile("|".join(f"(?:{pattern.pattern})" for _, pattern in load_column_kinds()))


@cache
def load_column_kinds() -> tuple[tuple[str, Pattern], ...]:
    """The kinds of columns there are: what people call them, and what matches their whole names.

    Raises:
        KnowledgeError: the file is wrong.
    """
    names = Reader(FOLDER / "columns.toml").read(ColumnNames).names
    return tuple((name.title, name.pattern) for name in names)


@cache
def _load_base() -> Rules:
    return Rules(
        families=tuple(_load_family(path) for path in _family_files()),
        addresses=Reader(FOLDER / "addresses.toml").read(AddressRules),
        furniture=load_furniture(),
        spam=load_spam(),
        mending=load_mending(),
        protections=Reader(FOLDER / "protections.toml").read(Protections).rule,
        health=compile_health(Reader(FOLDER / "health.toml").read(HealthWords)),
    )


def compile_health(data: HealthWords) -> Health:
    """The words as patterns that find the longest of those that begin at one place."""
    return Health(
        folders=data.folders,
        offices=_any_of(data.offices),
        look_alikes=_any_of(data.look_alikes),
        elsewhere=_any_of(data.elsewhere),
        words=_any_of(data.words),
        ambiguous=tuple(
            Ambiguous(words=_any_of(group.words), unless=_any_of(group.unless)) for group in data.ambiguous
        ),
    )


def _any_of(words: tuple[str, ...]) -> Pattern:
    return re.compile("|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word)))) or "(?!)")


def _family_files() -> list[Path]:
    return sorted((FOLDER / "families").glob("*.toml"), key=lambda path: (path.stem == GENERIC, path.stem))


def _in_order(layouts: Sequence[Layout]) -> bool:
    """Whether layouts are ordered by the day from which they are in force, and only the first may lack one."""
    days = [layout.since for layout in layouts]
    later = [day for day in days if day is not None]
    return None not in days[1:] and later == sorted(set(later))


def _load_family(path: Path) -> Family:
    reader = Reader(path)
    family = reader.read(Family)
    if not _in_order(family.layouts):
        raise reader.fail("layouts", _ORDER, [str(layout.since) for layout in family.layouts])
    if family.name != path.stem:
        raise reader.fail("name", f"{path.stem!r} as in the file's name", family.name)
    return family


def _claims(site: Site, stem: str) -> Iterator[tuple[bool, str, str, object]]:
    """What must be true of a site beyond its types: whether it is, the key, what was expected, what was given."""
    known = {path.stem for path in _family_files()}
    names = [column.name for column in site.columns]
    yield site.name == stem and bool(_NAME.fullmatch(stem)), "name", f"{stem!r} as in the file's name", site.name
    yield bool(site.domains), "domains", "at least one host name", []
    for at, domain in enumerate(site.domains):
        yield (
            bool(_DOMAIN.fullmatch(domain)),
            f"domains[{at}]",
            "a host name with a dot, in small letters, at most with a port",
            domain,
        )
    for at, family in enumerate(site.families):
        yield family in known, f"families[{at}]", f"one of {', '.join(sorted(known))}", family
    yield bool(site.columns), "columns", "at least one column", []
    for at, column in enumerate(site.columns):
        yield column.name not in names[:at], f"columns[{at}].name", "a name that no other column has", column.name
    yield from _address_claims(site)
    yield site.delay >= 0, "delay", "seconds, 0 or more", site.delay
    for field in fields(site.budget):
        limit = getattr(site.budget, field.name)
        yield limit >= 1, f"budget.{field.name}", "1 or more", limit
    files = site.attachments
    for name in ("of_an_article", "files", "megabytes", "file_megabytes"):
        yield (
            getattr(files, name) >= 1,
            f"attachments.{name}",
            "1 or more; fetch = false for none",
            getattr(files, name),
        )
    manners = site.manners
    expected = "a name of small letters, digits, dots, dashes and underscores"
    yield bool(_INSTALLATION.fullmatch(manners.installation)), "manners.installation", expected, manners.installation
    yield manners.requests_a_day >= 0, "manners.requests_a_day", "0 or more", manners.requests_a_day
    for at, span in enumerate(manners.quiet_hours):
        yield is_span(span), f"manners.quiet_hours[{at}]", "a span of hours like '08:00-18:00'", span
    revisit = site.revisit
    yield 0 <= revisit.share <= 1, "revisit.share", "a share, 0 to 1", revisit.share
    yield revisit.floor_days >= 0, "revisit.floor_days", "days, 0 or more", revisit.floor_days
    expected = "days, more than revisit.floor_days"
    yield revisit.ceiling_days > revisit.floor_days, "revisit.ceiling_days", expected, revisit.ceiling_days
    for field in fields(site.expect):
        value = getattr(site.expect, field.name)
        is_share = field.name.startswith("max_")
        expected = "a share, 0 to 1" if is_share else "0 or more"
        yield value is None or 0 <= value <= (1 if is_share else value), f"expect.{field.name}", expected, value
    yield _in_order(site.layouts), "layouts", _ORDER, [str(layout.since) for layout in site.layouts]


def _address_claims(site: Site) -> Iterator[tuple[bool, str, str, object]]:
    """What must be true of a site's addresses."""
    named = {f"columns[{at}].url": column.url for at, column in enumerate(site.columns)}
    for name, addresses in (("sitemaps", site.sitemaps), ("feeds", site.feeds)):
        named |= {f"{name}[{at}]": address for at, address in enumerate(addresses)}
    for key, address in named.items():
        yield in_scope(address, site), key, "an http(s) URL on one of the site's domains that is not denied", address
    for at, example in enumerate(site.examples):
        outside = example.kind == "outside"
        expected = "an address outside of the site" if outside else "an address of the site"
        yield in_scope(example.url, site) != outside, f"examples[{at}].url", expected, example.url
