"""What may be asked for: not what lies outside, is denied, leads on, or has no end."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.core.scope import leads_to, refuse
from healthcrawl.core.urls import host_of, in_scope
from healthcrawl.knowledge.load import load_rules
from healthcrawl.rules import Column, Site

HOST = "http://www.yunhu.example"
SITE = Site(
    name="yunhu",
    title="云湖区卫生健康局",
    kind="bureau",
    status="unverified",
    domains=("yunhu.example",),
    columns=(Column(name="通知公告", url=f"{HOST}/tzgg/"),),
    deny=(re.compile("/xinxiang/"),),
)
RULES = load_rules(SITE)


def name_of(url: str) -> str:
    refusal = refuse(url, RULES)
    return refusal.name if refusal else ""


@pytest.mark.parametrize(
    "path",
    [
        "/", "/tzgg/index_499.html", "/zwgk/content/post_2000001.html", "/zsjg/ztzl/yyeyyzl/yyeyyzl/post_3962203.html",
        "/content/2/2/2/2/post_2000001.html", "/a/b/a/c/a/d/a.html", "/202403/202403/202403/t20240301_100001.html",
        "/list.jsp?" + "&".join(f"f{n}={n}" for n in range(25)), "/list.jsp?id=1&id=2&id=3", "/gkmlpt/api/all/0?page=2&sid=999001",
        "/search/0123456789abcdef0123456789abcdef?_isJson=true&page=2",
        "/module/web/jpage/dataproxy.jsp?columnid=1&startrecord=46&endrecord=90&perpage=15&unitid=2",
    ],
)  # fmt: skip
def test_an_ordinary_address_may_be_asked_for(path: str) -> None:
    assert refuse(HOST + path, RULES) is None


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://www.other.test/", "outside"),
        ("javascript:void(0)", "outside"),
        ("http://user:word@www.yunhu.example/", "outside"),
        (f"{HOST}/xinxiang/1.html", "denied"),
        (f"{HOST}/tzgg/" + "gd/" * 3 + "1.html", "endless path"),
        (f"{HOST}/" + "zwgk/tzgg/" * 3, "endless path"),
        (f"{HOST}/" + "a/b/c/d/e/f/" * 3, "endless path"),
        (f"{HOST}/" + "".join(f"{n}x/" for n in range(25)), "endless path"),
        (f"{HOST}/{'x' * 2000}", "endless path"),
        (f"{HOST}/list?" + "&".join(f"f{n}=1" for n in range(31)), "endless parameters"),
        (f"{HOST}/list?" + "&".join(["from=list"] * 4), "endless parameters"),
        (f"{HOST}/search?q=1", "search"),
        (f"{HOST}/rili/2031/07/", "calendar"),
        (f"{HOST}/jump?code=1", "jump"),
        (f"{HOST}/user/login.jsp", "account"),
    ],
)
def test_what_has_no_end_or_no_articles_is_refused_by_name(url: str, name: str) -> None:
    assert name_of(url) == name


def test_a_site_file_can_say_that_an_address_is_no_trap() -> None:
    rules = replace(RULES, site=replace(SITE, allow=(re.compile("/search/article/"),)))
    url = f"{HOST}/search/article/?q=2000001"
    assert name_of(url) == "search"
    assert refuse(url, rules) is None
    assert refuse(url.replace("yunhu", "other"), rules) is not None


@pytest.mark.parametrize(
    ("url", "target"),
    [
        (f"{HOST}/jump?url=http%3A%2F%2Fwww.other.test%2Fa%3Fb%3D1", "http://www.other.test/a?b=1"),
        (f"{HOST}/link.html?target=www.other.test", "http://www.other.test"),
        (f"{HOST}/link.html?target=//www.other.test/a", "http://www.other.test/a"),
        (f"{HOST}/leaveSite.jsp?outUrl=%252Fzwgk%252Fcontent%252Fpost_2000001.html", f"{HOST}/zwgk/content/post_2000001.html"),
        (f"{HOST}/jump?url=content/post_2000001.html", f"{HOST}/tzgg/content/post_2000001.html"),
        (f"{HOST}/jump?url=a.html", f"{HOST}/tzgg/a.html"),
        (f"{HOST}/jump?url={HOST}/jump%3Furl%3Dhttp://www.other.test/", "http://www.other.test/"),
        (f"{HOST}/visit.do?u=https://www.other.test/", "https://www.other.test/"),
        (f"{HOST}/jump?url=javascript:alert(1)", f"{HOST}/jump?url=javascript:alert(1)"),
        (f"{HOST}/jump?url=http://[", f"{HOST}/jump?url=http://["),
        (f"{HOST}/zwgk/a.html?url=1", f"{HOST}/zwgk/a.html?url=1"),
    ],
)  # fmt: skip
def test_a_jump_page_leads_where_its_parameter_says(url: str, target: str) -> None:
    assert leads_to(url, f"{HOST}/tzgg/index.html", RULES) == target


@given(st.text(max_size=80))
def test_no_jump_leads_over_the_border_unseen(text: str) -> None:
    for url in (f"{HOST}/jump?url={text}", text):
        target = leads_to(url, HOST, RULES)
        refusal = refuse(target, RULES)
        assert refusal is not None or (in_scope(target, SITE) and host_of(target))


@pytest.mark.parametrize("piece", ["/gd", "/wap/a", "&a=1", "%41", "/t20240301_1", ";sid=1", "/..", "/jump?url=", "2"])
def test_long_addresses_are_judged_at_once(piece: str) -> None:
    """Linear: a rule that looks back over and over would not end within the test's time."""
    url = f"{HOST}/a?b=" + piece * 20_000 if piece[0] == "&" else f"{HOST}/a" + piece * 20_000
    assert leads_to(url, HOST, RULES)
    refuse(url, RULES)
