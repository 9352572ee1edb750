"""What decides how a capture is read: site, families, furniture, spam and mending data, as plain frozen values.

`healthcrawl.knowledge` builds them from TOML and data files; the core takes them as they are and looks for nothing itself.
Regular expressions are compiled and CSS selectors checked when a value is built, so that whoever holds one can trust it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal, TypeAlias

Pattern: TypeAlias = re.Pattern[str]
Selector: TypeAlias = Annotated[str, "a CSS selector"]
WebAddress: TypeAlias = Annotated[str, "an http(s) URL"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A sign of a family, exactly one of: a pattern in the page's URL, a pattern in its decoded text, an element in its tree.

    It adds `weight` once, however often it is met; a negative weight speaks against the family.
    """

    weight: int
    url: Pattern | None = None
    page: Pattern | None = None
    element: Selector = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """One step towards the canonical address: `pattern.sub(replacement, url)`. What has a `name` is told when lists show it."""

    pattern: Pattern
    replacement: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """Addresses that are never asked for, since they have no end or hold no articles; `name` is told to people."""

    name: str
    pattern: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRules:
    """What holds for addresses of every site.

    `duplicates` are rewritten before those of families and sites. `jumps` match the addresses of pages that only lead on; their
    group `target` is where to, percent-encoded or not. `traps` are matched against the address as it is linked.
    """

    duplicates: tuple[Rewrite, ...] = ()
    jumps: tuple[Pattern, ...] = ()
    traps: tuple[Trap, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRules:
    """How a family's list pages are read.

    HTML: `rows` are CSS selectors of elements that hold one entry each; the first that gives an entry wins, and if none does,
    rows are found by their shape. JSON: `items` are dotted paths to the array, the first that leads to one wins; `url`, `title`, `date` and `source` are keys of
    its objects, the first with a value wins; of `url` the first that may be asked for. `fragment` are dotted
    paths to a piece of HTML that holds the list. `columns` names the function of `healthcrawl.core.services` that finds further lists in a page.
    `instead` is where to go on when a list page that was announced is not there.
    """

    rows: tuple[Selector, ...] = ()
    items: tuple[str, ...] = ()
    fragment: tuple[str, ...] = ()
    url: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    date: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    columns: Literal["", "gkmlpt"] = ""
    instead: tuple[Rewrite, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pager:
    """One way to find the next list page; a family's pagers are tried in order, the first that answers wins.

    kind "link": the address in an anchor whose whole text matches `pattern`. "script": `pattern` is searched in the page's
    scripts and text, and its named groups fill `template`, an address relative to the page. The groups `count` (pages), or
    `records` and `size`, bound the walk: pages are numbered from `first`, `{n}` is the next number, the groups `current`,
    `stem` and `ext` say where the page stands, else its own address does. "query": as long as the JSON answer's number of
    entries in all (the first of the dotted paths `total` that has one) is not reached at `size` entries a page (or as many as the
    answer says at one of the dotted paths `rows`), `parameter` of the page's address is raised by one. "service": the request that a script of the page would make for the list, as
    the function of `healthcrawl.core.services` named by `service` reads it.
    """

    kind: Literal["link", "script", "query", "service"]
    pattern: Pattern | None = None
    template: str = ""
    first: int = 0
    parameter: str = ""
    total: tuple[str, ...] = ()
    size: int = 0
    rows: tuple[str, ...] = ()
    service: Literal["", "hanweb", "jpaas", "ucap", "label8888"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """CSS selectors of a page layout, each tuple in order of preference; in force for captures from `since` on."""

    since: date | None = None
    title: tuple[Selector, ...] = ()
    published: tuple[Selector, ...] = ()
    source: tuple[Selector, ...] = ()
    body: tuple[Selector, ...] = ()
    attachments: tuple[Selector, ...] = ()
    drop: tuple[Selector, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A CMS product: how to know it, its lists, its article pages.

    `articles` match article URLs, with a group `id` where they hold a number that no second article of the host has
    (see `healthcrawl.core.identity.post_of`). `duplicates` turn the addresses of
    print, mobile and like copies into the canonical one. `layouts` are ordered by `since`, oldest first. `weak_pub_date`: the
    PubDate meta tag holds the time of generation here.
    """

    name: str
    title: str
    evidence: tuple[Evidence, ...] = ()
    articles: tuple[Pattern, ...] = ()
    duplicates: tuple[Rewrite, ...] = ()
    lists: ListRules = field(default_factory=ListRules)
    pagers: tuple[Pager, ...] = ()
    layouts: tuple[Layout, ...] = (Layout(),)
    weak_pub_date: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A list to crawl: its name, first page, and whether all of it is about health (only asked of municipal portals)."""

    name: str
    url: WebAddress
    health: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An address of a site with what it is; that it belongs to the site, or doesn't, is checked when the file is loaded."""

    url: WebAddress
    kind: Literal["article", "list", "outside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectations:
    """What a healthy site shows; a broken one ends a crawl with status 3.

    `min_documents`: the articles that a run sees on the site, those included that it had no reason to look at; `min_in_all`: the
    documents in the corpus. Shares of the pages that a run asks for as articles, where these are ten or more: `max_rejected`, no
    articles; `max_spam`, with spam; `max_charset_losses`, with characters that can't be read; `max_drift`, without a container where
    the layouts have it. What is not given is compared with the median of the last eight runs. `newest_days`: the age of the newest
    article in days; 0: any.
    """

    min_documents: int = 0
    min_in_all: int = 0
    newest_days: int = 0
    max_rejected: float | None = None
    max_spam: float | None = None
    max_charset_losses: float | None = None
    max_drift: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one run may cost; at its end the rest waits for the next run.

    `depth`: list pages in a row, from a column's first. `pages`: pages asked for, lists and articles. `megabytes`: of answers.
    `seconds`: of time.
    """

    depth: int = 500
    pages: int = 50_000
    megabytes: int = 8_192
    seconds: int = 43_200


@dataclass(frozen=True, slots=True, kw_only=True)
class Revisiting:
    """How often pages that were read are visited again; which of them, what is known of their changes decides.

    `share`: of the known pages, at most so many in a run (and at least ten). `floor_days`, `ceiling_days`: the least and the most
    time between two visits of a page; daily runs keep the ceiling as far as `share` allows it.
    """

    share: float = 0.02
    floor_days: float = 1.0
    ceiling_days: float = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What a site's servers may be asked for, beyond the delay between two requests.

    `installation` names the CMS server that this site shares with others: they take turns at it, and it has one delay for all.
    `requests_a_day` (0: any number) counts all runs of a day in China; `quiet_hours`, like "08:00-18:00", are those of its
    clocks in which nothing is asked for.
    """

    installation: str = ""
    requests_a_day: int = 0
    quiet_hours: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentLimits:
    """Whether the files that articles link to are fetched, and how much of them.

    `of_an_article`: files of one article. `files` and `megabytes`: in one run; the rest waits for the next. `file_megabytes`: of
    the largest file that is kept whole.
    """

    fetch: bool = True
    of_an_article: int = 20
    files: int = 5_000
    megabytes: int = 2_048
    file_megabytes: int = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site.

    `domains` (with a port where it is not the usual one) and the hosts below them bound the crawl, `families` name the CMS
    products met there (empty: any). `deny` are patterns of URLs never to request, `allow` of those that are no traps although a general
    rule says so. `duplicates` turn addresses of copies that no general rule knows (another host for phones) into those of the
    originals. `health_words` are words of its own that make an entry of a portal a health entry, `other_words` those that make it none. `delay` the seconds between two requests (at least robots.txt's
    Crawl-delay), `budget` what one run may cost, `revisit` how often known pages are visited, `attachments` which files are fetched. `sitemaps` and `feeds` are
    read beside those that robots.txt names. `layouts`, ordered by
    `since`, oldest first, hold selectors that come before the family's.
    """

    name: str
    title: str
    kind: Literal["bureau", "municipal"]
    status: Literal["verified", "unverified"]
    domains: tuple[str, ...]
    columns: tuple[Column, ...]
    families: tuple[str, ...] = ()
    deny: tuple[Pattern, ...] = ()
    allow: tuple[Pattern, ...] = ()
    duplicates: tuple[Rewrite, ...] = ()
    health_words: tuple[str, ...] = ()
    other_words: tuple[str, ...] = ()
    delay: float = 3.0
    budget: Budget = field(default_factory=Budget)
    manners: Manners = field(default_factory=Manners)
    sitemaps: tuple[WebAddress, ...] = ()
    feeds: tuple[WebAddress, ...] = ()
    attachments: AttachmentLimits = field(default_factory=AttachmentLimits)
    revisit: Revisiting = field(default_factory=Revisiting)
    layouts: tuple[Layout, ...] = ()
    expect: Expectations = field(default_factory=Expectations)
    examples: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous:
    """Words that are about health unless something else is spoken of: one of `unless` anywhere in the same title."""

    words: Pattern
    unless: Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What makes an entry of a municipal portal a health entry.

    `folders` match addresses of a health office's folders, `offices` names of health offices as a source. `words` decide on
    their own, `ambiguous` ones by their company. `look_alikes` are taken out of a title before it is looked at; a title with a word
    of `elsewhere` is about something else, whatever its other words.
    """

    folders: tuple[Pattern, ...] = ()
    offices: Pattern = re.compile("(?!)")
    look_alikes: Pattern = re.compile("(?!)")
    elsewhere: Pattern = re.compile("(?!)")
    words: Pattern = re.compile("(?!)")
    ambiguous: tuple[Ambiguous, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """A line that belongs to the page, not to the article.

    `pattern` must match the whole line in its folded view (`healthcrawl.core.fold`). `place` says where it may stand: "head"
    (above the first paragraph), "foot" (around and below the last), or "any". `beside`, if there is one, must be found in the
    run of lines that match `pattern` or in a line next to it. `published`: only where the line's date is the article's.
    `scraped`: only in plain texts, which show not whether a line stood in an article or in the page's list of files below it.
    `ends`: everything after it goes too, if each line of it matches this; a line that `heads` stays where what it heads does.
    """

    name: str
    pattern: Pattern
    place: Literal["head", "foot", "any"] = "any"
    beside: Pattern | None = None
    published: bool = False
    scraped: bool = False
    ends: Pattern | None = None
    heads: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # itself its key: what was said of a line is kept
class Spam:
    """The spam model, and the scores that decide.

    `weights` are log odds of characters and pairs of characters (`healthcrawl.core.despam.features`), to which `bias` is added.
    `words` have weights of their own, those that speak against spam below 0; `pattern` finds them in a folded line, of those
    that begin at one place the longest. `contact` finds a way to be called; `contact_weight` is added for one where something is
    sold. What the words weigh counts `share_of_words` times, and at most `most_of_words`. `simplified` translates what is
    written in traditional characters before it is read; `traditional` finds the first of these.
    `hints` are pairs of which spam nearly always has one.
    A line scoring `drop` or more goes wherever it stands; `suspect` or more, only where spam is put.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    bias: float = 0.0
    hints: frozenset[str] = frozenset()
    words: Mapping[str, float] = field(default_factory=dict)
    pattern: Pattern = re.compile("(?!)")
    contact: Pattern = re.compile("(?!)")
    contact_weight: float = 0.0
    share_of_words: float = 1.0
    most_of_words: float = 3.0
    simplified: Mapping[int, str] = field(default_factory=dict)
    traditional: Pattern = re.compile("(?!)")
    drop: float = 3.5
    suspect: float = 2.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Mending:
    """Data of the mender.

    `readings`: each reading, with its tone (`zhōng`) and without, and the characters that have it. `simplified`: what a
    traditional character alone becomes; `kept` are those that stand in simplified texts nevertheless (著, 昇); `traditional` are
    the others, and `traditional_of_gb2312` those of them that GB2312, the simplified character set, has too. `spellings`: traditional words that the converter would spell wrong, and what they become; `respellings`: the same for words as the
    converter leaves them.
    `followers`: the character model: how likely each character is behind up to two others. For each first character of such a
    context, its rows as the file has them; `core.mend.likelihood.row` reads one when it is asked for.
    """

    readings: Mapping[str, str] = field(default_factory=dict)
    simplified: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    traditional: frozenset[str] = frozenset()
    traditional_of_gb2312: str = ""
    spellings: Mapping[str, str] = field(default_factory=dict)
    respellings: Mapping[str, str] = field(default_factory=dict)
    followers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalForm:
    """The choices of the corpus's normal form."""

    script: Literal["simplified", "traditional", "keep"] = "simplified"
    width: Literal["half", "keep"] = "half"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """How the answers of a protection look; all that is given must be so.

    `statuses` (none: any), `header` is searched in each line "Name: value" of the head, `body` in the decoded page, which has at
    most `max_chars` characters, `max_han` Chinese ones outside of tags and scripts. `reason` is why such an answer is rejected,
    `title` says more to a person.
    """

    name: str
    title: str
    reason: Literal["challenge", "blocked"]
    statuses: tuple[int, ...] = ()
    header: Pattern | None = None
    body: Pattern | None = None
    max_chars: int = 20_000
    max_han: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All that `process` needs beside the capture. `families` are in order; the last is the generic one.

    `addresses` hold for all sites, beside what families and site say of theirs.
    `script` and `width` choose the normal form; `max_chars` is the largest decoded page that is read. `fingerprint` tells rules
    and code apart from others (`healthcrawl.knowledge.fingerprint`); it decides nothing.
    """

    families: tuple[Family, ...]
    site: Site | None = None
    addresses: AddressRules = field(default_factory=AddressRules)
    furniture: tuple[Furniture, ...] = ()
    spam: Spam = field(default_factory=Spam)
    mending: Mending = field(default_factory=Mending)
    health: Health = field(default_factory=Health)
    protections: tuple[Protection, ...] = ()
    script: Literal["simplified", "traditional", "keep"] = "simplified"
    width: Literal["half", "keep"] = "half"
    max_chars: int = 8_000_000
    fingerprint: str = ""
