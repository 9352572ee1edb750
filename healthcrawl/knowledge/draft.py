"""A site file drafted from a first look: complete, commented, and honest about how sure it is of each line."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from healthcrawl.core.survey import Candidate, ListReading, Survey
from healthcrawl.core.urls import host_of
from healthcrawl.knowledge.load import GENERIC, load_column_kinds

_PORTAL_LABELS = ("www", "m", "wap")
_SUFFIX = re.compile(r"(?:\.gov|\.com|\.org|\.net)?\.[a-z]{2,}$")
_KINDS = {"bureau": "the title names a health office", "municipal": "the title names no health office"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An article that a first look read: its URL, and what it lacks ("title", "date", "text"), or why it was rejected."""

    url: str
    family: str = ""
    missing: tuple[str, ...] = ()
    rejected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All that a first look found: lists with what was read of them (None: it was not asked for, or did not answer).

    `sitemaps` are those that robots.txt names.
    """

    url: str
    survey: Survey
    lists: tuple[tuple[Candidate, ListReading | None], ...]
    samples: tuple[Sample, ...] = ()
    sitemaps: tuple[str, ...] = ()


def site_name(url: str) -> str:
    """A name for the site of an address: the part of its host that is its own.

    >>> site_name("http://www.yunhu.gov.cn/"), site_name("https://wjj.yunhu.gov.cn/"), site_name("http://127.0.0.1/")
    ('yunhu', 'yunhu_wjj', 'site')
    """
    labels = [label for label in _SUFFIX.sub("", host_of(url)).split(".") if label not in _PORTAL_LABELS]
    name = re.sub(r"\W", "_", "_".join(reversed(labels)))
    return name[:40] if re.fullmatch(r"[a-z]\w*", name) else "site"


def has_columns(look: Look) -> bool:
    """Whether there is anything to crawl."""
    return bool(_usable(look))


def draft_site(look: Look, name: str) -> str:
    """The TOML of a site, in the layout of the files that come with healthcrawl."""
    parts = (_head(look, name), _columns(look), _limits(look), _examples(look), _missing(look))
    return "\n".join(chain.from_iterable(parts)) + "\n"


def _head(look: Look, name: str) -> Iterator[str]:
    host = host_of(look.url)
    votes = _votes(look)
    yield f"# {_one_line(look.survey.title) or host}. Drafted from a first look at {_one_line(look.url)}."
    yield "# Every line says whether it was seen or is assumed. Read it, complete it, and set status once a crawl has proved it."
    yield ""
    yield f"name = {_text(name)}"
    yield f"title = {_text(look.survey.title or host)} # seen: the name that the home page gives"
    yield f"kind = {_text(look.survey.kind)} # assumed: {_KINDS[look.survey.kind]}"
    yield f'status = "unverified" # until `scrapy sites check {name} --live` and a crawl have confirmed it'
    yield f"domains = [{_text(host)}] # seen: the host of the home page"
    known = [family for family, _ in votes.most_common() if family != GENERIC]
    told = ", ".join(f"{family} on {number}" for family, number in votes.most_common()) or "nothing"
    sure = "seen" if known else "not recognised: all families are tried"
    yield f"families = [{', '.join(map(_text, known))}] # {sure} (pages read: {told})"
    yield "delay = 3.0 # assumed: nothing is known of what the server bears"
    yield "deny = ['/(?:hdjl|hudong|xinxiang)/'] # assumed: letters with personal data"
    if look.survey.feeds:
        yield f"feeds = [{', '.join(map(_text, look.survey.feeds))}] # seen: the home page names them"
    for url in look.sitemaps:
        yield f"# seen: robots.txt names the sitemap {_one_line(url)}, so every run reads it; a pattern in deny would keep it out"


def _columns(look: Look) -> Iterator[str]:
    for candidate, reading in _usable(look):
        yield ""
        yield "[[columns]]"
        yield f"name = {_text(candidate.name)}"
        yield f"url = {_text(candidate.url)} # {_judged(reading)}"
        if look.survey.kind == "municipal" and candidate.health:
            yield "health = true # assumed: its name speaks of health"


def _limits(look: Look) -> Iterator[str]:
    """What a run may cost and has to show: the defaults, to be changed by whoever knows the site."""
    entries = sum(reading.entries for _, reading in _usable(look) if reading is not None)
    yield from (
        "",
        "[budget] # assumed: the defaults; what is over waits for the next run",
        "pages = 50000",
        "depth = 500 # list pages in a row",
        "",
        "[manners] # assumed: nobody else's server, any hour of the day",
        '# installation = "NAME"          # if other sites share its server: the same name in all their files',
        "# requests_a_day = 20000",
        '# quiet_hours = ["08:00-18:00"]',
        "",
        "[attachments] # assumed: files that articles link to are wanted",
        "fetch = true",
        "",
        "[expect]",
    )
    few = max(1, entries // 2)
    yield f"min_documents = {few} # assumed: half of the {entries} entries seen on first pages; raise it after the first whole crawl"


def _examples(look: Look) -> Iterator[str]:
    read = [sample for sample in look.samples if not sample.rejected]
    for sample in read[:3]:
        lacks = f"without {', '.join(sample.missing)}" if sample.missing else "title, date and text found"
        yield from ("", "[[examples]]", f"url = {_text(sample.url)} # seen: {lacks}", 'kind = "article"')
    for candidate, _ in _usable(look)[:2]:
        yield from ("", "[[examples]]", f"url = {_text(candidate.url)} # seen", 'kind = "list"')
    yield from ("", "[[examples]]", 'url = "http://www.example.com/" # any other host', 'kind = "outside"')


def _missing(look: Look) -> Iterator[str]:
    notes = [
        f"{_one_line(candidate.name)} {_one_line(candidate.url)}: {_judged(reading)}"
        for candidate, reading in look.lists
        if not _is_list(reading)
    ]
    notes += [
        f"{_one_line(sample.url)}: read as an article, rejected ({sample.rejected})"
        for sample in look.samples
        if sample.rejected
    ]
    notes += [
        f"{_one_line(candidate.name)} {_one_line(candidate.url)}: the name is taken by another column"
        for candidate, reading in look.lists
        if _is_list(reading) and (candidate, reading) not in _usable(look)
    ]
    looked_at = {candidate for candidate, _ in look.lists}
    more = [f"{_one_line(one.name)} {_one_line(one.url)}" for one in look.survey.candidates if one not in looked_at]
    shown = [candidate.name for candidate in look.survey.candidates]
    absent = [title for title, names in load_column_kinds() if not any(map(names.fullmatch, shown))]
    chapters = (
        ("Not taken over:", notes),
        ("Not looked at, since a first look is short; they may be columns too:", more),
        ("Looked for on the home page and not found: columns like", absent),
    )
    for title, lines in chapters:
        if lines:
            yield from ("", f"# {title}", *(f"#   {line}" for line in lines))


def _usable(look: Look) -> Sequence[tuple[Candidate, ListReading | None]]:
    """The columns to write: lists with entries, each name once."""
    names: set[str] = set()
    kept = []
    for candidate, reading in look.lists:
        if _is_list(reading) and candidate.name not in names:
            names.add(candidate.name)
            kept.append((candidate, reading))
    return kept


def _is_list(reading: ListReading | None) -> bool:
    return reading is not None and reading.entries > 0


def _judged(reading: ListReading | None) -> str:
    if reading is None:
        return "not read: no answer, or the first look was over"
    if not reading.entries:
        return "not sure: no entries were found on it"
    dated = "all dated" if reading.dated == reading.entries else f"{reading.dated} dated"
    shaped = "" if reading.shaped == reading.entries else f"{reading.shaped} with the address of an article, "
    further = "goes on" if reading.next_page else "one page"
    return f"seen: {reading.entries} entries, {dated}, {shaped}{further}"


def _votes(look: Look) -> Counter[str]:
    families: Iterable[str] = (
        look.survey.family,
        *(reading.family for _, reading in look.lists if reading is not None),
        *(sample.family for sample in look.samples if sample.family),
    )
    return Counter(families)


def _text(value: str) -> str:
    """A TOML string: JSON's escapes are TOML's, except that DEL must be escaped too."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(value: str) -> str:
    """A comment can hold neither line breaks nor control characters."""
    return " ".join("".join(character if character.isprintable() else " " for character in value).split())
