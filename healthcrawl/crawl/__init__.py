"""Everything that faces Scrapy: recording, politeness, the frontier, what people see."""
