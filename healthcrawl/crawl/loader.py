"""One spider for each site file, the ones that come with healthcrawl and the user's own."""

import re
from builtins import list as list_
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scrapy.utils.misc import load_object

from healthcrawl.knowledge.load import load_sites
from healthcrawl.rules import Site

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.settings import BaseSettings

    from healthcrawl.errors import KnowledgeError


class SiteSpiderLoader:
    """Scrapy's spider loader for site files. A wrong file disables its site only; `errors` says what is wrong with it."""

    def __init__(self, settings: "BaseSettings") -> None:
        folder = settings.get("SITES_DIR")
        sites = load_sites(Path(folder)) if folder else load_sites()
        kinds, own = settings.getdict("KIND_SPIDERS"), settings.getdict("SITE_SPIDERS")
        self.errors: dict[str, KnowledgeError] = dict(sites.errors)
        self._classes = {
            name: _spider_class(site, load_object(own.get(name) or kinds[site.kind]))
            for name, site in sites.sites.items()
        }

    @classmethod
    def from_settings(cls, settings: "BaseSettings") -> Self:
        """Load the sites of `SITES_DIR` and the built-in ones."""
        return cls(settings)

    def load(self, spider_name: str) -> "type[Spider]":
        """The spider class of a site.

        Raises:
            KeyError: there is no such site, or its file is wrong.
        """
        if spider_name in self.errors:
            raise KeyError(str(self.errors[spider_name]))
        if spider_name not in self._classes:
            raise KeyError(f"no site {spider_name!r}; `scrapy list` shows the sites there are")
        return self._classes[spider_name]

    def list(self) -> list_[str]:
        """The names of all sites whose files are right."""
        return sorted(self._classes)

    def find_by_request(self, request: "Request") -> list_[str]:
        """The sites to which a request's host belongs."""
        return [name for name, spider in self._classes.items() if spider.handles_request(request)]


def _spider_class(site: Site, base: "type[Spider]") -> "type[Spider]":
    name = re.sub(r"\W", "", site.name.title()) + "Spider"
    domains = [domain.partition(":")[0] for domain in site.domains]
    delay = {"DOWNLOAD_DELAY": site.delay}
    values = {"name": site.name, "site": site, "allowed_domains": domains, "custom_settings": delay}
    return type(name, (base,), {**values, "__doc__": f"Crawls {site.title}."})
