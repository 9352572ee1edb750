"""The commands, in addition to the ones of Scrapy."""
