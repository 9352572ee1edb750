"""One spider for each site file, the ones that come with healthcrawl and the user's own."""

import re
from builtins import list as list_
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scrapy.utils.misc import load_object

from healthcrawl.knowledge.load import load_sites
from healthcrawl.rules import Site

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy import Request, Spider
    from scrapy.settings import BaseSettings

    from healthcrawl.errors import KnowledgeError


class SiteSpiderLoader:
    """Scrapy's spider loader for site files. A wrong file disables its site only; `errors` says what is wrong with it."""

    def __init__(self, settings: "BaseSettings") -> None:
        folder = settings.get("SITES_DIR")
        known = load_sites(Path(folder)) if folder else load_sites()
        self._kinds, self._own = settings.getdict("KIND_SPIDERS"), settings.getdict("SITE_SPIDERS")
        self.errors: Mapping[str, KnowledgeError] = known.errors
        self.sites: Mapping[str, Site] = dict(sorted(known.sites.items()))

    @classmethod
    def from_settings(cls, settings: "BaseSettings") -> Self:
        """Load the sites of `SITES_DIR` and the built-in ones."""
        return cls(settings)

    def site(self, name: str) -> Site:
        """The site of that name.

        Raises:
            KeyError: there is no such site, or its file is wrong.
        """
        if name in self.errors:
            raise KeyError(str(self.errors[name]))
        if name not in self.sites:
            raise KeyError(f"no site {name!r}; `scrapy list` shows the sites there are")
        return self.sites[name]

    def load(self, spider_name: str) -> "type[Spider]":
        """The spider class of a site. Only this loads what a crawl needs.

        Raises:
            KeyError: as `site`.
        """
        site = self.site(spider_name)
        return _spider_class(site, load_object(self._own.get(site.name) or self._kinds[site.kind]))

    def list(self) -> list_[str]:
        """The names of all sites whose files are right."""
        return [*self.sites]

    def find_by_request(self, request: "Request") -> list_[str]:
        """The sites to which a request's host belongs."""
        return [name for name in self.sites if self.load(name).handles_request(request)]


def _spider_class(site: Site, base: "type[Spider]") -> "type[Spider]":
    name = re.sub(r"\W", "", site.name.title()) + "Spider"
    domains = [domain.partition(":")[0] for domain in site.domains]
    delay = {"DOWNLOAD_DELAY": site.delay}
    values = {"name": site.name, "site": site, "allowed_domains": domains, "custom_settings": delay}
    return type(name, (base,), {**values, "__doc__": f"Crawls {site.title}."})
