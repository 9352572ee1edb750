"""Which of the addresses that pages link may be asked for, and which of those that may are traps.

A site's domains are the border (`healthcrawl.core.urls`). Inside it lie spaces without an end: searches, calendars, folders
that link into themselves, parameters that grow. Known shapes are data (`AddressRules.traps`); growth has no shape of its own
and is measured here. What is refused is never requested, and every refusal has a name under which it is counted and told.
"""

import re
from collections import Counter
from dataclasses import dataclass
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from healthcrawl.core.urls import host_of, in_scope
from healthcrawl.rules import Rules

LONGEST_URL = 2000
DEEPEST_PATH = 24  # folders; the deepest of real columns have about ten
MOST_FIELDS = 30  # parameters; list interfaces have up to twenty
_MOST_ALIKE = 3  # parameters of one name
_LONGEST_PERIOD = 6  # folders that come again as a group: /zwgk/tzgg/zwgk/tzgg/zwgk/tzgg/
_REPEATS = 3  # how often, with a letter in it: /yyeyyzl/yyeyyzl/ is a real one, and numbers mean nothing
_UNWRAPPINGS = 3
# www.other.test, but not a.html: what stands after the last dot of a host is no file's ending.
_HOST_FIRST = re.compile(
    r"(?:[a-z0-9-]{1,63}\.){1,6}(?!(?:s?html?|jsp|aspx?|php|do|pdf)(?:[?#/]|$))[a-z]{2,12}(?=[:/?#]|$)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an address is not asked for: "outside" of the site, "denied" by the site file, or the name of a trap; by which rule."""

    name: str
    rule: str


def refuse(url: str, rules: Rules) -> Refusal | None:
    """The first reason not to ask for an address; None if it may be asked for.

    Without a site there is no border, only traps.
    """
    site = rules.site
    if not host_of(url):
        return Refusal(name="outside", rule="not an http(s) address")
    if site is not None and not in_scope(url, site):
        denied = next((pattern.pattern for pattern in site.deny if pattern.search(url)), "")
        return Refusal(name="denied" if denied else "outside", rule=denied or "not on the site's domains")
    if site is not None and any(pattern.search(url) for pattern in site.allow):
        return None
    if grown := _growth(url):
        return grown
    trap = next((trap for trap in rules.addresses.traps if trap.pattern.search(url)), None)
    return Refusal(name=trap.name, rule=trap.pattern.pattern) if trap else None


def leads_to(url: str, base: str, rules: Rules) -> str:
    """Where a link really leads: the target of a page that only leads on, else the address itself.

    >>> from healthcrawl.knowledge.load import load_rules
    >>> leads_to("http://a.test/jump?url=www.b.test%2Fc", "http://a.test/", load_rules())
    'http://www.b.test/c'
    """
    for _ in range(_UNWRAPPINGS):
        found = next((match["target"] for jump in rules.addresses.jumps if (match := jump.search(url))), "")
        target = _resolve(base, found) if found else ""
        if not target or target == url:
            break
        url = target
    return url


def _resolve(base: str, reference: str) -> str:
    for _ in range(2):  # some encode what is encoded
        reference = unquote(reference)
    if _HOST_FIRST.match(reference):
        reference = f"http://{reference}"
    try:
        address = urldefrag(urljoin(base, reference.strip())).url
    except ValueError:
        return ""
    return address if host_of(address) else ""


def _growth(url: str) -> Refusal | None:
    """What no address has that was not made by going round in circles."""
    parts = urlsplit(url)
    segments = [segment for segment in parts.path.split("/") if segment]
    names = Counter(field.partition("=")[0] for field in parts.query.split("&") if field)
    if len(url) > LONGEST_URL:
        return Refusal(name="endless path", rule=f"longer than {LONGEST_URL} characters")
    if len(segments) > DEEPEST_PATH:
        return Refusal(name="endless path", rule=f"more than {DEEPEST_PATH} folders")
    if block := _repeated(segments):
        return Refusal(name="endless path", rule=f"/{block}/ {_REPEATS} times in a row")
    if sum(names.values()) > MOST_FIELDS:
        return Refusal(name="endless parameters", rule=f"more than {MOST_FIELDS} parameters")
    most = max(names, key=lambda name: names[name], default="")
    if names[most] > _MOST_ALIKE:
        return Refusal(name="endless parameters", rule=f"the parameter {most} {names[most]} times")
    return None


def _repeated(segments: list[str]) -> str:
    """The folders that come again and again in a row; empty if none do.

    >>> _repeated("a/zwgk/tzgg/zwgk/tzgg/zwgk/tzgg/b".split("/")), _repeated("a/a/b".split("/"))
    ('zwgk/tzgg', '')
    """
    for period in range(1, _LONGEST_PERIOD + 1):
        alike = 0
        for at in range(period, len(segments)):
            alike = alike + 1 if segments[at] == segments[at - period] else 0
            if alike == period * (_REPEATS - 1):
                block = segments[at - period + 1 : at + 1]
                if any(re.search("[^0-9_-]", segment) for segment in block):
                    return "/".join(block)
    return ""
