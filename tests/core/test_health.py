"""Health entries of a municipal portal, told by their titles."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from healthcrawl.core.health import judge, why_health
from healthcrawl.knowledge.load import HealthWords, examples, load_rules
from healthcrawl.model import Entry
from healthcrawl.rules import Column, Site

SITE = Site(
    name="yunhu",
    title="云湖区人民政府",
    kind="municipal",
    status="unverified",
    domains=("www.yunhu.example",),
    columns=(
        Column(name="通知公告", url="http://www.yunhu.example/tzgg/"),
        Column(name="医疗救护", url="http://www.yunhu.example/yljh/", health=True),
    ),
    health_words=("长者饭堂",),
    other_words=("医保",),
)
RULES = load_rules(SITE)


def decide(title: str, *, path: str = "/a.html", source: str = "", column: str = "通知公告") -> str:
    """The decision on an entry without its address: "health (why)"."""
    entry = Entry(url=f"http://www.yunhu.example{path}", title=title, source=source)
    wanted, finding = judge(entry, column, RULES)
    assert finding is not None
    assert (finding.kind, finding.text) == ("scope", title)
    name, _, why = finding.detail.partition(f": {entry.url} ")
    assert wanted == (name == "health")
    return f"{name} {why}"


@pytest.mark.parametrize(
    "title",
    [
        "关于2024年基层医疗卫生机构公开招聘的公告",
        "云湖街道开展登革热防控消杀行动",
        "区疾控中心提醒：谨防诺如病毒",
        "国家卫生县城复审通过",
        "关于公共卫生间改造和医院扩建的答复",
    ],
)
def test_title_with_a_health_word_is_followed(title: str) -> None:
    assert why_health(Entry(url="http://www.example.gov.cn/a", title=title), RULES.health)


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
    assert not why_health(Entry(url="http://www.example.gov.cn/a", title=title), RULES.health)


@pytest.mark.parametrize(
    ("given", "decision"),
    [
        ({"column": "医疗救护"}, "health (the column 医疗救护)"),
        ({"path": "/bmpd/szwsjkj/a.html"}, "health (the folder szwsjkj)"),
        ({"source": "云湖区卫生健康局"}, "health (the source 卫生健康)"),
        ({"source": "云湖区教育局"}, "not health (no sign in address, source or title)"),
        ({}, "not health (no sign in address, source or title)"),
    ],
)
def test_what_a_list_shows_beside_the_title_decides(given: dict[str, str], decision: str) -> None:
    assert decide("关于元旦放假安排的通知", **given) == decision


def test_words_of_the_site_file_decide() -> None:
    assert decide("新增三家长者饭堂") == "health (the site file's word 长者饭堂)"
    assert decide("职工医保门诊待遇") == "not health (the site file's word 医保)"
    assert decide("职工医保门诊待遇", column="医疗救护") == "health (the column 医疗救护)"


def test_a_bureau_decides_nothing() -> None:
    entry = Entry(url="http://www.yunhu.example/a.html", title="关于元旦放假安排的通知")
    assert judge(entry, "通知公告", load_rules(replace(SITE, kind="bureau"))) == (True, None)


def test_a_word_broken_by_blanks_is_a_word() -> None:
    assert decide("关 于 疫 苗 接 种 的 通 知") == "health (the word 疫苗)"


def test_held_out_titles_are_told_apart() -> None:
    held_out = tomllib.loads((Path(__file__).parent / "health_titles.toml").read_text("utf-8"))
    proofs = {proof.example for proof in examples() if isinstance(proof.rule, HealthWords)}
    assert not proofs & {*held_out["health"], *held_out["other"]}
    followed = {
        kind: sum(
            bool(why_health(Entry(url="http://www.example.gov.cn/a", title=title), RULES.health)) for title in titles
        )
        for kind, titles in held_out.items()
    }
    assert followed["health"] / sum(followed.values()) >= 0.97
    assert followed["health"] / len(held_out["health"]) >= 0.97


def test_examples_are_many() -> None:
    titles = [proof for proof in examples() if isinstance(proof.rule, HealthWords)]
    assert len(titles) >= 300
    assert sum(proof.holds for proof in titles) >= 100
    assert sum(not proof.holds for proof in titles) >= 100
