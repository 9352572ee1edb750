"""Spam in the tree: what was put in as an element goes, and what stands beside it stays."""

import pytest

from healthcrawl.core.injected import drop_injected
from healthcrawl.core.tree import Index, blocks, lines_of, parse
from healthcrawl.knowledge.lines import load_spam

URL = "http://wjw.example.gov.cn/a/202403/t20240301_1.html"
PROSE = "市卫生健康局近日组织开展春季传染病防控培训，各镇街卫生院一百二十人参加。"
SOLD = "云海娱乐城注册送彩金,真人百家乐官网下载"
WORDS = ("云海娱乐城注册送彩金", "星河影院在线观看", "青山棋牌官网下载", "免费高清无码视频")


def left(markup: str) -> tuple[list[str], list[str]]:
    """Lines that are left of a page, and what the findings say was dropped."""
    tree = parse(f"<html><body>{markup}</body></html>")
    findings = drop_injected(Index(tree), blocks(tree), URL, load_spam())
    assert {finding.kind for finding in findings} <= {"spam"}
    return lines_of(tree), [finding.text for finding in findings]


@pytest.mark.parametrize("tag", ["p", "div", "h1", "li", "section", "marquee"])
def test_block_that_sells_goes(tag: str) -> None:
    assert left(f"<p>{PROSE}</p><{tag}>{SOLD}</{tag}><p>{PROSE}</p>") == ([PROSE, PROSE], [SOLD])


@pytest.mark.parametrize("tag", ["span", "font color=red", "b", "em", "qx7k", "a href=http://shop.test/", "ins"])
def test_element_inside_a_line_goes_and_the_line_stays(tag: str) -> None:
    half = len(PROSE) // 2
    element = f"<{tag}>{SOLD}</{tag.partition(' ')[0]}>"
    assert left(f"<p>{PROSE[:half]}{element}{PROSE[half:]}</p>") == ([PROSE], [SOLD])
    assert left(f"<p>{PROSE}{element}</p>") == ([PROSE], [SOLD])


def test_link_to_another_host_need_only_be_suspect() -> None:
    assert left(f"<p>{PROSE}<a href='http://shop.test/'>青山棋牌官网下载</a></p>")[0] == [PROSE]
    page = f"<p>{PROSE}请登录<a href='{URL}'>官网登录入口</a>查询。</p>"
    assert left(page) == (lines_of(parse(page)), [])


@pytest.mark.parametrize("host", ["lh8866.test", "www.jnty.vip", "b7a2.test"])
def test_link_to_a_throwaway_host_need_not_even_be_suspect(host: str) -> None:
    assert left(f"<p>{PROSE}<a href='http://{host}/'>金沙3777</a></p>")[0] == [PROSE]
    page = f"<p>{PROSE}<a href='http://{host}/'>健康云海</a><a href='http://www.example.org/'>金沙滩</a></p>"
    assert left(page) == (lines_of(parse(page)), [])


def test_paragraph_put_into_a_cell_leaves_the_row() -> None:
    row = "<tr><td>{}<p>序号</p></td><td><p>当事人</p></td><td><p>处罚决定</p></td></tr>"
    assert left(f"<table>{row.format(f'<p>{SOLD}</p>')}</table>") == (
        lines_of(parse(f"<table>{row.format('')}</table>")),
        [SOLD],
    )


def test_farm_goes_with_its_frame() -> None:
    links = "".join(f"<li><a href='/x/{at}.html'>{word}</a></li>" for at, word in enumerate(WORDS))
    lines, dropped = left(f"<p>{PROSE}</p><div><h3>友情链接</h3><ul>{links}</ul></div>")
    assert lines == [PROSE]
    assert dropped == [*WORDS, "友情链接"]


def test_little_that_is_left_of_a_block_goes_with_it() -> None:
    keywords = ",".join(f"<qx{at}>{word}</qx{at}>" for at, word in enumerate((*WORDS, "白云影院网")))
    assert left(f"<p>{PROSE}</p><p>{keywords}</p>")[0] == [PROSE]


def test_what_a_warning_sets_in_bold_stays() -> None:
    line = "<p>警方提醒:<strong>注册送彩金、真人荷官百家乐</strong>都是网络赌博的骗局。</p>"
    assert left(line) == (lines_of(parse(line)), [])


def test_honest_links_and_words_about_spam_stay() -> None:
    page = (
        f"<p>{PROSE}</p><p>警方提醒:<b>“注册送彩金”</b>“真人荷官”是网络赌博骗局。</p><ul><li><a href='/a'>在线办事</a></li>"
        "<li><a href='/b'>视频新闻</a></li><li><a href='http://www.example.org/'>国家反诈中心APP下载</a></li></ul>"
    )
    assert left(page) == (lines_of(parse(page)), [])


@pytest.mark.timeout(20)
def test_large_and_deep_pages_cost_little() -> None:
    left(f"<div>{'<b>' * 200}{SOLD}{'</b>' * 200}</div>" + f"<div>{PROSE}<br>{SOLD}<br></div>" * 200)
    left("<div>" + f"{SOLD}<br>" * 2000 + "</div>")
