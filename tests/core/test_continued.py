"""The next page of a text is told from the next page of a list and from the next article."""

import pytest

from healthcrawl.core.continued import drop_turning, goes_on_at
from healthcrawl.core.identity import recognise
from healthcrawl.core.tree import Index, parse
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Context, Page

RULES = load_rules()
HOST = "http://www.example.gov.cn"


def page(url: str, text: str, via: str = "") -> Page:
    return Page(
        url=f"{HOST}{url}", captured_at=None, context=Context(via=via and f"{HOST}{via}"), text=text,
        media_type="text/html", charset="utf-8", charset_source="utf-8",
    )  # fmt: skip


def following(url: str, text: str, via: str = "") -> str:
    one = page(url, text, via)
    index = Index(parse(text))
    return goes_on_at(one, index, recognise(one, index, RULES)).removeprefix(HOST)


@pytest.mark.parametrize(
    ("url", "text", "via", "expected"),
    [
        ("/a/content/post_2000001.html", "<a href='post_2000001_2.html'>下一页</a>", "", "/a/content/post_2000001_2.html"),
        ("/a/t20240301_1001.html", "<a href='./t20240301_1001_1.html'>下一页</a>", "", "/a/t20240301_1001_1.html"),
        ("/a/t20240301_1001_1.html", "<a href='t20240301_1001_2.html'>下页</a>", "/a/t20240301_1001.html", "/a/t20240301_1001_2.html"),
        ("/a/t20240301_1001_2.html", "<a href='t20240301_1001_3.html'>[下一页]</a>", "/a/t20240301_1001_1.html", "/a/t20240301_1001_3.html"),
        ("/202403/t20240301_1001.html", '<script>createPageHTML(3, 0, "t20240301_1001", "html");</script>', "", "/202403/t20240301_1001_1.html"),
        ("/Item/10045.aspx", "<a href='10045_2.aspx' title='下一页'>&gt;</a>", "", "/Item/10045_2.aspx"),
        ("/show.jsp?id=7", "<a href='show.jsp?id=7&page=2'>下一页</a>", "", "/show.jsp?id=7&page=2"),
        ("/show.jsp?id=7&page=2", "<a href='?page=3&id=7'>下一页</a>", "", "/show.jsp?page=3&id=7"),
        ("/a/c.html", "<link rel='next' href='c_2.html'>", "", "/a/c_2.html"),
        ("/a/c.html", "<LINK REL=Next HREF=c_2.html>", "", "/a/c_2.html"),
        ("/a/c.html", "<a rel='nofollow next' href='c_2.html'><i></i></a>", "", "/a/c_2.html"),
        ("/a/c.html", "<a href='c_2.html'>下 一 頁</a>", "", "/a/c_2.html"),
        ("/a/c.html", "<a href='c_2.html'>后一页 &gt;&gt;</a>", "", "/a/c_2.html"),
        ("/a/c.html", "<script>\n// createPageHTML(9, 0, 'd', 'html');\ncreatePageHTML(2, 0, 'c', 'html');</script>", "", "/a/c_1.html"),
    ],
)  # fmt: skip
def test_a_text_goes_on(url: str, text: str, via: str, expected: str) -> None:
    assert following(url, text, via) == expected


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("/a/content/post_2000001.html", "<a href='post_2000002.html'>下一页</a>"),  # the next article
        ("/a/content/post_2000001.html", "<a href='post_2000001_2.html'>相关阅读</a>"),
        ("/a/content/post_2000001.html", "<a href='index_2.html'>下一页</a>"),  # of the list beside it
        ("/a/content/post_2000001.html", "<a href='../post_2000001_2.html'>下一页</a>"),
        ("/a/content/post_2000001.html", "<a href='http://other.test/a/content/post_2000001_2.html'>下一页</a>"),
        ("/a/content/post_2000001.html", "<a href='post_2000001_7.html'>下一页</a>"),
        ("/a/3-7.html", "<a href='3-8.html'>下一页</a>"),  # numbers of a column and its articles
        ("/a/t20240301_1001_2.html", "<a href='t20240301_1001_1.html'>下一页</a>"),
        ("/art/2024/3/1/art_1001_200001.html", "<a href='art_1001_200002.html'>下一页</a>"),
        ("/show.jsp?id=7", "<a href='show.jsp?id=8'>下一页</a>"),
        ("/show.jsp?id=7", "<a href='show.jsp?id=8&page=2'>下一页</a>"),
        ("/list.jsp?page=1", "<a href='list.jsp?page=2'>下一页</a>"),
        ("/tzgg/index.html", '<script>createPageHTML(3, 2, "index", "html");</script>'),
        ("/202403/t20240301_1001.html", '<script>createPageHTML(1, 0, "t20240301_1001", "html");</script>'),
        ("/a/content/post_2000001.html", "<a href='javascript:void(0)'>下一页</a>"),
    ],
)
def test_nothing_else_is_taken_for_it(url: str, text: str) -> None:
    assert following(url, text) == ""


def test_what_leads_to_the_other_pages_is_dropped_and_told() -> None:
    text = (
        "<div id='b'><p>正文。</p><p class='pages'><a href='c.html'>1</a> <b>2</b> <a href='c_3.html'>3</a> "
        "<a href='c_3.html'>下一页</a></p><p><a href='d.html'>下一篇</a></p></div>"
    )
    one = page("/a/c_2.html", text, "/a/c.html")
    index = Index(parse(text))
    (found,) = drop_turning(one, index, f"{HOST}/a/c_3.html")
    assert (found.kind, found.text) == ("furniture", "1 2 3 下一页")
    assert str(index.tree.text_content()) == "正文。下一篇"


def test_a_page_of_its_own_loses_nothing() -> None:
    text = "<p><a href='c_2.html'>2</a></p>"
    assert drop_turning(page("/a/c.html", text), Index(parse(text)), "") == ()
