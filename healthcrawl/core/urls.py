"""Addresses: which of them are the same page, and which may be asked for.

One page has many addresses: over http and https, with `index.html` and without, with a fragment, a session or a counter
behind it, as a phone or print copy. The canonical address is the one under which pages and documents are kept. It is a key,
not a thing to request: its scheme is always `http`, and a server may well answer to another of the page's addresses only.
What RFC 3986 calls equivalent is settled here; what sites and their CMS call equivalent is data (`AddressRules.duplicates`,
`Family.duplicates`, `Site.duplicates`).
"""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, quote, urlsplit

from healthcrawl.rules import Rewrite, Rules, Site

_DEFAULT_PORTS = {"http": 80, "https": 443}
_ROUNDS = 20  # a rewrite may uncover another; two or three rounds settle what is met
_ESCAPE = re.compile("%([0-9A-Fa-f]{2})|%")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?")
_SAFE_IN_PATH = "%/:@!$&'()*+,;=~"
_SAFE_IN_QUERY = _SAFE_IN_PATH + "?"


def canonical(url: str, rules: Rules) -> str:
    """The address that stands for all addresses of the page. What isn't an http(s) URL comes back stripped, else as it is.

    >>> canonical("HTTPS://WWW.Example.gov.cn:443/a/../%7Eb//c.html?y=2&x=1#top", Rules(families=()))
    'http://www.example.gov.cn/~b/c.html?x=1&y=2'
    """
    address = url.strip()
    seen: list[str] = []
    while address not in seen and len(seen) < _ROUNDS:
        seen.append(address)
        parts = _split(address)
        if parts is None:
            return address
        address = _rewrite(_normalise(parts), rules)
    # Rules of a site that undo each other go round in circles: any address on it has the same smallest one.
    return min(seen[seen.index(address) :]) if address in seen else address


def in_scope(url: str, site: Site) -> bool:
    """Whether an address belongs to the site and may be asked for.

    It does if it is http(s), without credentials, on one of the site's domains or below, at a usual port or the domain's own,
    and no `deny` pattern is found in it.
    """
    return _is_on(url.strip(), site) and not any(pattern.search(url) for pattern in site.deny)


def host_of(url: str) -> str:
    """The host of an http(s) URL in lower case; empty if it is none.

    >>> host_of("https://WWW.Example.gov.cn:8443/a"), host_of("javascript:void(0)")
    ('www.example.gov.cn', '')
    """
    parts = _split(url)
    return _host(parts) if parts else ""


def _is_on(url: str, site: Site) -> bool:
    parts = _split(url)
    if parts is None or "@" in parts.netloc:
        return False
    host, port = _host(parts), parts.port
    if not _HOST_NAME.fullmatch(host) or ".." in host:
        return False
    usual = port in {None, *_DEFAULT_PORTS.values()}
    for domain in site.domains:
        name, _, own_port = domain.partition(":")
        if (host == name or host.endswith(f".{name}")) and (usual or str(port) == own_port):
            return True
    return False


def _normalise(parts: SplitResult) -> str:
    port = "" if parts.port in {None, *_DEFAULT_PORTS.values()} else f":{parts.port}"
    query = _query(parts.query)
    return f"http://{_host(parts)}{port}{_path(parts.path)}" + (f"?{query}" if query else "")


def _rewrite(address: str, rules: Rules) -> str:
    before = address
    for rewrite in _duplicates(rules):
        address = rewrite.pattern.sub(rewrite.replacement, address)
    # No page of a site may pass itself off as another site's.
    return before if rules.site and _is_on(before, rules.site) and not _is_on(address, rules.site) else address


def _duplicates(rules: Rules) -> Iterator[Rewrite]:
    yield from rules.addresses.duplicates
    for family in rules.families:
        yield from family.duplicates
    if rules.site is not None:
        yield from rules.site.duplicates


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in _DEFAULT_PORTS and parts.hostname and (parts.port is None or parts.port > 0)
    except ValueError:  # brackets, ports and look-alike characters that no host has
        return None
    return parts if usable else None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:  # an IPv6 address
        return f"[{host}]"
    if not host.isascii():
        try:
            return host.encode("idna").decode("ascii").lower()
        except UnicodeError:  # not a name that could be registered: keep it apart from all others
            return quote(host, errors="replace").lower()
    return host


def _path(path: str) -> str:
    segments: list[str] = []
    *folders, last = _unescape(path, _SAFE_IN_PATH).split("/")
    for segment in folders:
        if segment == "..":
            del segments[-1:]
        elif segment not in {"", "."}:
            segments.append(segment)
    if last == "..":
        del segments[-1:]
    if last in {"", ".", ".."}:
        return "".join(f"/{segment}" for segment in segments) + "/"
    return "".join(f"/{segment}" for segment in [*segments, last])


def _query(query: str) -> str:
    fields = [field for field in _unescape(query, _SAFE_IN_QUERY).split("&") if field]
    return "&".join(sorted(fields, key=lambda field: field.partition("=")[0]))


def _unescape(text: str, safe: str) -> str:
    """Percent-encoding in its normal form: none where none is needed, capitals elsewhere, a stray `%` encoded."""
    settled = _ESCAPE.sub(_settle, text) if "%" in text else text
    return quote(settled, safe=safe, errors="replace")


def _settle(match: re.Match[str]) -> str:
    if match[1] is None:
        return "%25"
    character = chr(int(match[1], 16))
    return character if character in _UNRESERVED else match[0].upper()
