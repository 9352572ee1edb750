"""WARC files and their indexes: the only place that knows how archives are written and read."""
