"""Glosses: a program's go, an author's stay."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthcrawl.core.mend.glosses import remove
from healthcrawl.knowledge.characters import load_mending
from healthcrawl.rules import Mending

ARTICLE = (
    "本院新设全科医学门诊，医务人员为学生检查视力。近年来，卫生事业发展很快，医联体建设成为亮点。\n"
    "学校与医院联合开展急救培训，业务骨干到场指导，学员们学得认真。"
)


def test_glosses_of_a_whole_article_are_removed_and_listed(mirror: Any, data: Mending) -> None:
    converted = mirror.convert(ARTICLE)
    glossed = mirror.gloss(converted)
    text, (finding,) = remove(glossed, data)
    assert text == converted
    assert finding.kind == "gloss"
    assert finding.text == "設(shè)"
    assert "醫(yī)×4" in finding.detail


@pytest.mark.parametrize(
    ("glossed", "plain"),
    [
        (
            "車間往往也是企業(yè)中人員最多的組織。",
            "車間往往也是企業中人員最多的組織。",
        ),  # a single one in a short text
        ("我們會(huì )繼續(xù )努力，辦好實(shí )事。", "我們會繼續努力，辦好實事。"),
        ("我們會 (huì) 繼續 (xù) 努力", "我們會 繼續 努力"),
        ("醫（yī）務（wù）人員", "醫務人員"),
        (
            "局長(zhǎng)談長(zhǎng)遠(yuǎn)規(guī)劃",
            "局長談長遠規劃",
        ),  # the program's one reading, even where it is wrong
        ("定製產品應用廣，發光(guang)字，發(發)展快", "定製產品應用廣，發光字，發展快"),
        ("政(zheng)(zheng)府采购信息公开，加强监管", "政府采购信息公开，加强监管"),
        ("政(zheng)府采购信(xin)息公开，加强监(jian)管，保(bao)障供应", "政府采购信息公开，加强监管，保障供应"),
    ],
)
def test_variants_of_programs_are_removed(glossed: str, plain: str, data: Mending) -> None:
    assert remove(glossed, data)[0] == plain


@pytest.mark.parametrize(
    "text",
    [
        "邢窑(yáo)白瓷和定窑白瓷是北方瓷器的代表。",
        "新任命的医师有李赟(yūn)、王翀(chōng)、张喆(zhé)、赵昕玥(yuè)。",
        "我(wǒ)们(men)一(yì)起(qǐ)学(xué)习(xí)汉(hàn)语(yǔ)。你(nǐ)好(hǎo)！",
        "我(wǒ)們(men)一(yì)起(qǐ)學(xué)習(xí)漢(hàn)語(yǔ)。你(nǐ)好(hǎo)！",
        "我(wo)们(men)一(yi)起(qi)学(xue)习(xi)汉(han)语(yu)。你(ni)好(hao)！",
        "学而时习之，不亦说(yuè)乎？有朋自远方来，不亦乐乎？",
        "學而時習之，不亦說(yuè)乎？子曰：說之雖不以道，不說也。眾人皆說。",
        "设函数f(x)在区间(a,b)上连续，则存在点c(a<c<b)使上式成立。",
        "按(a)和(b)两种情况处理，见表(e)。",
        "世界卫生组织(who)和国家卫健委(nhc)联合发布。",
        "韩国(han guo)语学习",
        "贝贝(bei)熊，会议(huì)",
        "患者张某(化名)，男(男)，女(女)。",
    ],
)
def test_what_an_author_put_in_brackets_stays(text: str, data: Mending) -> None:
    assert remove(text, data) == (text, ())


def test_a_gloss_behind_a_letter_that_bytes_explain_is_removed_from_a_glossed_text(mirror: Any, data: Mending) -> None:
    plain = "醫務人員用了WP系統，記錄了A類病例"
    glossed = mirror.misplace("醫務人員用了WP系統，記錄了A類病例", "薟", "xiān")
    assert "了W(xiān)P" in glossed
    assert remove(glossed, data) == (glossed, ())  # nothing else says that a program was at work
    assert remove(mirror.gloss(glossed), data)[0] == plain


def test_a_reading_of_another_character_is_no_gloss(data: Mending) -> None:
    text = "醫務(wù)人員服裝(zzz)，標準(wù)"
    assert remove(text, data)[0] == "醫務人員服裝(zzz)，標準(wù)"


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet=st.sampled_from("医醫發发(（)）yīfāguang 光赟yūn，\n"), max_size=40))
def test_removing_twice_is_removing_once_and_nothing_raises(text: str) -> None:
    data = load_mending()
    once = remove(text, data)[0]
    assert len(once) <= len(text)
    assert set(once) <= set(text)


def test_a_gloss_behind_a_lost_character_goes_with_the_others(data: Mending) -> None:
    assert (
        remove("醫(yī)務(wù)人員為學(xué)生\N{REPLACEMENT CHARACTER}(chá)視力", data)[0]
        == "醫務人員為學生\N{REPLACEMENT CHARACTER}視力"
    )
    lone = "新生\N{REPLACEMENT CHARACTER}(chá)"
    assert remove(lone, data) == (lone, ())
