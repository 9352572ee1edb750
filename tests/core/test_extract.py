"""Finding the article on pages of many shapes, and reading its lines complete and in order."""

import pytest

from healthcrawl.core.extract import drop_copies, extract, locate
from healthcrawl.core.tree import Index, blocks, parse
from healthcrawl.rules import Layout

PARAGRAPHS = [
    "为提高居民急救意识和自救互救能力，云海市卫生健康局近日在青山社区举办急救知识培训。",
    "培训现场，市急救中心的老师讲解了心肺复苏的操作要点，并用模型示范按压的位置和深度。",
    "居民们轮流上前练习，老师逐一纠正动作，现场气氛热烈。",
    "下一步，市卫生健康局将继续推动急救培训进学校、进企业、进农村。",
]
TITLE = "云海市举办急救知识培训"
NAV = "".join(
    f'<li><a href="/c{n}/">{name}</a></li>'
    for n, name in enumerate(["首页", "政务公开", "工作动态", "通知公告", "健康科普"])
)
RELATED = "".join(
    f'<li><a href="/r{n}.html">{text}</a><span>2024-02-0{n}</span></li>'
    for n, text in enumerate(
        ["我市召开卫生健康工作会议部署全年任务", "关于春节期间门诊安排的通知", "市妇幼保健院新院区启用公告"], 1
    )
)


def page(article: str, title: str = TITLE) -> str:
    return f"""<html><head><title>{title}_云海市卫生健康局</title></head><body>
    <div class="header"><ul class="nav">{NAV}</ul></div>
    <div class="main"><div class="left"><ul>{RELATED}</ul></div>
    <div class="right"><h1>{TITLE}</h1><p>发布时间：2024-03-05 来源：市卫生健康局</p>{article}</div></div>
    <div class="foot">主办单位：云海市卫生健康局 地址：云海市人民路一号 邮编：000000 建议使用主流浏览器访问本站，以获得更好的体验。</div>
    </body></html>"""


def read(markup: str, *body: str) -> list[str]:
    tree = parse(markup)
    lines, _ = extract(tree, locate(Index(tree), Layout(body=body)))
    return list(lines)


SHAPES = {
    "paragraphs": "<div class=x>" + "".join(f"<p>{text}</p>" for text in PARAGRAPHS) + "</div>",
    "line breaks": "<div class=x>" + "<br>\u3000\u3000".join(PARAGRAPHS) + "</div>",
    "line breaks in one paragraph": "<div class=x><p>" + "<br><br>".join(PARAGRAPHS) + "</p></div>",
    "divs in divs": "<div class=x><div>"
    + "".join(f"<div><span>{text}</span></div>" for text in PARAGRAPHS)
    + "</div></div>",
    "spans in pieces": "<div class=x>"
    + "".join(f"<p><span>{t[:9]}</span><font>{t[9:]}</font></p>" for t in PARAGRAPHS)
    + "</div>",
    "a table that lays out": "<table class=x><tr><td>"
    + "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    + "</td></tr></table>",
    "a span around paragraphs": "<span class=x>" + "".join(f"<p>{text}</p>" for text in PARAGRAPHS) + "</span>",
    "a span around line breaks": "<p><span class=x>" + "<br>".join(PARAGRAPHS) + "</span></p>",
    "unknown elements": "<ucapcontent class=x>" + "".join(f"<p>{text}</p>" for text in PARAGRAPHS) + "</ucapcontent>",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("selectors", [(".x",), (".elsewhere", ".x"), ()], ids=["named", "named second", "unnamed"])
def test_all_paragraphs_come_out_in_order(shape: str, selectors: tuple[str, ...]) -> None:
    lines = read(page(SHAPES[shape]), *selectors)
    assert [line for line in lines if line in PARAGRAPHS] == PARAGRAPHS
    assert not any("会议部署" in line or "主办单位" in line or line == "首页" for line in lines)


def test_named_element_gives_its_lines_and_no_others() -> None:
    assert read(page(SHAPES["paragraphs"]), ".x") == PARAGRAPHS


def test_short_lines_and_tables_survive_without_a_name() -> None:
    table = "<table><tr><th>姓名</th><th>单位</th><th>成绩</th></tr>" + "".join(
        f"<tr><td>{name}</td><td>云海市第一人民医院</td><td>{score}</td></tr>"
        for name, score in [("王芳", 91), ("李明", 88)]
    )
    article = f"<div>{''.join(f'<p>{t}</p>' for t in PARAGRAPHS)}{table}</table><p>云海市卫生健康局</p><p>2024年3月5日</p></div>"
    lines = read(page(article))
    assert lines[-5:] == [
        "姓名 | 单位 | 成绩",
        "王芳 | 云海市第一人民医院 | 91",
        "李明 | 云海市第一人民医院 | 88",
        "云海市卫生健康局",
        "2024年3月5日",
    ]


def test_notice_of_a_few_words_is_read_whole() -> None:
    notice = "<div class=x><p>各科室：</p><p>定于3月8日下午召开全体会议。</p><p>办公室</p></div>"
    assert read(page(notice), ".x") == ["各科室：", "定于3月8日下午召开全体会议。", "办公室"]


def test_article_is_found_where_teasers_are_longer() -> None:
    teasers = "".join(f"<li><h3>旧闻{n}</h3><p>{text * 3}</p></li>" for n, text in enumerate(PARAGRAPHS[1:]))
    article = f"<article><h2>{TITLE}</h2>{''.join(f'<p>{text}</p>' for text in PARAGRAPHS[:2])}</article>"
    lines = read(f"<title>{TITLE}</title><body><div>{article}</div><ul class=list>{teasers}</ul></body>")
    assert [line for line in lines if line in PARAGRAPHS] == PARAGRAPHS[:2]
    assert not any(line.startswith("旧闻") for line in lines)


def test_page_that_is_one_form_is_read() -> None:
    markup = (
        page(SHAPES["paragraphs"])
        .replace('<div class="main">', '<form class="header search"><div>')
        .replace("</div></div>", "</div></div></form>")
    )
    assert [line for line in read(markup) if line in PARAGRAPHS] == PARAGRAPHS


def test_body_shown_twice_is_read_once() -> None:
    twice = SHAPES["paragraphs"] + SHAPES["paragraphs"].replace("class=x", 'class="x phone"')
    assert read(page(twice), ".x") == PARAGRAPHS
    assert read(page(f"<div id=wrap>{twice}</div>"), "#wrap") == PARAGRAPHS
    tree = parse(page(f"<div id=wrap>{twice}</div>"))
    _, findings = extract(tree, locate(Index(tree), Layout(body=("#wrap",))))
    assert [(finding.kind, finding.text) for finding in findings] == [("hidden", PARAGRAPHS[0])]


def test_repetition_inside_an_article_stays() -> None:
    rows = tuple("云海市第一人民医院 | 合格 | 合格" for _ in range(6))
    assert drop_copies((*PARAGRAPHS, *rows))[0] == (*PARAGRAPHS, *rows)
    quoted = (*PARAGRAPHS, PARAGRAPHS[1])
    assert drop_copies(quoted)[0] == quoted


def test_tree_is_not_changed() -> None:
    tree = parse(page(SHAPES["paragraphs"]))
    place = locate(Index(tree), Layout())
    assert extract(tree, place) == extract(tree, place)


UNSURE = {
    "table": (
        "<table><tr><th>姓名</th><th>得分</th></tr><tr><td>王芳</td><td>90</td></tr><tr><td>李明</td><td>88</td></tr></table>",
        ["姓名 | 得分", "王芳 | 90", "李明 | 88"],
    ),
    "one sentence": (
        "<div><p>因检修设备，我院口腔科本周三停诊一天，周四恢复。</p></div>",
        ["因检修设备，我院口腔科本周三停诊一天，周四恢复。"],
    ),
    "poem": ("<p>春风吹过杏林</p><p>白衣守护黎明</p><p>走向灯火</p>", ["春风吹过杏林", "白衣守护黎明", "走向灯火"]),
    "points": (
        "<p>一、时间</p><p>3月15日上午9点</p><p>二、地点</p><p>市民广场</p>",
        ["一、时间", "3月15日上午9点", "二、地点", "市民广场"],
    ),
    "file": ("<p>附件：<a href=/f/1.pdf>急救培训名单.pdf</a></p>", ["附件：急救培训名单.pdf"]),
}


@pytest.mark.parametrize("case", UNSURE)
@pytest.mark.parametrize("info", ["<p>发布时间：2024-03-05</p>", ""], ids=["info line", "headline alone"])
def test_article_without_prose_is_what_stands_between_headline_and_footer(case: str, info: str) -> None:
    article, lines = UNSURE[case]
    assert (
        read(
            f"""<title>{TITLE}_云海市卫生健康局</title><body><div><a href=/>首页</a> <a href=/b/>公开</a> 欢迎访问本站</div>
            <h1>{TITLE}</h1>{info}{article}<div class=share>分享到微信</div><p><a href=/r.html>旧闻一则</a></p>
            <p>版权所有：云海市卫生健康局</p><p>地址：人民路一号</p></body>"""
        )
        == lines
    )


def test_site_name_in_the_footer_is_no_headline() -> None:
    markup = "<title>云海市卫生健康局</title><p>通知</p><p>发布时间：2024-03-05</p><p>正文</p><p>云海市卫生健康局</p>"
    place = locate(Index(parse(markup)), Layout())
    assert [block.text for block in place.shown[place.start :]] == ["正文", "云海市卫生健康局"]


def test_single_line_is_a_copy_only_if_it_is_the_whole_article() -> None:
    address = "地址：云海市人民路一百号云海市第一人民医院门诊楼一楼大厅预防接种门诊，工作时间为周一至周五八点到十二点，国家法定的节假日除外。"
    stations = ("第一接种点", address, "电话：111", "第二接种点", address, "电话：222", PARAGRAPHS[2])
    assert drop_copies(stations)[0] == stations
    twins = (TITLE, address * 2, "手机版", address * 2)
    assert drop_copies(twins)[0] == twins[:3]


def test_teasers_behind_a_run_of_links_are_no_article() -> None:
    body = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    links = "".join(f"<li><a href=/h{n}.html>热词第{n}条</a></li>" for n in range(5))
    teasers = "".join(
        f"<li><div class=t><a href=/t{n}.html>图集第{n}号</a><p>{text * 2}<a href=/t{n}.html>【详细】</a></p></div></li>"
        for n, text in enumerate(PARAGRAPHS)
    )
    lines = read(
        f"<title>{TITLE}_云海网</title><body><div class=page><div class=a><h1>{TITLE}</h1><div>发稿时间：2024-05-20 来源：云海网</div>"
        f"</div><div class=left><div class=k2><div class=c>{body}</div></div><ul>{links}</ul><ul class=z>{teasers}</ul></div></div>"
    )
    assert [line for line in lines if line in PARAGRAPHS] == PARAGRAPHS
    assert not any(line.startswith("图集") for line in lines)


def test_a_short_text_is_not_read_from_the_element_around_it() -> None:
    """The element around it holds the names of its files too."""
    text = (
        "<h1>关于暂停门诊的通知</h1><div class='outer'><p>发布时间：2026-03-01　来源：某市卫生健康局</p>"
        "<div class='inner'><p>因设备检修，本中心门诊三月五日下午暂停一次，请居民相互转告。</p><p>三月六日起恢复。</p></div>"
        "<div class='files'><a href='a.docx'>门诊安排表.docx</a><a href='b.docx'>值班人员及联系方式一览表.docx</a></div></div>"
    )
    index = Index(parse(text))
    place = locate(index, Layout(body=(".inner", ".outer")))
    assert place.element.get("class") == "inner"


def test_teasers_beside_an_article_are_left_out() -> None:
    teaser = "<li><a href=/{0}.html>市民健身中心第{0}期课程开始报名</a><p>本期课程包括游泳、羽毛球和太极拳，请有意参加的市民尽早登记。</p></li>"
    teasers = "".join(map(teaser.format, range(9)))
    page = f"<title>{NOTICE_NAME}</title><body><div>{NOTICE_NAME}</div><div>2024-03-05</div>{NOTICE}<ul>{teasers}</ul>"
    tree = parse(page)
    lines, _ = extract(tree, locate(Index(tree), Layout()))
    assert [line for line in lines if "健身" in line] == []
    assert lines[-4:] == (
        "全市接种门诊假日休息，节后恢复，具体时间请向就近的社区卫生服务中心咨询。",
        "特此通知。",
        "云海市卫生健康局",
        "2024年3月5日",
    )


def test_greeting_signature_and_date_stay_in_an_article_with_a_list_of_links() -> None:
    links = "<h3>相关新闻</h3><ul><li><a href=/1>青山区启动灭蚊行动</a> 2024-03-04<li><a href=/2>社区食堂开进小区</a> 2024-03-01</ul>"
    tree = parse(
        f"<title>{NOTICE_NAME}</title><body><div><h1>{NOTICE_NAME}</h1><p>来源：云海日报</p>{NOTICE}{links}</div>"
    )
    lines, _ = extract(tree, locate(Index(tree), Layout()))
    assert lines[-4:] == (
        "全市接种门诊假日休息，节后恢复，具体时间请向就近的社区卫生服务中心咨询。",
        "特此通知。",
        "云海市卫生健康局",
        "2024年3月5日",
    )


NOTICE_NAME = "关于假日接种门诊安排的通知"
NOTICE = "<section><p>各单位：</p><p>全市接种门诊假日休息，节后恢复，具体时间请向就近的社区卫生服务中心咨询。</p><p>特此通知。</p><p>云海市卫生健康局</p><p>2024年3月5日</p></section>"


SHORT = {
    "停诊通知": "<p>因设备检修，门诊部三月五日停诊一天。</p>",
    "急救知识讲座录像": "<video src=a.mp4></video><p>本期讲座请市急救中心的老师讲解心肺复苏。</p>",
    "天使之歌": "<p>白衣如雪</p><p>灯火通明</p><p>你在长夜里守望</p><p>我在黎明前启程</p>",
    "考试合格人员名单公布": "<p>张三 李四 王五 赵六</p><p>孙七 周八 吴九 郑十</p>",
    "部门预算公开表格下载": "<p><a href=/files/a.pdf>云海市卫生健康局部门预算.pdf</a></p>",
}


@pytest.mark.parametrize("title", SHORT)
def test_the_foot_of_a_page_is_no_article_however_short_that_is(title: str) -> None:
    foot = "<p>主办：云海市卫生健康局　地址：云海市人民路一号，市政府大楼内　电话：0000-0000000</p><p>云ICP备00000000号</p>"
    read_from = read(
        f"<title>{title}</title><ul>{NAV}</ul><h1>{title}</h1><div>2024-03-01</div><div>{SHORT[title]}</div><div class=foot>{foot}</div>"
    )
    assert read_from == [block.text for block in blocks(parse(SHORT[title]))]


ROWS = "".join(
    f"<li><a href=/x{at}.html>我市召开第{at}次基层卫生工作专题会议</a><span>2024-01-{at:02}</span></li>"
    for at in range(1, 26)
)
COMMENTS = "".join(f"<div><b>网友</b><p>写得好，希望以后有更多这样的培训，第{at}次来看。</p></div>" for at in range(4))


@pytest.mark.parametrize(
    ("title", "above", "below"),
    [(TITLE, ROWS, ""), (TITLE, "", ROWS), (TITLE, "", COMMENTS), ("", ROWS, ""), ("", "", ROWS)],
)
def test_an_article_in_what_a_template_calls_an_aside_is_found_beside_long_lists(
    title: str, above: str, below: str
) -> None:
    article = "".join(f"<p>{text}</p>" for text in PARAGRAPHS)
    main = f"<div class='main side-left'><h1>{TITLE}</h1><p>2024-03-05</p><div>{article}</div></div>"
    assert read(f"<title>{title}</title><ul>{NAV}</ul><div>{above}</div>{main}<div>{below}</div>")[-4:] == PARAGRAPHS


def test_an_article_is_no_teaser_although_it_is_marked_up_like_them() -> None:
    article = "".join(f"<p>{text}</p>" for text in PARAGRAPHS * 3)
    more = "<div><p><a href=/m.html>更多：我市急救知识培训工作一览</a></p></div>"
    boxes = "".join(
        f"<div><p><a href=/b{at}.html>第{at}期急救知识培训报名开始了</a></p><p>欢迎居民参加，名额有限。</p></div>"
        for at in range(4)
    )
    markup = f"<title>{TITLE}</title><h1>{TITLE}</h1><p>2024-03-05</p><div>{article}{more}</div>{boxes}"
    assert set(PARAGRAPHS) <= set(read(markup))


@pytest.mark.parametrize(("opening", "whole"), [(2, True), (1, False)])
def test_a_text_whose_later_part_has_an_element_of_its_own_is_whole(opening: int, whole: bool) -> None:
    """One line between headline and text is what the site says of it."""
    lines = [f"第{at}段：{PARAGRAPHS[at % 4]}" for at in range(8)]
    first, later = ("".join(f"<div>{text}</div>" for text in part) for part in (lines[:opening], lines[opening:]))
    markup = f"<title>{TITLE}</title><div class=a><h1>{TITLE}</h1><p>2024-03-05</p>{first}<div>{later}</div></div><div class=b>{RELATED}</div>"
    found = [line for line in read(markup) if line in lines]
    assert found == (lines if whole else lines[opening:])


def test_paragraphs_in_the_body_itself_are_one_text_however_long_one_of_them_is() -> None:
    long, short = "".join(PARAGRAPHS), "会议要求，各单位要认真落实。"
    markup = f"<title>{TITLE}</title><ul>{NAV}</ul><h1>{TITLE}</h1><div>2024-03-05</div><p>{long}</p><p>{short}</p>"
    assert read(markup)[-2:] == [long, short]
