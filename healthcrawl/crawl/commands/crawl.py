"""`scrapy crawl NAME`: crawl a site, with exit statuses that cron can use."""

import argparse

from scrapy.commands import BaseRunSpiderCommand

from healthcrawl.crawl.command import job_of


class Command(BaseRunSpiderCommand):
    """The crawl command."""

    requires_project = True

    def syntax(self) -> str:
        """How it is called."""
        return "[options] NAME"

    def short_desc(self) -> str:
        """One line of help."""
        return "Crawl a site: archive every exchange, keep its articles"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Crawl the site NAME (`scrapy list` shows them): every exchange is kept as WARC, every article as a text file "
            "of the corpus. A crawl that was cut off goes on where it was. Exit status: 0 done, 1 failed, 2 wrong use, "
            "3 an expectation of the site is broken, 75 the site is being crawled by another process."
        )

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Look at arguments and settings before Scrapy does."""
        super().process_options(args, opts)
        job_of(self).prepare(self.settings, args)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, then tell how it went by the exit status."""
        self.exitcode = job_of(self).work(self.crawler_process, self.settings, args[0], opts.spargs)
