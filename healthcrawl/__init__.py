"""healthcrawl: a clean, verifiable corpus of what Chinese health bureaus publish."""

__version__ = "0.1.0"
