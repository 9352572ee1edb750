"""Health entries of a municipal portal, told by their titles."""

import pytest

from healthcrawl.core.health import is_health
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Entry
from healthcrawl.rules import Column

RULES = load_rules()
COLUMN = Column(name="通知公告", url="http://www.example.gov.cn/tzgg/")


@pytest.mark.parametrize(
    "title",
    [
        "关于2024年基层医疗卫生机构公开招聘的公告",
        "云湖街道开展登革热防控消杀行动",
        "区疾控中心提醒：谨防诺如病毒",
        "国家卫生县城复审通过",
        "关于公共卫生间改造和医院周边停车的答复",
    ],
)
def test_title_with_a_health_word_is_followed(title: str) -> None:
    assert is_health(Entry(url="http://www.example.gov.cn/a", title=title), COLUMN, RULES)


@pytest.mark.parametrize(
    "title",
    [
        "",
        "关于公共卫生间升级改造的公示",
        "城乡环境卫生整治行动方案",
        "推动民营经济健康发展的若干措施",
        "全市消防安全隐患排查工作会议召开",
        "关于元旦放假安排的通知",
        "春季动物疫病防控工作部署会",
    ],
)
def test_title_without_one_or_with_a_look_alike_is_not(title: str) -> None:
    assert not is_health(Entry(url="http://www.example.gov.cn/a", title=title), COLUMN, RULES)


def test_everything_in_a_health_column_is_followed() -> None:
    column = Column(name="卫生健康", url="http://www.example.gov.cn/wsjk/", health=True)
    assert is_health(Entry(url="http://www.example.gov.cn/a", title="放假安排"), column, RULES)
