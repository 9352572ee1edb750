"""Archived pages as they are shown: nothing that acts, loads from elsewhere or leads away is left, and findings are marked."""

import contextlib
import random
import re

import pytest

from healthcrawl.core.process import BROKEN
from healthcrawl.core.tree import parse
from healthcrawl.ui.marks import Mark
from healthcrawl.ui.replayed import rewrite

URL = "http://hacked.test/news/1.html"
EVIL = "http://evil.test"
HOSTILE = [
    f"<script src={EVIL}/a.js></script>",
    f"<script>fetch('{EVIL}/b')</script>",
    f"<img src={EVIL}/c.png onerror=alert(1)>",
    f"<img srcset='{EVIL}/d.png 2x'>",
    f"<picture><source srcset={EVIL}/e.png><img></picture>",
    f"<iframe src={EVIL}/f></iframe>",
    "<iframe srcdoc='<script>1</script>'></iframe>",
    f"<frameset><frame src={EVIL}/g></frameset>",
    f"<object data={EVIL}/h></object>",
    f"<embed src={EVIL}/i>",
    f"<applet code={EVIL}/i2></applet>",
    f"<video src={EVIL}/j poster={EVIL}/k></video>",
    f"<audio autoplay><source src={EVIL}/l></audio>",
    f"<video><track src={EVIL}/l2></video>",
    f"<link rel=stylesheet href={EVIL}/m.css>",
    *(f"<link rel={rel} href={EVIL}/n>" for rel in ("preload", "prefetch", "dns-prefetch", "preconnect", "icon", "manifest", "modulepreload", "prerender")),
    f"<meta http-equiv=refresh content='0;url={EVIL}/o'>",
    "<meta http-equiv=Content-Security-Policy content='default-src *'>",
    f"<base href={EVIL}/p/>",
    f"<form action={EVIL}/q><input type=image src={EVIL}/r><button formaction={EVIL}/s>x</button></form>",
    f"<a href={EVIL}/t target=_top ping={EVIL}/u>x</a>",
    "<a href='javascript:alert(1)'>x</a>",
    f"<map><area href={EVIL}/v></map>",
    f"<svg><image href={EVIL}/w /><use xlink:href={EVIL}/x /><a xlink:href={EVIL}/y><text>x</text></a><script>1</script></svg>",
    f"<math href={EVIL}/z><mi>x</mi></math>",
    f"<style>@import url({EVIL}/aa.css); body{{background:url({EVIL}/ab.png)}}</style>",
    f"<style>@font-face{{font-family:x;src:url({EVIL}/ac.woff)}}</style>",
    f"<style>p{{background:u\\72l({EVIL}/ac2)}}</style>",
    f"<p style='background:url({EVIL}/ad.png)'>x</p>",
    f"<p style='background-image:image-set(\"{EVIL}/ae.png\" 1x)'>x</p>",
    f"<body background={EVIL}/af.png onload=alert(1)>",
    f"<table background={EVIL}/ag.png><tr><td>x</table>",
    f"<input type=image src={EVIL}/ah autofocus onfocus=alert(1)>",
    f"<isindex action={EVIL}/ai>",
    f"<bgsound src={EVIL}/aj>",
    f"<portal src={EVIL}/ak></portal>",
    f"<template><img src={EVIL}/al></template>",
    f"<noscript><img src={EVIL}/am></noscript>",
    f"<noscript><p title='</noscript><img src={EVIL}/an onerror=1>'></noscript>",
    f"<textarea></textarea><img src={EVIL}/ao></textarea>",
    f"<xmp><img src={EVIL}/ap></xmp>",
    f"<plaintext><img src={EVIL}/aq>",
    f"<!--[if IE]><script src={EVIL}/ar></script><![endif]-->",
    f"<?xml-stylesheet href='{EVIL}/as.css'?>",
    f"<q cite={EVIL}/at>x</q><blockquote cite={EVIL}/au>x</blockquote><ins cite={EVIL}/av>x</ins>",
    f"<img lowsrc={EVIL}/aw dynsrc={EVIL}/ax longdesc={EVIL}/ay usemap=#m>",
    "<div onclick=alert(1) onmouseover=alert(1)>x</div>",
    f"<title><img src={EVIL}/az></title>",
    f"<svg><style><img src={EVIL}/ba onerror=alert(1)></style></svg>",
]  # fmt: skip
_REACHES = (
    "src",
    "srcset",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "ping",
    "cite",
    "content",
    "http-equiv",
)


def nothing(_url: str, _kind: str) -> str:
    return ""


@pytest.mark.parametrize("markup", HOSTILE)
def test_nothing_is_left_that_acts_or_loads(markup: str) -> None:
    shown = rewrite(
        f"<html><head></head><body>{markup}<p>正文</p></body></html>", URL, nothing, sheet="/static/archived.css"
    )
    tree = parse(shown.decode())
    for element in tree.iter():
        assert isinstance(element.tag, str)
        assert not any(name.startswith("on") for name in element.attrib)
        assert element.tag not in {
            "script",
            "iframe",
            "frame",
            "object",
            "embed",
            "form",
            "base",
            "svg",
            "link",
            "math",
            "video",
            "audio",
        }
        if element.tag == "meta":
            assert dict(element.attrib.items()) == {"charset": "utf-8"}
        else:
            assert "href" not in element.attrib
            assert not {*element.attrib} & {*_REACHES}
    text = re.sub(r'title="[^"]*"', "", shown.decode())  # a link says where it led
    assert EVIL not in re.sub(r">[^<]*<", "><", text)
    assert "javascript:" not in text


def test_images_and_sheets_come_from_the_archive_or_not_at_all() -> None:
    def archived(url: str, kind: str) -> str:
        return f"/resources/{kind}" if url.startswith("http://hacked.test/") else ""

    markup = f"<link rel=stylesheet href=/a.css><base href='/b/'><img src=c.png><img src={EVIL}/d.png alt=字>"
    shown = rewrite(markup, URL, archived).decode()
    assert '<link rel="stylesheet" href="/resources/style">' in shown
    assert '<img src="/resources/image">' in shown
    assert '<img alt="字">' in shown


def test_text_that_looks_like_markup_stays_text() -> None:
    shown = rewrite("<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>", URL, nothing).decode()
    assert "&lt;script&gt;" in shown
    assert "<script" not in shown


def test_findings_are_marked_across_elements_and_blanks() -> None:
    markup = "<p>前文 某某<b>棋牌</b> 下载 后文</p><p>某某棋牌下载</p>"
    marks = [Mark(number=3, kind="spam", text="某某棋牌 下载", note="rule")]
    tree = parse(rewrite(markup, URL, nothing, marks).decode())
    marked = tree.findall(".//mark")
    assert "".join(one.text or "" for one in marked).replace(" ", "") == "某某棋牌下载某某棋牌下载"
    assert [one.get("id") for one in marked].count("finding-3") == 1
    assert tree.text_content().split() == ["archived", "page前文", "某某棋牌", "下载", "后文某某棋牌下载"]


def test_what_a_style_hid_is_shown_where_it_is_marked() -> None:
    markup = "<p>正文在此，文字较多，足以成段。</p><div style='position:absolute;left:-9000px'><a>某某棋牌</a></div>"
    marks = [Mark(number=0, kind="spam", text="某某棋牌", note="", is_hidden=True)]
    assert "-9000px" in rewrite(markup, URL, nothing).decode()
    assert "-9000px" not in rewrite(markup, URL, nothing, marks).decode()


@pytest.mark.parametrize("seed", range(40))
def test_any_markup_gives_a_page_or_one_of_the_errors_that_reading_has(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # nothing secret
    pieces = [
        *HOSTILE,
        "<base href='http://['>",
        "<img src='http://[::1'>",
        "<p>正文\x05\x0c",
        "</p></body></html>",
        "<!--",
        "<a href='//'>",
    ]
    text = "".join(chance.choices(pieces, k=60))
    cut = chance.randrange(len(text))
    marks = [
        Mark(number=0, kind="spam", text="正文", note="", is_hidden=True),
        Mark(number=1, kind="gloss", text="x", note=""),
    ]
    with contextlib.suppress(*BROKEN):
        shown = rewrite(text[:cut] + text[cut + chance.randrange(9) :], URL, nothing, marks)
        assert not [
            one for one in parse(shown.decode()).iter() if one.tag in {"script", "iframe", "object", "form", "svg"}
        ]


@pytest.mark.parametrize("name", ["embed", "source", "track", "bgsound", "input"])
def test_what_follows_an_element_without_an_end_stays(name: str) -> None:
    shown = rewrite(f"<body><p>前</p><{name} src=x><p>后</p></body>", "http://a.test/", lambda _url, _kind: "").decode()
    assert "前" in shown
    assert "后" in shown
    assert name not in shown
