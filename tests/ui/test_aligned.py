"""Texts beside their pages: what was dropped in its place, what was mended, and bounds on hostile pages."""

import time

from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Finding
from healthcrawl.ui.aligned import Aligned, align

SIMPLIFIED = load_rules().spam.simplified
SHOWN = [
    "首页",
    "关于开展义诊的通知",
    "来源：市卫生健康局",
    "各单位：现将有关事项通知如下。",
    "某某棋牌下载",
    "请认真组织实施。",
    "版权所有",
]
TEXT = ["各单位:现将有关事项通知如下。", "请认真组织实施。"]


def told(aligned: Aligned) -> list[str]:
    marks = {"same": "{}", "removed": "[-{}-]", "added": "{{+{}+}}"}
    return [
        f"{line.kind}: " + "".join(marks[one.kind].format(one.text) for one in line.stretches) for line in aligned.lines
    ]


def drop(text: str, kind: str = "spam") -> Finding:
    return Finding(kind=kind, text=text, detail="")  # type: ignore[arg-type]


def test_what_was_dropped_stands_where_it_stood() -> None:
    findings = [
        drop("版权所有", "furniture"),
        drop("某某棋牌下载"),
        drop("来源：市卫生健康局", "furniture"),
        drop("不在页面中的字"),
    ]
    aligned = align(SHOWN, "关于开展义诊的通知", TEXT, findings, SIMPLIFIED)
    assert told(aligned) == [
        "title: 关于开展义诊的通知",
        "dropped: [-来源：市卫生健康局-]",
        "kept: 各单位:现将有关事项通知如下。",
        "dropped: [-某某棋牌下载-]",
        "kept: 请认真组织实施。",
        "dropped: [-版权所有-]",
    ]
    assert aligned.elsewhere == (3,)


def test_mended_spots_are_told_by_character_without_widths_and_scripts() -> None:
    shown = ["關(guān)于義診的通知，請(qǐng)認真組織實施。"]
    aligned = align(shown, "", ["关于义诊的通知,请认真组织实施。"], [drop("關(guān)", "gloss")], SIMPLIFIED)
    assert told(aligned) == ["kept: 关[-(guān)-]于义诊的通知,请[-(qǐng)-]认真组织实施。"]


def test_a_text_without_its_page_is_shown_as_it_is() -> None:
    aligned = align((), "", TEXT, [drop("某某")], SIMPLIFIED)
    assert told(aligned) == [f"kept: {line}" for line in TEXT]
    assert aligned.elsewhere == (0,)


def test_a_page_of_thirty_thousand_lines_takes_no_time_to_speak_of() -> None:
    shown = [f"第{number}行，与正文无关的内容在这里。" for number in range(30_000)]
    text = [f"正文第{number}段，全然不同的话。" for number in range(10_000)]
    began = time.process_time()
    aligned = align(shown, "", text, [drop("某", "gloss")], SIMPLIFIED)
    assert len(aligned.lines) == len(text)
    assert time.process_time() - began < 20
