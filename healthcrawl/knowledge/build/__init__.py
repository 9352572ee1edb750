"""Scripts that make the data files of `healthcrawl.knowledge`."""
