"""Bureaus of any size for tests: generated lists and articles, large enough that archives of them rotate."""

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path

from healthcrawl.demo.answer import Resource

_ROWS = 20
SUBJECTS = [
    "流感疫苗接种",
    "家庭医生签约",
    "献血招募",
    "饮用水监测",
    "学校卫生检查",
    "妇幼保健",
    "老年体检",
    "病媒防制",
    "急救培训",
    "食品留样",
]
_PLACES = ["城东", "城西", "河口", "青溪", "石桥", "南门", "北塘", "柳湾", "云岭", "白沙"]


def resources(host: str, articles: int, noise: int = 20_000) -> dict[str, Resource]:
    """A bureau with one column; each page carries `noise` bytes that gzip can't make smaller, and no two texts are alike."""
    numbers = [*range(100_001, 100_001 + articles)]
    pages = [numbers[at : at + _ROWS] for at in range(0, articles, _ROWS)]
    site = {"/robots.txt": Resource(body=b"User-agent: *\nDisallow: /search\n", content_type="text/plain")}
    for at, page in enumerate(pages):
        site[f"/tzgg/index{f'_{at + 1}' if at else ''}.html"] = _list(page, at + 2 if at + 1 < len(pages) else 0)
    for number in numbers:
        site[path(number)] = _article(host, number, noise)
    return site


def path(number: int) -> str:
    """Where an article lies."""
    return f"/tzgg/content/post_{number}.html"


def write_site(
    folder: Path,
    name: str,
    host: str,
    *,
    columns: Sequence[str] = ("/tzgg/index.html",),
    scheme: str = "http",
    more: str = "",
) -> None:
    """Write the site file of a bureau; `more` are further lines of it."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = "".join(f'[[columns]]\nname = "c{at}"\nurl = "{scheme}://{host}{one}"\n' for at, one in enumerate(columns))
    (folder / f"{name}.toml").write_text(
        f'name = "{name}"\ntitle = "{name}"\nkind = "bureau"\nstatus = "verified"\ndomains = ["{host}"]\n'
        f"delay = 0\n{more}\n{listed}",
        "utf-8",
    )


def title(number: int) -> str:
    """An article's title."""
    return f"关于做好{_PLACES[number // 10 % 10]}片区{SUBJECTS[number % 10]}工作的通知(第{number}号)"


def _list(numbers: Sequence[int], following: int) -> Resource:
    rows = "\n".join(
        f'<li><a href="content/post_{number}.html" title="{title(number)}">{title(number)}</a><span>2024-03-01</span></li>'
        for number in numbers
    )
    pager = f'<a href="index_{following}.html">下一页</a>' if following else ""
    return _html(f'<title>通知公告</title></head><body><ul class="infoList">{rows}</ul><div class="page">{pager}</div>')


def _article(host: str, number: int, noise: int) -> Resource:
    subject, place = SUBJECTS[number % 10], _PLACES[number // 10 % 10]
    paragraphs = (
        f"{zlib.crc32(host.encode())}号单位及有关单位:为做好{place}片区的{subject}工作,现将第{number}号安排通知如下,请认真组织实施。",
        f"一、{place}片区各医疗卫生机构于三月{number % 28 + 1}日前完成{subject}的准备工作,并报我局备案。",
        f"二、活动期间设咨询台{number % 7 + 2}处,由值班医师解答居民的问题,登记表编号自{number}起顺延。",
    )
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    grain = b"".join(hashlib.sha256(f"{host} {number} {at}".encode()).digest() for at in range(noise // 64))
    return _html(
        f'<title>{title(number)}</title><meta name="ArticleTitle" content="{title(number)}">'
        f'<meta name="PubDate" content="2024-03-01 09:{number % 60:02}"><meta name="ContentSource" content="{place}卫生院">'
        f"<script>window.NFCMS_POST_ID='{number}'</script></head><body><h1>{title(number)}</h1>"
        f'<div class="content_attr">发布时间:2024-03-01 09:{number % 60:02} 来源:{place}卫生院</div>'
        f'<div id="zoomcon">{body}</div><!-- {grain.hex()} -->'
    )


def _html(inside: str) -> Resource:
    page = f'<!DOCTYPE html><html><head><meta charset="utf-8">{inside}</body></html>'
    return Resource(body=page.encode(), tagged=True)
