"""Spider of a municipal portal: of its columns, only what is about health is wanted (see `healthcrawl.core.health`)."""

from healthcrawl.spiders.site import SiteSpider


class MunicipalSpider(SiteSpider):
    """Crawls a site of kind "municipal"."""
