"""What a first look reads of a home page and of its lists."""

from healthcrawl.core.survey import Candidate, read_list, survey
from healthcrawl.knowledge.load import load_column_names, load_rules
from healthcrawl.model import Context, Page

HOST = "http://wjj.yunhu.example"
RULES = load_rules()


def page(text: str, url: str = f"{HOST}/") -> Page:
    return Page(
        url=url, captured_at=None, context=Context(role="list"), text=text, media_type="text/html", charset="utf-8",
        charset_source="utf-8",
    )  # fmt: skip


HOME = """<html><head><title>首页_云湖区卫生健康局</title><meta name="SiteName" content="云湖区卫生健康局"></head><body>
<ul class="nav"><li><a href="/">首页</a></li><li><a href="/zwgk/tzgg/index.html">通知公告</a></li>
<li><a href="/zwgk/zcjd/">· 政策解读 &gt;&gt;</a></li><li><a href="/search?q=">工作动态</a></li>
<li><a href="http://www.other.example/tzgg/">通知公告</a></li><li><a href="/hdjl/">领导信箱</a></li></ul>
<div class="block"><div class="head"><h2>卫健要闻</h2><a href="/xw/wjyw/index.html">更多&gt;&gt;</a></div>
<ul><li><a href="/xw/wjyw/content/post_2000001.html">全区卫生健康工作会议召开</a></li></ul></div>
<a href="/jkkp/">健康科普</a></body></html>"""


def test_columns_of_a_home_page_are_told_by_their_names() -> None:
    found = survey(page(HOME), RULES, load_column_names())
    assert (found.title, found.kind, found.family) == ("云湖区卫生健康局", "bureau", "nfcms")
    assert found.candidates == (
        Candidate(name="通知公告", url=f"{HOST}/zwgk/tzgg/index.html", health=False),
        Candidate(name="政策解读", url=f"{HOST}/zwgk/zcjd/", health=False),
        Candidate(name="卫健要闻", url=f"{HOST}/xw/wjyw/index.html", health=True),
        Candidate(name="健康科普", url=f"{HOST}/jkkp/", health=True),
    )


def test_a_portal_is_no_bureau() -> None:
    found = survey(page("<title>云湖区人民政府</title><a href='/ylws/'>医疗卫生</a>"), RULES, load_column_names())
    assert (found.kind, [candidate.health for candidate in found.candidates]) == ("municipal", [True])


def test_a_list_is_judged_by_one_page() -> None:
    text = """<ul><li><a href="content/post_2000001.html">关于义诊的通知</a><span>2024-03-01</span></li>
    <li><a href="/other/about-the-bureau.html">一个没有编号地址的网页</a><span>2024-02-01</span></li></ul><a href="index_2.html">下一页</a>"""
    reading = read_list(page(text, f"{HOST}/tzgg/index.html"), RULES)
    assert (reading.family, reading.entries, reading.dated, reading.shaped) == ("nfcms", 2, 2, 1)
    assert reading.next_page == f"{HOST}/tzgg/index_2.html"
    assert reading.articles[0] == f"{HOST}/tzgg/content/post_2000001.html"


def test_a_page_without_a_list_has_no_entries() -> None:
    assert read_list(page("<p>正文</p>"), RULES).entries == 0
