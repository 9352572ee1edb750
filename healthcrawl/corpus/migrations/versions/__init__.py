"""One module for each version of the catalog's tables."""
