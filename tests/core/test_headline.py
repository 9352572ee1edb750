"""Which line of a page is the headline, and where the article begins."""

import pytest

from healthcrawl.core.headline import find_headline
from healthcrawl.core.tree import blocks, parse

PROSE = (
    "<p>市卫生健康局近日组织开展春季传染病防控培训，各镇街卫生院一百二十人参加，培训为期两天，内容包括监测和报告。</p>"
)
NAME = "云海市举办春季传染病防控培训班"


def find(markup: str) -> tuple[str, str, bool, bool]:
    """The headline of a page, the first line below it, and what is known of it."""
    tree = parse(markup)
    shown = blocks(tree)
    found = find_headline(tree, shown)
    below = shown[found.start].text[:6] if found.start else ""
    return found.text, below, found.informed, found.confirmed


@pytest.mark.parametrize(
    ("title", "above"),
    [
        (f"{NAME}_工作动态_云海市卫生健康局", f"<h2>工作动态</h2><h1>{NAME}</h1><p>来源：云海日报</p>"),
        (f"{NAME}-云海市卫生健康局", f"<td>工作动态<tr><td>{NAME}<tr><td>2024-03-05"),
        ("云海市卫生健康局", f"<meta name=ArticleTitle content='{NAME}'><h1>{NAME}</h1>"),
        (f"云海 动态 {NAME}", f"<h1>{NAME[:6]}</h1><h1>{NAME[6:]}</h1><p>发布日期：2024-03-05</p>"),
        (f"{NAME}_工作动态", f"<div>{NAME}</div>"),
    ],
    ids=["heading", "cells", "tag", "broken", "alone"],
)
def test_line_that_the_title_has_is_the_headline(title: str, above: str) -> None:
    text, below, _, confirmed = find(f"<title>{title}</title><body>{above}{PROSE}")
    assert ("".join(text.split()), below, confirmed) == (NAME, "市卫生健康局", True)


@pytest.mark.parametrize(
    "above",
    [
        f"<h1>云海市卫生健康局</h1><div>{NAME}</div><div>发布日期：2024-03-05</div>",
        f"<h2>聚焦传染病防控工作</h2><h1>{NAME}</h1><h3>各镇街卫生院一百余人参加</h3><div>来源：云海日报 2024-03-05</div>",
        f"<a href=/>首页</a> > 工作动态<div>{NAME}</div><div>2024-03-05</div><div>来源：云海日报</div>",
        f"<div>{NAME}</div><div>字体：</div><div>时间：2024-03-05 来源：云海日报</div>",
    ],
)
def test_without_a_title_what_stands_above_the_info_line_is_the_headline(above: str) -> None:
    for title in ("<title>云海市卫生健康局</title>", ""):
        assert find(f"{title}<body>{above}{PROSE}") == (NAME, "市卫生健康局", True, False)


@pytest.mark.parametrize(
    "page",
    [
        f"<title>云海市政府网站</title><h1>云海市政府网站</h1>{PROSE}",
        f"<title>{NAME}</title>{PROSE * 2}<div>{NAME}</div>{PROSE}",
        f"<title>云海市</title>{PROSE}<p>以上数据</p><p>来源：云海日报 2024-03-05</p>",
    ],
    ids=["name of the site", "below the text", "source at the end"],
)
def test_what_stands_elsewhere_is_no_headline(page: str) -> None:
    assert find(page) == ("", "", False, False)
