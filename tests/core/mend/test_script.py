"""Script: back to the mainland original, and nothing else touched."""

import tomllib
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opencc import OpenCC

from healthcrawl.core.mend.script import _to_simplified, read_script, to_traditional
from healthcrawl.core.mend.script import simplify as simplify_from
from healthcrawl.knowledge.characters import load_mending
from healthcrawl.model import Finding
from healthcrawl.rules import Mending

EXAMPLES: dict[str, str] = tomllib.loads(
    (files("healthcrawl.knowledge") / "characters" / "script.toml").read_text("utf-8")
)["examples"]


def simplify(text: str, data: Mending) -> tuple[str, tuple[Finding, ...]]:
    return simplify_from(text, data, read_script(text, data))


@pytest.mark.parametrize(("traditional", "simplified"), EXAMPLES.items())
def test_examples_of_the_data_hold(traditional: str, simplified: str, data: Mending) -> None:
    assert simplify(traditional, data)[0] == simplified


@pytest.mark.parametrize(
    "text",
    [
        "医务人员着力推进健康城市建设，成效显著，意味着新的起点。",
        "著名专家编著的这部专著，讲的是当地土著居民的医药。",
        "乾隆年间，太后在后宫里，于是干部们都来了。",
        "画家李昇、医师王喆和护士陈堃，还有哪吒、魏徵与宫商角徵羽。",
        "她瞭望远方，聊以慰藉；答复已覆盖各乡镇。",
        "蒜薹和芸薹、多醣、大阪、於某某",
        "王頔和魏其濛参加了活动，他们都是医生。",
        "公里、里面、一出戏、面条、制度、系统、范围、皇后、丑时、谷物、斗争、余下、松树、郁闷",
        "Health for all, 健康中国",
        "日本の東京で開催された国際会議",
        "",
    ],
)
def test_simplified_and_foreign_text_passes_untouched(text: str, data: Mending) -> None:
    assert simplify(text, data) == (text, ())


def test_one_finding_sums_up(data: Mending) -> None:
    text, (finding,) = simplify("醫務人員\n服務患者", data)
    assert text == "医务人员\n服务患者"
    assert (finding.kind, finding.text) == ("script", "醫")
    assert finding.detail == "4 characters simplified: 醫→医 務→务 員→员"


def test_a_character_that_simplified_texts_have_too_is_changed_as_an_inference(data: Mending) -> None:
    text, (_, inferred) = simplify("這意味著醫務人員要努力", data)
    assert text == "这意味着医务人员要努力"
    assert (inferred.kind, inferred.text) == ("inferred", "著")


def test_a_single_traditional_character_in_a_simplified_text_is_converted_and_nothing_else_is(data: Mending) -> None:
    text = "招牌上的“東”字是乾隆年间的著名书法家写的，这个“於”字也是。"
    assert simplify(text, data)[0] == "招牌上的“东”字是乾隆年间的著名书法家写的，这个“於”字也是。"


def test_a_short_line_follows_the_script_of_the_text(data: Mending) -> None:
    assert simplify("意味著\n各級醫療機構要繼續努力", data)[0] == "意味着\n各级医疗机构要继续努力"


def test_a_simplified_line_among_traditional_ones_keeps_its_spelling(data: Mending) -> None:
    text = "各級醫療機構要繼續努力提升醫療服務水平\n这里说的乾县有於姓人家"
    assert simplify(text, data)[0].split("\n")[1] == "这里说的乾县有於姓人家"


def test_japanese_clauses_stay_in_a_traditional_text(data: Mending) -> None:
    text = "會議介紹了經驗，東京の医療は進んでいる，並進行了討論"
    assert simplify(text, data)[0] == "会议介绍了经验，東京の医療は進んでいる，并进行了讨论"


@pytest.mark.parametrize(
    "original",
    [
        "医院发展卫生事业，意味着医务人员要与时俱进，着力加强队伍建设，着眼长远。",
        "系统、制度、干部、皇后、里面、面条，都与范围有关；于是大家从实际出发。",
        "这点经验让我们认识到，选举和运动、连续和边远，都说明了这个道理。",
    ],
)
def test_what_a_program_converted_comes_back_as_it_was(original: str, mirror: Any, data: Mending) -> None:
    assert simplify(mirror.convert(original), data)[0] == original


def test_to_traditional_writes_words_as_dictionaries_do() -> None:
    assert to_traditional("头发和发展，皇后在后面") == "頭髮和發展，皇后在後面"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from("医醫着著乾隆坤后後里裡於干幹徵征畢昇苧薴麻の東藉此口瞭解望覆蓋答，\n 他們们这這"), max_size=30
    ).map("".join)
)
def test_doing_it_again_changes_nothing(text: str) -> None:
    data = load_mending()
    once = simplify(text, data)[0]
    assert simplify(once, data) == (once, ())


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_any_text_comes_through(text: str) -> None:
    assert simplify(text, load_mending())[0].count("\n") == text.count("\n")


@pytest.mark.parametrize("stray", [*"醫夥摺麽後", "發"])
def test_a_stray_traditional_character_is_simplified_wherever_it_stands(stray: str, data: Mending) -> None:
    text = f"市卫生健康局\n深化——{stray}改革·发展，\ud800推进建设。\n全市各级医疗机构"
    simplified = text.replace(stray, data.simplified[stray])
    result, (finding,) = simplify(text, data)
    assert result == simplified
    assert finding.detail == f"1 characters simplified: {stray}→{data.simplified[stray]}"


def test_the_fast_test_for_traditional_characters_misses_none(data: Mending) -> None:
    characters = [chr(code) for code in range(0x3000, 0xA000)]
    missed = [
        each
        for each in characters
        if (simplify(f"卫生{each}健康", data)[1] != ()) != (each in data.simplified and each not in data.kept)
    ]
    assert missed == []


_WORDS = [
    line.partition("\t")[0]
    for line in (files("opencc") / "dictionary" / "TSPhrases.txt").read_text("utf-8").splitlines()
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*_WORDS, *"".join(_WORDS), *"，。 \n的醫a（“—-"]), max_size=12).map("".join))
def test_conversion_by_characters_and_by_words_is_opencc_s(text: str) -> None:
    converted = OpenCC("t2s").convert(text)
    # Simplified characters beyond the basic plane are so new that nobody writes them.
    expected = "".join(old if new > "\uffff" else new for old, new in zip(text, converted, strict=True))
    assert _to_simplified(text) == expected
