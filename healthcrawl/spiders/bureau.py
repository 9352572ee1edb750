"""Spider of a health bureau's own site: everything in its columns is wanted."""

from healthcrawl.spiders.site import SiteSpider


class BureauSpider(SiteSpider):
    """Crawls a site of kind "bureau"."""
