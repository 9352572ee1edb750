"""Trees of broken pages, and their lines as a reader sees them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.core.tree import Index, blocks, compile_css, lines_of, matches, parse, text_of


@pytest.mark.parametrize(
    ("markup", "lines"),
    [
        ("<p>一<p>二", ["一", "二"]),
        ("<div>一<br>二<br/><br/>三</div>", ["一", "二", "三"]),
        ("<p>一<b>二</b><font>三</font><o:p>四</o:p></p>", ["一二三四"]),
        ("<ul><li>一<li>二</ul>尾", ["一", "二", "尾"]),
        ("<p>一</p>尾巴<p>二</p>", ["一", "尾巴", "二"]),
        ("<p>\u3000\u3000一\n\t二\xa0</p><p>\u3000\xa0</p>", ["一 二"]),
        ("<p>一。\u3000二</p>", ["一。\u3000二"]),
        ("<p>一<script>x</script><style>y</style>二</p>", ["一二"]),
        ("<p>汉<ruby>字<rp>(</rp><rt>zì</rt><rp>)</rp></ruby></p>", ["汉字"]),
        ('<span style="display: block">一</span><span>二</span>', ["一", "二"]),
        ("<select><option>一</select><p>二", ["二"]),
        ("<table><tr><th>姓名<th>单位<tr><td>甲<td>一院</table>", ["姓名 | 单位", "甲 | 一院"]),
        ("<table><tr><td>甲<td><td>丙<td></table>", ["甲 | | 丙"]),
        ("<table><tr><td><p>第一</p><p>第二</p><td>丙</table>", ["第一 第二 | 丙"]),
        ("<table><tr><td>只有一格</table>", ["只有一格"]),
        (f"<table><tr><td>菜单<td><p>{'甲' * 800}</p><p>{'乙' * 800}</p></table>", ["菜单", "甲" * 800, "乙" * 800]),
        ("<table><tr><td>左<td><table><tr><td>甲<td>乙</table></table>", ["左", "甲 | 乙"]),
    ],
)
def test_lines_are_what_a_reader_sees(markup: str, lines: list[str]) -> None:
    assert lines_of(parse(markup)) == lines


def test_lines_of_an_element_leave_out_what_follows_it() -> None:
    tree = parse("<div id=a>一<p>二</p></div>三")
    assert lines_of(tree.get_element_by_id("a")) == ["一", "二"]


def test_blocks_know_their_links_and_their_element() -> None:
    (plain, linked) = blocks(parse("<p>一<a>二 三</a></p><li><a><b>四五</b></a></li>"))
    assert (plain.text, plain.linked, plain.element.tag) == ("一二 三", 2, "p")
    assert (linked.text, linked.linked, linked.element.tag) == ("四五", 2, "li")


@pytest.mark.parametrize(
    "page",
    [
        "<html><body><p>一</p></body></html><p>二</p>",
        "<html></HTML ><body>一</body ><p>二",
        "<?xml version='1.0'?><p>一二",
        "\x00<p>一\x00二",
    ],
)
def test_nothing_is_lost_behind_an_early_end_tag(page: str) -> None:
    assert text_of(parse(page)).replace(" ", "") == "一二"


def test_deep_nesting_is_read() -> None:
    assert "底" in "".join(lines_of(parse("<div>" * 200 + "底")))
    assert isinstance(lines_of(parse("<div>" * 50_000 + "底")), list)


@pytest.mark.parametrize("selector", ["", "p[", "p::text", "a:hover(", ">"])
def test_what_is_no_selector_is_refused(selector: str) -> None:
    with pytest.raises(ValueError, match="not a CSS selector"):
        compile_css(selector)


@given(st.text(alphabet=st.sampled_from("<>/ab=\"' 一二\x00&#;!-p"), max_size=200))
def test_any_text_gives_lines(text: str) -> None:
    assert all(line == line.strip() != "" and "\n" not in line for line in lines_of(parse(text)))


@pytest.mark.parametrize(
    "selector",
    [
        ".a",
        "#b",
        ".c",
        "p.a.c",
        "div > .c",
        ".a:not(.c)",
        "[class*=c]",
        "[id^=b]",
        "#b, .none",
        "h1",
        ".none",
        "#none, .nothing",
    ],
)
def test_index_finds_what_the_selector_matches(selector: str) -> None:
    tree = parse("<div id=b1 class='x ac'><p class='a c' id=b>一<p class=a>二<h1>三</h1><p id=b>四</div><meta name=x>")
    assert Index(tree).matches(selector) == matches(tree, selector)


def test_index_forgets_what_is_dropped() -> None:
    index = Index(parse("<div id=a>一<p id=b class=c>二</p></div>三"))
    index.drop(index.matches("#a")[0])
    index.drop(index.tree)
    assert index.matches("#b") == index.matches(".c") == []
    assert text_of(index.tree) == "三"


@pytest.mark.parametrize("following", ["<meta name=a>", "\n<!-- a --><link rel=b>", "</head>", "<script>a</script>"])
@pytest.mark.parametrize("left", ["", "\N{REPLACEMENT CHARACTER}/title>", "?/TITLE >"])
def test_a_title_without_its_end_is_not_the_whole_page(left: str, following: str) -> None:
    tree = parse(f"<html><head><title>通知{left}{following}</head><body><p>正文。</p></body></html>")
    assert (tree.findtext(".//title") or "").strip() == "通知"
    assert lines_of(tree) == ["正文。"]


def test_a_title_with_an_end_keeps_what_is_in_it() -> None:
    tree = parse(
        "<html><head><title>通知<meta>一</title></head><body><p>正文。</p><svg><title>图</title></svg></body></html>"
    )
    assert tree.findtext(".//title") == "通知<meta>一"
