"""What a healthy site shows: a run against what its site file expects, and against the runs before it.

Shares count only where enough pages were asked for. A run that visits what is due asks for few, so numbers are those that do not
depend on how many: what the site holds as far as it is known, shares, entries of a list's first page.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from statistics import median

from healthcrawl.rules import Expectations

RUNS = 8  # before this one, whose median is compared with
_ENOUGH = 10  # pages of which a share is worth something
_LEAP = 0.25  # by which a share may exceed the median
_LEFT = 0.8  # share of the documents that must be left
_FEW_ENTRIES = 3  # entries of a list that may go without a word


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What a run showed.

    `seen`: articles that the site shows, those included that were not due; `in_all`: documents in the corpus. Of `asked` pages,
    `rejected` are no articles, `spam` carry foreign lines, `charset` characters that can't be read, `drift` no container where
    the site's layouts have it. `entries`: rows of each column's first page. `examples`: an address for each of these names.
    """

    seen: int = 0
    in_all: int = 0
    asked: int = 0
    rejected: int = 0
    spam: int = 0
    charset: int = 0
    drift: int = 0
    newest: date | None = None
    entries: Mapping[str, int] = field(default_factory=dict)
    examples: Mapping[str, str] = field(default_factory=dict)

    def share(self, name: str) -> float | None:
        """The share of the pages asked for; None if these were too few."""
        return float(getattr(self, name)) / self.asked if self.asked >= _ENOUGH else None

    def counts(self) -> dict[str, int]:
        """Names and numbers, as the history of runs keeps them."""
        names = ("seen", "in_all", "asked", "rejected", "spam", "charset", "drift")
        flat = {f"health.{name}": getattr(self, name) for name in names}
        return flat | {f"entries.{column}": number for column, number in self.entries.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A broken expectation: its name (the key of the site file, or what was compared), what is so, what to do, an example."""

    name: str
    what: str
    advice: str
    example: str = ""


def vitals_of(counts: Mapping[str, int]) -> Vitals:
    """What an earlier run showed, by the numbers that were kept of it.

    >>> vitals_of({"health.seen": 3, "entries.通知": 20, "captures": 9}).entries
    {'通知': 20}
    """
    own = {name.removeprefix("health."): number for name, number in counts.items() if name.startswith("health.")}
    entries = {name.removeprefix("entries."): number for name, number in counts.items() if name.startswith("entries.")}
    return Vitals(**own, entries=entries)  # type: ignore[arg-type]


def breaches(
    expect: Expectations, now: Vitals, before: Sequence[Vitals], today: date, standing: Collection[str] = ()
) -> tuple[Breach, ...]:
    """The broken expectations of a run; `before` are the earlier ones, the latest first, `standing` names what the last one broke."""
    earlier = before[:RUNS]
    return (
        *_numbers(expect, now, earlier),
        *_shares(expect, now, earlier),
        *_age(expect, now, today),
        *_lists(now, earlier, standing),
    )


def _numbers(expect: Expectations, now: Vitals, earlier: Sequence[Vitals]) -> Iterator[Breach]:
    advice = "has the site moved its lists, or changed its pages? `scrapy extract` shows how a page is read"
    example = now.examples.get("seen", "")
    if now.seen < expect.min_documents:
        what = f"{now.seen} documents seen in this run, the site file expects at least {expect.min_documents}"
        yield Breach(name="min_documents", what=what, advice=advice, example=example)
    if now.in_all < expect.min_in_all:
        what = f"{now.in_all} documents in all, the site file expects at least {expect.min_in_all}"
        yield Breach(name="min_in_all", what=what, advice="`scrapy changes` shows what went", example=example)
    usual = median([one.seen for one in earlier]) if earlier else 0
    if usual >= _ENOUGH and now.seen < _LEFT * usual and now.seen >= expect.min_documents:
        what = f"{now.seen} documents seen in this run, the median of the last {len(earlier)} is {usual:.0f}"
        yield Breach(name="documents", what=what, advice=advice, example=example)


def _shares(expect: Expectations, now: Vitals, earlier: Sequence[Vitals]) -> Iterator[Breach]:
    checks: tuple[tuple[str, float | None, str, str], ...] = (
        ("rejected", expect.max_rejected, "are no articles", "`scrapy extract` shows why a page is rejected"),
        ("charset", expect.max_charset_losses, "have characters that can't be read", "has its charset changed?"),
        (
            "drift",
            expect.max_drift,
            "do not have their text where the layouts say",
            "has its template changed? see the site file's layout",
        ),
        ("spam", expect.max_spam, "carry spam", "the site was hacked: its webmaster should know"),
    )
    for name, most, what, advice in checks:
        share = now.share(name)
        if share is None:
            continue
        number = getattr(now, name)
        usual = [one for one in (run.share(name) for run in earlier) if one is not None]
        counted = f"{number} of {now.asked} pages {what}"
        example = now.examples.get(name, "")
        if most is not None and share > most:
            told = f"{counted}, the site file allows a share of {most:g}"
            yield Breach(name=f"max_{_KEYS.get(name, name)}", what=told, advice=advice, example=example)
        elif most is None and usual and share > median(usual) + _LEAP:
            told = f"{counted} ({share:.0%}), the median of the last {len(usual)} runs is {median(usual):.0%}"
            yield Breach(name=name, what=told, advice=advice, example=example)


_KEYS = {"charset": "charset_losses"}


def _age(expect: Expectations, now: Vitals, today: date) -> Iterator[Breach]:
    if not expect.newest_days:
        return
    if now.newest is None:
        what = f"no article has a date, the site file expects one of the last {expect.newest_days} days"
    elif (today - now.newest).days > expect.newest_days:
        age = (today - now.newest).days
        what = f"the newest article is of {now.newest}, {age} days old; the site file expects one of the last {expect.newest_days}"
    else:
        return
    advice = "is it published elsewhere now, or are dates read wrong?"
    yield Breach(name="newest_days", what=what, advice=advice, example=now.examples.get("newest", ""))


def _lists(now: Vitals, earlier: Sequence[Vitals], standing: Collection[str]) -> Iterator[Breach]:
    """Lists that had entries and have none. What is empty for good is told until somebody mends the site file."""
    for column, number in now.entries.items():
        name = f"list {column}"
        most = max((run.entries.get(column, 0) for run in earlier), default=0)
        if number == 0 and (most >= _FEW_ENTRIES or name in standing):
            had = f", it had {most} entries" if most else ""
            advice = "has it moved, or is it filled by a script now?"
            example = now.examples.get(f"entries.{column}", "")
            yield Breach(name=name, what=f"the list {column} links to nothing{had}", advice=advice, example=example)
