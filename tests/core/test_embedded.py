"""Articles that a page carries in a script."""

import json

import pytest

from healthcrawl.core.embedded import find_embedded
from healthcrawl.core.process import process
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Capture, Document

LINES = [
    "各镇人民政府，市直有关单位：",
    "现将二〇二四年健康教育工作要点印发给你们，请结合实际认真贯彻执行。",
    "云海市人民政府办公室",
]
MARKUP = "".join(f"<p>{line}</p>" for line in LINES)
RULES = load_rules(None)


def page(script: str, body: str = "<div class='article-content'></div>") -> bytes:
    head = "<title>关于印发健康教育工作要点的通知</title><body><h1>关于印发健康教育工作要点的通知</h1><p>发布日期：2024-03-05</p>"
    return f"HTTP/1.1 200 OK\r\n\r\n{head}{body}<script>{script}</script>".encode()


@pytest.mark.parametrize(
    "script",
    [
        f"window._CONFIG = {{ SID: '1', SERVICE_AREA_ID: '2', DETAIL: {{\"id\":1,\"content\":{json.dumps(MARKUP)}}} }};",
        f"window.__STATE__ = {json.dumps({'a': {'contentHtml': MARKUP, 'list': [{'content': '<p>短</p>'}]}})}",
        f"var d = {{content: {json.dumps(MARKUP, ensure_ascii=False)}}}",
    ],
)
@pytest.mark.parametrize("body", ["<div class='article-content'></div>", "<div id=app></div>"])
def test_article_in_a_script_is_read(script: str, body: str) -> None:
    outcome = process(
        Capture(url="http://www.example.gov.cn/a.html", response=page(script.replace("</", "<\\/"), body)), RULES
    )
    assert isinstance(outcome, Document)
    assert outcome.text.replace(",", "，").replace(":", "：").split("\n") == LINES


def test_article_on_the_page_is_taken_before_one_in_a_script() -> None:
    shown = f"<div class='article-content'>{MARKUP * 1}<p>{'本要点自印发之日起施行。' * 30}</p></div>"
    outcome = process(
        Capture(
            url="http://a.test/a.html",
            response=page('var d = {"content": "<p>别的文章的内容在这里，不应当出现。</p>"}', shown),
        ),
        RULES,
    )
    assert isinstance(outcome, Document)
    assert "别的文章" not in outcome.text


@pytest.mark.parametrize(
    "script", ['{"content": "', '{"content": "a', '"content":"\\u12"', '{"content":"plain words"}', ""]
)
def test_what_is_no_markup_is_left(script: str) -> None:
    assert find_embedded(script) == ""


@pytest.mark.parametrize(
    "field",
    [
        f"<textarea id=txt style='display:none'>{MARKUP.replace('<', '&lt;')}</textarea>",
        f"<textarea id=txt style='display:none'>{MARKUP}</textarea>",
        f'<input type="hidden" id=txt value="{MARKUP}">',
        f"<script type='text/template' id=txt>{MARKUP}</script>",
        f"<template id=txt>{MARKUP}</template>",
    ],
)
def test_article_in_a_field_or_a_template_is_read(field: str) -> None:
    body = f"<div id=show></div>{field}<input type=text value='<p>'><script type='text/template'><li>模板</li></script>"
    outcome = process(
        Capture(url="http://www.example.gov.cn/a.html", response=page("show.innerHTML = txt.value", body)), RULES
    )
    assert isinstance(outcome, Document)
    assert outcome.text.replace(",", "，").replace(":", "：").split("\n") == LINES
