"""How values are shown: numbers, sizes, moments. The filters of the templates."""

import re

_UNITS = ("B", "kB", "MB", "GB", "TB")
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def number(value: float) -> str:
    """A whole number with its thousands apart.

    >>> number(1234567)
    '1,234,567'
    """
    return f"{value:,.0f}"


def size(value: float) -> str:
    """A number of bytes.

    >>> size(999), size(1_500), size(268_435_456)
    ('999 B', '1.5 kB', '268 MB')
    """
    for unit in _UNITS:
        if value < 1000 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 10 else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("the last unit takes all")


def share(value: float) -> str:
    """A share in percent.

    >>> share(0.0312), share(0.5)
    ('3.1 %', '50 %')
    """
    return f"{value:.0%}".replace("%", " %") if value >= 0.1 or not value else f"{value:.1%}".replace("%", " %")


def when(moment: str) -> str:
    """A moment of the catalog, to the minute, in UTC.

    >>> when("2026-03-01T08:00:05+00:00"), when("")
    ('2026-03-01 08:00', '')
    """
    return moment[:16].replace("T", " ")


def day(moment: str) -> str:
    """The day of a moment or of a page's date."""
    return moment[:10]


def parts(address: str) -> list[str]:
    """An address in pieces between which a line may break.

    >>> parts("http://a.test/b/c.html")
    ['http://', 'a.test/', 'b/', 'c.html']
    """
    return re.findall(r"[a-z]+://|[^/?&=]+[/?&=]*|[/?&=]+", address)


def plain(text: str) -> str:
    r"""Text of an archive without characters that turn or hide what stands beside them.

    >>> plain("a\u202eb")
    'a\ufffdb'
    """
    return _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)
