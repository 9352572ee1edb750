"""Furniture: every rule against its own proofs, and where the rules apply."""

from typing import Any

import pytest

from healthcrawl.core.fold import fold
from healthcrawl.core.furniture import drop_furniture
from healthcrawl.knowledge.lines import load_furniture, read
from healthcrawl.rules import Furniture

RULES: list[dict[str, Any]] = read("furniture.toml")["rule"]
PROSE = "市卫生健康局近日组织开展春季传染病防控培训,各镇街卫生院一百二十人参加。"


def furniture(name: str) -> Furniture:
    return next(rule for rule in load_furniture() if rule.name == name)


@pytest.mark.parametrize(("name", "line"), [(rule["name"], line) for rule in RULES for line in rule["match"]])
def test_rule_matches_its_examples(name: str, line: str) -> None:
    assert furniture(name).pattern.fullmatch(fold(line))


@pytest.mark.parametrize(("name", "line"), [(rule["name"], line) for rule in RULES for line in rule["spare"]])
def test_rule_spares_its_look_alikes(name: str, line: str) -> None:
    assert not furniture(name).pattern.fullmatch(fold(line))


@pytest.mark.parametrize("rule", load_furniture(), ids=lambda rule: rule.name)
@pytest.mark.parametrize(
    "word", ["来源:", "大 中 小 ", "首页 > ", "关于我们|", "发布时间:2024-01-01 ", "审核:李 ", "转载 ", "分类 "]
)
@pytest.mark.timeout(10)
def test_rule_is_quick_on_lines_that_almost_match(rule: Furniture, word: str) -> None:
    rule.pattern.fullmatch(word * 2000 + "。完")


def test_head_rules_end_at_the_first_paragraph() -> None:
    lines = ("首页 > 工作动态", "发布时间:2024-03-05 来源:市局", PROSE, "发布时间:以公告为准", "完")
    kept, findings = drop_furniture(lines, load_furniture())
    assert kept == lines[2:]
    assert [(finding.kind, finding.text, finding.detail) for finding in findings] == [
        ("furniture", lines[0], "breadcrumb"),
        ("furniture", lines[1], "info line"),
    ]


def test_foot_rules_leave_the_middle_alone() -> None:
    lines = ("责任编辑:李明", PROSE, PROSE, PROSE, PROSE, "责任编辑:王芳", "版权所有:云海市卫生健康局")
    kept, _ = drop_furniture((PROSE, *lines), load_furniture())
    assert kept == (PROSE, *lines[:5])


def test_repeated_title_goes_but_stays_inside_the_text() -> None:
    title = "关于开展春季防控培训的通知"
    kept, _ = drop_furniture((title, PROSE, title), load_furniture(), "关于开展 春季防控培训的通知")
    assert kept == (PROSE, title)


def test_an_ending_rule_takes_what_follows() -> None:
    kept, findings = drop_furniture((PROSE, PROSE, "相关阅读:", "某地举办义诊", "某地举办讲座"), load_furniture())
    assert kept == (PROSE, PROSE)
    assert [finding.detail for finding in findings] == ["related", "after the end", "after the end"]


@pytest.mark.parametrize("heading", ["相关政策", "相关文件:"])
def test_a_heading_of_the_article_ends_nothing(heading: str) -> None:
    lines = (PROSE, PROSE, heading, "《献血法》第九条", "市卫生健康局")
    assert drop_furniture(lines, load_furniture())[0] == lines


def test_an_ending_rule_ends_nothing_before_a_sentence_and_the_heading_stays() -> None:
    lines = (PROSE, PROSE, "相关链接", "献血的间隔", "两次采集的间隔不少于六个月。")
    assert drop_furniture(lines, load_furniture())[0] == lines


def test_offices_at_the_foot_are_text_unless_the_footer_stands_beside_them() -> None:
    offices = ("主办单位:市卫生健康局", "承办单位:市疾病预防控制中心")
    assert drop_furniture((PROSE, *offices, "2024年3月1日"), load_furniture())[0] == (PROSE, *offices, "2024年3月1日")
    footer = ("版权所有:云海市卫生健康局", *offices)
    assert drop_furniture((PROSE, *footer), load_furniture())[0] == (PROSE,)
    assert drop_furniture((PROSE, *offices, "网站标识码:0000000001"), load_furniture())[0] == (PROSE,)


def test_everyday_labels_are_an_index_table_only_beside_its_own_labels() -> None:
    rows = ("名称 | 地址 | 电话", "分类 | 诊断标准 | 处理", "有效期 | 三年")
    assert drop_furniture((*rows, PROSE), load_furniture())[0] == (*rows, PROSE)
    index = ("名称: 健康讲座的通知", "分类: 卫生", "索引号: 0001/2024-00012", "关键词: 讲座")
    assert drop_furniture((*index, PROSE), load_furniture())[0] == (PROSE,)


@pytest.mark.parametrize("line", ["2024年3月15日", "时间:2024年3月15日"])
def test_a_head_line_that_is_a_date_goes_only_if_it_is_the_date_of_publication(line: str) -> None:
    assert drop_furniture((line, PROSE), load_furniture())[0] == (line, PROSE)
    assert drop_furniture((line, PROSE), load_furniture(), published="2024-03-16")[0] == (line, PROSE)
    assert drop_furniture((line, PROSE), load_furniture(), published="2024-03-15T08:30:00")[0] == (PROSE,)


def test_the_date_of_publication_under_lines_of_text_is_a_signature() -> None:
    lines = ("急救培训报名", "市卫生健康局", "2024年3月15日")
    assert drop_furniture(lines, load_furniture(), published="2024-03-15")[0] == lines


def test_title_broken_into_lines_is_the_title() -> None:
    title = "云海市卫生健康局关于开展2024年春季传染病防控宣传教育活动的通知"
    lines = (
        "云海市卫生健康局关于开展",
        "2024年春季传染病防控",
        "宣传教育活动的通知",
        "各区卫生健康局:",
        "现将有关事项通知如下。",
    )
    kept, findings = drop_furniture(lines, load_furniture(), title)
    assert kept == lines[3:]
    assert {finding.detail for finding in findings} == {"title"}
