"""May this request be made now? Turns, pauses, quiet hours and daily budgets, asked in one place by the download handler.

Every request passes here, robots.txt, redirects and repeated ones too: it waits for the server's turn, and is refused where the
server has had enough of us. When the hour or the budget ends the crawl, what is left waits for the next one.
"""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from scrapy.exceptions import IgnoreRequest
from scrapy.settings import BaseSettings

from healthcrawl.core.hours import day_of, in_china, is_span, quiet_until
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.requests import spend
from healthcrawl.corpus.rests import LONGEST_REST, Rest, keep_rest, rest_of
from healthcrawl.crawl.options import size
from healthcrawl.crawl.patience import Patience, Verdict
from healthcrawl.crawl.turns import LONGEST_PAUSE, Turn, Turns
from healthcrawl.errors import UsageError
from healthcrawl.rules import Site

logger = logging.getLogger(__name__)


class HostLeftAloneError(IgnoreRequest):
    """The host refused or failed too often in this run."""


class EndingError(IgnoreRequest):
    """The crawl is ending: the page waits for the next one."""


class Politeness:
    """The manners of one crawl.

    `pause` ends the crawl in order, for the reason given. `is_ending` says whether it is being ended, for whatever reason.

    Raises:
        UsageError: a setting is wrong.
    """

    def __init__(
        self,
        settings: BaseSettings,
        site: Site,
        *,
        layout: ArchiveLayout,
        catalog: Catalog,
        clock: Callable[[], datetime],
        pause: Callable[[str], None],
        is_ending: Callable[[], bool],
    ) -> None:
        manners = site.manners
        self._catalog = catalog
        self._clock = clock
        self._pause = pause
        self._is_ending = is_ending
        self._name = site.name
        self.resting: dict[str, Rest] = {}  # the servers that had asked, before this run, to be left alone
        self._looked_up: set[str] = set()
        self._quiet_hours = _spans(settings) or manners.quiet_hours
        self._budget = size(settings, "REQUESTS_A_DAY", least=0) or manners.requests_a_day
        longest = number(settings, "BACKOFF_LONGEST")
        if longest > LONGEST_PAUSE:
            raise UsageError(f"BACKOFF_LONGEST: expected at most {LONGEST_PAUSE:g} seconds, got {longest:g}")
        self._patience = Patience(
            pause=number(settings, "BACKOFF_SECONDS"), longest=longest, tries=size(settings, "BACKOFF_TRIES")
        )
        self.turns = Turns(
            layout.turns,
            name=site.name,
            installation=manners.installation,
            delay=number(settings, "DOWNLOAD_DELAY"),
            check=self._refuse,
        )

    @property
    def left_alone(self) -> dict[str, str]:
        """The hosts or installations that were left alone for the rest of the run, and why."""
        return self._patience.given_up

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[Turn]:
        """Wait for a host's turn and hold it.

        Raises:
            HostLeftAloneError, EndingError: the request is not to be made.
            ArchiveError: turns or budget can't be kept.
        """
        key = self.turns.key(host)
        self._refuse(key)
        async with self.turns.take(host) as turn:
            self._refuse(key)  # while this one waited, another may have had the answer that ends it
            if self._budget and not spend(self._catalog, key, day_of(self._clock()), self._budget):
                self._pause(f"the {self._budget} requests a day that {key} is asked for are spent")
                raise EndingError(f"budget of {key}")
            yield turn

    def note(self, host: str, verdict: Verdict, turn: Turn) -> None:
        """Take in how a host answered: it may get a pause, or be left alone."""
        key = self.turns.key(host)
        turn.rest = self._patience.note(key, verdict)
        if verdict.retry_after > self._patience.longest:
            seconds = min(verdict.retry_after, LONGEST_REST.total_seconds())
            until = self._clock() + timedelta(seconds=seconds)
            keep_rest(self._catalog, key, Rest(until=until, why=verdict.why))
        if key in self._patience.given_up:
            logger.warning(
                "%s: %s is left alone for the rest of this run: %s", self._name, key, self._patience.given_up[key]
            )
        elif turn.rest and verdict.kind == "refused":
            logger.info("%s: %s answered %s: no request for %.0f s", self._name, key, verdict.why, turn.rest)

    def check_ending(self) -> None:
        """Let nothing begin that the end of the crawl would cut off.

        Raises:
            EndingError: the crawl is ending.
        """
        if self._is_ending():
            raise EndingError("the crawl is ending")

    def _refuse(self, key: str) -> None:
        if key not in self._looked_up:
            self._looked_up.add(key)
            if rest := rest_of(self._catalog, key, self._clock()):
                self.resting[key] = rest
        if key in self.resting:
            raise HostLeftAloneError(f"it asked to be left alone until {in_china(self.resting[key].until)}")
        if key in self._patience.given_up:
            raise HostLeftAloneError(self._patience.given_up[key])
        self._check()

    def _check(self) -> None:
        self.check_ending()
        end = quiet_until(self._clock(), self._quiet_hours) if self._quiet_hours else None
        if end is not None:
            self._pause(f"quiet hours until {end:%H:%M} (China time)")
            raise EndingError("quiet hours")


def number(settings: BaseSettings, name: str) -> float:
    """A setting that is a number, 0 or more.

    Raises:
        UsageError: it is not.
    """
    given: Any = settings[name]
    try:
        value = float(given)
    except (ValueError, TypeError):
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UsageError(f"{name}: expected a number, 0 or more, got {given!r}")
    return value


def _spans(settings: BaseSettings) -> tuple[str, ...]:
    spans = tuple(span.strip() for span in settings.getlist("QUIET_HOURS"))
    for span in spans:
        if not is_span(span):
            raise UsageError(f"QUIET_HOURS: expected spans like '08:00-18:00,22:00-24:00', got {span!r}")
    return spans
