"""The whole recipe: captures of every kind, each a document or a rejection with its reason."""

import gzip
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.core.process import clean, process
from healthcrawl.knowledge.load import FOLDER, load_rules, load_site
from healthcrawl.model import Attachment, Capture, Context, Document, Rejection, Role

RULES = load_rules()
URL = "http://www.yunhai.example/zwgk/tzgg/202403/t20240305_100001.html"
TITLE = "云海市举办急救知识培训"
PARAGRAPHS = [
    "为提高居民急救意识和自救互救能力,云海市卫生健康局近日在青山社区举办急救知识培训。",
    "培训现场,市急救中心的老师讲解了心肺复苏的操作要点,并用模型示范按压的位置和深度。",
    "下一步,市卫生健康局将继续推动急救培训进学校、进企业、进农村。",
]
SPAM = "青山娱乐城注册送彩金,真人荷官百家乐,棋牌官网下载"
SPACED_SPAM = "\N{ZERO WIDTH SPACE}".join(SPAM)
BODY = "".join(f"<p>\u3000\u3000{text}</p>" for text in PARAGRAPHS)


def page(
    *, title: str = f"{TITLE}_云海市卫生健康局", before: str = "", top: str = "", head: str = "", body: str = BODY, tail: str = "",
    container: str = "TRS_Editor",
) -> str:  # fmt: skip
    return f"""{before}<!DOCTYPE html><html><head><meta charset=utf-8><title>{title}</title></head><body>{top}
    <div class=nav><a href=/>首页</a><a href=/a/>政务公开</a></div>
    <div class=main><h2>{TITLE}</h2><p>发布时间：2024-03-05　来源：云海市卫生健康局　字体：大 中 小</p>
    <div class="{container}">{head}{body}{tail}</div></div>
    <div class=footer>主办单位：云海市卫生健康局　网站标识码：0000000001</div></body></html>"""


def capture(text: str | bytes, status: str = "200 OK", url: str = URL, *headers: str) -> Capture:
    lines = [f"HTTP/1.1 {status}", *(headers or ("Content-Type: text/html",))]
    payload = text.encode() if isinstance(text, str) else text
    return Capture(
        url=url,
        response="\r\n".join(lines).encode() + b"\r\n\r\n" + payload,
        captured_at=datetime(2024, 6, 1, tzinfo=UTC),
    )


def document_of(text: str, url: str = URL) -> Document:
    document = process(capture(text, url=url), RULES)
    assert isinstance(document, Document)
    return document


def reason_of(given_capture: Capture) -> str:
    rejection = process(given_capture, RULES)
    assert isinstance(rejection, Rejection)
    return rejection.reason


@pytest.mark.parametrize("container", ["TRS_Editor", "neirong"])
def test_article_becomes_a_document_in_normal_form(container: str) -> None:
    document = document_of(page(container=container))
    assert document.metadata.title == TITLE
    assert document.metadata.published == "2024-03-05"
    assert document.metadata.source == "云海市卫生健康局"
    assert document.text.split("\n") == PARAGRAPHS
    assert document.address == "http://www.yunhai.example/zwgk/tzgg/202403/t20240305_100001.html"


def test_same_capture_gives_the_same_document() -> None:
    given_capture = capture(page(head="<p>标题</p>", tail=f"<p>{SPAM}</p>"))
    assert process(given_capture, RULES) == process(given_capture, RULES)


@pytest.mark.parametrize("container", ["TRS_Editor", "neirong"])
@pytest.mark.parametrize(
    "injected",
    [
        {"title": SPAM},
        {"before": f"<div>{SPAM}</div>"},
        {"top": f"<h1>{SPAM}</h1>"},
        {"top": f"<div style='position:absolute;left:-2000px'>{SPAM}</div>"},
        {"top": f"<noscript>{SPAM}</noscript><!-- {SPAM} -->"},
        {"head": f"<p>{SPAM}</p>"},
        {"tail": f"<p>{SPAM}</p>"},
        {"tail": f"<p>{SPACED_SPAM}</p>"},
        {"tail": f"<p>相关推荐：《{SPAM.replace(',', '》、《')}》</p>"},
        {"tail": f"<span style='font-size:0'>{SPAM}</span>"},
        {"tail": f"<a href=http://x.test/>{SPAM}</a>"},
        {"tail": "<p>本站高清影院资源更新迅速,支持手机在线观看,注册送彩金。</p>"},
    ],
)
def test_spam_is_dropped_wherever_it_is_put(injected: dict[str, str], container: str) -> None:
    document = document_of(page(container=container, **injected))
    assert document.text.split("\n") == PARAGRAPHS
    assert document.metadata.title == TITLE


@pytest.mark.parametrize(
    "tail",
    [
        f"<ul>{''.join(f'<li><a href=/x/{at}.html>{word}</a></li>' for at, word in enumerate(SPAM.split(',') * 4))}</ul>",
        f"<p>{PARAGRAPHS[-1]}</p><qx9>{SPAM}</qx9>",
        f"<div style='position:absolute;left:-9000px'>{SPAM}</div>",
        f"<style>.box .k9{{left:-9000px}}</style><div class=k9>{SPAM}</div>",
        f"</body></html><div>{SPAM}</div>",
    ],
)
def test_elements_that_sell_change_nothing_else(tail: str) -> None:
    container = "plain"  # that no layout names: where the article is must be found beside the spam
    kept = tail.partition("<qx9>")[0] if "<qx9>" in tail else ""
    assert (
        document_of(page(tail=tail, container=container)).text == document_of(page(tail=kept, container=container)).text
    )


def test_replaced_title_and_fields_are_not_kept() -> None:
    sold = SPAM.split(",", maxsplit=1)[0]
    head = f"<meta name=ColumnName content={sold}><meta name=ContentSource content={sold}>"
    markup = page(title=SPAM, top=f"<h1>{SPAM}</h1>").replace("<title>", head + "<title>")
    document = document_of(markup)
    assert (document.metadata.title, document.metadata.column) == (TITLE, "")
    assert document.metadata.source == "云海市卫生健康局"
    assert {finding.detail.partition(":")[0] for finding in document.findings if finding.kind == "spam"} >= {
        "replaced title",
        "replaced column",
    }


def test_page_that_only_sells_is_rejected() -> None:
    body = f"<h1>{SPAM}</h1>" + f"<p>{SPAM}。</p>" * 3 + "<p>欢迎光临</p>"
    markup = f"<html><head><title>{SPAM}</title></head><body><div class=TRS_Editor>{body}</div></body></html>"
    assert reason_of(capture(markup)) == "spam"


@pytest.mark.parametrize(
    "line",
    [
        "来源:国家卫生健康委 http://www.example.gov.cn/",
        "妇科、产科、男科、生殖医学科、皮肤性病科同日开诊。",
        "本次活动由福利彩票公益金资助。",
        "民警介绍了网络赌博和色情诈骗的危害。",
    ],
)
@pytest.mark.parametrize("style", ["", "display:none"])
def test_look_alikes_stay(line: str, style: str) -> None:
    assert line in document_of(page(tail=f'<div style="{style}"><p>{line}</p></div>')).text.split("\n")


def test_everything_dropped_is_a_finding() -> None:
    head = "<p>首页 > 工作动态</p><p>打印 关闭</p>"
    document = document_of(page(head=head, tail=f"<p>{SPAM}</p><p>责任编辑：李明</p><i style='font-size:0'>暗语</i>"))
    assert document.text.split("\n") == PARAGRAPHS
    assert {(finding.kind, finding.text) for finding in document.findings} == {
        ("furniture", "首页 > 工作动态"),
        ("furniture", "打印 关闭"),
        ("furniture", "责任编辑：李明"),
        ("spam", SPAM),
        ("hidden", "暗语"),
    }


def test_mirrored_page_is_given_back_as_it_was_written() -> None:
    body = "".join(
        f"<p>{text}</p>"
        for text in (
            "為提高居民急救意識(shí)和自救互救能力,雲(yún)海市衛(wèi)生健康局近日在青山社區(qū)舉辦急救知識(shí)培訓(xùn)(xùn)。",
            "培訓(xùn)(xùn)現(xiàn)場,市急救中心的老師(shī)講解了心肺復(fù)蘇的操作要點(diǎn),并用模型示范按壓的位置和深度。",
            "下一步,市衛(wèi)生健康局將繼續(xù)推動急救培訓(xùn)(xùn)進(jìn)學(xué)校、進(jìn)企業(yè)、進(jìn)農(nóng)村。",
        )
    )
    markup = f"""<title>{SPAM}</title><h1>雲(yún)海市舉辦急救知識(shí)培訓(xùn)</h1><p>發(fā)布時(shí)間:2024-03-05　來源:雲(yún)海市衛(wèi)生健康局</p>
      <div class=TRS_Editor>{body}</div>""".replace("(xùn)(xùn)", "(xùn)")
    document = document_of(markup)
    assert document.text.split("\n") == PARAGRAPHS
    assert document.metadata.title == TITLE
    assert document.metadata.published == "2024-03-05"
    assert document.metadata.source == "云海市卫生健康局"
    assert {finding.kind for finding in document.findings} == {"spam", "gloss", "script"}


def test_fields_stay_in_one_line() -> None:
    context = Context(entry_title="第一行\n第二行\u2028第三行", column="甲\n乙")
    bare = f"<div class=TRS_Editor>{BODY}</div>"
    document = process(replace(capture(bare), context=context), RULES)
    assert isinstance(document, Document)
    assert (document.metadata.title, document.metadata.column) == ("第一行 第二行 第三行", "甲 乙")
    assert document.text.split("\n") == PARAGRAPHS


def test_notice_that_points_to_its_files_is_a_document() -> None:
    document = document_of(page(body="<p>名单见附件。</p><p><a href='./P1.xlsx'>合格名单.xlsx</a></p>"))
    assert document.attachments == (
        Attachment(name="合格名单.xlsx", url="http://www.yunhai.example/zwgk/tzgg/202403/P1.xlsx"),
    )
    assert "名单见附件。" in document.text


def test_context_of_the_crawl_is_used() -> None:
    bare = f"<title>云海市卫生健康局</title><div class=TRS_Editor>{BODY}</div>"
    entry = Context(entry_title=TITLE, entry_date="2024-03-04", column="工作动态")
    url = "http://www.yunhai.example/content/post_100001.html"
    document = process(replace(capture(bare, url=url), context=entry), RULES)
    assert isinstance(document, Document)
    assert (document.metadata.title, document.metadata.published, document.metadata.column) == (
        TITLE,
        "2024-03-04",
        "工作动态",
    )


ROWS = "".join(
    f"<li><a href='/tzgg/t2024030{n}_10000{n}.html'>关于开展第{n}期健康讲座的通知</a><span>2024-03-0{n}</span></li>"
    for n in range(1, 9)
)
LIST = f"<title>通知公告</title><body><ul class=list>{ROWS}</ul><div class=page>共 3 页</div><p>主办单位：云海市卫生健康局，地址在云海市人民路一号，邮编是零，欢迎来信。</p>"
SHELL = "<html><head><script>document.cookie='a=b';location.reload();</script></head><body></body></html>"
LISTING = "http://www.yunhai.example/tzgg/index.html"


@pytest.mark.parametrize(
    ("given_capture", "reason"),
    [
        (capture("", "301 Moved", URL, "Location: /x"), "redirect"),
        (capture("", "304 Not Modified"), "not-modified"),
        (capture(page(), "404 Not Found"), "not-found"),
        (capture(page(), "410 Gone"), "not-found"),
        (capture(page(), "500 Oops"), "http-error"),
        (capture(SHELL, "412 Precondition Failed"), "challenge"),
        (capture(SHELL, "521 "), "challenge"),
        (capture(SHELL), "challenge"),
        (capture("<meta http-equiv=refresh content='0;url=/wap/'>"), "redirect"),
        (capture("<body><h1>您访问的页面不存在</h1></body>", url=LISTING), "not-found"),
        (Capture(url=URL, response=b"garbage"), "http-error"),
        (capture(page(), "200 OK", URL, "Content-Type: text/html", "Content-Length: 99999"), "truncated"),
        (replace(capture(page()), truncated="time"), "truncated"),
        (capture(b"%PDF-1.4"), "not-html"),
        (capture("{}", "200 OK", URL, "Content-Type: application/json"), "not-html"),
        (capture("x", "200 OK", URL, "Content-Type: text/html", "Content-Encoding: compress"), "undecodable"),
        (capture(gzip.compress(b"0" * 50_000_000), "200 OK", URL, "Content-Encoding: gzip"), "too-large"),
        (capture(LIST, url=LISTING), "list-page"),
        (capture("<title>空</title><body></body>"), "no-text"),
        (capture(""), "no-text"),
        (capture(page(body=f"<p>{SPAM}</p>" * 3)), "spam"),
    ],
)
def test_what_is_no_article_is_rejected_with_its_reason(given_capture: Capture, reason: str) -> None:
    assert reason_of(given_capture) == reason


@pytest.mark.parametrize("role", ["robots", "list", "attachment"])
def test_captures_of_other_roles_are_not_read(role: Role) -> None:
    assert reason_of(replace(capture(page()), context=Context(role=role))) == role


def test_rejection_says_what_was_dropped_before() -> None:
    rejection = process(capture(page(body=f"<p>{SPAM}</p>")), RULES)
    assert [finding.kind for finding in rejection.findings if finding.kind == "spam"] == ["spam"]


def test_saved_text_goes_through_the_same_stages() -> None:
    text = "\n".join(
        [
            SPAM,
            "当前位置：首页 > 工作动态",
            "",
            TITLE,
            "发布时间：2024-03-05　来源：云海市卫生健康局",
            "",
            *PARAGRAPHS,
            "打印 关闭",
            SPAM,
        ]
    )
    document = clean(text, RULES)
    assert isinstance(document, Document)
    assert (document.metadata.title, document.metadata.published, document.metadata.source) == (
        TITLE,
        "2024-03-05",
        "云海市卫生健康局",
    )
    assert document.text.split("\n") == PARAGRAPHS
    assert [finding.kind for finding in document.findings] == ["furniture", "furniture", "furniture", "spam", "spam"]


@pytest.mark.parametrize(("text", "reason"), [("", "no-text"), ("  \n\n", "no-text"), (SPAM, "spam")])
def test_saved_text_without_an_article_is_rejected(text: str, reason: str) -> None:
    rejection = clean(text, RULES)
    assert isinstance(rejection, Rejection)
    assert rejection.reason == reason


FRAGMENTS = st.sampled_from(
    ["<p>", "</p>", "<div style=", "font-size:0", "<table><tr><td>", "<!--", "-->", "</html>", "<html>", "\x00", "&#0;", "&#55296;", "卫生", "。",
     "2024-03-05", "来源：", "<a href='http://[x/a.pdf'>", "<base href='//[::'>", "<meta name=PubDate content='9999-99-99'>", "<style>.a{", "}", "\ufffe"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=200), st.lists(FRAGMENTS, max_size=40).map(lambda parts: "".join(parts).encode())))
def test_anything_gives_a_document_or_a_rejection(payload: bytes) -> None:
    assert isinstance(process(capture(payload), RULES), Document | Rejection)
    assert isinstance(process(Capture(url="\x00", response=payload), RULES), Document | Rejection)


def test_deep_and_wide_pages_are_survived() -> None:
    for text in (
        "<div>" * 30_000 + "底",
        "<table><tr><td>" * 3000,
        "<b>" * 5000 + BODY,
        f"<p>{'字' * 300_000}</p>",
        "<p>字</p>" * 20_000,
    ):
        assert isinstance(process(capture(text), RULES), Document | Rejection)


def test_a_text_of_one_line_is_a_body() -> None:
    document = clean("市卫生健康局今日发布高温健康提示\n", RULES)
    assert isinstance(document, Document)
    assert (document.metadata.title, document.text) == ("", "市卫生健康局今日发布高温健康提示")


MARK = "<script>var NFCMS_POST_ID = '2000001';</script>"
TEXT = "<div id=zoomcon><p>各有关单位：为做好本年度流感疫苗接种工作，现将安排通知如下，请认真组织实施，并于三月底前报送总结。</p></div>"
HEADLINE = "<title>关于做好接种工作的通知</title><h1>关于做好接种工作的通知</h1>"


def of_a_family(markup: str) -> Document | Rejection:
    site = replace(load_site(FOLDER / "sites" / "enping.toml"), families=("nfcms", "gkmlpt"))
    return process(
        capture(
            f"<html><body>{markup}</body></html>", "200 OK", "http://www.enping.gov.cn/a/content/post_2000001.html"
        ),
        load_rules(site),
    )


@pytest.mark.parametrize("markup", [HEADLINE + MARK + TEXT, MARK + TEXT])
def test_a_page_with_its_familys_mark_is_read(markup: str) -> None:
    outcome = of_a_family(markup)
    assert isinstance(outcome, Document)
    assert "marker" not in {finding.kind for finding in outcome.findings}


def test_a_page_without_its_familys_mark_is_kept_for_its_headline_and_told() -> None:
    outcome = of_a_family(HEADLINE + TEXT)
    assert isinstance(outcome, Document)
    assert [finding.text for finding in outcome.findings if finding.kind == "marker"] == ["关于做好接种工作的通知"]


def test_a_text_with_neither_mark_nor_headline_is_no_article() -> None:
    outcome = of_a_family(TEXT)
    assert isinstance(outcome, Rejection)
    assert outcome.reason == "blocked"
    assert "no mark of nfcms or gkmlpt" in outcome.detail
