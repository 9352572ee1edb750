"""Settings and options that several commands share, checked where they are read."""

from typing import get_args, get_type_hints

from scrapy.settings import BaseSettings

from healthcrawl.crawl.loader import SiteSpiderLoader
from healthcrawl.errors import UsageError
from healthcrawl.replay import NormalForm
from healthcrawl.rules import Site


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


def all_sites(settings: BaseSettings) -> dict[str, Site]:
    """The sites whose files are right, by name."""
    loader = SiteSpiderLoader.from_settings(settings)
    return {name: loader.load(name).site for name in loader.list()}  # type: ignore[attr-defined]


def one_site(settings: BaseSettings, name: str) -> Site:
    """The site of that name.

    Raises:
        UsageError: there is none, or its file is wrong.
    """
    try:
        return SiteSpiderLoader.from_settings(settings).load(name).site  # type: ignore[attr-defined,no-any-return]
    except KeyError as error:
        raise UsageError(str(error.args[0])) from error
