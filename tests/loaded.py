"""What the process holds that `tests.warm` forks commands from: all that Scrapy and we load when a command begins, which takes a second."""

import sys
from importlib import import_module

from scrapy.utils.misc import walk_modules_iter

from healthcrawl.knowledge.load import load_rules

for _folder in ("healthcrawl.crawl", "healthcrawl.spiders", "scrapy.commands"):
    for _module in walk_modules_iter(_folder):
        pass
for _name in (
    "healthcrawl.settings",
    "scrapy.core.downloader.handlers.http11",
    "scrapy.core.engine",
    "scrapy.extensions.remote_control",
):
    import_module(_name)
assert "twisted.internet.reactor" not in sys.modules
load_rules()
