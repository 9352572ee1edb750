"""Byte shifts: what is restored, how it is reported, what is left alone."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from healthcrawl.core.mend.byteshift import repair
from healthcrawl.core.mend.codepage import encode
from healthcrawl.core.mend.damage import CUT, SPLITTERS, Piece, Shift, damage, is_proven
from healthcrawl.core.mend.likelihood import listen
from healthcrawl.core.mend.search import find_original
from healthcrawl.knowledge.characters import load_mending
from healthcrawl.rules import Mending
from tests.core.mend.mirror import Mirror, common_table
from tests.core.mend.prose import article

SENTENCES = (
    "市中心医院加强国家重点专科建设，提升服务水平。",
    "院长说：“我们要把专科建设抓实。”大家都很受鼓舞。",
    "各单位高度重视。“健康讲堂”走进学校，受到欢迎。",
    "会议提出三点要求。《实施方案》印发后要抓好落实。",
    "县医院牵头成立了专科联盟，群众在家门口就能看专家。",
    "义诊活动进校园，医护人员为学生检查视力。",
)


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("folded", [False, True])
def test_text_cut_between_the_bytes_of_a_character_is_restored(
    sentence: str, folded: bool, mirror: Any, data: Mending
) -> None:
    original = mirror.convert(sentence)
    seen = mirror.cut(original)
    if folded:
        seen, original = mirror.fold(seen), mirror.fold(original)
    mended, findings = repair(seen, data)
    assert mirror.fold(mended) == mirror.fold(original)
    assert bool(findings) == (seen != original)
    assert {finding.kind for finding in findings} <= {"byte-shift", "inferred"}


def test_damage_tells_what_the_cases_above_look_like(mirror: Any) -> None:
    assert mirror.cut("重點專科建設(shè)") == "重點?？平ㄔO(shè)"
    assert mirror.cut("抓實。”大") == "抓實?！贝?"
    assert damage("專科建設(", [(1, CUT)]) == "?？平ㄔO("


def test_a_gloss_behind_the_damage_names_the_lost_character(mirror: Any, data: Mending) -> None:
    seen = mirror.cut(mirror.gloss(mirror.convert("成立了专科联盟")))
    assert seen == "成立了?？坡?lián)盟"
    mended, findings = repair(seen, data)
    assert mended == "成立了專科聯(lián)盟"
    assert "by the reading" in findings[0].detail


def test_a_last_character_whose_second_byte_was_cut_off_is_restored(mirror: Any, data: Mending) -> None:
    seen = mirror.cut("國家重點專科零的突破。下一步將繼續努力。", b"\xa1\xa3")
    assert "?。" in seen
    assert repair(seen, data)[0] == "國家重點專科零的突破。下一步將繼續努力。"


def test_a_gloss_pushed_in_between_two_characters_is_taken_out(mirror: Any, data: Mending) -> None:
    seen = mirror.misplace("教育局提出目標導向的雙重作用", "驅", "qū")
    seen = seen if "?" in seen else mirror.misplace("因為中國的發展", "驗", "yàn")
    mended, findings = repair(seen, data)
    assert mended == "因為中國的發展"
    assert findings[0].text.startswith("?yàn)")


def test_a_private_use_character_is_used_where_it_is_and_guessed_where_it_was_dropped(
    mirror: Any, data: Mending
) -> None:
    original = "發揮了重要作用。基于此，各地開展試點。"
    seen = mirror.cut(original)
    assert any("\ue000" <= character <= "\uf8ff" for character in seen)
    assert repair(seen, data)[0] == original
    assert repair(mirror.drop_private(seen), data)[0] == original


@pytest.mark.parametrize("sign", ["€", "?"])
def test_a_second_byte_that_is_the_euro_sign_to_some_decoders_is_read(sign: str, mirror: Any, data: Mending) -> None:
    original = "要把這項工作抓實。“目前還沒有確定時間。”"
    edits = [(encode(original).index(b"\xa3\xa1"), CUT)]
    seen = damage(original, edits, euro=sign == "€")
    assert ("€" in seen) == (sign == "€")
    assert repair(seen, data)[0] == original


def test_a_tag_that_lost_its_bracket_is_markup_again(mirror: Any, data: Mending) -> None:
    seen = mirror.cut("他說：“我很受感動。”</p>", b"\x00")
    assert seen.endswith("?！?/p>")
    mended, (finding,) = repair(seen, data)
    assert mended == "他說：“我很受感動。”\N{PARAGRAPH SEPARATOR}"
    assert finding.detail.startswith("→ 。”</p>")


def test_words_that_the_text_has_elsewhere_speak_for_an_original(mirror: Any, data: Mending) -> None:
    name = "裕楷"  # no dictionary has it
    damaged = mirror.cut(f"醫生{name}說。")
    assert damaged != f"醫生{name}說。"
    alone, _ = repair(damaged, data)
    known, _ = repair(f"他叫{name}。醫生{name}來了。\n{damaged}", data)
    assert name not in alone
    assert known.endswith(f"醫生{name}說。")


def test_a_swallowed_digit_is_marked_as_unknown_and_reported(mirror: Any, data: Mending) -> None:
    seen = mirror.cut("市醫院建成國家級重點專科3個")
    assert seen == "市醫院建成國家級重點?？?個"
    mended, findings = repair(seen, data)
    assert mended == "市醫院建成國家級重點專科\N{REPLACEMENT CHARACTER}個"
    assert [finding.kind for finding in findings] == ["inferred", "unresolved"]


@pytest.mark.parametrize(
    "text",
    [
        "您知道吗??今天是世界无烟日。",
        "怎么办?!医生告诉您答案。",
        "真的吗？！快来看看吧；别错过。",
        "摘要??深入五个地区实地调研，获取数据。",
        "联系电话：???????",
        "WHAT?? Is it?!",
        "y = x?a(b):c; f(x)?; (a)?",
        "",
    ],
)
def test_question_marks_of_authors_stay_without_a_word(text: str, data: Mending) -> None:
    assert repair(text, data) == (text, ())


@pytest.mark.parametrize(
    "text",
    ["?？？天气真好" * 60, "。".join(["今天??天气"] * 40), "市医院" + "?？疃" * 900],
    ids=["dense", "fruitless", "long"],
)
def test_spots_that_a_bound_leaves_unsearched_are_told(text: str, data: Mending) -> None:
    _, findings = repair(text, data)
    assert any(each.kind == "unresolved" and "not searched to the end" in each.detail for each in findings)
    assert len(findings) < 60


def test_a_spot_left_beside_damage_is_told(mirror: Any, data: Mending) -> None:
    damaged = mirror.cut(mirror.convert(SENTENCES[0]))
    author = "您知道嗎??今天是世界無煙日。"
    assert repair(author, data) == (author, ())
    _, findings = repair(f"{author}\n{damaged}", data)
    assert [each.text for each in findings if each.kind == "unresolved"] == [author[:12]]


def test_what_is_hardly_likelier_than_another_is_marked_as_unknown(mirror: Any, data: Mending) -> None:
    damaged = mirror.cut(mirror.convert("双方在开罗举行停火谈判。"))
    mended, findings = repair(damaged, data)
    assert mended == "雙方在開羅舉行\N{REPLACEMENT CHARACTER}火談判。"
    assert [each.kind for each in findings] == ["inferred", "unresolved"]
    assert "停" in findings[1].detail
    assert "。" in findings[1].detail


@pytest.mark.parametrize("sentence", SENTENCES)
def test_whatever_is_put_in_gives_the_input_when_damaged_again(sentence: str, mirror: Any, data: Mending) -> None:
    seen = mirror.cut(mirror.convert(sentence))
    scorer = listen(seen, data)
    for spot in (at for at, character in enumerate(seen) if character == "?"):
        shift = find_original(seen, spot, scorer, may_drop=True).shift
        if shift is not None and is_proven(seen, shift) and not shift.dropped:
            again = damage(shift.original.replace("\N{REPLACEMENT CHARACTER}", "0"), shift.edits)
            assert mirror.fold(again) == mirror.fold(seen[shift.start : shift.end])


def test_a_cut_that_no_splitter_explains_proves_nothing() -> None:
    assert not is_proven("?平", Shift(pieces=(Piece("平平"),), start=0, end=2, edits=((1, CUT),)))
    assert encode("專科")[1:3] in SPLITTERS


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet=st.sampled_from("?？！；!;專科平ㄔO(shè)茖学校。“”　 的建A4\ue50f^\n<p/>"), max_size=40))
def test_any_text_comes_through_and_a_second_time_changes_nothing_more(text: str) -> None:
    data = load_mending()
    once, _ = repair(text, data)
    assert isinstance(once, str)
    assert len(once) <= 3 * len(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_text_without_a_question_mark_is_untouched(text: str) -> None:
    text = text.replace("?", "")
    assert repair(text, load_mending()) == (text, ())


@pytest.mark.parametrize(
    ("seen", "original"),
    [
        ("護士長黃文靜說?！辈∪思覍傥罩S(huáng)文靜的手，連聲道謝。", "屬握著黃(huáng)文靜的手"),
        ("村醫王志?huǎn)姳持?yào)箱走遍了全村。為了解決看病難的問題，醫生們走家串戶。", "強背著藥(yào)箱走遍"),
    ],
    ids=["behind a letter that ends the run", "its bracket was swallowed"],
)
def test_a_gloss_names_what_was_lost_with_a_dropped_private_use_character(
    seen: str, original: str, data: Mending
) -> None:
    mended, findings = repair(seen, data)
    assert original in mended.replace("葯", "藥")
    assert "inferred" in {finding.kind for finding in findings}


@pytest.mark.parametrize(
    "sentence", ["益阳的发展“蓝海”正不断拓展。", "这里的“蓝海”正不断拓展。", "这是真正的“环保”产业。"]
)
def test_no_sentence_is_taken_to_end_in_a_quoted_term(sentence: str, mirror: Any, data: Mending) -> None:
    mended, findings = repair(mirror.cut(mirror.convert(sentence)), data)
    assert "。”" not in mended
    assert "�”" in mended or mended == mirror.convert(sentence)
    assert [finding.kind for finding in findings][1:] in ([], ["unresolved"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 99_999), st.sampled_from([0.0, 0.1, 0.4]), st.booleans())
def test_where_all_is_proven_a_program_of_another_hand_makes_the_input_of_the_output(
    seed: int, glossed: float, simplified: bool
) -> None:
    program = Mirror(table={} if simplified else common_table(), glossed=glossed, seed=seed % 7)
    seen = "\n".join(map(program, article(seed, 2).split("\n")))
    mended, findings = repair(seen, load_mending())
    if "\N{REPLACEMENT CHARACTER}" not in mended and all(each.kind != "unresolved" for each in findings):
        assert "\n".join(map(program.cut, mended.split("\n"))) == seen
