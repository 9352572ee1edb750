"""Archive and corpus as pages for people: read-only, on loopback, without scripts."""
