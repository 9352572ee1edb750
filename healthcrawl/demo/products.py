"""One bureau for each CMS product, as its servers show it: lists, paging, markup, meta tags and traps.

A product is a TOML file in `products/`: addresses and HTML, in which `{…}` of an address and `$…` of markup are filled in. Lists
that a script asks for are answered by the functions of `healthcrawl.demo.apis`. The texts are those of
`healthcrawl.demo.stories`, so a column may be of any length.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from itertools import zip_longest
from string import Template
from typing import Any, Literal, TypeAlias

from healthcrawl.demo import apis
from healthcrawl.demo.answer import Resource, lookup_key
from healthcrawl.demo.pages import escape
from healthcrawl.demo.stories import Story, stories

HOST = "families.healthcrawl.test"
ROBOTS = b"User-agent: *\nDisallow: /search\nDisallow: /neibu/\n"
Era: TypeAlias = Literal["", "former", "later"]
_TEASER = (
    "<h4>推荐阅读：健康科普专栏每周更新，请广大居民持续关注并转发给亲友，共同提高健康素养水平。</h4>"
    "<p>门诊预约、体检预约、疫苗预约均可在便民服务大厅办理，请提前准备好有关证件和材料，谢谢配合。</p>"
)
LONG = 50
PARTS = 3  # pages of a long article
_GENERATED = "2026-01-15 03:20:11"  # when the pages were made, which some products give for the date


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """How a product shows a bureau.

    `family` is its name among the families, `name` that of the column on the home page, `column` where that leads. `lists` are
    the addresses of a column's first page and of its n-th, whose numbers begin at `second` (0: they count down to 1); `stubs` more
    pages are announced than there are. `href` is how rows write an article's `address`; each of its `twins` is a copy, which
    rows link too. `strangers` are rows that lead to something else. `api` answers lists that a script asks for. `shown` is how a
    date is shown to the reader, `pub_date` what its meta tag holds. `former` is the article's markup before the last redesign.
    """

    family: str
    name: str = "通知公告"
    column: str
    address: str
    lists: tuple[str, ...] = ()
    second: int = 2
    stubs: int = 0
    href: str = ""
    twins: tuple[str, ...] = ()
    strangers: tuple[str, ...] = ()
    api: str = ""
    head: str = ""
    shown: str = "%Y-%m-%d %H:%M"
    pub_date: str = "%Y-%m-%d %H:%M:%S"
    row: str = '<li><a href="$href" title="$title" target="_blank">$short</a><span>$day</span></li>'
    listing: str
    pager: str = ""
    following: str = ""
    paragraph: str = "<p>{}</p>"
    article: str
    former: str = ""
    former_body: str = ""
    part: str = ""
    part_second: int = 2
    turning: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)


@cache
def products() -> Mapping[str, Product]:
    """All products by the names of their files."""
    folder = files("healthcrawl.demo") / "products"
    entries = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".toml")), key=lambda one: one.name)
    return {entry.name.removesuffix(".toml"): _read(tomllib.loads(entry.read_text("utf-8"))) for entry in entries}


class Bureaus(Mapping[str, Resource]):
    """The bureaus of all products behind one server, each at its host."""

    def __init__(self, articles: int = 6, size: int = 4) -> None:
        self._bureaus = {
            host_of(name): Bureau(name, articles, size, first=at * 1000) for at, name in enumerate(products())
        }

    def __getitem__(self, key: str) -> Resource:
        """Answer by host and path, as in `//trs-wcm.families.healthcrawl.test/zwgk/`."""
        host, slash, path = key.removeprefix("//").partition("/")
        return self._bureaus[host][slash + path]

    def __iter__(self) -> Iterator[str]:
        return (f"//{host}{path}" for host, bureau in self._bureaus.items() for path in bureau)

    def __len__(self) -> int:
        return sum(map(len, self._bureaus.values()))

    def all(self) -> tuple["Bureau", ...]:
        """The bureaus."""
        return tuple(self._bureaus.values())


def host_of(name: str) -> str:
    """The host of a product's bureau.

    >>> host_of("trs_wcm")
    'trs-wcm.families.healthcrawl.test'
    """
    return f"{name.replace('_', '-')}.{HOST}"


class Bureau(Mapping[str, Resource]):
    """The bureau of one product with so many articles: what lies at each of its addresses.

    `size` is the number of rows of a list page, `first` the number of the oldest article. Pages of the `era`
    "former" are of before the site was redesigned: what holds the text now holds a teaser there. "later" it is the other way round.
    """

    def __init__(self, name: str, articles: int = 12, size: int = 5, *, first: int = 0, era: Era = "") -> None:
        self.product = products()[name]
        self.base = f"http://{host_of(name)}"
        self.stories = stories(articles, first)
        self.size = size
        self._era = era
        self._resources = dict(self._pages())

    def __getitem__(self, key: str) -> Resource:
        """Answer from the pages there are, or as the product's server does what a script asks it."""
        if found := self._resources.get(key):
            return found
        answer = apis.answer(self, key) if self.product.api else None
        if answer is None:
            raise KeyError(key)
        return answer

    def __iter__(self) -> Iterator[str]:
        return iter(self._resources)

    def __len__(self) -> int:
        return len(self._resources)

    def path(self, story: Story) -> str:
        """An article's own address on the host."""
        return self.product.address.format_map(story.fields)

    def addresses(self, story: Story) -> tuple[str, ...]:
        """All addresses on the host at which an article lies, its own first."""
        twins = [lookup_key(twin.format_map(story.fields)) for twin in self.product.twins]
        beside = apis.twins(story) if self.product.api == "gkmlpt" else ()
        return (self.path(story), *twins, *beside)

    def shown(self, story: Story) -> str:
        """The date of an article as exactly as its page shows it, in ISO form."""
        if "%M" not in self.product.shown:
            return story.published.date().isoformat()
        return story.published.replace(second=story.published.second if "%S" in self.product.shown else 0).isoformat()

    def row(self, story: Story, href: str = "") -> str:
        """A list's row of an article, at one of its addresses."""
        return Template(self.product.row).substitute(
            href=escape(href or self._href(story)),
            title=escape(story.title),
            short=escape(story.short),
            day=f"{story.published:%Y-%m-%d}",
            year=story.published.year,
            month=f"{story.published:%m}",
            dd=f"{story.published:%d}",
            number=story.at,
        )

    def rows(self, some: Sequence[Story]) -> list[str]:
        """The rows of a list page: of articles, of their copies, and of what is none of the bureau's."""
        rows = []
        for story in some:
            rows.append(self.row(story))
            if twins := self.product.twins:
                # A copy's row stands above the article's every other time.
                twin = twins[story.at % len(twins)].format_map(story.fields)
                rows.insert(len(rows) - story.at % 2, self.row(story, twin))
        return [*rows, *self.strange_rows(some[0])]

    def strange_rows(self, story: Story) -> list[str]:
        """A row that leads to something else, where the product's lists have such."""
        if not self.product.strangers:
            return []
        stranger = self.product.strangers[story.at % len(self.product.strangers)]
        notice = replace(story, title=f"区政府办公室转发第{story.at + 1}号文件的通知")
        return [self.row(notice, stranger)]

    def page(self, content: str, *, heading: str = "云湖区卫生健康局", meta: str = "") -> Resource:
        """A page of the bureau."""
        text = _template().substitute(
            title=escape(heading),
            host=self.base.removeprefix("http://"),
            meta=meta,
            head=self._fill(self.product.head),
            column=self.product.column,
            name=self.product.name,
            content=content,
        )
        return Resource(body=text.encode(), tagged=True)

    def parts(self, story: Story) -> tuple[str, ...]:
        """The addresses of an article's pages, in order."""
        part, second = self.product.part, self.product.part_second
        further = range(second, second + PARTS - 1) if part and story.at % LONG == 7 else ()
        return (self.path(story), *(part.format_map({**story.fields, "n": n}) for n in further))

    def article(self, story: Story, part: int = 0) -> Resource:
        """The page of an article, or one of its pages."""
        at = self.stories.index(story)
        values: dict[str, object] = {
            **story.fields,
            "title": escape(story.title),
            "time": story.published.strftime(self.product.shown),
            "source": escape(story.source),
            "body": self._body(story, part),
            "teaser": _TEASER,
            "turning": self._turning(story, part),
            "start": escape("".join(story.paragraphs)[:60]),
            "file": f'<a href="/files/{story.at}.docx">{escape(story.file)}</a>' if story.file else "",
            "newer": self._anchor(self.stories[at - 1] if at else None),
            "older": self._anchor(self.stories[at + 1] if at + 1 < len(self.stories) else None),
        }
        extra = {name: self._fill(text, **values) for name, text in self.product.extra.items()}
        values |= extra if story.at % 3 == 1 else dict.fromkeys(extra, "")
        tags = {
            "ColumnName": self.product.name,
            "ArticleTitle": story.title,
            "PubDate": story.published.strftime(self.product.pub_date) if self.product.pub_date else _GENERATED,
            "ContentSource": story.source,
        }
        meta = "\n".join(f'<meta name="{name}" content="{escape(text)}">' for name, text in tags.items())
        markup = self.product.former if self._era == "former" else self.product.article
        if self._era == "later":
            kind = {"#": "id", ".": "class"}[self.product.former_body[0]]
            markup += f'<div {kind}="{self.product.former_body[1:]}">$teaser</div>'
        return self.page(self._fill(markup, **values), heading=f"{story.title}_云湖区卫生健康局", meta=meta)

    def _turning(self, story: Story, part: int) -> str:
        """What leads from a page of an article to the next; nothing where there is one page."""
        addresses = self.parts(story)
        if len(addresses) == 1:
            return ""
        names = [address.rpartition("/")[2] for address in addresses]
        links = [f'<a href="{name}">{n}</a>' for n, name in enumerate(names, 1) if n != part + 1]
        links += [f'<a href="{names[part + 1]}">下一页</a>'] if names[part + 1 :] else []
        values = {"pages": PARTS, "page": part + self.product.part_second - 1, "stem": names[0].partition(".")[0]}
        return self._fill(self.product.turning, links=" ".join(links), **values)

    def _body(self, story: Story, part: int) -> str:
        """The text of an article, or of one of its pages, as the product marks it up."""
        if len(self.parts(story)) > 1:
            some = (story.paragraphs[:-5], story.paragraphs[-5:-3], story.paragraphs[-3:])[part]
            story = replace(story, paragraphs=some, rows=() if part else story.rows)
        blocks = [self.product.paragraph.format(escape(text)) for text in story.paragraphs]
        rows = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in story.rows)
        table = "".join(f"<tr>{row}</tr>" for row in rows)
        return "\n".join([blocks[0], *([f'<table border="1">{table}</table>'] if table else []), *blocks[1:]])

    def _href(self, story: Story) -> str:
        return (self.product.href or self.product.address).format_map({**story.fields, "base": self.base})

    def _fill(self, markup: str, **values: object) -> str:
        return Template(markup).safe_substitute(generated=_GENERATED, base=self.base, **values)

    def _pages(self) -> Iterator[tuple[str, Resource]]:
        yield "/robots.txt", Resource(body=ROBOTS, content_type="text/plain; charset=utf-8")
        newest = "".join(
            f'<li><a href="{self.path(story)}">{escape(story.title)}</a></li>' for story in self.stories[:3]
        )
        more = f'<h2>{self.product.name}</h2><a href="{self.product.column}">更多&gt;&gt;</a>'
        yield "/", self.page(f'<div class="box">{more}<ul>{newest}</ul></div>')
        for story in self.stories:
            article = self.article(story)
            for part, address in enumerate(self.parts(story)):
                yield address, self.article(story, part)
            for twin in self.product.twins:
                yield lookup_key(twin.format_map(story.fields)), article
            if story.file:
                yield f"/files/{story.at}.docx", Resource(body=b"PK\x03\x04", content_type="application/msword")
        if self.product.lists:
            yield from self._lists()
        if self.product.api:
            yield from apis.pages(self)

    def _lists(self) -> Iterator[tuple[str, Resource]]:
        first, further = self.product.lists
        second, size = self.product.second, self.size
        parts = [self.stories[at : at + size] for at in range(0, len(self.stories), size)]
        count = len(parts) + self.product.stubs
        names = [first, *(further.format(n=at - 1 + second if second else count - at) for at in range(1, count))]
        for at, (name, part) in enumerate(zip_longest(names, parts)):
            if part is None:
                yield name, _STUB
                continue
            following = names[at + 1 :] and self._fill(self.product.following, next=names[at + 1], last=names[-1])
            values = {"pages": count, "page": at + second - 1 if second else at + 1, "records": len(self.stories)}
            pager = self._fill(self.product.pager, **values, more=following or "")
            listing = self._fill(self.product.listing, rows="\n".join(self.rows(part)), pager=pager)
            page = self.page(listing, heading=f"{self.product.name}_云湖区卫生健康局")
            yield name, page
            if not at and "/index." in name:  # the folder is the same as its index
                yield f"{name.rpartition('/')[0]}/", page

    def _anchor(self, story: Story | None) -> str:
        return f'<a href="{self.path(story)}">{escape(story.title)}</a>' if story else "没有了"


_STUB = Resource(
    body=b"<html><head><meta charset='utf-8'><title></title></head><body>" + b"<!-- -->" * 50 + b"</body></html>"
)


def _read(values: dict[str, Any]) -> Product:
    fields: dict[str, Any] = {name: tuple(one) if isinstance(one, list) else one for name, one in values.items()}
    return Product(**fields)


@cache
def _template() -> Template:
    return Template((files("healthcrawl.demo") / "templates" / "product.html").read_text("utf-8"))
