"""How long a host is left alone when it refuses or fails, and when it has had enough of us for this run.

A refusal (429, 503, a challenge or block page) asks us to go away: every one in a row doubles the pause. Failures (other 5xx, no answer,
answers that break off) may heal: they are given more tries and shorter pauses. Any answer that serves ends the row.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

_REFUSING = frozenset({429, 503})
_REFUSALS = frozenset({"challenge", "blocked"})
_LENIENCE = 2  # times as many failures in a row as refusals
_FAILURES_PAUSE = 0.1  # of the pause after a refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What an exchange says of its host: whether it served, refused or failed, how, and how many seconds to wait."""

    kind: Literal["served", "refused", "failed"]
    why: str = ""
    retry_after: float = 0.0


@dataclass(slots=True)
class _Row:
    """Exchanges in a row that did not serve."""

    refusals: int = 0
    failures: int = 0


@dataclass(slots=True)
class Patience:
    """Counts for each host.

    `pause`: seconds after a first refusal. `longest`: the longest pause; a host that asks for a longer one is left alone.
    `tries`: refusals in a row that are taken. `given_up` says why a host is left alone, by its key.
    """

    pause: float
    longest: float
    tries: int
    given_up: dict[str, str] = field(default_factory=dict)
    _rows: dict[str, _Row] = field(default_factory=dict)

    def note(self, key: str, verdict: Verdict) -> float:
        """Take a verdict in; give the seconds to leave the host alone."""
        if verdict.kind == "served":
            self._rows.pop(key, None)
            return 0.0
        row = self._rows.setdefault(key, _Row())
        if verdict.kind == "refused":
            row.refusals += 1
            pause = self.pause * 2.0 ** (row.refusals - 1)
        else:
            row.failures += 1
            pause = self.pause * _FAILURES_PAUSE * 2.0 ** (row.failures - 1)
        if verdict.retry_after > self.longest:
            self.given_up[key] = f"{verdict.why}, and asks not to come back for {verdict.retry_after:.0f} s"
        elif row.refusals >= self.tries or row.refusals + row.failures >= _LENIENCE * self.tries:
            times = row.refusals if row.refusals >= self.tries else row.refusals + row.failures
            self.given_up[key] = f"{times} times in a row it refused or failed, the last time: {verdict.why}"
        return min(max(pause, verdict.retry_after), self.longest)


def judge(*, status: int, retry_after: str, reason: str, error: str, now: datetime) -> Verdict:
    """The verdict on an exchange: its status (0: no answer) and Retry-After, the reason its capture was rejected for, what broke.

    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> judge(status=503, retry_after="120", reason="http-error", error="", now=now)
    Verdict(kind='refused', why='status 503', retry_after=120.0)
    """
    wait = seconds_of(retry_after, now) if status >= 400 else 0.0
    if reason in _REFUSALS:
        return Verdict(kind="refused", why=f"{reason} page, status {status}", retry_after=wait)
    if status in _REFUSING:
        return Verdict(kind="refused", why=f"status {status}", retry_after=wait)
    if error or status >= 500 or status == 0:
        return Verdict(kind="failed", why=error or f"status {status}", retry_after=wait)
    return Verdict(kind="served")


def seconds_of(retry_after: str, now: datetime) -> float:
    """The seconds that a Retry-After header asks for, as a number or a date; 0 for what is neither, or is past.

    >>> now = datetime(2026, 3, 1, tzinfo=UTC)
    >>> seconds_of("7", now), seconds_of("Sun, 01 Mar 2026 00:02:00 GMT", now), seconds_of("soon", now)
    (7.0, 120.0, 0.0)
    """
    text = retry_after.strip()
    if text.isascii() and text.isdecimal():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - now).total_seconds(), 0.0)
