"""The corpus: its files, its journal, its catalog."""
