"""Which hacked pages are one campaign's: the same seller has put nearly the same text, or the same address to be called at, into all of them.

Two pieces of spam belong together if they stand in the same page, name the same host or contact, or if most of the runs of one are
in the other. What belongs to something that belongs to a third is of the same campaign.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from healthcrawl.core.fold import fold
from healthcrawl.core.likeness import letters

_HOST = re.compile(
    r"(?<![\w.@-])(?:[a-z0-9-]{1,63}\.)+(?:com|net|org|cn|cc|vip|top|xyz|app|tv|me|io|bet|win|club|info|site|live|fun|shop|online)\b"
)
_CONTACT = re.compile(r"(?:qq|微信|vx|wx|电报|telegram|tg)\D{0,6}?(?P<handle>[a-z]?[a-z0-9_]{4,20})")
_RUN = 4  # characters
_SHARED = 0.5  # of the runs of the shorter of two snippets
_FEWEST = 3  # runs that two snippets have in common
_COMMON = 24  # snippets that are looked at for having a run: more would make pairs without end, and these stand for the others
_PUBLIC = frozenset({"gov", "edu"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Snippets that belong together: their numbers, one that stands for all, and the hosts and contacts that they name."""

    members: tuple[int, ...]
    example: str
    contacts: tuple[str, ...]


def campaigns(snippets: Sequence[str], pages: Sequence[str]) -> tuple[Campaign, ...]:
    """Group snippets of spam, each from the page beside it; the largest group comes first, its example is its most frequent snippet.

    >>> snippets = ["某某棋牌官网下载注册送彩金", "空名影院", "某某棋牌官网下载注册就送彩金"]
    >>> [one.members for one in campaigns(snippets, ["a", "b", "c"])]
    [(0, 2), (1,)]
    """
    keys = [letters(fold(text).lower()) for text in snippets]
    contacts = [frozenset(_contacts(fold(text).lower())) for text in snippets]
    groups = _Groups(len(snippets))
    in_pages = [frozenset({page}) for page in pages]
    for one, other in [*_named(in_pages), *_named(contacts), *_alike(keys)]:
        groups.join(one, other)
    made = []
    for members in groups.all():
        texts = Counter(snippets[at] for at in members)
        example = min(texts, key=lambda text: (-texts[text], -len(text), text))
        named = Counter(contact for at in members for contact in contacts[at])
        told = tuple(sorted(named, key=lambda contact: (-named[contact], contact)))
        made.append(Campaign(members=tuple(members), example=example, contacts=told))
    return tuple(sorted(made, key=lambda one: (-len(one.members), one.members)))


def _contacts(text: str) -> Iterator[str]:
    """Hosts and handles that a folded snippet names; those of the state are its victims."""
    for match in _HOST.finditer(text):
        if not _PUBLIC & {*match[0].split(".")}:
            yield match[0].removeprefix("www.")
    for match in _CONTACT.finditer(text):
        if any(map(str.isdigit, match["handle"])):
            yield match["handle"]


def _named(names: Sequence[frozenset[str]]) -> Iterator[tuple[int, int]]:
    """What has a name in common, as pairs with the first that has it."""
    first: dict[str, int] = {}
    for at, named in enumerate(names):
        for name in named:
            yield first.setdefault(name, at), at


def _alike(keys: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs that are nearly the same."""
    first: dict[str, int] = {}
    for at, key in enumerate(keys):
        yield first.setdefault(key, at), at
    runs = {at: {key[start : start + _RUN] for start in range(len(key) - _RUN + 1)} for key, at in first.items()}
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for at, own in runs.items():
        shared = Counter(other for run in own for other in holders[run])
        for other, number in shared.items():
            if number >= _FEWEST and number >= _SHARED * min(len(own), len(runs[other])):
                yield other, at
        for run in own:
            if len(holders[run]) < _COMMON:
                holders[run].append(at)


class _Groups:
    """Sets of numbers that grow together."""

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def join(self, one: int, other: int) -> None:
        """Make the sets of two numbers one."""
        first, second = sorted((self._root(one), self._root(other)))
        self._parents[second] = first

    def all(self) -> Iterator[list[int]]:
        """The sets, each in order."""
        groups: defaultdict[int, list[int]] = defaultdict(list)
        for at in range(len(self._parents)):
            groups[self._root(at)].append(at)
        yield from groups.values()

    def _root(self, at: int) -> int:
        while self._parents[at] != at:
            self._parents[at] = self._parents[self._parents[at]]
            at = self._parents[at]
        return at
