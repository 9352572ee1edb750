"""The whole mender: what a mirror did, in order, is undone."""

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthcrawl.core.mend import mend
from healthcrawl.knowledge.characters import load_mending
from healthcrawl.rules import Mending
from tests.core.mend.prose import article, articles
from tests.core.mend.test_round_trip import HARDER, MIRRORS

ARTICLE = (
    "县医院这样建设重点专科\n"
    "院长介绍，医联体成立以来，专科联盟让群众在家门口就能看专家。“过去要跑省城，现在方便了。”村民说。\n"
    "本院全科医学专科建设成为亮点，医务人员为学生检查视力。这意味着卫生服务更进一步。"
)


@pytest.mark.parametrize("folded", [False, True])
def test_converted_glossed_and_cut_text_is_given_back_as_it_was(folded: bool, mirror: Any, data: Mending) -> None:
    seen = "\n".join(mirror.cut(mirror.gloss(mirror.convert(line))) for line in ARTICLE.split("\n"))
    assert "?" in seen
    original = ARTICLE
    if folded:
        seen, original = mirror.fold(seen), mirror.fold(original)
    mended = mend(seen, data)
    assert mirror.fold(mended.text) == mirror.fold(original)
    kinds = [finding.kind for finding in mended.findings]
    assert set(kinds) <= {"byte-shift", "inferred", "gloss", "script"}
    assert kinds.count("gloss") == kinds.count("script") == 1


def test_control_characters_before_punctuation_are_dropped_and_reported(data: Mending) -> None:
    mended = mend("会议要求\x05，抓实抓细\x06\x07。", data)
    assert mended.text == "会议要求，抓实抓细。"
    assert [finding.kind for finding in mended.findings] == ["control"]


def test_filler_words_before_commas_are_reported_and_left(mirror: Any, data: Mending) -> None:
    text = mirror.convert("\n".join(articles(2_000)))
    filled = re.sub("(?<=[\u4e00-\u9fff]{2})，", "苹果，", text)
    mended = mend(filled, data)
    assert mended.text.count("苹果，") == filled.count("苹果，") > 10
    assert [finding.text for finding in mended.findings if finding.kind == "mirror"] == ["苹果"]
    assert "mirror" not in {finding.kind for finding in mend(text, data).findings}


def test_entities_are_decoded_but_never_those_of_markup(data: Mending) -> None:
    mended = mend("&#20581;&#x5eb7;&nbsp;&ldquo;&#20013;&#22269;&rdquo; &#60;p&#62; &amp; &#20581", data)
    assert mended.text == "健康\N{NO-BREAK SPACE}“中国” &#60;p&#62; &amp; &#20581"
    assert [finding.kind for finding in mended.findings] == ["charset"]


@pytest.mark.parametrize(
    ("seen", "original"),
    [
        (
            "摘要??深入五個地區實地調研，獲取數據。",
            "摘要\N{NO-BREAK SPACE}\N{NO-BREAK SPACE}深入五个地区实地调研，获取数据。",
        ),
        ("Copyright ? 2024 縣醫院 ?免責聲明", "Copyright © 2024 县医院 \N{NO-BREAK SPACE}免责声明"),
        ("還有哪些問題??請與我們聯繫", "还有哪些问题??请与我们联系"),
    ],
)
def test_lost_blanks_of_a_mirrored_text_come_back(seen: str, original: str, data: Mending) -> None:
    assert mend(seen, data).text == original


@pytest.mark.parametrize(
    "text",
    [
        "会议要求，要全面落实各项部署。“七个提升”抓实抓细！问：什么时候？答：现在；马上。",
        "１２３ＡＢＣ　（全角）\n第二行",
        "COVID-19 vaccines: what is known? Read on; it's free!",
        "東京の医療制度について",
        "f(x)=a?b:c",
        "",
        "\n",
        "😀🏥健康",
    ],
)
def test_a_text_without_symptoms_comes_back_as_it_is(text: str, data: Mending) -> None:
    mended = mend(text, data)
    assert (mended.text, mended.findings) == (text, ())


def test_a_traditional_page_stays_traditional_on_demand_but_a_mirrored_one_does_not(data: Mending) -> None:
    assert mend("衛生局的服務", data, simplify=False).text == "衛生局的服務"
    assert mend("衛(wèi)生局的服務(wù)", data, simplify=False).text == "卫生局的服务"


def test_lines_stay_lines(mirror: Any, data: Mending) -> None:
    seen = mirror.cut("他說：“我很受感動。”</p>", b"\x00")
    mended = mend(f"{seen}\n第二行", data)
    assert mended.text.split("\n")[1] == "第二行"


def test_a_clean_text_costs_next_to_nothing(data: Mending) -> None:
    text = "会议要求，要全面落实各项工作部署，深入实施健康中国行动（二〇二五年）。\n" * 3000
    mend("醫", data)
    start = time.process_time()
    mend(text, data)
    assert time.process_time() - start < 0.5


def test_many_question_marks_are_no_trap(data: Mending) -> None:
    start = time.process_time()
    mend("?" * 50_000 + "真的吗??我不知道!" * 300 + "(" * 50_000, data)
    assert time.process_time() - start < 10


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=80))
def test_any_text_comes_through(text: str) -> None:
    mended = mend(text, load_mending())
    assert mended.text.count("\n") == text.count("\n")


@settings(max_examples=12, deadline=None)
@given(st.sampled_from(sorted(MIRRORS | HARDER)), st.integers(0, 999))
def test_mending_a_mended_article_changes_nothing(name: str, seed: int) -> None:
    data = load_mending()
    mirrored = "\n".join(map((MIRRORS | HARDER)[name], article(seed, 2).split("\n")))
    once = mend(mirrored, data).text
    assert mend(once, data).text == once


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from([*"醫医務發专專科建設學校。，“”?？！；\n(", "(yī)", "(fā)", "?？", "平ㄔO"]), max_size=25
    ).map("".join)
)
def test_mending_again_changes_nothing(text: str) -> None:
    data = load_mending()
    once = mend(text, data).text
    twice = mend(once, data).text
    assert mend(twice, data).text == twice


def test_a_single_question_mark_where_nothing_is_asked_stays_and_is_told(data: Mending) -> None:
    mended = mend("某某信息技術有限公司?粵網備第三號，您知道嗎?請來電。", data)
    assert mended.text == "某某信息技术有限公司?粤网备第三号，您知道吗?请来电。"
    assert [each.text for each in mended.findings if each.kind == "unresolved"] == ["技術有限公司?粵網備第三號"]
    assert mend("某某信息技术有限公司?粤网备第三号。", data).findings == ()
