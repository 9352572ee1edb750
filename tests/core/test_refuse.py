"""Which pages are no articles: what servers say with status 200, and which honest notices look like that."""

from time import process_time

import pytest

from healthcrawl.core.process import process
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Document, Rejection

RULES = load_rules()
URL = "http://www.yunhai.example/zwgk/tzgg/202403/t20240305_100001.html"
TITLE = "关于网络传言的说明"


def outcome(markup: str) -> Document | Rejection:
    response = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + markup.encode()
    return process(Capture(url=URL, response=response), RULES)


def notice(text: str, head: str = "", info: str = "发布时间：2024-03-05 来源：云海市卫生健康局") -> str:
    return f"<html><head><title>{TITLE}_云海市</title>{head}</head><body><h1>{TITLE}</h1><p>{info}</p><p>{text}</p></body></html>"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("抱歉，您查看的文章已下线或正在审核。", "not-found"),
        ("您访问的页面暂时无法打开，请稍后再试。", "http-error"),
        ("该网站无法访问。", "http-error"),
        ("系统繁忙，请稍候重试。", "http-error"),
        ("服务器内部错误，请联系管理员。", "http-error"),
        ("出错了！请返回首页。", "http-error"),
        ("您的访问已被管理员设置拦截！", "blocked"),
        ("如有疑问请提供请求编号：a1b2c3。", "blocked"),
    ],
)
def test_failure_with_status_200_is_a_rejection(text: str, reason: str) -> None:
    found = outcome(f"<html><title>提示</title><body><h1>提示信息</h1><p>{text}</p></body></html>")
    assert isinstance(found, Rejection)
    assert found.reason == reason


@pytest.mark.parametrize(
    "markup",
    [
        notice("网传我市疫情的文章已被删除，该传言不实，请市民不信谣不传谣。"),
        notice("因检修线路，预约系统本周三无法访问，周四恢复。"),
        notice("口腔科本周三停诊一天，周四恢复，敬请谅解。", head="<script>var u=location.href;</script>"),
        notice("口腔科本周三停诊一天，周四恢复，敬请谅解。", info="", head=f"<meta name=ArticleTitle content={TITLE}>"
               "<script>document.cookie = 'seen=1'</script>"),
    ],
    ids=["quoted", "outage", "script", "tagged"],
)  # fmt: skip
def test_short_notice_with_headline_and_info_line_is_an_article(markup: str) -> None:
    found = outcome(markup)
    assert isinstance(found, Document)
    assert found.text


@pytest.mark.parametrize(
    "head",
    ["<meta content='0; URL = /new.html' http-equiv=Refresh>", "<script>location.href='/new.html'</script>"],
)
def test_page_that_only_leads_on_is_no_notice(head: str) -> None:
    tagged = f"<html><head><meta name=ArticleTitle content={TITLE}><title>{TITLE}</title>{head}</head><body>请稍候</body></html>"
    assert isinstance(outcome(tagged), Rejection)


@pytest.mark.parametrize(
    "piece",
    ["<meta http-equiv=refresh ", "<meta http-equiv=refresh>", "<meta ", "<meta name=ArticleTitle ", "<meta content= ",
     "location ", "404 ", "来源 ", "发布时间 "],
)  # fmt: skip
def test_repeated_pieces_cost_little(piece: str) -> None:
    start = process_time()
    outcome(piece * (200_000 // len(piece)))
    assert process_time() - start < 2
