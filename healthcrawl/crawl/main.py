"""The console script `healthcrawl`: Scrapy's command line with our settings module, wherever it is called."""

import os

from scrapy.cmdline import execute


def main() -> None:
    """Run a command."""
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "healthcrawl.settings")
    execute()
