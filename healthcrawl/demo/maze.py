"""A second demo site: the portal of the demo's city, as full of traps as a portal can be.

Its lists mix offices, name every article under the addresses of all its copies, and lead into searches, calendars, sessions,
circles and endless lists. `wanted` is what a crawl must bring home; nothing of the rest may be asked for. Texts are generated;
most addresses have no end, so they are answered by rule instead of being listed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from healthcrawl.demo.answer import Resource
from healthcrawl.demo.pages import escape

HOST = "maze.healthcrawl.test"
BASE = f"http://{HOST}"
ROBOTS = b"User-agent: *\nDisallow: /neibu/\n"
ROWS_A_PAGE = 20
HEALTH, NOTICES, WINDOW, CIRCLE, DIARY, DEPTH, MAIL = (
    "/zwgk/wsjk/",
    "/zwgk/tzgg/",
    "/bmfw/",
    "/hdjl/zxjt/",
    "/hdjl/hdrl/",
    "/ztzl/",
    "/zwgk/gsgg/",
)
_FIRST_DAY = date(2025, 12, 30)
_PLACES = ("云湖街道", "石桥镇", "柳河镇", "东坪乡", "青岭街道", "沙洲镇", "白塔镇", "南埠街道")
_DEEDS = (
    "家庭医生签约服务进展通报",
    "春季流感疫苗接种安排",
    "老年人健康体检时间表",
    "登革热媒介伊蚊监测结果",
    "妇女两癌免费筛查通知",
    "基层医疗卫生机构巡查情况",
    "职业病防治宣传周活动",
    "生活饮用水水质监测公示",
)
_OTHERS = (
    "道路改造工程施工公告",
    "农贸市场环境卫生整治",
    "中小学心理健康教育研讨",
    "促进民营经济健康发展座谈会",
    "公共卫生间升级改造招标",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An article of the portal."""

    number: int
    folder: str
    title: str

    @property
    def path(self) -> str:
        """Its own address; all others of it are copies."""
        return f"{self.folder}content/post_{self.number}.html"

    @property
    def day(self) -> date:
        """When it was published."""
        return _FIRST_DAY - timedelta(days=self.number % 1000)


def _items(folder: str, first: int, count: int, deeds: tuple[str, ...]) -> tuple[Item, ...]:
    return tuple(
        Item(
            number=first + n,
            folder=folder,
            title=f"{_PLACES[n % len(_PLACES)]}{2020 + n // len(_PLACES) % 6}年第{n + 1}号：{deeds[n % len(deeds)]}",
        )
        for n in range(count)
    )


COLUMN = _items(HEALTH, 3_100_000, 126, _DEEDS)
MIXED = _items(NOTICES, 3_200_000, 30, (*_DEEDS[:2], *_OTHERS[:3], _DEEDS[5], *_OTHERS[3:]))
ENDLESS = _items(CIRCLE, 3_300_000, 6, _DEEDS)
BEHIND_A_COOKIE = _items(WINDOW, 3_400_000, 4, _DEEDS)
DEEP = _items(DEPTH, 3_500_000, 3, _DEEDS)
MOVED = _items(MAIL, 3_600_000, 3, _DEEDS)


def wanted() -> tuple[Item, ...]:
    """What a crawl must bring home: what is about health, each once."""
    mixed = (item for item in MIXED if item.title.partition("：")[2] in _DEEDS)
    return (*COLUMN, *mixed, *ENDLESS, *BEHIND_A_COOKIE, *DEEP, *MOVED)


class Maze(Mapping[str, Resource]):
    """What lies at each of the portal's addresses; iterating gives those that have an end."""

    def __init__(self) -> None:
        self._listed = dict(_listed())

    def __getitem__(self, key: str) -> Resource:
        """Answer by list or by rule."""
        path, _, query = key.partition("?")
        found = self._listed.get(key) or (None if query else self._listed.get(path)) or _by_rule(path, query)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


def _listed() -> Iterator[tuple[str, Resource]]:
    yield "/robots.txt", Resource(body=ROBOTS, content_type="text/plain")
    for item in (*COLUMN, *MIXED, *ENDLESS, *BEHIND_A_COOKIE, *DEEP, *MOVED):
        yield item.path, _article(item)
    yield from _pages(HEALTH, COLUMN)
    yield from _pages(NOTICES, MIXED)
    # Nobody is let in without a cookie, and the way to get one leads back to where one came from.
    gate = "visited=yes"
    yield f"{WINDOW}index.html", _list(WINDOW, [_row(item) for item in BEHIND_A_COOKIE], gate=gate)
    yield f"{MAIL}index.html", _list(MAIL, [*map(_row, MOVED), *_circles()])
    yield f"{MAIL}a.html", Resource(status=302, location=f"{MAIL}b.html")
    yield f"{MAIL}b.html", Resource(status=302, location=f"{MAIL}a.html")
    yield f"{MAIL}self.html", Resource(status=302, location=f"{MAIL}self.html")
    yield f"{MAIL}away.html", Resource(status=302, location="http://www.other.test/away.html")
    yield f"{MAIL}jump.html", Resource(status=302, location="/jump?url=http%3A%2F%2Fwww.other.test%2Fgone.html")


def _by_rule(path: str, query: str) -> Resource | None:
    """What has no end: the same list under any number, a folder in a folder, day after day, one address more."""
    if match := re.fullmatch(rf"{CIRCLE}index(?:_(\d+))?\.html", path):
        following = f"index_{int(match[1] or 1) + 1}.html"
        return _list(CIRCLE, [_row(item) for item in ENDLESS], following=following)
    if path.startswith(DEPTH) and path.endswith("/index.html"):
        depth = min(path.count("/") - 2, len(DEEP) - 1)
        return _list(DEPTH, [_row(DEEP[depth])], following="gd/index.html")
    if path == f"{DIARY}index.html":
        day = re.search(r"month=(\d{4})-(\d\d)", query)
        year, month = (int(day[1]), int(day[2])) if day else (2025, 12)
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        rows = [
            f'<li><a href="?date={year}-{month:02}-{n:02}">第{n}天的全部活动安排</a><span>{year}-{month:02}-{n:02}</span></li>'
            for n in range(1, 20)
        ]
        return _list(DIARY, rows, following=f"index.html?month={year}-{month:02}")
    if match := re.fullmatch(rf"{MAIL}hop(\d+)\.html", path):
        return Resource(status=302, location=f"{MAIL}hop{int(match[1]) + 1}.html")
    return None


def _circles() -> Iterator[str]:
    for name in ("a", "b", "self", "away", "jump", "hop1"):
        yield f'<li><a href="{name}.html">已经搬到别处的医院旧公告{name}</a><span>2024-01-05</span></li>'


def _pages(folder: str, items: tuple[Item, ...]) -> Iterator[tuple[str, Resource]]:
    pages = [items[at : at + ROWS_A_PAGE] for at in range(0, len(items), ROWS_A_PAGE)]
    for number, page in enumerate(pages, 1):
        rows = [row for item in page for row in (*_copies(item), _row(item))] + list(_lures(folder, number))
        following = f"index_{number + 1}.html?t=17092548{number:02}" if number < len(pages) else ""
        yield f"{folder}index{f'_{number}' if number > 1 else ''}.html", _list(folder, rows, following=following)


def _row(item: Item, href: str = "") -> str:
    title = escape(item.title)
    return f'<li><a href="{href or item.path}" title="{title}">{title}</a><span>{item.day}</span></li>'


def _copies(item: Item) -> Iterator[str]:
    """The same article under the addresses of all its copies, a few in each row of the list."""
    path, phone = item.path, item.path.replace("/post_", "/mpost_")
    shapes = (
        phone, f"/pad{path}", f"/wap{path}", f"/big5{path}", f"/en{path}", f"/wza{path}", f"/zzllms{path}", f"{path}?print=1",
        f"https://{HOST}{path}", f"{path};jsessionid=0A1B2C{item.number}", f"{path}?PHPSESSID=9f86d081{item.number}",
        f"{path}?utm_source=wechat&from=timeline", f"{path}?_={item.number}", f"{path}#zoom", f"http://{HOST.upper()}:80{path}",
        f"/zwgk/../.{path}", path.replace("post", "%70ost"), f"/jump?url=http%3A%2F%2F{HOST}{path.replace('/', '%2F')}",
    )  # fmt: skip
    at = item.number % 3
    return (_row(item, href) for href in shapes[at::3])


def _lures(folder: str, number: int) -> Iterator[str]:
    """Rows that lead to nothing that has an end."""
    hrefs = (
        f"/search?q=%E5%8C%BB&page={number}", f"/jsearch/list.do?page={number}", f"/hdjl/calendar?month=2025-{number:02}",
        f"/was5/web/search?channelid={number}", f"/show.jsp?year=2031&month={number}", f"{folder}gd/gd/gd/content/post_{number}999999.html",
        "/show.jsp?" + "&".join(f"f={n}" for n in range(number + 3)), f"/jump?url=http%3A%2F%2Fwww.other.test%2F{number}.html",
        f"/link.html?target=www.other.test/{number}.html", f"http://www.other.test/content/post_{number}.html", f"/jump?code={number}a",
        f"/AiWza/senior.html#/web{folder}content/post_310000{number}.html", f"/neibu/content/post_390000{number}.html",
        f"//{HOST}.other.test/content/post_1.html", f"http://{HOST}@www.other.test/content/post_2.html", f"http://{HOST}:8081/content/post_3.html",
    )  # fmt: skip
    for at, href in enumerate(hrefs):
        yield f'<li><a href="{href}">医疗卫生工作信息第{number}期之{at + 1}号文件</a><span>2025-11-{at + 1:02}</span></li>'


def _list(folder: str, rows: list[str], *, following: str = "", gate: str = "") -> Resource:
    more = f'<a href="{following}">下一页</a>' if following else ""
    shown = "\n".join(rows)
    body = (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>青岫市人民政府</title>'
        '<script>window.NFCMS_SITE_ID=999020;window.NFCMS_PUB_TYPE="page";</script></head><body>'
        f'<ul class="infoList">\n{shown}\n</ul><div class="page">{more}</div></body></html>'
    )
    return Resource(body=body.encode(), tagged=True, gate=gate)


def _article(item: Item) -> Resource:
    place, number = item.title[:4].rstrip("0123456789"), item.number % 1000
    paragraphs = (
        f"为切实保障群众健康权益，{place}结合工作实际，于{item.day:%Y年%m月%d日}组织开展第{item.number // 100_000}批第{number + 1}次专项工作，现将有关情况公布如下。",
        f"本次工作共覆盖{number % 17 + 3}个村（社区），参加人员{number * 7 + 31}人次，现场解答群众提问{number * 3 + 12}个，发放资料{number * 11 + 205}份。",
        f"下一步，{place}将继续做好第{number + 2}次工作的准备，请居民留意公告栏通知。咨询地址为{place}便民服务中心{number % 9 + 1}号窗口。",
    )
    title = escape(item.title)
    body = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title} - 青岫市人民政府</title>'
        f'<meta name="ArticleTitle" content="{title}"><meta name="PubDate" content="{item.day} 09:00:00">'
        f'<meta name="ContentSource" content="青岫市人民政府"><script>window.NFCMS_POST_ID="{item.number}";</script></head><body>'
        f'<h1 class="content_title">{title}</h1><div class="content_attr">发布时间：<b>{item.day} 09:00:00</b> 来源：<b>青岫市人民政府</b></div>'
        f'<div id="zoomcon">{"".join(f"<p>{text}</p>" for text in paragraphs)}</div></body></html>'
    )
    return Resource(body=body.encode(), tagged=True)
