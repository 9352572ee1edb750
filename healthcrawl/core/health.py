"""Which entries of a municipal portal are about health: its lists mix all offices.

Words decide, on the title, since the list shows no more. 卫生 alone is also in 卫生间 (lavatory), so the data has
look-alikes beside the words; a word counts only outside of them.
"""

from healthcrawl.model import Entry
from healthcrawl.rules import Column, Rules


def is_health(entry: Entry, column: Column, rules: Rules) -> bool:
    """Whether an entry is to be followed: its column is all about health, or its title holds a health word."""
    return column.health or any(match["health"] for match in rules.health_words.finditer(entry.title))
