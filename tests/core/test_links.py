"""List pages in the shapes that templates give them: which links are entries, with which headline and date, and what comes next."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.core.links import links
from healthcrawl.core.pagers import next_page
from healthcrawl.core.tree import parse
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Context, Entry, Links, Page
from healthcrawl.rules import Column, Family, Pager, Site

RULES = load_rules()
HOST = "http://www.yunhu.example"
LIST = f"{HOST}/zwgk/tzgg/index.html"
SITE = Site(
    name="yunhu",
    title="云湖区卫生健康局",
    kind="bureau",
    status="unverified",
    domains=("yunhu.example",),
    columns=(Column(name="通知公告", url=LIST),),
)


def read(text: str, url: str = LIST, media_type: str = "text/html", site: Site | None = SITE) -> Links:
    page = Page(
        url=url, captured_at=None, context=Context(role="list"), text=text, media_type=media_type, charset="utf-8",
        charset_source="utf-8",
    )  # fmt: skip
    return links(page, load_rules(site))


FIRST = Entry(url=f"{HOST}/zwgk/tzgg/9001.html", title="关于开展春季义诊活动的通知", date="2024-03-01")
SECOND = Entry(url=f"{HOST}/zwgk/tzgg/9002.html", title="云湖区疫苗接种点名单公布", date="2024-02-09")

SHAPES = {
    "list with spans": """<ul class="list">
      <li><span>2024-03-01</span><a href="9001.html">关于开展春季义诊活动的通知</a></li>
      <li><a href="9002.html">云湖区疫苗接种点名单公布</a><em>[2024-02-09]</em></li></ul>""",
    "table": """<table><tr><td>·<a href="9001.html">关于开展春季义诊活动的通知</a></td><td>2024/3/1</td></tr>
      <tr><td>·<a href="9002.html">云湖区疫苗接种点名单公布</a></td><td>2024/2/9</td></tr></table>""",
    "table that lays out the page": """<table><tr><td><a href="/">网站首页</a></td><td>
      <table><tr><td><a href="9001.html">关于开展春季义诊活动的通知</a></td><td>2024.03.01</td></tr></table>
      <table><tr><td><a href="9002.html">云湖区疫苗接种点名单公布</a></td><td>2024.02.09</td></tr></table></td></tr></table>""",
    "definition list": """<dl><dt><a href="9001.html">关于开展春季义诊活动的通知</a></dt><dd>2024-03-01</dd>
      <dt><a href="9002.html">云湖区疫苗接种点名单公布</a></dt><dd>2024-02-09</dd></dl>""",
    "lines with breaks": """<div>·<a href="9001.html">关于开展春季义诊活动的通知</a> (2024-03-01)<br>
      ·<a href="9002.html">云湖区疫苗接种点名单公布</a> (2024-02-09)<br></div>""",
    "lines with the date in front": """<div>[2024-03-01] <a href="9001.html">关于开展春季义诊活动的通知</a><br>
      [2024-02-09] <a href="9002.html">云湖区疫苗接种点名单公布</a><br></div>""",
    "cards": """<div class="cards"><div class="card"><a href="9001.html"><img src="1.jpg"></a>
      <h3><a href="9001.html">关于开展春季义诊活动的通知</a></h3><p>各镇街、各医疗机构:为方便群众就医,定于本月开展义诊。</p>
      <p>发布时间：2024年3月1日</p><a href="9001.html">[查看详情]</a></div>
      <div class="card"><h3><a href="9002.html">云湖区疫苗接种点名单公布</a></h3><p>2024年2月9日</p></div></div>""",
    "link around the row": """<ul><li><a href="9001.html"><span class="fl">· 关于开展春季义诊活动的通知</span><span>2024-03-01</span></a></li>
      <li><a href="9002.html"><h4>云湖区疫苗接种点名单公布</h4><p>名单如下,请就近前往。</p><i>2024-02-09</i></a></li></ul>""",
    "date in the link's text": """<ul><li><a href="9001.html">[2024-03-01] 关于开展春季义诊活动的通知</a></li>
      <li><a href="9002.html">云湖区疫苗接种点名单公布 2024-02-09</a></li></ul>""",
    "calendar leaves": """<ul><li><div><b>01</b><i>2024-03</i></div><a href="9001.html">关于开展春季义诊活动的通知</a></li>
      <li><div><b>02-09</b><i>2024</i></div><a href="9002.html">云湖区疫苗接种点名单公布</a></li></ul>""",
    "column before the headline": """<ul><li><a href="/zwgk/">[公告]</a><a href="9001.html">关于开展春季义诊活动的通知</a><i>2024-03-01</i></li>
      <li><a href="/zwgk/">[公告]</a><a href="9002.html">云湖区疫苗接种点名单公布</a><i>2024-02-09</i></li></ul>""",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_rows_are_found_in_any_shape(shape: str) -> None:
    menu = '<div class="nav"><a href="/">首页</a><a href="/zwgk/">政务公开</a><a href="/jgsz/9009/">内设机构与工作职责</a></div>'
    footer = '<div>主办：云湖区卫生健康局 2019-05-06<a href="/sitemap.html">网站地图与使用帮助</a><a href="/gywm/">关于我们和联系</a></div>'
    found = read(f"<html><body>{menu}<div id='main'>{SHAPES[shape]}</div>{footer}</body></html>")
    assert found.entries == (FIRST, SECOND)


@pytest.mark.parametrize(
    ("link", "title"),
    [
        ('<a href="9001.html" title="关于开展春季义诊活动的通知">关于开展春季义…</a>', "关于开展春季义诊活动的通知"),
        ('<a href="9001.html" title="关于开展春季义诊活动的通知">关于开展春季义...</a>', "关于开展春季义诊活动的通知"),
        ('<a href="9001.html" title="关于开展春季义诊活动的通知">关于开展春季义</a>', "关于开展春季义诊活动的通知"),
        ('<a href="9001.html" title="点击查看详细内容">关于开展春季义诊活动的通知</a>', "关于开展春季义诊活动的通知"),
        ('<a href="9001.html" title="">· 关于开展春季义诊活动的通知</a>', "关于开展春季义诊活动的通知"),
        ('<a href="9001.html">2024年3月5日学雷锋义诊活动安排</a>', "2024年3月5日学雷锋义诊活动安排"),
        ('<a href="9001.html">义诊活动安排（2024年3月5日）</a>', "义诊活动安排（2024年3月5日）"),
        ('<a href="9001.html">疫情防控情况通报（2024-02-28）</a>', "疫情防控情况通报（2024-02-28）"),
        ('<a href="9001.html" title="关于开展春季义诊…">关于开展春季义诊活动的通知</a>', "关于开展春季义诊活动的通知"),
        ('<a href="/wjj/">[云湖区卫生健康局]</a><a href="9001.html">关于开展春季义诊活动的通知</a>', "关于开展春季义诊活动的通知"),
        ('<a href="9001.html"><img src="1.jpg" alt=""></a><a href="9001.html">关于开展春季义诊活动的通知</a>', "关于开展春季义诊活动的通知"),
        ('<a href="9001.html">关于“5·12”<font>国际护士节</font>活动</a>', "关于“5·12”国际护士节活动"),
    ],
)  # fmt: skip
def test_headline_is_the_whole_one(link: str, title: str) -> None:
    (entry,) = read(f"<ul><li>{link}<span>2024-03-01</span></li></ul>").entries
    assert (entry.title, entry.date) == (title, "2024-03-01")


@pytest.mark.parametrize(
    ("beside", "source"),
    [
        ("<i>[区卫生健康局]</i>", "区卫生健康局"),
        ("<i>来源：区疾控中心</i>", "区疾控中心"),
        ("<i>发布机构: 石桥镇 | </i>", "石桥镇"),
        ("<i>[通知]</i>", ""),
        ("<a href='/wjj/'>【区教育局】</a>", "区教育局"),
    ],
)
def test_who_published_an_entry_is_read_where_the_row_says_it(beside: str, source: str) -> None:
    (entry,) = read(
        f'<ul><li>{beside}<a href="9001.html">关于开展春季义诊活动的通知</a><b>2024-03-01</b></li></ul>'
    ).entries
    assert (entry.title, entry.date, entry.source) == ("关于开展春季义诊活动的通知", "2024-03-01", source)


MANY = Site(
    name="yunhu",
    title="云湖区人民政府",
    kind="municipal",
    status="unverified",
    domains=("yunhu.example",),
    columns=(Column(name="通知公告", url=LIST), Column(name="卫生", url=f"{HOST}/zwgk/ws/index.html", health=True)),
)


def test_a_portals_rows_are_decided_on_one_by_one_and_each_decision_is_a_finding() -> None:
    found = read(
        """<ul><li><a href="9001.html">关于道路施工的通告</a><i>[区住建局]</i><b>2024-03-04</b></li>
        <li><a href="9002.html">关于停车场开放的通告</a><i>[区卫生健康局]</i><b>2024-03-03</b></li>
        <li><a href="../ws/9003.html">关于放假安排的通告</a><b>2024-03-02</b></li>
        <li><a href="/jump?url=/zwgk/tzgg/9004.html">区里新增疫苗接种点</a><b>2024-03-01</b></li>
        <li><a href="/search?q=1">疫苗接种点的搜索结果页</a><b>2024-03-01</b></li></ul>""",
        site=MANY,
    )
    assert [entry.url.rpartition("/")[2] for entry in found.entries] == ["9002.html", "9003.html", "9004.html"]
    decided = [finding.detail.partition(": ")[0] for finding in found.findings]
    assert decided == ["not health", "health", "health", "health", "search"]
    assert len(found.rows) == 5


@pytest.mark.parametrize("kind", ["infoList", "list"])
def test_of_an_articles_addresses_the_one_that_is_no_copys_is_taken(kind: str) -> None:
    found = read(
        f"""<ul class="{kind}"><li><a href="/wap/zwgk/content/post_2000001.html">关于义诊的通知全文</a><i>2024-03-01</i></li>
        <li><a href="https://www.yunhu.example/zwgk/content/post_2000001.html">关于义诊的通知全文</a><i>2024-03-01</i></li>
        <li><a href="/zwgk/content/mpost_2000001.html">关于义诊的通知全文</a><i>2024-03-01</i></li>
        <li><a href="/zwgk/content/post_2000001.html">关于义诊的通知全文</a><i>2024-03-01</i></li></ul>"""
    )
    assert [entry.url for entry in found.entries] == [f"{HOST}/zwgk/content/post_2000001.html"]


def test_date_without_a_year_shows_a_row_but_is_no_date() -> None:
    found = read('<ul><li>· <a href="9001.html">关于开展春季义诊活动的通知</a><span>[03-01]</span></li></ul>')
    assert found.entries == (Entry(url=FIRST.url, title=FIRST.title),)


def test_list_with_short_dates_is_not_taken_for_a_side_bar() -> None:
    found = read(
        """<div class="main"><ul><li><a href="9001.html">关于开展春季义诊活动的通知</a><i>03-01</i></li></ul></div>
        <div class="side"><ul class="rank"><li><a href="9002.html">云湖区疫苗接种点名单公布</a><i>2024-02-09</i></li></ul></div>"""
    )
    assert [entry.url for entry in found.entries] == [FIRST.url, SECOND.url]


def test_nfcms_list() -> None:
    found = read(
        """<html><body><div class="hot"><ul><li><a href="/zwgk/gzdt/content/post_2000900.html">本周点击最多的一条新闻</a></li></ul></div>
        <ul class="infoList">
         <li><a href="https://www.yunhu.example/zwgk/tzgg/content/post_2000001.html" title="关于义诊的通知全文">关于义诊的…</a><span>2024-03-01</span></li>
         <li><a href="/zwgk/tzgg/content/mpost_2000001.html">关于义诊的通知全文</a><span>2024-03-01</span></li>
         <li><a href="/zwgk/tzgg/content/post_2000000.html#top">公示</a><span>2024-02-09</span></li>
         <li><a href="https://mp.weixin.example/s/abc">一图读懂春季传染病防控</a><span>2024-02-08</span></li></ul>
        <div class="page"><a href="index.html">首页</a><a href="index.html">上一页</a><a href="index_3.html">下一页</a><a href="index_9.html">尾页</a>
        </div></body></html>""",
        url=f"{HOST}/zwgk/tzgg/index_2.html",
    )
    assert found.entries == (
        Entry(url="https://www.yunhu.example/zwgk/tzgg/content/post_2000001.html", title="关于义诊的通知全文", date="2024-03-01"),
        Entry(url=f"{HOST}/zwgk/tzgg/content/post_2000000.html", title="公示", date="2024-02-09"),
    )  # fmt: skip
    assert found.next_page == f"{HOST}/zwgk/tzgg/index_3.html"
    assert [(finding.text, finding.detail) for finding in found.findings] == [
        ("一图读懂春季传染病防控", "outside: https://mp.weixin.example/s/abc (not on the site's domains)")
    ]


def test_trs_list_without_dates_keeps_what_has_an_article_address() -> None:
    found = read(
        """<body><a href="../">首页</a><ul><li><a href="./202403/t20240301_100001.shtml">通知</a></li>
        <li><a href="./t_5947001.shtml">没有日期的公告一则</a></li></ul>
        <script>//createPageHTML(9, 0, "index", "html");
        createPageHTML(3, 1, "index", "shtml");</script></body>""",
        url=f"{HOST}/zwgk/tzgg/index_1.shtml",
    )
    assert [entry.url.rpartition("/")[2] for entry in found.entries] == ["t20240301_100001.shtml", "t_5947001.shtml"]
    assert found.next_page == f"{HOST}/zwgk/tzgg/index_2.shtml"


def test_list_without_dates_beside_one_with_dates_is_a_side_bar() -> None:
    found = read(
        """<div class="main"><ul class="news"><li><a href="t20240301_100001.html">关于义诊的通知</a><i>2024-03-01</i></li>
        <li><a href="t20240209_100000.html">没有日期的公告一则</a></li></ul></div>
        <div class="side"><ul class="rank"><li><a href="t20240101_99999.html">最多人阅读的文章</a></li></ul></div>"""
    )
    assert [entry.title for entry in found.entries] == ["关于义诊的通知", "没有日期的公告一则"]


def gkmlpt_answer(ids: range, total: int) -> str:
    articles = [
        {
            "id": number,
            "title": f"关于示例事项{number}的通知",
            "url": f"{HOST}/wjj/gkmlpt/content/2/{number // 1000}/post_{number}.html",
            "display_publish_time": 1709254800,
            "created_at": "2024-02-28 10:00:00",
        }
        for number in ids
    ]
    return json.dumps({"classify": {"id": 88, "post_count": total}, "articles": articles})


API = f"{HOST}/wjj/gkmlpt/api/all/88"


def test_gkmlpt_answer() -> None:
    found = read(gkmlpt_answer(range(2000001, 2000101), 150), f"{API}?page=1&sid=999001", "application/json")
    assert len(found.entries) == 100
    assert found.entries[0] == Entry(
        url=f"{HOST}/wjj/gkmlpt/content/2/2000/post_2000001.html",
        title="关于示例事项2000001的通知",
        date="2024-03-01T09:00:00",
    )
    assert found.next_page == f"{API}?page=2&sid=999001"


@pytest.mark.parametrize(
    ("url", "ids", "total", "following"),
    [
        (f"{API}?page=2&sid=1", range(2000101, 2000151), 150, ""),
        (f"{API}?page=0&sid=1", range(2000001, 2000101), 150, f"{API}?page=2&sid=1"),
        (f"{API}?sid=1", range(2000001, 2000101), 150, f"{API}?sid=1&page=2"),
        (f"{API}?page=1&sid=1", range(2000001, 2000021), 20, ""),
        # pages of 20 although 100 are usual
        (f"{API}?page=2&sid=1", range(2000021, 2000041), 101, f"{API}?page=3&sid=1"),
        (f"{API}?page=3&sid=1", range(0), 150, ""),
    ],
)
def test_gkmlpt_answers_are_followed_to_the_end(url: str, ids: range, total: int, following: str) -> None:
    assert read(gkmlpt_answer(ids, total), url, "text/plain").next_page == following


def test_gkmlpt_index_leads_to_the_first_answer() -> None:
    text = "<div id='app'></div><script>window._CONFIG = { SID: '999001', SERVICE_AREA_ID: 7, TREE: [] }</script>"
    assert read(text, f"{HOST}/wjj/gkmlpt/index").next_page == f"{HOST}/wjj/gkmlpt/api/all/0?page=1&sid=999001"


RECORD = """<record><![CDATA[<li><a href="/art/2024/3/1/art_1001_200001.html" title="关于示例的通知全文">关于示例…</a><b>[2024-03-01]</b></li>]]></record>"""
JPAGE = """<script>$('#7').jpage({ totalRecord:2, groupSize:3, perPage:15, proxyUrl:'/module/web/jpage/dataproxy.jsp',
ajaxParam:{col:1,columnid:'1001',unitid:'7'} });</script>"""
ONE = Entry(url=f"{HOST}/art/2024/3/1/art_1001_200001.html", title="关于示例的通知全文", date="2024-03-01")


def test_hanweb_column_with_its_records_in_an_xml_island() -> None:
    island = f'<script type="text/xml"><datastore><recordset>{RECORD}</recordset></datastore></script>'
    found = read(f"<div id='7'>{island}</div>{JPAGE}", f"{HOST}/col/col1001/index.html")
    assert found.entries == (ONE,)
    assert found.next_page == (
        f"{HOST}/module/web/jpage/dataproxy.jsp?startrecord=1&endrecord=2&perpage=15&col=1&columnid=1001&unitid=7"
    )


def test_hanweb_answer() -> None:
    answer = f"<datastore><totalrecord>2</totalrecord><recordset>{RECORD}</recordset></datastore>"
    found = read(answer, f"{HOST}/module/web/jpage/dataproxy.jsp?startrecord=1&endrecord=45&perpage=15", "text/xml")
    assert (found.entries, found.next_page) == ((ONE,), "")


def test_jpaas_answer_is_a_fragment_within_json() -> None:
    rows = """<ul><li><a href="/xw/art/2024/art_0123456789abcdef0123456789abcdef.html" title="关于示例的通知全文">关于…</a><span>[2024-03-01]</span></li></ul>
    <div class="pagination" count="31" rows="15" pageNo="2"></div>"""
    url = f"{HOST}/api-gateway/jpaas-publish-server/front/page/build/unit?webId=1&pageId=5"
    found = read(json.dumps({"success": True, "data": {"html": rows}}), url, "application/json")
    assert [(entry.title, entry.date) for entry in found.entries] == [("关于示例的通知全文", "2024-03-01")]
    assert found.next_page == f"{url}&paramJson=%7B%22pageNo%22%3A3%2C%22pageSize%22%3A15%7D"


def test_ucap_answer() -> None:
    item = {"title": "关于示例的通知", "url": "//www.yunhu.example/szs/c100028/202403/0123456789abcdef0123456789abcdef.shtml",
        "publishedTimeStr": "2024-03-01 09:00:00"}  # fmt: skip
    url = f"{HOST}/searchList/0123456789abcdef0123456789abcdef?_isJson=true&page=1"
    found = read(json.dumps({"data": {"total": 20, "rows": 18, "results": [item] * 18}}), url, "application/json")
    assert [(entry.title, entry.date) for entry in found.entries] == [("关于示例的通知", "2024-03-01T09:00:00")]
    assert found.next_page == url.replace("page=1", "page=2")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[1, 2]",
        '{"articles": 3}',
        '{"articles": [3, {}, {"url": 7}, {"url": "http://[", "title": []}]}',
        "[" * 99999,
    ],
)
def test_broken_answer_leads_nowhere(text: str) -> None:
    found = read(text, f"{API}?page=1&sid=1", "application/json")
    assert (found.entries, found.next_page) == ((), "")


def test_links_count_from_the_base_element() -> None:
    found = read(
        '<base href="/other/"><ul><li><a href="9001.html">关于开展春季义诊活动的通知</a>2024-03-01</li></ul><a href="2.html">下一页</a>'
    )
    assert found.entries[0].url == f"{HOST}/other/9001.html"
    assert found.next_page == f"{HOST}/other/2.html"


@pytest.mark.parametrize(
    "pager",
    [
        '<a href="index_2.html">下一页</a>',
        '<a href="index_2.html"> 下 页 &gt; </a>',
        '<a href="index_2.html" title="下一页"><img src="next.gif"></a>',
        '<a href="index_2.html">»</a>',
        '<a rel="next" href="index_2.html">后面的</a>',
        '<link rel="next" href="index_2.html">',
        "<script>createPageHTML('page_div', 11, 1, 'index', 'html', 154);</script>",
        '<script>$(".pagination").pagination({totalPage: 54, showPage: 5});</script>',
    ],
)
def test_next_page_is_found(pager: str) -> None:
    assert read(f"<body>{pager}</body>").next_page == f"{HOST}/zwgk/tzgg/index_2.html"


@pytest.mark.parametrize(
    "pager",
    [
        '<a href="javascript:void(0)" onclick="toPage(2)">下一页</a>',
        '<a href="#">下一页</a>',
        '<a href="./">下一页</a>',
        '<a href="http://evil.test/index_2.html">下一页</a>',
        '<a href="9000.html">下一篇</a><a href="index_9.html">尾页</a>',
        "<script>createPageHTML(1, 0, 'index', 'html');</script>",
    ],
)
def test_there_is_no_next_page(pager: str) -> None:
    assert read(f"<body>{pager}</body>").next_page == ""


def test_what_is_no_entry() -> None:
    found = read(
        """<ul><li><a href="javascript:open(1)">用脚本打开的一篇文章</a>2024-03-01</li><li><a href="mailto:a@b.test">写信给我们的邮箱地址</a>2024-03-01</li>
        <li><a href="index.html">通知公告栏目首页链接</a>2024-03-01</li><li><a href="/zwgk/gzdt/">工作动态栏目首页链接</a>2024-03-01</li>
        <li><a href="http://[broken/">地址写坏了的一篇文章</a>2024-03-01</li><li><a href="abc.html">短标题</a>2024-03-01</li>
        <li><a href="abd.html">没有日期也不像文章</a></li></ul>"""
    )
    assert found == Links()


def test_without_a_site_entries_stay_on_the_host_of_the_page() -> None:
    text = '<ul><li><a href="9001.html">关于开展春季义诊活动的通知</a>2024-03-01</li><li><a href="http://other.example/9.html">另一家单位的一则通知</a>2024-03-01</li></ul>'
    found = read(text, site=None)
    assert [entry.url for entry in found.entries] == [f"{HOST}/zwgk/tzgg/9001.html"]
    assert len(found.findings) == 1


@given(st.text(st.sampled_from('<>/="ahrefliultrd2024-03年 下页{}[]:,'), max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    found = read(text)
    assert all(entry.url.startswith("http") for entry in found.entries)


def test_dot_leaders_in_a_title_cost_nothing() -> None:
    dots = "." * 20_000
    found = read(f'<ul><li><a href="9001.html">关于开展春季义诊活动的通知{dots}3</a><span>2024-03-01</span></li></ul>')
    assert [entry.url for entry in found.entries] == [FIRST.url]


def test_half_characters_of_a_json_list_are_no_text() -> None:
    answer = '{"classify": {"post_count": 1}, "articles": [{"title": "关于\\ud800开展义诊的通知", "url": "/a/\\udc00post_2000001.html"}]}'
    found = read(answer, f"{HOST}/gkmlpt/api/all/88?page=1", "application/json")
    (entry,) = found.entries
    assert entry.title == "关于?开展义诊的通知"
    assert entry.url.encode()


@pytest.mark.parametrize("url", ["http://[", "http://a]b/index.html", "", "index.html"])
def test_page_whose_address_is_none_gives_a_value(url: str) -> None:
    pager = Pager(kind="script", pattern=re.compile(r"pages\((?P<count>\d+)\)"), template="{stem}_{n}.{ext}", first=0)
    family = Family(name="x", title="x", pagers=(pager,))
    assert next_page(url, parse("<script>pages(3)</script>"), LIST, family) == f"{HOST}/zwgk/tzgg/index_1.html"
