"""A bureau over a year: what its editors do day by day, what its server shows, and what is true of each article when.

All of it follows from a seed. Times are days since the first crawl, which comes at 0. Things happen at any hour, crawls at full days.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from healthcrawl.core.hours import CHINA
from healthcrawl.demo.answer import Resource
from tests.crawl.newsroom import article

Happening: TypeAlias = Literal["new", "text", "title", "date", "withdrawn", "back", "moved"]

START = datetime(2026, 1, 1, 6, tzinfo=CHINA)
COLUMNS = ("gzdt", "tzgg", "zcjd", "gsgg")
ROWS = 20  # of a list page
YOUNG = 90.0  # days for which an article is edited more
# How often, a day.
_NEW_PER_1000 = 1.5
_EDITS_YOUNG, _EDITS_OLD = 1 / 45, 1 / 500
_WITHDRAWN, _BACK, _MOVED = 1 / 4000, 1 / 20, 1 / 6000
# What an article's text stands in, one after the other.
TEMPLATES = ("zoomcon", "zhengwen", "article-content")


def moment(day: float) -> datetime:
    """The moment of a time."""
    return START + timedelta(days=day)


@dataclass(frozen=True, slots=True)
class Face:
    """How an article stands on the site from a time on; at no `path`, it is not there."""

    since: float
    path: str
    title: str
    paragraphs: tuple[str, ...]
    published: str

    @property
    def text(self) -> str:
        """The corpus file that it gives."""
        return "".join((self.title, "\n\n", *(f"{line}\n" for line in self.paragraphs)))


@dataclass(slots=True)
class Post:
    """An article with all its faces in order, and where it used to lie: addresses, with whether they lead on to the present one."""

    number: int
    column: str
    born: float  # when it was published; long before the first crawl for most
    faces: list[Face]
    former: dict[str, bool] = field(default_factory=dict)
    counter: bool = False  # a counter of visits makes every answer another one

    @property
    def now(self) -> Face:
        return self.faces[-1]

    def at(self, time: float) -> Face | None:
        """How it stands at a time; None before it was published."""
        place = bisect_right(self.faces, time, key=lambda face: face.since)
        return self.faces[place - 1] if place else None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to an article."""

    time: float
    what: Happening
    post: Post


class Life:
    """A bureau with so many articles on the first day. `resources` are what its server shows now; `pace` is how busy its editors are.

    With `counters` a quarter of the articles counts its visitors, so that every answer is another one.
    """

    def __init__(
        self,
        articles: int,
        *,
        seed: int = 1,
        pace: float = 1.0,
        counters: bool = True,
        template_days: tuple[float, ...] = (120.0, 250.0),
    ) -> None:
        self._chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
        self._pace = pace
        self._counters = counters
        self._template_days = template_days
        self._articles = articles
        self._next = 10_001
        self.posts: list[Post] = []
        self.events: list[Event] = []
        self.resources: dict[str, Resource] = {}
        for _ in range(articles):
            self._publish(-self._chance.uniform(0, 1500))
        self.posts.sort(key=lambda post: post.born)
        self._show(0)

    def live(self, day: int) -> list[Event]:
        """Let the day before `day` pass; give what happened in it."""
        chance, since = self._chance, float(day - 1)
        happened: list[Event] = []
        for post in list(self.posts):
            for what in self._fates(post, since):
                time = max(since + chance.random(), post.now.since + 1e-6)
                if time < day:
                    happened.append(self._happen(post, what, time))
        for _ in range(_poisson(chance, self._pace * _NEW_PER_1000 * self._articles / 1000)):
            time = since + chance.random()
            happened.append(Event(time, "new", self._publish(time)))
        self._show(day)
        self.events += happened
        return happened

    def _fates(self, post: Post, since: float) -> Iterator[Happening]:
        chance, pace = self._chance, self._pace
        if not post.now.path:
            if chance.random() < pace * _BACK:
                yield "back"
            return
        edits = _EDITS_YOUNG if since - post.born < YOUNG else _EDITS_OLD
        if chance.random() < pace * edits:
            yield chance.choice(("text", "text", "text", "title", "date"))
        elif chance.random() < pace * _WITHDRAWN:
            yield "withdrawn"
        elif chance.random() < pace * _MOVED:
            yield "moved"

    def _happen(self, post: Post, what: Happening, time: float) -> Event:
        former, serial = post.now, len(post.faces)
        face = replace(former, since=time)
        if what == "text":
            at = self._chance.randrange(len(former.paragraphs))
            lines = list(former.paragraphs)
            lines[at] = f"{lines[at].partition('(第')[0]}(第{serial}次修订,编号{post.number}。)"
            face = replace(face, paragraphs=tuple(lines))
        elif what == "title":
            face = replace(face, title=f"{former.title.partition('(修订')[0]}(修订{serial}版)")
        elif what == "date":
            face = replace(face, published=f"{moment(time):%Y-%m-%d %H:%M}")
        elif what == "withdrawn":
            face = replace(face, path="")
        elif what == "back":
            face = replace(face, path=next(one.path for one in reversed(post.faces) if one.path))
        elif what == "moved":
            post.former[former.path] = self._chance.random() < 0.5
            face = replace(face, path=self._path(post.column))
        post.faces.append(face)
        return Event(time, what, post)

    def _publish(self, time: float) -> Post:
        column = self._chance.choice(COLUMNS)
        path, number = self._path(column), self._next
        plain = article(number)
        face = Face(time, path, plain.title, tuple(plain.paragraphs), f"{moment(time):%Y-%m-%d %H:%M}")
        post = Post(number, column, time, [face], counter=self._chance.random() < 0.25 * self._counters)
        self.posts.append(post)
        return post

    def _path(self, column: str) -> str:
        self._next += 1
        return f"/{column}/content/post_{self._next}.html"

    def _show(self, day: int) -> None:
        """Put up the site as it is at a day: only pages that differ are made anew."""
        body = TEMPLATES[bisect_right(self._template_days, day)]
        shown = {"/robots.txt": Resource(body=b"User-agent: *\nDisallow:\n", content_type="text/plain")}
        there = [post for post in reversed(self.posts) if post.now.path]
        for column in COLUMNS:
            listed = [post for post in there if post.column == column]
            shown |= _lists(column, listed)
        for post in self.posts:
            if post.now.path:
                shown[post.now.path] = _page(post, body, day)
            for path, leads_on in post.former.items():
                if leads_on and post.now.path:
                    shown[path] = Resource(status=301, location=post.now.path)
        self.resources.clear()
        self.resources.update(shown)


def _poisson(chance: random.Random, mean: float) -> int:
    """A number of events of so many in the mean."""
    number, time = 0, chance.expovariate(1.0)
    while time < mean:
        number, time = number + 1, time + chance.expovariate(1.0)
    return number


def _lists(column: str, posts: list[Post]) -> Iterator[tuple[str, Resource]]:
    pages = max(-(-len(posts) // ROWS), 1)
    for at in range(pages):
        rows = "".join(
            f'<li><a href="{post.now.path}" title="{post.now.title}">{post.now.title}</a><span>{post.now.published[:10]}</span></li>'
            for post in posts[at * ROWS : (at + 1) * ROWS]
        )
        pager = f'<a href="index_{at + 2}.html">下一页</a>' if at + 1 < pages else ""
        markup = f'<title>{column}</title></head><body><ul class="infoList">{rows}</ul><div class="page">{pager}</div>'
        yield f"/{column}/index{f'_{at + 1}' if at else ''}.html", _html(markup)


def _page(post: Post, body: str, day: int) -> Resource:
    face = post.now
    text = "".join(f"<p>{line}</p>" for line in face.paragraphs)
    counter = f"<!-- visitor {day * 7 + post.number} -->" if post.counter else ""
    return _html(
        f'<title>{face.title}</title><meta name="ArticleTitle" content="{face.title}">'
        f'<meta name="PubDate" content="{face.published}"><meta name="ContentSource" content="市卫生健康局">'
        f'<script>window.NFCMS_POST_ID="{post.number}"</script></head><body>{counter}<h1>{face.title}</h1>'
        f'<div class="content_attr">发布时间:{face.published} 来源:市卫生健康局</div><div id="{body}" class="{body}">{text}</div>'
    )


def _html(inside: str) -> Resource:
    return Resource(
        body=f'<!DOCTYPE html><html><head><meta charset="utf-8">{inside}</body></html>'.encode(), tagged=True
    )
