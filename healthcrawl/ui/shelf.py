"""What all pages look at: one archive, its catalog, and the sites that are known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.search import Search
from healthcrawl.errors import NotArchivedError
from healthcrawl.knowledge.load import load_rules
from healthcrawl.rules import NormalForm, Rules, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """An archive that is looked at, never written to but for its index of full text. `sites` are those with a site file, by name."""

    layout: ArchiveLayout
    catalog: Catalog
    search: Search
    sites: Mapping[str, Site]
    form: NormalForm
    clock: Callable[[], datetime]

    def rules(self, site: str) -> Rules:
        """The present rules of a site; the general ones for a site without a file."""
        return _rules(self.sites.get(site), self.form)

    def title(self, site: str) -> str:
        """What people call a site; its name where there is no site file."""
        return self.sites[site].title if site in self.sites else site

    def require_site(self, site: str) -> str:
        """The name of a site that is known.

        Raises:
            NotArchivedError: it is not.
        """
        if site not in self.sites and site not in self.layout.sites:
            raise NotArchivedError(f"no site {site!r} here")
        return site


@lru_cache(maxsize=16)
def _rules(site: Site | None, form: NormalForm) -> Rules:
    return load_rules(site, script=form.script, width=form.width)
