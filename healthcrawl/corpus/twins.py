"""Texts of an older corpus, waiting for the article that each of them is.

The same article is one with the same title (or where the old text shows none, the same longest line), the same date where both have one, nearly the same text, and the same numbers in it:
forms of one notice differ in little else. A doubt leaves the number waiting, since a wrong match would make two articles one.
"""

import re
from collections import Counter

import sqlalchemy as sa

from healthcrawl.core.likeness import letters, likeness
from healthcrawl.corpus import catalog as tables
from healthcrawl.model import Document

SCHEME = "adopted:"  # what the addresses of such documents begin with: they have no page yet
_NEARLY = 0.8  # likeness of two texts that are the same article
_SAME_NUMBERS = 0.7  # likeness of the numbers in them
_SOME = 4  # numbers, from which they are looked at
_NUMBER = re.compile(r"\d+")
_TABLE = tables.adopted
_KEYED = sa.select(_TABLE).where(_TABLE.c.title.in_(sa.bindparam("keys", expanding=True))).order_by(_TABLE.c.number)
_BEGINNING = 40  # characters of the longest line, by which a text is known that has no title


def is_adopted(address: str) -> bool:
    """Whether a document's address only says which file it was adopted from."""
    return address.startswith(SCHEME)


def find_twin(tx: sa.Connection, document: Document) -> int | None:
    """The number of the adopted text that a document is; None if it is none of them."""
    text, keys = letters(document.text), {_key(document), _key_of_text(document.text)}
    day = document.metadata.published[:10]
    best, found = _NEARLY, None
    for row in tx.execute(_KEYED, {"keys": sorted(keys)}):
        if (day and row.published and day != row.published) or not _same_numbers(text, row.text):
            continue
        alike = likeness(text, row.text)
        if alike > best or (alike == best and found is None):
            best, found = alike, int(row.number)
    return found


def remember(tx: sa.Connection, number: int, document: Document) -> None:
    """Have an adopted text wait for its article."""
    forget(tx, number)
    metadata = document.metadata
    values = {"title": _key(document), "published": metadata.published[:10], "text": letters(document.text)}
    tx.execute(sa.insert(_TABLE).values(number=number, **values))


def forget(tx: sa.Connection, number: int) -> None:
    """An adopted text has found its article."""
    tx.execute(sa.delete(_TABLE).where(_TABLE.c.number == number))


def _key(document: Document) -> str:
    """What a text is looked up by: its title, else its longest line."""
    return letters(document.metadata.title) or _key_of_text(document.text)


def _key_of_text(text: str) -> str:
    longest = max((letters(line) for line in text.split("\n")), key=len, default="")
    return f"\N{PILCROW SIGN}{longest[:_BEGINNING]}"


def _same_numbers(one: str, other: str) -> bool:
    first, second = (Counter(_NUMBER.findall(text)) for text in (one, other))
    total = first.total() + second.total()
    return total < 2 * _SOME or 2 * (first & second).total() / total >= _SAME_NUMBERS
