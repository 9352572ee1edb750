"""WARC files and their indexes: the only place that knows warcio and fastwarc."""
