"""What pages say of their articles: the shown before the tagged, never the clock, nothing replaced."""

from datetime import UTC, datetime
from time import process_time

import pytest

from healthcrawl.core.extract import locate
from healthcrawl.core.metadata import clean_title, read_attachments, read_metadata
from healthcrawl.core.tree import Index, parse
from healthcrawl.knowledge.lines import load_spam
from healthcrawl.model import Attachment, Context, Finding, Metadata, Page
from healthcrawl.rules import Layout

TITLE = "关于开展春季健康讲座的通知"
URL = "http://www.yunhai.example/zwgk/tzgg/content/post_2000001.html"
BODY = "<div id=zoom><p>各镇街卫生院：现定于近期开展春季健康讲座，请各单位组织职工和居民参加，并于讲座前两天上报名单。</p></div>"
SPAM = "青山娱乐城注册送彩金,真人荷官百家乐,棋牌官网下载"
CAPTURED = datetime(2024, 6, 1, tzinfo=UTC)


def read(
    markup: str,
    *,
    url: str = URL,
    context: Context | None = None,
    captured_at: datetime | None = CAPTURED,
    layout: Layout | None = None,
    weak: bool = False,
) -> tuple[Metadata, tuple[Finding, ...]]:
    page = Page(
        url=url,
        captured_at=captured_at,
        context=context or Context(),
        text=markup,
        media_type="text/html",
        charset="utf-8",
        charset_source="utf-8",
    )
    tree = Index(parse(markup))
    layout = layout or Layout(body=("#zoom",))
    return read_metadata(page, tree, locate(tree, layout), layout, load_spam(), weak_pub_date=weak)


def title_of(head: str, shown: str = "", **given: str) -> str:
    metadata, _ = read(f"<head>{head}</head><body>{shown}{BODY}</body>", context=Context(**given))  # type: ignore[arg-type]
    return metadata.title


@pytest.mark.parametrize(
    ("head", "shown"),
    [
        (f"<meta name=ArticleTitle content={TITLE}><title>云海市卫生健康局</title>", ""),
        (f"<title>{TITLE}_通知公告_云海市卫生健康局</title>", ""),
        (f"<title>{TITLE}-云海市卫生健康局</title>", ""),
        (f"<title>通知公告 | {TITLE} | 云海市人民政府门户网站</title>", ""),
        (f"<title>{TITLE}_云海市卫生健康局</title>", f"<h1>云海市卫生健康局</h1><h2>{TITLE}</h2>"),
        ("<title>云海市卫生健康局</title>", f"<div class=news><p>{TITLE}</p><p>发布时间：2024-03-05</p></div>"),
        ("", f"<h1>{TITLE}</h1>"),
        (f"<title>{TITLE[:9]}...</title>", f"<h1>{TITLE}</h1>"),
        (f"<meta property=og:title content={TITLE}><title>详情</title>", ""),
        (
            f"<title>云海市卫生健康局</title><meta name=SiteName content=云海市卫生健康局><meta name=ArticleTitle content={TITLE}>",
            "",
        ),
    ],
)
def test_headline_is_found_without_names_of_site_and_column(head: str, shown: str) -> None:
    assert title_of(head, shown) == TITLE


@pytest.mark.parametrize(
    "head",
    ["<title></title>", f"<title>{SPAM}</title>", f"<meta name=ArticleTitle content='{SPAM}'><title>{SPAM}</title>"],
)
@pytest.mark.parametrize(
    "shown", [f"<h1>{SPAM}</h1><h1>{TITLE}</h1>", f"<div class=bt>{TITLE}</div><p>发布时间：2024-03-05</p>"]
)
def test_replaced_headline_is_restored_from_the_page(head: str, shown: str) -> None:
    metadata, findings = read(f"<head>{head}</head><body>{shown}{BODY}</body>")
    assert metadata.title == TITLE
    assert all(finding.text == SPAM for finding in findings if finding.kind == "spam")


def test_replaced_headline_is_restored_from_the_list() -> None:
    metadata, findings = read(
        f"<head><title>{SPAM}</title></head><body>{BODY}</body>", context=Context(entry_title=TITLE)
    )
    assert metadata.title == TITLE
    assert [finding.kind for finding in findings] == ["spam"]


def test_name_of_an_institution_is_a_headline_if_there_is_no_other() -> None:
    assert title_of("<title>云海市精神卫生中心</title>") == "云海市精神卫生中心"


def test_list_headline_that_is_cut_loses_against_the_page() -> None:
    assert title_of(f"<title>{TITLE}</title>", entry_title=TITLE[:8] + "…") == TITLE
    assert title_of("<title>云海市卫生健康局</title>", entry_title=TITLE[:8] + "…") == TITLE[:8] + "…"


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("2024-2025年度流感防控方案", "2024-2025年度流感防控方案"),
        ("新冠-流感双阳怎么办-云海市疾控中心", "新冠-流感双阳怎么办"),
        ("云海市卫生健康局网站-通知公告-关于召开会议的通知", "关于召开会议的通知"),
        ("关于“健康云海—2030”行动的通知", "关于“健康云海—2030”行动的通知"),
        ("云海市卫生健康局", "云海市卫生健康局"),
        ("", ""),
    ],
)
def test_title_of_the_document_is_cleaned_at_its_joints(title: str, cleaned: str) -> None:
    assert clean_title(title) == cleaned


DATES = [
    ("发布时间：2024-03-05 10:20", "2024-03-05T10:20:00"),
    ("发布日期: 2024年3月5日", "2024-03-05"),
    ("【发布时间】2024/03/05", "2024-03-05"),
    ("來源：市局 發佈時間：2024-03-05", "2024-03-05"),
    ("發(fā)布時(shí)間：2024-03-05", "2024-03-05"),
    ("来源：市局 时间：2024.03.05", "2024-03-05"),
    ("2024-03-05 来源：市局", "2024-03-05"),
    ("<dl><dt>发布日期：</dt><dd>2024-03-05</dd></dl>", "2024-03-05"),
    ("<table><tr><td>成文日期</td><td>2024-02-01</td><td>发布日期</td><td>2024-03-05</td></tr></table>", "2024-03-05"),
    ("更新时间：2024-04-01</p><p>发布时间：2024-03-05", "2024-03-05"),
]


@pytest.mark.parametrize(("line", "date"), DATES)
def test_shown_date_beats_the_tag_and_the_list(line: str, date: str) -> None:
    markup = f"<head><meta name=PubDate content='2024-05-05 09:00'></head><body><p>今天是2024年5月31日 星期五</p><p>{line}</p>{BODY}"
    if "来源：市局" in line and "时间" not in line:
        markup = markup.replace("PubDate", "Other")
    assert read(markup, context=Context(entry_date="2024-04-04"))[0].published == date


def test_dates_of_events_are_not_the_date() -> None:
    lines = "<p>报名时间：2024-01-01至2024-02-02</p><p>会议时间：2024-05-20</p>"
    markup = f"<head><meta name=PubDate content='2024-03-05 09:00'></head><body>{lines}{BODY}"
    assert read(markup)[0].published == "2024-03-05T09:00:00"


@pytest.mark.parametrize(
    ("weak", "url", "entry", "date"),
    [
        (False, URL, "2024-04-04", "2024-05-05T09:00:00"),
        (True, URL, "2024-04-04", "2024-04-04"),
        (True, "http://www.yunhai.example/202402/t20240203_1.html", "", "2024-02-03"),
        (True, "http://www.yunhai.example/2024/2/3/a.html", "", "2024-02-03"),
        (True, URL, "", "2024-05-05T09:00:00"),
    ],
)
def test_time_of_generation_comes_last(weak: bool, url: str, entry: str, date: str) -> None:
    markup = f"<head><meta name=PubDate content='2024-05-05 09:00'></head><body>{BODY}"
    metadata, findings = read(markup, url=url, context=Context(entry_date=entry), weak=weak)
    assert metadata.published == date
    assert bool(findings) == (weak and date.startswith("2024-05"))


def test_time_of_generation_is_known_by_its_own_tag() -> None:
    tags = (
        "<meta name=PubDate content='2024-05-05 09:00:01'><meta name=others content='页面生成时间 2024-05-05 09:00:01'>"
    )
    assert (
        read(f"<head>{tags}</head><body>{BODY}", context=Context(entry_date="2024-02-02"))[0].published == "2024-02-02"
    )


def test_no_date_is_later_than_the_capture() -> None:
    markup = f"<body><p>发布时间：2042-03-05</p>{BODY}"
    metadata, findings = read(markup, context=Context(entry_date="2024-03-05"))
    assert metadata.published == "2024-03-05"
    assert [(finding.kind, finding.text) for finding in findings] == [("metadata", "2042-03-05")]
    assert read(markup, captured_at=None)[0].published == "2042-03-05"


def test_without_any_date_there_is_none() -> None:
    assert read(f"<body><h1>{TITLE}</h1>{BODY}", url="http://www.yunhai.example/a.html")[0].published == ""


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("发布时间：2024-03-05 来源：云海市卫生健康局 浏览次数：8", "云海市卫生健康局"),
        ("来源：云海日报作者：李明", "云海日报"),
        ("信息来源：市疾控中心【字体：大 中 小】", "市疾控中心"),
        ("来源： 2024-03-05 浏览：3", "标签里的来源"),
        ("文章来源：新华社 参与互动", "新华社"),
        ("來源：市中醫院", "市中醫院"),
        ("来源：云海日报（健康版）", "云海日报（健康版）"),
    ],
)
def test_source_ends_where_the_next_field_begins(line: str, source: str) -> None:
    markup = f"<head><meta name=ContentSource content=标签里的来源></head><body><p>{line}</p>{BODY}"
    assert read(markup)[0].source == source


def test_numbers_author_and_column() -> None:
    markup = f"""<head><meta name=ColumnName content=通知公告></head><body><table>
      <tr><td>索 引 号</td><td>11440000000000000A/2024-00012</td><td>分类</td><td>卫生</td></tr>
      <tr><td>发文机关</td><td>云海市卫生健康局</td><td>文 号</td><td>云卫〔2024〕12号</td></tr></table>
      <p>发布时间：2024-03-05 作者：李明 浏览：3</p>{BODY}"""
    metadata, _ = read(markup)
    assert metadata == Metadata(
        title="", published="2024-03-05", source="云海市卫生健康局", author="李明", column="通知公告",
        document_number="云卫〔2024〕12号", index_number="11440000000000000A/2024-00012",
    )  # fmt: skip


def test_document_number_above_the_text() -> None:
    assert (
        read(f"<body>{BODY.replace('<p>', '<p>云卫函〔2024〕3号</p><p>', 1)}")[0].document_number == "云卫函〔2024〕3号"
    )


def test_column_of_the_crawl_stands_in() -> None:
    assert read(f"<body>{BODY}", context=Context(column="工作动态"))[0].column == "工作动态"


@pytest.mark.parametrize(
    ("domain", "mirrored"),
    [
        ("www.yunhai.example", False),
        ("yunhai.example", False),
        ("http://wjw.yunhai.example/", False),
        ("", False),
        ("云海", False),
        ("www.qingshan.example", True),
    ],
)
def test_page_that_names_another_host_is_a_mirror(domain: str, mirrored: bool) -> None:
    _, findings = read(f"<head><meta name=SiteDomain content='{domain}'></head><body>{BODY}")
    assert ("mirror" in {finding.kind for finding in findings}) == mirrored


def test_attachments_in_and_behind_the_body() -> None:
    markup = f"""<body><div class=menu><a href="/manual.pdf">使用手册</a></div><div class=article>
      {BODY.replace("</div>", '<p>附件：<a href="./P020240305.DOCX">报名表</a></p></div>')}
      <ul class=fj><li><a href="/system/_content/download.jsp?urltype=x&wbfileid=9">名单.xls</a></li>
      <li><a href="/files/a.pdf?v=1"><img></a><a href="/files/a.pdf?v=1">方案.pdf</a></li></ul>
      <a href="/next.html">下一篇</a></div></body>"""
    tree = Index(parse(markup))
    layout = Layout(body=("#zoom",))
    page = Page(
        url=URL, captured_at=None, context=Context(), text=markup, media_type="text/html", charset="", charset_source=""
    )
    assert read_attachments(page, tree, locate(tree, layout), layout) == (
        Attachment(name="报名表", url="http://www.yunhai.example/zwgk/tzgg/content/P020240305.DOCX"),
        Attachment(name="名单.xls", url="http://www.yunhai.example/system/_content/download.jsp?urltype=x&wbfileid=9"),
        Attachment(name="方案.pdf", url="http://www.yunhai.example/files/a.pdf?v=1"),
    )


EVENT = "<div id=zoom><p>会议安排如下。</p><p>时间：2024年3月15日上午9点</p><p>地点：市民广场</p></div>"


@pytest.mark.parametrize(
    ("head", "url", "entry", "date"),
    [
        ("<meta name=PubDate content='2024-03-05 10:00'>", URL, "", "2024-03-05T10:00:00"),
        ("", URL, "2024-03-06", "2024-03-06"),
        ("", "http://www.yunhai.example/202403/t20240307_1.html", "", "2024-03-07"),
    ],
    ids=["tag", "list", "address"],
)
def test_time_of_an_event_in_the_article_is_not_the_date(head: str, url: str, entry: str, date: str) -> None:
    metadata, _ = read(f"<head>{head}</head><body>{EVENT}</body>", url=url, context=Context(entry_date=entry))
    assert metadata.published == date


def test_bare_time_in_the_article_is_the_date_beside_other_fields_of_an_info_line() -> None:
    line = "<p>时间：2024-03-05 来源：云海日报</p>"
    body = BODY.replace("</div>", f"{line}</div>")
    assert read(body)[0].published == "2024-03-05"
    assert read(f"<meta name=PubDate content=2024-03-04>{body}")[0].published == "2024-03-04"


def test_label_of_publication_counts_in_the_article_too() -> None:
    body = BODY.replace("<div id=zoom>", "<div id=zoom><p>发布日期：2024-03-05</p>")
    assert read(f"<meta name=PubDate content=2024-03-04>{body}")[0].published == "2024-03-05"


def test_blanks_behind_labels_cost_little() -> None:
    blanks = "\N{NO-BREAK SPACE} " * 70
    start = process_time()
    read("".join(f"<p>{label}{blanks}无</p>" for label in ("发布时间", "索引号", "文号") * 400))
    assert process_time() - start < 2


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("2024-03-05 08:00 健康云湖 浏览：81", "健康云湖"),
        ("2024年3月5日 云海日报", "云海日报"),
        ("发布时间：2024-03-05 08:00:00　云海市疾控中心", "云海市疾控中心"),
        ("2024-03-05 08:00 星期二 阴转多云", ""),
        ("2024-03-05 字体：大 中 小", ""),
        ("2024-03-05 通知公告", ""),
        ("2024-03-05 浏览次数 81", ""),
    ],
)
def test_unlabelled_source_behind_the_date(line: str, source: str) -> None:
    metadata, _ = read(f"<title>{TITLE}</title><body><h1>{TITLE}</h1><p>{line}</p>{BODY}</body>")
    assert metadata.source == source


def linked(said: str) -> Metadata:
    head = f"<title>{TITLE}</title><script type='application/ld+json'>{said}</script>"
    return read(f"<head>{head}</head><body><h1>{TITLE}</h1>{BODY}</body>", url="http://www.yunhai.example/a")[0]


def test_linked_data_tells_what_nothing_else_does() -> None:
    told = linked(
        '{"@graph": [{"@type": "Organization"}, {"@type": "NewsArticle", "datePublished": "2024-03-05T08:00:00+08:00", "publisher": {"name": "云海日报"}}]}'
    )
    assert (told.published, told.source) == ("2024-03-05T08:00:00", "云海日报")


def test_linked_data_tells_headline_and_author_of_a_bare_page() -> None:
    said = (
        f'{{"datePublished": "2024-03-05", "headline": "{TITLE}", "author": [{{"name": "李明"}}, {{"name": "王芳"}}]}}'
    )
    head = f"<title>云海市卫生健康局</title><script type='application/ld+json'>{said}</script>"
    told, _ = read(f"<head>{head}</head><body>{BODY}</body>", url="http://www.yunhai.example/a")
    assert (told.title, told.author) == (TITLE, "李明")


@pytest.mark.parametrize(
    ("name", "source"), [("健康云海", "健康云海"), ("点击分享", ""), ("云海2024", ""), ("来源：市卫健局", "市卫健局")]
)
def test_name_of_an_account_is_the_source(name: str, source: str) -> None:
    markup = f"<title>{TITLE}</title><body><h1>{TITLE}</h1><a id=js_name> {name} </a>{BODY}</body>"
    metadata, _ = read(markup, layout=Layout(source=("#js_name",)))
    assert metadata.source == source


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[",
        "7",
        "[7]",
        '"x"',
        '{"datePublished": [1]}',
        '{"@graph": 1}',
        "[" * 5000,
        '{"datePublished": "2024-09-09", "publisher": {"name": ["x"]}}',
    ],
)
def test_linked_data_that_says_nothing_or_later_than_the_capture(said: str) -> None:
    told = linked(said)
    assert (told.published, told.source) == ("", "")


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("2024-03-05T20:05:02.000Z", "2024-03-06T04:05:02"),
        ("2024-03-05", "2024-03-05"),
        ("0001-01-01T00:00:00+23:00", ""),
    ],
)
def test_linked_date_is_in_chinese_time(said: str, date: str) -> None:
    assert linked(f'{{"datePublished": "{said}"}}').published == date


@pytest.mark.parametrize(
    ("title", "above"),
    [
        ("云海市卫生健康局", "<h1>关于举办春季健康讲座的通知</h1><p>来源：云海日报 2024-03-05</p>"),
        ("通知公告详细页面", "<div>关于举办春季健康讲座的通知</div><p>发布时间：2024-03-05</p>"),
        ("关于举办春季健康讲座的通知-名医讲坛", "<div>关于举办春季健康讲座的通知</div><p>发布时间：2024-03-05</p>"),
        ("云海市 健康云海 关于举办春季健康讲座的通知", "<div>关于举办春季健康讲座的通知</div><p>2024-03-05</p>"),
        ("云海市", "<table><tr><td>信息名称：<td>关于举办春季健康讲座的通知<td>索引号<td>0001/2024-1</table>"),
    ],
    ids=["site", "kind of page", "unknown column", "blanks", "index table"],
)
def test_headline_that_is_shown_beats_what_a_title_says_besides(title: str, above: str) -> None:
    metadata, _ = read(f"<head><title>{title}</title></head><body>{above}{BODY}")
    assert metadata.title == "关于举办春季健康讲座的通知"


def test_dashes_stay_in_a_title() -> None:
    assert clean_title("春暖花开——青山镇健康讲座侧记_云海市卫生健康局") == "春暖花开——青山镇健康讲座侧记"


@pytest.mark.parametrize(("rows", "date"), [(3, ""), (0, "2024-01-01")])
def test_a_date_that_only_rows_of_lists_show_is_not_that_of_the_article(rows: int, date: str) -> None:
    """The last resort is a guess, which takes any date that a page shows."""
    listed = "".join(
        f"<li><a href=/x{at}.html>我市召开基层卫生工作会议</a><span>2024-01-0{at}</span></li>"
        for at in range(1, 1 + rows)
    )
    shown = f"<ul>{listed}</ul>" if rows else "<div><p>健康讲座</p><p>2024-01-01</p></div>"
    found, _ = read(
        f"<head><title>{TITLE}</title></head><body><h1>{TITLE}</h1>{BODY}{shown}</body>",
        url="http://yunhai.example/a.html",
    )
    assert found.published == date


def test_what_an_index_table_says_stands_in_cells_of_its_own() -> None:
    cells = [
        ("索引号：", "000000000/2024-00012"), ("发文机关：", "云海市卫生健康局"), ("发文字号：", "云卫发〔2024〕12号"), ("发布日期：", "2024年3月5日")
    ]  # fmt: skip
    rows = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in cells)
    found, _ = read(f"<title>{TITLE}</title><table>{rows}</table>{BODY}")
    assert (found.index_number, found.source, found.document_number, found.published) == (
        "000000000/2024-00012",
        "云海市卫生健康局",
        "云卫发〔2024〕12号",
        "2024-03-05",
    )


def test_a_day_spelt_below_the_headline_is_that_of_publication() -> None:
    found, _ = read(f"<title>{TITLE}</title><h1>{TITLE}</h1><div>二〇二四年三月五日</div>{BODY}")
    assert found.published == "2024-03-05"
