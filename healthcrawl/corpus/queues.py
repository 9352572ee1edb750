"""Where a page of the frontier belongs: the queues, a page's place in one, and what a visit or a signal makes of it.

All of it is decided by a page's row and the moment, without a look at the catalog.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from healthcrawl.core.hours import CHINA
from healthcrawl.core.schedule import FRESH_DAYS, Cohort, PageClass
from healthcrawl.corpus import catalog as tables
from healthcrawl.model import Context, Teller

State: TypeAlias = Literal["pending", "fetched", "redirected", "gone", "withdrawn", "forbidden", "failed"]

NOW, NEW, LATER, HEAD, FILE, KEPT = "now", "new", "later", "head", "file", "kept"

_DAY = timedelta(days=1)
_CONFIRM = 1.5 * _DAY  # from a first 404 to the visit that confirms it; with a daily run, the second after
_GONE_FOR = _DAY  # so far apart at least they are
_LONGEST = 30 * _DAY  # until a page is tried again that failed, was not there, redirects or is forbidden
_CUT = ".…· "  # what a title that is cut off ends with
_TELLING = 6  # characters of it
_FORBIDDEN = 7 * _DAY

# What a page has that was just read, or just found.
CLEAN: dict[str, Any] = {"signal": "", "failures": 0, "gone_at": "", "withdrawn_at": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """A page to visit: where, why, and what allows to ask for it only if it changed. `signal` says why it should have."""

    address: str
    url: str
    context: Context
    etag: str = ""
    last_modified: str = ""
    captured_at: datetime | None = None
    signal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What a visit found. `etag` and `last_modified` are kept only from a full, whole answer (`body`).

    `changed`: not as the visit before found it. `lied`: the server said "not modified" without having been told what we have;
    then nothing it said before is believed either.
    """

    url: str
    at: datetime
    state: State
    body: bool = False
    etag: str = ""
    last_modified: str = ""
    changed: bool = False
    lied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The page that stands for an article which other lists name at other addresses. `is_news`: this run has seen it first."""

    address: str
    is_news: bool


def is_same_title(one: str, other: str) -> bool:
    """Whether two lists show the same title, be it cut off in one of them.

    >>> is_same_title("关于开展健康讲座的通知", "关于开展健康讲座…"), is_same_title("会议通知", "会议通知(二)"), is_same_title("", "")
    (True, False, False)
    """
    whole, cut = one.rstrip(_CUT), other.rstrip(_CUT)
    if one == other or min(len(whole), len(cut)) < _TELLING:
        return bool(one) and one == other
    return (cut != other and one.startswith(cut)) or (whole != one and other.startswith(whole))


def kind_of(row: Mapping[str, Any], at: datetime) -> PageClass:
    """The class of a page at a moment: how old an article is tells the list, or when it was found."""
    if row["role"] == "list":
        return "list"
    told = datetime.fromisoformat(row["entry_date"] or row["found_at"] or row["visited_at"])
    born = told if told.tzinfo else told.replace(tzinfo=CHINA)
    return "fresh" if (at - born) / _DAY < FRESH_DAYS else "old"


def announced(row: Mapping[str, Any], signal: Teller) -> dict[str, str]:
    """Where a page belongs of which a signal says that it has changed."""
    if " " in row["queue"]:
        return {"signal": signal, "queue": str(replace(Cohort.parse(row["queue"]), signal=signal))}
    return {"signal": signal, "queue": NOW, "place": ""} if row["queue"] == LATER else {"signal": signal}


def put_off(row: Mapping[str, Any], visit: Visit) -> dict[str, Any]:
    """When to try a page again that could not be read, and what it now counts as."""
    at, failures, rest = visit.at, row["failures"], _LONGEST
    told: dict[str, Any] = {"signal": ""}
    if visit.state == "failed":
        failures += 1
        # The next run tries it, then one a day later: with twice the time from then on.
        rest = timedelta(0) if failures == 1 else min((2 ** min(failures - 1, 10) - 1.5) * _DAY, _LONGEST)
        told = {"failures": failures}
    elif visit.state == "gone":
        first = tables.parse_moment(row["gone_at"])
        told |= {"gone_at": row["gone_at"] or tables.moment(at), "failures": 0}
        rest = _CONFIRM if first is None else min(2 * max(at - first, _CONFIRM), _LONGEST)
        if first is not None and at - first >= _GONE_FOR:
            told |= {"state": "withdrawn", "withdrawn_at": row["withdrawn_at"] or tables.moment(at)}
    elif visit.state == "forbidden":
        rest = _FORBIDDEN
    return told | {"queue": LATER, "place": tables.moment(at + rest)}


def days_since(place: str, at: datetime) -> float:
    """The days from the place of a page in its cohort to a moment; 0 where a clock was wrong and it is yet to come."""
    return max((at - datetime.fromisoformat(place)) / _DAY, 0.0)


def page_of(row: Mapping[str, Any]) -> PageRow:
    """A row of the catalog as a page to visit."""
    return PageRow(
        address=row["address"],
        url=row["url"],
        context=Context(
            role=row["role"],
            via=row["via"],
            hops=row["hops"],
            column=row["column"],
            entry_title=row["entry_title"],
            entry_date=row["entry_date"],
        ),
        etag=row["etag"],
        last_modified=row["last_modified"],
        captured_at=tables.parse_moment(row["captured_at"]),
        signal=row["signal"],
    )
