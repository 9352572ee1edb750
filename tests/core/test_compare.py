"""Two versions of a text side by side: nothing lost, and readable."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.core.compare import ParagraphChange, compare

LINES = st.lists(st.text(alphabet="甲乙丙丁，。12", max_size=12), max_size=12).map("\n".join)


def shown(change: ParagraphChange) -> str:
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return "".join(marks[one.kind].format(one.text) for one in change.stretches)


def told(old: str, new: str) -> list[tuple[str, int, str]]:
    return [(change.kind, change.number, shown(change)) for change in compare(old, new)]


def test_the_same_text_differs_nowhere() -> None:
    assert compare("标题\n\n一。\n二。\n", "标题\n\n一。\n二。\n") == ()


def test_a_changed_date_is_shown_within_its_sentence() -> None:
    old = "关于开展义诊的通知\n\n各单位:\n定于3月5日上午在市民广场开展义诊活动。\n联系人:陈医生。\n"
    new = old.replace("3月5日", "3月12日")
    assert told(old, new) == [("changed", 3, "定于3月[-5-]{+12+}日上午在市民广场开展义诊活动。")]


def test_paragraphs_that_came_and_went_are_told_as_wholes() -> None:
    old = "标题\n\n第一段讲疫苗。\n第二段讲饮水。\n第三段讲献血。\n"
    new = "标题\n\n第一段讲疫苗。\n第三段讲献血。\n另附咨询电话一览。\n"
    assert told(old, new) == [("removed", 3, "[-第二段讲饮水。-]"), ("added", 4, "{+另附咨询电话一览。+}")]


def test_a_changed_paragraph_beside_a_new_one_is_known_again() -> None:
    old = "标题\n\n请各医疗机构于三月底前完成自查并上报。\n"
    new = "标题\n\n根据上级部署补充说明如下:\n请各医疗机构于四月底前完成自查并上报。\n"
    assert told(old, new) == [
        ("added", 2, "{+根据上级部署补充说明如下:+}"),
        ("changed", 3, "请各医疗机构于[-三-]{+四+}月底前完成自查并上报。"),
    ]


def test_characters_that_stayed_by_chance_do_not_break_a_change() -> None:
    old, new = "请于二〇二四年三月五日下午前将报名表交至局办公室。", "请于六月一日中午前将报名表交至局办公室。"
    assert told(old, new) == [("changed", 1, "请于[-二〇二四年三月五日下-]{+六月一日中+}午前将报名表交至局办公室。")]


@given(LINES, LINES)
def test_both_versions_can_be_put_together_again(old: str, new: str) -> None:
    changes = compare(old, new)
    before = [line for line in old.split("\n") if line]
    after = [line for line in new.split("\n") if line]
    removed = [change.number for change in changes if change.kind == "removed"]
    altered = {change.number: change for change in changes if change.kind != "removed"}
    for number, change in altered.items():
        assert "".join(one.text for one in change.stretches if one.kind != "removed") == after[number - 1]
    kept_new = [line for number, line in enumerate(after, 1) if number not in altered]
    old_of_changed = [
        "".join(one.text for one in change.stretches if one.kind != "added")
        for change in altered.values()
        if change.kind == "changed"
    ]
    assert sorted(kept_new + old_of_changed + [before[number - 1] for number in removed]) == sorted(before)


SHAPES = ["一" * 300_000, "\n".join("一二"[at % 2] for at in range(30_000)), "三\n" * 30_000, "一二三四五" * 20_000]


@pytest.mark.parametrize("old", SHAPES)
@pytest.mark.parametrize("new", SHAPES)
def test_hostile_texts_cost_no_time_without_end(old: str, new: str) -> None:
    began = process_time()
    compare(f"始{old}", f"{new}末")
    assert process_time() - began < 10
