"""A bureau's life crawled day by day, some of the crawls killed; what every run promised, and what its visits were worth."""

import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.demo import DemoServer
from tests.crawl.bureau_life import COLUMNS, START, Life, Post, moment
from tests.crawl.bureaus import write_site
from tests.warm import Warm

HOST = "life.healthcrawl.test"


@dataclass(slots=True)
class Year:
    """A life, its crawls, and what each day cost."""

    life: Life
    folder: Path
    ceiling: int
    share: float
    requests: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    kills: int = 0
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def layout(self) -> ArchiveLayout:
        return ArchiveLayout(self.folder / "archive")

    def live(self, days: int, *, killed: float, seed: int = 2) -> None:
        """Let days pass, each with a crawl at its end; this share of the crawls is killed at a random moment and run again."""
        chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
        self.write_site()
        with DemoServer(self.life.resources) as server:
            for day in range(days + 1):
                if day:
                    self.life.live(day)
                before = len(server.log)
                while chance.random() < killed:
                    crawl = self._start(server, day)
                    sleep(chance.uniform(0.05, 1.2 * (self.seconds[-1] if self.seconds else 1.0)))
                    crawl.kill()
                    self.kills += 1
                self.crawl(server, day)
                self.requests.append(len(server.log) - before)

    def write_site(self) -> None:
        """Write the site file."""
        write_site(
            self.folder / "sites",
            "life",
            HOST,
            columns=[f"/{column}/index.html" for column in COLUMNS],
            more=f'families = ["nfcms"]\nrevisit = {{ share = {self.share}, ceiling_days = {self.ceiling} }}',
        )

    def crawl(self, server: DemoServer, day: int) -> None:
        """Crawl on a day, to the end."""
        began = monotonic()
        done = self._start(server, day).wait(600)
        assert done.status in {0, 3}, done.err
        assert "Traceback" not in done.err
        self.statuses[done.status] += 1
        self.seconds.append(monotonic() - began)

    def command(self, *args: str) -> str:
        """What a command says that must pass."""
        done = Warm(self.layout.root, *args, SITES_DIR=str(self.folder / "sites")).wait(600)
        assert done.status == 0, done.out + done.err
        return done.out

    def _start(self, server: DemoServer, day: int) -> Warm:
        return Warm(
            self.layout.root,
            "crawl",
            "life",
            environment={"TEST_NOW": f"{moment(day).astimezone().isoformat()}"},
            SITES_DIR=str(self.folder / "sites"),
            CLOCK="tests.crawl.days.told",
            CONNECT_TO=json.dumps({HOST: server.address}),
            WARC_SYNC="False",
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What archive and corpus know in the end. `visits`: for each path, days and statuses of its captures, in order."""

    visits: Mapping[str, list[tuple[int, int]]]
    versions: list[tuple[str, int, str]]  # path, day, text
    texts: Mapping[str, str]  # by path: of the document, or of the one that it is an alias of


def read(layout: ArchiveLayout) -> Known:
    catalog = Catalog(layout.catalog, read_only=True)
    captures, documents, aliases, versions = tables.captures, tables.documents, tables.aliases, tables.versions
    visits: dict[str, list[tuple[int, int]]] = defaultdict(list)
    with closing(catalog), catalog.reading() as tx:
        paths = {}
        query = sa.select(captures).where(captures.c.role == "article").order_by(captures.c.captured_at)
        for row in tx.execute(query).mappings():
            path = paths[row["record_id"]] = row["url"].partition(HOST)[2]
            visits[path].append((day_of(row["captured_at"]), row["status"]))
        seen = [
            (paths[row.record_id], day_of(row.captured_at), row.text) for row in tx.execute(sa.select(versions)).all()
        ]
        held: dict[str, Any] = {}
        for table in (aliases, documents):
            for row in tx.execute(sa.select(table)).mappings():
                held[row["url"].partition(HOST)[2]] = row["name"]
    return Known(visits, seen, {path: (layout.corpus / name).read_text("utf-8") for path, name in held.items()})


def day_of(captured_at: str) -> int:
    return round((datetime.fromisoformat(captured_at) - START).total_seconds() / 86_400)


def paths_of(post: Post) -> set[str]:
    return {face.path for face in post.faces if face.path}


def check(year: Year, days: int) -> None:
    """What every run promised: what is new is found by the next run, what has changed before the ceiling."""
    known, life = read(year.layout), year.life
    posts = {path: post for post in life.posts for path in paths_of(post)}
    for event in life.events:
        face, first = event.post.at(event.time), ceil(event.time)
        assert face is not None
        if event.what == "new":
            still = event.post.at(first)
            if still is not None and still.path == face.path:
                assert known.visits[face.path][0][0] == first, f"found late: {face}"
        elif event.what in {"text", "title", "date", "withdrawn"} and event.time + year.ceiling + 1 < days:
            path = face.path or next(
                one.path for one in reversed(event.post.faces) if one.path and one.since < face.since
            )
            seen = [day for day, _ in known.visits[path] if day >= event.time]
            assert seen, (event, known.visits[path])
            assert seen[0] <= event.time + year.ceiling + 1, (event, seen[0])
    for path, day, text in known.versions:
        face = posts[path].at(day)
        assert face is not None
        assert text == face.text, f"a version that never was: {path} on day {day}"
    for path, visits in known.visits.items():
        last = [day for day, status in visits if status in {200, 304}]
        if last:
            face = posts[path].at(last[-1])
            assert face is not None
            assert known.texts[path] == face.text, f"not as last seen: {path}"
        assert len({day for day, _ in visits}) >= len(visits) - year.kills, f"asked for twice a day: {path}"
    files = sorted(path.name for path in year.layout.corpus.iterdir())
    assert len({name.partition("_")[2] for name in files}) == len(files), "a text in two files"
    assert len({name.partition("_")[0] for name in files}) == len(files), "a number in two files"
    assert set(known.texts.values()) == {(year.layout.corpus / name).read_text("utf-8") for name in files}


@dataclass(frozen=True, slots=True)
class Worth:
    """What a way to visit is worth: requests a day, the share of time for which articles were known as they were, ages in days."""

    requests: float
    fresh: float
    mean_age: float
    p95_age: float
    delay: float

    def __str__(self) -> str:
        return (
            f"{self.requests:7.1f} requests a day, fresh {self.fresh:.4f}, mean age {self.mean_age:5.2f} d, "
            f"95 % below {self.p95_age:5.1f} d, a new article after {self.delay:.2f} d"
        )


def measure(life: Life, days: int, visits_of: Callable[[Post], list[int]], requests: float) -> Worth:
    """What visits on these days of each article are worth, from the first day on."""
    fresh = alive = 0.0
    ages, delays = [], []
    for post in life.posts:
        visits = visits_of(post)
        changes = [face.since for face in post.faces]
        if post.born > 0 and visits:
            delays.append(visits[0] - post.born)
        begin = max(post.born, 0.0)
        alive += days - begin
        for visit, following in zip(visits, [*visits[1:], days], strict=True):
            stale = next((time for time in changes if time > visit), float(days))
            fresh += max(min(stale, following) - max(visit, begin), 0.0)
        for day in range(ceil(begin), days, 10):
            since = max((visit for visit in visits if visit < day), default=-1)
            stale = next((time for time in changes if time > since), float(days)) if since >= 0 else begin
            ages.append(max(day - stale, 0.0))
    ages.sort()
    return Worth(
        requests, fresh / alive, sum(ages) / len(ages), ages[int(0.95 * len(ages))], sum(delays) / max(len(delays), 1)
    )


def compare(year: Year, days: int) -> Iterator[tuple[str, Worth]]:
    """Our visits beside those at fixed intervals, of the same life."""
    known, life = read(year.layout), year.life
    ours = {
        id(post): sorted({day for path in paths_of(post) for day, _ in known.visits.get(path, [])})
        for post in life.posts
    }
    daily = sum(year.requests[1:]) / days
    yield "healthcrawl", measure(life, days, lambda post: ours[id(post)], daily)
    alike = round(sum(days - max(post.born, 0) for post in life.posts) / days / max(daily - len(COLUMNS) - 1, 1))
    for name, interval in (("daily", 1), ("weekly", 7), ("monthly", 30), ("in turn, as many requests", alike)):

        def fixed(post: Post, interval: int = interval) -> list[int]:
            first = max(ceil(post.born), 0)
            return sorted({first, *range(first + 1 + post.number % interval, days + 1, interval)})

        asked = sum(len(fixed(post)) - (post.born <= 0) for post in life.posts) / days + len(COLUMNS) + 1
        yield f"{name} (every {interval} d)", measure(life, days, fixed, asked)
