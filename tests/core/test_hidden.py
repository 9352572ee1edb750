"""Blocks that no reader sees: which go, which stay."""

from time import process_time

import pytest

from healthcrawl.core.hidden import cut_before_root, drop_hidden
from healthcrawl.core.tree import Index, parse, text_of
from healthcrawl.knowledge.lines import load_spam

REAL = "<p>市卫生健康局提醒市民朋友，外出就餐请选择卫生条件好的餐馆，饭前便后洗手。</p>"
NOTE = "这段话没有读者看得见"
SPAM = "青山娱乐城注册送彩金,真人荷官百家乐,棋牌官网下载"


def shown(markup: str) -> tuple[str, list[str]]:
    tree = parse(f"<html><head></head><body>{REAL}{markup}</body></html>")
    findings = drop_hidden(Index(tree), load_spam())
    return text_of(tree), [finding.kind for finding in findings]


@pytest.mark.parametrize(
    "style",
    [
        "position:absolute;left:-9000px",
        "position: fixed; top: -999px; left: -999px",
        "margin-left:-5000em",
        "text-indent:-9999em;overflow:hidden",
        "font-size:0",
        "font-size: 0px !important",
        "font-size:1px",
        "font-size:.1em",
        "opacity:0",
        "opacity: 0.0;",
        "visibility: hidden",
        "height:1px;overflow:hidden",
        "FONT-SIZE:0PX",
    ],
)
def test_what_can_never_be_seen_goes(style: str) -> None:
    text, kinds = shown(f'<div style="{style}">{NOTE}</div>')
    assert NOTE not in text
    assert kinds == ["hidden"]


@pytest.mark.parametrize(
    "style",
    [
        "font-size:0.8em",
        "font-size:10px",
        "font-size:09pt",
        "opacity:0.9",
        "left:-20px",
        "text-indent:-2em",
        "height:100px",
        "visibility:visible",
        "margin-top:-30px",
        "line-height:1px1",
        "height:1px",
    ],
)
def test_what_is_small_or_shifted_a_little_stays(style: str) -> None:
    assert shown(f'<p style="{style}">{NOTE}</p>') == (text_of(parse(REAL + f"<p>{NOTE}</p>")), [])


@pytest.mark.parametrize("attribute", ['style="display:none"', "hidden", 'style="height:0;overflow:hidden"'])
def test_folded_away_is_dropped_only_if_it_sells(attribute: str) -> None:
    answer = "<p>接种第一针满六个月以后，可以预约接种第二针疫苗。</p>"
    text, kinds = shown(f"<div {attribute}>{answer}</div>")
    assert "满六个月以后" in text
    assert kinds == []
    text, kinds = shown(f"<div {attribute}>{SPAM}</div>")
    assert "彩金" not in text
    assert kinds == ["spam"]


def test_text_in_the_colour_of_its_background_is_dropped_if_it_sells() -> None:
    assert shown(f'<p style="color:#fff;background:#fff">{SPAM}</p>')[1] == ["spam"]
    assert shown('<p style="color:#fff;background:#00f">白字蓝底的提示</p>')[1] == []


def test_class_hidden_by_a_style_element() -> None:
    text, kinds = shown(
        f"<style>p{{margin:0}} .kx, #ky {{position:absolute;left:-3000px}}</style><b class='kx'>{NOTE}</b>"
    )
    assert NOTE not in text
    assert kinds == ["hidden"]


def test_marquee_without_size() -> None:
    assert shown(f"<marquee height=0 width=1>{SPAM}</marquee>")[1] == ["spam"]


def test_parent_without_font_size_whose_children_have_one_stays() -> None:
    text, kinds = shown(f'<div style="font-size:0"><span style="font-size:14px">{NOTE}</span></div>')
    assert NOTE in text
    assert kinds == []


def test_page_that_a_script_fades_in_stays_whole() -> None:
    tree = parse(f'<body><div style="opacity:0">{REAL * 3}</div></body>')
    assert drop_hidden(Index(tree), load_spam()) == ()
    assert "饭前便后洗手" in text_of(tree)


def test_text_behind_a_dropped_block_stays() -> None:
    assert "后半句话" in shown('<p>前半句话<i style="font-size:0">乱码</i>后半句话</p>')[0]


def test_blocks_before_the_root_are_cut_and_reported() -> None:
    source, findings = cut_before_root(
        f"<!DOCTYPE html><!-- 注 --><div>{SPAM}</div>\n<html><body>{REAL * 5}</body></html>"
    )
    assert source.startswith("<html>")
    assert [(finding.kind, finding.text) for finding in findings] == [("hidden", SPAM)]


@pytest.mark.parametrize(
    "start",
    [
        "",
        "<p>正文</p><script>document.write('",
        "<head></head><body><p>正文</p>",
        "<!DOCTYPE html>",
        "<!-- 说明 -->",
        "<script>var a;</script>",
    ],
)
def test_page_with_nothing_before_its_root_is_left_alone(start: str) -> None:
    page = f"{start}<html><body>{REAL}</body></html>"
    assert cut_before_root(page) == (page, ())


@pytest.mark.parametrize(
    "markup",
    [
        f"<style>.fade{{opacity:0;animation:in 1s forwards}}</style><p class=fade>{NOTE}</p>",
        f"<style>.fade{{opacity:0;-webkit-transition:opacity 1s}}</style><p class=fade>{NOTE}</p>",
        f"<style>.s{{font-size:16px}}</style><div style='font-size:0'><span class=s>{NOTE}</span></div>",
        f"<style>.box .s{{font-size:1em}}</style><div class=box style='font-size:0'><p><b class=s>{NOTE}</b></p></div>",
        f"<style>.v{{visibility:visible}}</style><div style='visibility:hidden'><p class=v>{NOTE}</p></div>",
    ],
)
def test_what_the_page_itself_brings_back_is_dropped_only_if_it_sells(markup: str) -> None:
    text, kinds = shown(markup)
    assert NOTE in text
    assert kinds == []
    text, kinds = shown(markup.replace(NOTE, SPAM))
    assert "彩金" not in text
    assert kinds == ["spam"]


def test_last_value_of_a_property_counts() -> None:
    assert NOTE in shown(f"<p style='opacity:0;opacity:1'>{NOTE}</p>")[0]
    assert NOTE in shown(f"<style>.k{{opacity:0}}</style><p class=k style='opacity:1'>{NOTE}</p>")[0]


def test_two_sides_of_one_pixel_need_a_hidden_overflow() -> None:
    assert shown(f"<p style='overflow:hidden;color:red;width:1px'>{NOTE}</p>")[1] == ["hidden"]
    assert shown(f"<p style='overflow:auto;width:1px'>{NOTE}</p>")[1] == []


@pytest.mark.parametrize("declaration", ["height:1px;", "overflow:hidden;", "left:-", "filter:opacity", ";"])
def test_long_styles_cost_little(declaration: str) -> None:
    style = declaration * (200_000 // len(declaration))
    start = process_time()
    shown(f"<p style='{style}'>{NOTE}</p>")
    shown(f"<style>.a{{{style}}}</style><p class=a>{NOTE}</p>")
    assert process_time() - start < 2


def test_deep_nesting_costs_little() -> None:
    start = process_time()
    shown("<div style='font-size:0'>" * 200 + "<i style='color:red'>字</i>" * 5000)
    assert process_time() - start < 3


@pytest.mark.parametrize(
    "markup",
    [
        "<p style='margin:-9999px 0 0 -9999px'>{}</p>",
        "<p style='transform: scale(0)'>{}</p>",
        "<p style='transform:translateX(-9999px)'>{}</p>",
        "<p style='clip-path:inset(100%)'>{}</p>",
        "<p style='color:transparent'>{}</p>",
        "<p style='font:0/0 a'>{}</p>",
        "<p style='color:#FFFFFF'>{}</p>",
        "<p style='color:white;background:#fff'>{}</p>",
        "<p style='z-index:-1'>{}</p>",
        "<style>div.kx {{left:-9000px}}</style><div class=kx>{}</div>",
        "<style>#main .kx {{font-size:0}}</style><div class=kx>{}</div>",
    ],
)
def test_what_may_be_hidden_is_dropped_only_if_it_sells(markup: str) -> None:
    text, kinds = shown(markup.format(NOTE))
    assert NOTE in text
    assert kinds == []
    text, kinds = shown(markup.format("青山娱乐城网页版登录"))
    assert "娱乐城" not in text
    assert kinds == ["spam"]


def test_white_text_on_another_colour_is_seen() -> None:
    line = "青山娱乐城网页版登录"
    assert line in shown(f"<p style='color:#fff;background:#c00'>{line}</p>")[0]


def test_container_without_font_size_leaves_the_size_to_its_children() -> None:
    assert NOTE in shown(f"<div style='font-size:0'><span class='size16'>{NOTE}</span></div>")[0]
    assert NOTE not in shown(f"<div style='font-size:0'>{NOTE}<span class='size16'>一</span></div>")[0]
    assert NOTE not in shown(f"<div style='font-size:0'><span>{NOTE}</span></div>")[0]


@pytest.mark.parametrize(
    "rule",
    [
        ".x { LEFT : -9999PX ; position : absolute }",
        ".a{color:red}\n.x\n{\n  font-size : 0\n}",
        ".x{margin:0 0 0 -9999px;display:none}",
        ".x{transform:translateX( -5000px )}",
        ".x{text-indent:-30em}",
        ".x{overflow:hidden;height:1px}",
        ".x{color:#FFF}",
        "#x{visibility : hidden}",
        ".b .x{opacity:.01}",
        ".x{position:absolute;left:/* a; b } */-9999px}",
        "/* .y{ */ .x/**/{font-size/**/:0}",
    ],
)
def test_rules_that_hide_are_found_however_they_are_written(rule: str) -> None:
    text, kinds = shown(f'<style>.c{{width:100px}} {rule} .d{{color:blue}}</style><div class="x" id="x">{SPAM}</div>')
    assert SPAM not in text
    assert kinds == ["spam"]


def test_sizes_of_letters_count_where_an_attribute_shrinks_some() -> None:
    markup = f'<style>.s{{font-size:14px}}</style><div style="font-size: 0"><p class="s">{NOTE}</p></div>'
    text, kinds = shown(markup)
    assert NOTE in text
    assert kinds == []
