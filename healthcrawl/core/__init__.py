"""The pure core: bytes and values in, values out. No clock, randomness, files, network, Scrapy or WARC library."""
