"""A small bureau whose editors work between two crawls: they publish, edit, withdraw, and somebody hacks them."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from healthcrawl.demo import DemoServer
from healthcrawl.demo.answer import Resource
from tests.conftest import Done, run_scrapy
from tests.crawl.bureaus import write_site
from tests.crawl.inprocess import run_here

HOST = "newsroom.test"
BASE = f"http://{HOST}/tzgg"
_TOPICS = [
    "老年人体检安排",
    "饮用水抽检结果",
    "流感疫苗接种点",
    "家庭医生签约服务",
    "无偿献血车时间",
    "托育机构名单",
    "妇科义诊",
    "控烟巡查",
]
_PLACES = ["东湖片区", "西岭片区", "南苑片区", "北关片区", "中心城区"]


@dataclass(slots=True)
class Article:
    """What an article's page shows."""

    title: str
    paragraphs: list[str]
    published: str = "2026-02-20 09:30"
    source: str = "市卫生健康局"
    files: list[tuple[str, str]] = field(default_factory=list)
    comment: str = ""
    body: str = "zoomcon"  # id of the element that holds the text
    hidden: str = ""

    def page(self) -> bytes:
        files = "".join(f'<p><a href="{path}">{name}</a></p>' for name, path in self.files)
        text = "".join(f"<p>{line}</p>" for line in self.paragraphs)
        return (
            f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{self.title}</title>'
            f'<meta name="ArticleTitle" content="{self.title}"><meta name="PubDate" content="{self.published}">'
            f'<meta name="ContentSource" content="{self.source}"><script>window.NFCMS_POST_ID="1"</script></head><body>'
            f'<!-- {self.comment} --><h1>{self.title}</h1><div class="content_attr">发布时间:{self.published} 来源:{self.source}</div>'
            f'{self.hidden}<div id="{self.body}">{text}{files}</div></body></html>'
        ).encode()


def article(number: int) -> Article:
    """One that is like no other."""
    topic, place = _TOPICS[number % len(_TOPICS)], _PLACES[number // len(_TOPICS) % len(_PLACES)]
    return Article(
        title=f"关于公布{place}{topic}的通知(第{number}号)",
        paragraphs=[
            f"各有关单位:根据年度工作计划,现将{place}{topic}有关事项通知如下,编号{number * 37 + 11}。",
            f"一、请于三月{number % 27 + 1}日前完成{topic}的准备工作,并把联系人报局办公室。",
            f"二、{place}设服务点{number % 6 + 2}处,每日上午八时三十分至十一时三十分开放。",
        ],
    )


class Newsroom:
    """The bureau, its server and an archive of its own. `articles` by number; what `gone` names answers 404."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, *, articles: int = 12, more: str = "") -> None:
        self.archive = folder / "archive"
        self.sites = folder / "sites"
        self.articles = {number: article(number) for number in range(1, 1 + articles)}
        self.gone: set[int] = set()
        self.list_page: bytes | None = None
        self.broken_bytes = b""
        self.resources: dict[str, Resource] = {}
        self._environment = monkeypatch
        self.expect(more)

    def expect(self, more: str) -> None:
        """Write the site file, with further lines."""
        write_site(self.sites, "newsroom", HOST, more=f'families = ["nfcms"]\n{more}')

    def url(self, number: int) -> str:
        return f"{BASE}/content/post_{number}.html"

    def publish(self, number: int) -> None:
        """Put a further article on top of the list."""
        self.articles = {number: article(number), **self.articles}

    def crawl(self, day: str, *args: str, **settings: str) -> Done:
        """Publish what there is and crawl all of it at a moment."""
        self._publish()
        with DemoServer(self.resources) as server:
            self._environment.setenv("TEST_NOW", day)
            told = {**self._settings(), "CONNECT_TO": json.dumps({HOST: server.address}), **settings}
            return run_scrapy(self.archive, "crawl", "newsroom", "-a", "full=1", *args, **told)

    def run(self, *args: str, day: str = "2026-03-31T00:00", **settings: str) -> Done:
        """Run a command that needs no crawler on the archive at a moment."""
        self._environment.setenv("TEST_NOW", day)
        return run_here(self.archive, *args, **self._settings(), **settings)

    def _settings(self) -> dict[str, str]:
        return {"SITES_DIR": str(self.sites), "CLOCK": "tests.crawl.days.told"}

    def _publish(self) -> None:
        self.resources.clear()
        self.resources["/robots.txt"] = Resource(body=b"User-agent: *\nDisallow:\n", content_type="text/plain")
        rows = "".join(
            f'<li><a href="content/post_{number}.html" title="{one.title}">{one.title}</a><span>{one.published[:10]}</span></li>'
            for number, one in self.articles.items()
        )
        listed = f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>通知公告</title></head><body><ul class="infoList">{rows}</ul></body></html>'
        self.resources["/tzgg/index.html"] = Resource(body=self.list_page or listed.encode(), tagged=True)
        for number, one in self.articles.items():
            if number not in self.gone:
                self.resources[f"/tzgg/content/post_{number}.html"] = Resource(
                    body=one.page().replace(b"</h1>", self.broken_bytes + b"</h1>"), tagged=True
                )
