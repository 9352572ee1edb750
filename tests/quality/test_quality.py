"""The floors below which reading may not fall, on labelled pages of our own."""

from collections import Counter, defaultdict
from datetime import UTC, datetime
from statistics import mean

import pytest

from healthcrawl.core.process import process
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Document, Rejection
from tests.quality.pages import LAYOUTS, Labelled, agreement, articles, labelled_pages, page, whole

RULES = load_rules(None)
CAPTURED = datetime(2025, 9, 1, tzinfo=UTC)

MEAN = 0.998
LOWEST = 0.9
SOURCES = 0.74  # half of the layouts without a label show none


def read(response: bytes, url: str = "http://www.example.gov.cn/x/page.html") -> Document | Rejection:
    return process(Capture(url=url, response=response, captured_at=CAPTURED), RULES)


@pytest.fixture(scope="module")
def outcomes() -> list[tuple[Labelled, Document | Rejection]]:
    return [(labelled, read(labelled.response)) for labelled in labelled_pages()]


def test_there_are_enough_pages(outcomes: list[tuple[Labelled, Document | Rejection]]) -> None:
    assert len(LAYOUTS) >= 34
    assert Counter(bool(labelled.spoil) for labelled, _ in outcomes) == {
        True: 8 * len(LAYOUTS),
        False: 8 * len(LAYOUTS),
    }


def test_every_article_is_read(outcomes: list[tuple[Labelled, Document | Rejection]]) -> None:
    scores: dict[str, list[float]] = defaultdict(list)
    low = []
    for labelled, outcome in outcomes:
        score = agreement(labelled.article.text, outcome.text if isinstance(outcome, Document) else "")
        scores[labelled.layout].append(score)
        if score < LOWEST:
            low.append((labelled.layout, labelled.article.name, labelled.spoil, round(score, 3)))
    assert low == []
    assert mean(score for each in scores.values() for score in each) >= MEAN
    assert min(mean(each) for each in scores.values()) >= 0.98


def test_titles_dates_and_sources_are_read(outcomes: list[tuple[Labelled, Document | Rejection]]) -> None:
    wrong = []
    sources = 0
    for labelled, outcome in outcomes:
        assert isinstance(outcome, Document)
        label, found = labelled.article, outcome.metadata
        sources += found.source == label.source
        if found.title != label.title.replace("：", ":") or found.published[:10] != label.date:
            wrong.append((labelled.layout, label.name, labelled.spoil, found.title, found.published))
    assert wrong == []
    assert sources >= SOURCES * len(outcomes)


def test_files_are_named(outcomes: list[tuple[Labelled, Document | Rejection]]) -> None:
    for labelled, outcome in outcomes:
        if labelled.article.name == "policy" and not labelled.spoil:
            assert isinstance(outcome, Document)
            assert [file.name for file in outcome.attachments] == ["任务分解表.xlsx"], labelled.layout


def test_notice_that_is_nothing_but_a_file_names_it() -> None:
    notice = next(article for article in articles() if article.name == "notice")
    markup = page("nfcms", notice)
    start, end = markup.index('<div id="zoomcon">'), markup.index('<div class="share">')
    for inner in (
        '<p>附件：<a href="/f/1.pdf">接种门诊一览表.pdf</a></p>',
        '<p><a href="/f/1.pdf">接种门诊一览表.pdf</a></p><p><a href="/f/2.docx">2.申请表.docx</a></p>',
        '<iframe src="/pdfjs/viewer.html?file=/f/1.pdf" title="接种门诊一览表.pdf"></iframe>',
        '<p><img src="/f/1.jpg" alt=""></p><p><a href="/f/1.pdf">接种门诊一览表.pdf</a></p>',
    ):
        outcome = read(whole(f"{markup[:start]}<div id='zoomcon'>{inner}</div>{markup[end:]}"))
        assert isinstance(outcome, Document), inner
        assert outcome.metadata.title == notice.title
        assert outcome.metadata.published[:10] == notice.date
        assert "接种门诊一览表.pdf" in outcome.text


def test_files_that_a_notice_names_below_its_text_stay() -> None:
    notice = next(article for article in articles() if article.name == "notice")
    markup = page("nfcms", notice)
    start = markup.index("</div>", markup.index('<div id="zoomcon">'))
    files = ["附件：1.培训日程安排表.docx", "2.报名回执.xlsx"]
    lines = "".join(f"<p><a href='/f/{at}.docx'>{line}</a></p>" for at, line in enumerate(files))
    outcome = read(whole(markup[:start] + lines + markup[start:]))
    assert isinstance(outcome, Document)
    for line in ("附件:1.培训日程安排表.docx", "2.报名回执.xlsx"):
        assert line in outcome.text.split("\n")


LIST_ROWS = "".join(
    f"<li><a href='/zwgk/tzgg/content/post_{n}.html' title='关于开展第{n}期健康讲座的通知'>关于开展第{n}期健康讲座的…</a><span>2024-03-{n:02}</span></li>"
    for n in range(1, 16)
)
TEASERS = "".join(
    f"<div class=item><h3>第{n}期健康讲座在市民中心开讲</h3><p>本期讲座邀请市第一人民医院的专家，为市民讲解常见慢性病的预防方法。</p><em>2024-03-{n:02}</em></div>"
    for n in range(1, 13)
)
NAV = "".join(
    f"<li><a href='/{n}/'>{name}</a></li>" for n, name in enumerate(["首页", "政务公开", "工作动态", "办事服务"])
)
NO_ARTICLES = {
    "list": ("list-page", f"<title>通知公告</title><body><ul>{NAV}</ul><h2>通知公告</h2><ul>{LIST_ROWS}</ul><div>共3页 下一页</div>"),
    "list in a table": (
        "list-page",
        "<title>通知公告</title><body><table>" + LIST_ROWS.replace("<li>", "<tr><td>").replace("<span>", "<td>").replace("</li>", "</tr>") + "</table>",
    ),
    "index": (
        "index-page",
        f"<title>云海市卫生健康局</title><body><ul>{NAV}</ul>" + "".join(f"<div><h3>{name}</h3><ul>{LIST_ROWS}</ul></div>" for name in ("要闻", "公告")),
    ),
    "search": (
        "search",
        f"<title>搜索结果</title><body><form><input name=q><button>搜索</button></form><p>找到相关结果约15个</p><ul>{LIST_ROWS}</ul>",
    ),
    "gone": ("not-found", "<title>提示</title><body><div><h1>404</h1><p>您访问的页面不存在或已被删除</p><a href=/>返回首页</a></div>"),
    "server error": ("http-error", "<title>系统提示</title><body><p>系统繁忙，请稍后再试</p>"),
    "challenge": ("challenge", "<html><head><script>$_ts=window['$_ts'];document.cookie='a=1';location.reload();</script></head><body></body></html>"),
    "shell": ("no-text", "<title>云海市卫生健康局</title><body><div id=app></div>"),
    "login": (
        "login",
        "<title>用户登录</title><body><form action=/login><p>用户名：<input name=u></p><p>密码：<input type=password></p><button>登录</button><a href=/reg>注册</a></form>",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_ARTICLES)
def test_what_is_no_article_is_rejected_with_its_reason(kind: str) -> None:
    reason, markup = NO_ARTICLES[kind]
    outcome = read(whole(markup), "http://www.example.gov.cn/zwgk/tzgg/")
    assert isinstance(outcome, Rejection)
    assert outcome.reason == reason


def test_list_of_teasers_without_links_is_rejected() -> None:
    outcome = read(
        whole(f"<title>健康讲座</title><body><ul>{NAV}</ul><div class=list>{TEASERS}</div>"),
        "http://www.example.gov.cn/jz/",
    )
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "list-page"


def test_short_answer_is_an_article() -> None:
    letter = next(article for article in articles() if article.name == "letter")
    for layout in LAYOUTS:
        assert isinstance(read(whole(page(layout, letter))), Document), layout
