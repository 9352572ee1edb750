"""Dates as Chinese sites write them, turned into ISO dates and date-times local to the site.

No site gives a time zone: all of China keeps one time, UTC+8, and epoch seconds in JSON are turned into it.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone

CHINA = timezone(timedelta(hours=8))
_EARLIEST, _LATEST = 1990, 2099  # no site is older; what lies outside is a number of another kind

# The ratio sign U+2236 and the full-width colon stand for the colon in some templates.
_TIME = r"(?:(?:日|T|\s|\N{NO-BREAK SPACE})*(?P<hour>\d{1,2})\s?(?:[:\N{RATIO}\N{FULLWIDTH COLON}时点]\s?(?P<minute>\d{1,2})(?:[:\N{RATIO}\N{FULLWIDTH COLON}分]\s?(?P<second>\d{1,2}))?|[时点])(?!\d))?"
_FORMS = tuple(
    re.compile(form)
    for form in (
        # 2024-03-01, 2024/3/1, 2024.03.01, 2024年3月1日, also with blanks between the parts; with a time or without
        r"(?<![\d.])(?P<year>(?:19|20)\d\d)\s?[-/.年\N{NON-BREAKING HYPHEN}]\s?(?P<month>\d{1,2})\s?[-/.月\N{NON-BREAKING HYPHEN}]\s?(?P<day>\d{1,2})(?!\d)"
        + _TIME,
        # the day set apart from year and month, as on a calendar leaf: 01 2024-03
        r"(?<!\d)(?P<day>\d{1,2})(?:日?\s+|(?<=\d\d))(?P<year>(?:19|20)\d\d)[-/.年](?P<month>\d{1,2})月?(?!\d)",
        # month and day set apart from the year: 03-01 2024, 2024 03-01
        r"(?<![\d-])(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?\s+(?P<year>(?:19|20)\d\d)年?(?!\d)",
        r"(?<!\d)(?P<year>(?:19|20)\d\d)年?\s+(?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?(?!\d)",
        # the same where nothing stands between the parts: 2024 03/05, 202403/0508:15
        r"(?<!\d)(?P<year>(?:19|20)\d\d)\s?(?P<month>\d\d)/(?P<day>\d\d)(?:(?!\d)|(?=\d\d:\d\d))",
        # a year of two digits, which a clock time shows to be one: 24-03-05 08:15
        r"(?<![\d.-])(?P<year>[0-4]\d)(?P<mark>[-/.])(?P<month>\d\d)(?P=mark)(?P<day>\d\d)(?=\s+\d{1,2}:\d\d)",
    )
)
# As documents are signed: 二〇二四年三月一日. The zero is written in several ways, the year always figure by figure.
_SPELT = re.compile(
    r"(?P<year>[一二][〇○零Ｏ一二三四五六七八九O]{3})年\s?(?P<month>[一二三四五六七八九十]{1,2})月\s?(?P<day>[一二三四五六七八九十廿卅]{1,3})日"
)
_FIGURES = {figure: str(value) for value, figure in enumerate("〇一二三四五六七八九")} | dict.fromkeys("○零ＯO", "0")
_EPOCH = re.compile(r"\d{9,10}(?:\d{3})?(?:\.0*)?")


def find_date(text: str) -> str:
    """The first date in a text as an ISO date, with its time if it has one other than midnight; empty if there is none.

    >>> find_date("[2024-03-01]"), find_date("发布时间:2024年3月1日 13时44分"), find_date("2024/13/1")
    ('2024-03-01', '2024-03-01T13:44:00', '')
    >>> find_date("二〇二四年十二月二十一日"), find_date("2024年3月1日8时"), find_date("2024.03.01")
    ('2024-12-21', '2024-03-01T08:00:00', '2024-03-01')
    >>> find_date("01 2024-03"), find_date("2024 03/0108:15:00"), find_date("24-03-01 08:15"), find_date("24-03-01")
    ('2024-03-01', '2024-03-01', '2024-03-01', '')
    """
    for form in _FORMS:
        for match in form.finditer(text):
            if moment := _moment(match.groupdict()):
                return _iso(moment)
    for match in _SPELT.finditer(text):
        year = "".join(map(_FIGURES.__getitem__, match["year"]))
        if moment := _moment({"year": year, "month": _spelt(match["month"]), "day": _spelt(match["day"])}):
            return _iso(moment)
    return ""


def _spelt(number: str) -> str:
    """A number below a hundred in figures: 二十一 is 21; 0 if it is none."""
    tens, ten, ones = number.replace("廿", "二十").replace("卅", "三十").rpartition("十")
    if tens == "十" or len(tens) > 1 or len(ones) > 1:
        return "0"
    return str(10 * int(_FIGURES.get(tens, "1")) * bool(ten) + int(_FIGURES.get(ones, "0")))


def read_date(value: object) -> str:
    """The date of a JSON field: text as in `find_date`, or seconds or milliseconds since 1970.

    >>> read_date(1709254800), read_date("1709222400000"), read_date("2024-03-01 09:00:00"), read_date(None)
    ('2024-03-01T09:00:00', '2024-03-01', '2024-03-01T09:00:00', '')
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return ""
    text = str(value).strip()
    if not _EPOCH.fullmatch(text):
        return find_date(text)
    digits = text.partition(".")[0]
    seconds = int(digits) // (1000 if len(digits) > 10 else 1)
    return _iso(datetime.fromtimestamp(seconds, UTC).astimezone(CHINA).replace(tzinfo=None))


def _moment(parts: dict[str, str | None]) -> datetime | None:
    year, month, day = (int(parts[name] or 0) for name in ("year", "month", "day"))
    year += 2000 if year < 100 else 0
    clock = [int(parts.get(name) or 0) for name in ("hour", "minute", "second")]
    if not _EARLIEST <= year <= _LATEST:
        return None
    try:
        midnight = datetime.combine(date(year, month, day), time())
    except ValueError:
        return None
    try:
        return midnight.replace(hour=clock[0], minute=clock[1], second=clock[2])
    except ValueError:
        return midnight


def _iso(moment: datetime) -> str:
    midnight = (moment.hour, moment.minute, moment.second) == (0, 0, 0)
    return moment.date().isoformat() if midnight else moment.isoformat()
