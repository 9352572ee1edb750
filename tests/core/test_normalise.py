"""The normal form."""

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthcrawl.core.normalise import file_text, normalise


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("（一）抓实，抓细：快！吗？１２ＡＢ％", "(一)抓实,抓细:快!吗?12AB%"),
        ("。、“”‘’《》——……·【】", "。、“”‘’《》——……·【】"),
        ("　　第一段　完\u00a0。\t\u2003末", "第一段 完 。 末"),
        ("一\r\n二\r三\u2028四\u2029\n\n  \n五\x0b六\x85七", "一\n二\n三\n四\n五\n六\n七"),
        ("健\u200b康\ufeff中\u00ad国\u200d\u2060\ufe0f", "健康中国"),
        ("健\ue50f康\U000f0001中\x05国\x7f\ufffe", "健康中国"),
        ("坏\ud800字", "坏字"),
        ("caf\u0065\u0301", "café"),
        ("\uf900\u2126", "豈Ω"),
        ("Ａ\u0301", "Á"),
        ("ﾊﾝｶｸ ㎡ ① ￥", "ﾊﾝｶｸ ㎡ ① ￥"),
        ("", ""),
        ("\u3000\n \u200b\n", ""),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert normalise(text) == normal


def test_width_and_script_are_settings() -> None:
    assert normalise("卫生，（头发）", "simplified", "half") == "卫生,(头发)"
    assert normalise("衛生，（頭髮）", "keep", "keep") == "衛生，（頭髮）"
    assert normalise("卫生，（头发）", "traditional", "keep") == "衛生，（頭髮）"


def test_file_text_has_a_title_and_ends_with_one_line_end() -> None:
    assert file_text("标题", "一\n二") == "标题\n\n一\n二\n"
    assert file_text("", "一") == "一\n"


_ODD = st.sampled_from("　 \t\r\n\u2028\u200b\ue000Ａ（，。“醫着著の\u0301\u1100\u1161\uf902\ud800e")


@settings(max_examples=300, deadline=None)
@given(st.text(st.one_of(_ODD, st.characters()), max_size=40), st.sampled_from(["simplified", "keep"]), st.booleans())
def test_normalising_again_changes_nothing_and_keeps_the_promises(text: str, script: str, half: bool) -> None:
    once = normalise(text, script, "half" if half else "keep")  # type: ignore[arg-type]
    assert normalise(once, script, "half" if half else "keep") == once  # type: ignore[arg-type]
    assert unicodedata.is_normalized("NFC", once)
    assert not re.search(r"^\s|\s$|\n\n|  |[^\S \n]|[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\uf8ff\u200b-\u200f]", once)
    assert not half or not re.search("[！-～]", once)
    once.encode("utf-8")
