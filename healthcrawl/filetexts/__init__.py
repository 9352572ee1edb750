"""Texts of attached files, each read in a process of its own that can't do harm."""
