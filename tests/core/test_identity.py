"""Families are told by their signs together; in doubt the page is generic."""

import pytest

from healthcrawl.core.identity import is_article_url, recognise
from healthcrawl.core.tree import Index, parse
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Context, Page

RULES = load_rules()
FAMILIES = {family.name: family for family in RULES.families}
HOST = "http://www.yunhu.example"


def family_of(url: str, text: str) -> str:
    page = Page(
        url=url, captured_at=None, context=Context(), text=text, media_type="text/html", charset="utf-8",
        charset_source="utf-8",
    )  # fmt: skip
    return recognise(page, Index(parse(text)), RULES).name


@pytest.mark.parametrize(
    ("url", "text", "family"),
    [
        (f"{HOST}/wjj/gkmlpt/content/2/2000/post_2000001.html", "<script>var NFCMS_SITE_ID = '1';</script>", "gkmlpt"),
        (f"{HOST}/wjj/gkmlpt/api/all/0?page=1", '{"articles": []}', "gkmlpt"),
        (f"{HOST}/zwgk/content/post_2000001.html", "<h1>通知</h1>", "nfcms"),
        (f"{HOST}/zwgk/post_2000001.html", "<h1>通知</h1>", "generic"),
        (f"{HOST}/zwgk/a.html", "<script>var NFCMS_POST_ID = '7';</script><div class='TRS_Editor'>正文</div>", "nfcms"),
        (f"{HOST}/zwgk/", '<a href="http://www.yunhu.example/zwgk/content/post_2000001.html">通知</a>', "nfcms"),
        (f"{HOST}/zwgk/202403/t20240301_100001.html", "<h1>通知</h1>", "trs_wcm"),
        (f"{HOST}/zwgk/t_5947001.shtml", "<a class='CurrChnlCls' href='../'>首页</a>", "trs_wcm"),
        (f"{HOST}/zwgk/", "<a href='./202403/t20240301_100001.html'>通知</a>", "trs_wcm"),
        (f"{HOST}/zwgk/9001.html", "<div class='TRS_Editor'>正文</div>", "generic"),
        (f"{HOST}/zwgk/9001.html", "<p>正文</p>", "generic"),
        (
            f"{HOST}/tzgg/202403/0123456789abcdef0123456789abcdef.shtml",
            "<meta name='template,templategroup,version' content='1,default,2'><div class='TRS_UEDITOR'><a class='CurrChnlCls'>首页</a></div>",
            "ucap",
        ),
        (f"{HOST}/art/2024/3/1/art_1001_200001.html", "<div id='zoom' class='TRS_Editor'>正文</div>", "hanweb_jpage"),
        (f"{HOST}/col/col1001/index.html", "<a href='/art/2024/3/1/art_1001_200001.html'>通知</a>", "hanweb_jpage"),
        (f"{HOST}/art/2024/art_0123456789abcdef0123456789abcdef.html", "<div id='zoom'>正文</div>", "jpaas_unit"),
        (f"{HOST}/c100028/202403/900001.shtml", "<h1>通知</h1>", "ucap"),
        (f"{HOST}/info/1035/2001.htm", "<div id='vsb_content'><div class='v_news_content'>正文</div></div>", "vsb"),
        (f"{HOST}/info/1035/2001.htm", "<h1>通知</h1>", "generic"),
        (f"{HOST}/public/7071/100001.html", "<div class='j-fontContent'>正文</div>", "label8888"),
        (f"{HOST}/zwgk/1045001/index.html", "<div id='easysiteText'>正文</div>", "easysite"),
        (f"{HOST}/zwgk/1045001/index.html", "<h1>通知</h1>", "generic"),
        (f"{HOST}/tzgg/20240301/0123456789abcdef0123456789abcdef.html", "<h2>通知</h2>", "shanghai"),
        (f"{HOST}/tzgg/20281.jhtml", "<h1>通知</h1>", "jeecms"),
        ("", "", "generic"),
    ],
)
def test_family_of_a_page(url: str, text: str, family: str) -> None:
    assert family_of(url, text) == family


def test_signs_in_the_middle_of_a_large_page_count() -> None:
    around = "<p>" + "正文" * 40_000 + "</p>"
    row = "<a href='./202403/t20240301_100001.html'>通知</a>"
    assert family_of(f"{HOST}/zwgk/", around + row + around) == "trs_wcm"


def test_signs_of_two_families_alike_leave_the_page_generic() -> None:
    text = '<a href="content/post_2000001.html">通知</a><a href="./202403/t20240301_100001.html">通知</a>'
    assert family_of(f"{HOST}/zwgk/", text) == "generic"


def test_a_list_has_not_the_shape_of_an_article() -> None:
    assert is_article_url(f"{HOST}/zwgk/content/mpost_2000001.html", FAMILIES["nfcms"])
    assert not is_article_url(f"{HOST}/zwgk/index_2.html", FAMILIES["generic"])
