"""The spiders: one for each kind of site, one class made from it for each site file."""
