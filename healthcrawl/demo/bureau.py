"""What the demo bureau has published: articles as data, and what a crawl must make of them.

An article is a TOML file in `content/`, named after its slug; the text that the corpus must hold for it is the file of the
same name in `expected/`. The expected texts were derived once and read by eye: nothing in healthcrawl writes them.

The lines of `body` are one block each::

    plain text           a paragraph                    # heading            a bold paragraph
    > sign-off           a paragraph set to the right   - item               an item of a list
    | cell | cell        a row of a table               ![caption]           a picture with its caption
    ? question           a question whose               ! answer             answer is folded away until asked for
"""

import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Literal, TypeAlias

from healthcrawl.demo.answer import Sending
from healthcrawl.model import Attachment

HOST = "demo.healthcrawl.test"
BASE = f"http://{HOST}"

Layout: TypeAlias = Literal["nfcms", "trs", "gkmlpt"]
Injection: TypeAlias = Literal["head", "hidden", "off-screen", "tiny", "paragraph", "links"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoArticle:
    """An article that a crawl must bring home.

    `published` is what its page shows, as an ISO date or date-time; `expected` the text of its corpus file: title, empty
    line, one paragraph a line, final newline. `spam` are words that its page holds and its document must not.
    """

    slug: str
    address: str
    title: str
    published: str
    source: str
    attachments: tuple[Attachment, ...]
    expected: str
    spam: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """An article as the bureau's editors see it, with the quirks its page is to have.

    `charset` is what its bytes are in, `http_charset` and `meta_charset` what is said of them (empty: nothing).
    `served_title` and `served_body` stand on the page instead of title and body; `moved_from` redirects here, and is what
    the list links; `mobile` asks for a second, mobile page; `forbidden` articles are out of bounds for crawlers.
    """

    slug: str
    layout: Layout
    number: int
    published: datetime
    source: str
    title: str
    body: str
    document_number: str = ""
    attachments: tuple[Attachment, ...] = ()
    injection: Injection | None = None
    spam: tuple[str, ...] = ()
    charset: str = "utf-8"
    http_charset: str = "utf-8"
    meta_charset: str = "utf-8"
    sending: frozenset[Sending] = field(default_factory=frozenset)
    served_title: str = ""
    served_body: str = ""
    moved_from: str = ""
    mobile: bool = False
    forbidden: bool = False

    @property
    def path(self) -> str:
        """Where the article lies on the host, by the habit of its layout."""
        match self.layout:
            case "nfcms":
                folder = "neibu" if self.forbidden else "tzgg"
                return f"/zwgk/{folder}/content/post_{self.number}.html"
            case "trs":
                return f"/xwzx/gzdt/{self.published:%Y%m}/t{self.published:%Y%m%d}_{self.number}.html"
            case "gkmlpt":
                return f"/gkmlpt/content/{self.number // 1_000_000}/{self.number // 1_000}/post_{self.number}.html"

    @property
    def shown(self) -> str:
        """The time of publication (ISO) as exactly as the layout shows it: to the second, the minute or the day."""
        match self.layout:
            case "nfcms":
                return self.published.isoformat(timespec="seconds")
            case "trs":
                return self.published.isoformat(timespec="minutes")
            case "gkmlpt":
                return self.published.date().isoformat()


@cache
def published() -> tuple[Published, ...]:
    """Everything that the bureau has published, the newest first."""
    entries = (_read(entry) for entry in _data("content").iterdir() if entry.name.endswith(".toml"))
    return tuple(sorted(entries, key=lambda article: (article.published, article.number), reverse=True))


@cache
def articles() -> tuple[DemoArticle, ...]:
    """What a crawl of the demo bureau must bring home, the newest first."""
    return tuple(_expect(article) for article in published() if not article.forbidden)


def _data(folder: str) -> Traversable:
    return files("healthcrawl.demo") / folder


def _read(entry: Traversable) -> Published:
    values: dict[str, Any] = tomllib.loads(entry.read_text(encoding="utf-8"))
    named = (Attachment(name=item["name"], url=BASE + item["path"]) for item in values.pop("attachments", ()))
    return Published(
        slug=entry.name.removesuffix(".toml"),
        attachments=tuple(named),
        spam=tuple(values.pop("spam", ())),
        sending=frozenset(values.pop("sending", ())),
        **values,
    )


def _expect(article: Published) -> DemoArticle:
    expected = (_data("expected") / f"{article.slug}.txt").read_text(encoding="utf-8")
    return DemoArticle(
        slug=article.slug,
        address=BASE + article.path,
        title=expected.partition("\n")[0],
        published=article.shown,
        source=article.source,
        attachments=article.attachments,
        expected=expected,
        spam=article.spam,
    )
