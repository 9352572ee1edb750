"""What a comparison found, for people: how many documents by kind, cause and site, and some diffs of each."""

from collections import defaultdict
from collections.abc import Iterator
from typing import TypeAlias

from healthcrawl.comparison import Difference

_Group: TypeAlias = tuple[str, str, str]
_MOST_LINES = 30  # of a diff
_WORDS = {"change": "would change", "appear": "would appear", "vanish": "would vanish"}


class Report:
    """Counts differences and keeps the first `samples` of each kind, cause and site."""

    def __init__(self, samples: int) -> None:
        self._samples = samples
        self._counts: dict[_Group, int] = defaultdict(int)
        self._kept: dict[_Group, list[Difference]] = defaultdict(list)
        self._kinds: dict[str, int] = dict.fromkeys(_WORDS, 0)

    def add(self, difference: Difference) -> None:
        """Count a document; of several causes each counts."""
        self._kinds[difference.kind] += 1
        for cause in difference.causes:
            group = (difference.kind, str(cause), difference.site)
            self._counts[group] += 1
            if len(self._kept[group]) < self._samples:
                self._kept[group].append(difference)

    def lines(self, *, with_diffs: bool) -> Iterator[str]:
        """The report: the sums, then each cause, those of the most documents first."""
        yield ", ".join(f"{number:,} documents {_WORDS[kind]}" for kind, number in self._kinds.items())
        for group, number in sorted(self._counts.items(), key=lambda item: (-item[1], item[0])):
            kind, cause, site = group
            yield f"{_WORDS[kind]:14} {number:>7,}  {site or '(no site)'}  {cause}"
        if not with_diffs:
            return
        shown = set()
        for (kind, cause, site), some in sorted(self._kept.items()):
            for one in some:
                if one.number not in shown:
                    shown.add(one.number)
                    yield ""
                    yield f"--- {_WORDS[kind]}: {cause} ({site}): document {one.number}, {one.address}"
                    yield from one.diff[2 : 2 + _MOST_LINES]
                    if len(one.diff) > 2 + _MOST_LINES:
                        yield f"… {len(one.diff) - 2 - _MOST_LINES} lines more"
