"""One canonical address for all addresses of a page, and the border of a site."""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healthcrawl.core.urls import canonical, host_of, in_scope
from healthcrawl.knowledge.load import load_rules
from healthcrawl.rules import Column, Rewrite, Rules, Site

RULES = load_rules()
SITE = Site(
    name="yunhu",
    title="云湖区卫生健康局",
    kind="bureau",
    status="unverified",
    domains=("yunhu.example", "files.example:8080"),
    columns=(Column(name="通知公告", url="http://www.yunhu.example/tzgg/"),),
    deny=(re.compile("/search"),),
)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("HTTP://WWW.Yunhu.Example/tzgg/A.html", "http://www.yunhu.example/tzgg/A.html"),
        ("https://www.yunhu.example/tzgg/", "http://www.yunhu.example/tzgg/"),
        ("https://www.yunhu.example:443", "http://www.yunhu.example/"),
        ("http://www.yunhu.example.:80/a", "http://www.yunhu.example/a"),
        ("http://www.yunhu.example:8080/a", "http://www.yunhu.example:8080/a"),
        ("http://www.yunhu.example/a.html#FY007", "http://www.yunhu.example/a.html"),
        ("http://www.yunhu.example/b/./../c//d/..", "http://www.yunhu.example/c/"),
        ("http://www.yunhu.example/../../a", "http://www.yunhu.example/a"),
        ("http://www.yunhu.example/%7eb/%e4%b8%ad%2F", "http://www.yunhu.example/~b/%E4%B8%AD%2F"),
        ("http://www.yunhu.example/中 文.pdf", "http://www.yunhu.example/%E4%B8%AD%20%E6%96%87.pdf"),
        ("http://www.yunhu.example/100%.html", "http://www.yunhu.example/100%25.html"),
        ("http://www.yunhu.example/list?b=2&a=1&&b=1", "http://www.yunhu.example/list?a=1&b=2&b=1"),
        ("http://www.yunhu.example/list?", "http://www.yunhu.example/list"),
        ("http://卫健.中国/a", "http://xn--nyq96e.xn--fiqs8s/a"),
        ("http://www.yunhu.example/tzgg/index.html?_=1709254800", "http://www.yunhu.example/tzgg/"),
        ("http://www.yunhu.example/tzgg/index.html", "http://www.yunhu.example/tzgg/"),
        ("http://www.yunhu.example/tzgg/index_1.html", "http://www.yunhu.example/tzgg/index_1.html"),
        ("http://www.yunhu.example/a.shtml;jsessionid=0A1B?x=1", "http://www.yunhu.example/a.shtml?x=1"),
        ("https://www.yunhu.example/content/mpost_2000001.html?jump=false#x", "http://www.yunhu.example/content/post_2000001.html"),
        ("http://www.yunhu.example/202403/t20240301_100001_wap.html", "http://www.yunhu.example/202403/t20240301_100001.html"),
        ("http://www.yunhu.example/gkmlpt/api/all/0?sid=1&page=2", "http://www.yunhu.example/gkmlpt/api/all/0?page=2&sid=1"),
        (" javascript:void(0) ", "javascript:void(0)"),
        ("http://[::1", "http://[::1"),
        ("http://[2001:DB8::1]:80/a", "http://[2001:db8::1]/a"),
    ],
)  # fmt: skip
def test_address_is_canonical(url: str, address: str) -> None:
    assert canonical(url, RULES) == address
    assert canonical(address, RULES) == address


PIECES = st.sampled_from([
    "/", "//", ".", "..", "index.html", "index_1.html", "content", "post_2000001.html", "mpost_2000001.html", "t20240301_100001",
    "_wap", "_ext", ".shtml", ";jsessionid=1", "?", "&", "_=1", "v=2", "utm_source=x", "id=3", "jump=false", "#a", "%", "%41", "%2f",
    "%2541", "中", " ", "+", "=", "\ud800", "gkmlpt/content/2/2000/", "default.htm", ":", "@",
])  # fmt: skip


@given(st.sampled_from(["http", "https", "HTTPS", "ftp"]), st.lists(PIECES, max_size=12).map("".join))
def test_canonical_address_is_its_own(scheme: str, rest: str) -> None:
    address = canonical(f"{scheme}://www.yunhu.example/{rest}", RULES)
    assert canonical(address, RULES) == address


@given(st.text())
def test_any_text_has_a_canonical_address(text: str) -> None:
    for url in (text, f"http://{text}", f"https://yunhu.example/{text}"):
        address = canonical(url, RULES)
        assert canonical(address, RULES) == address


ARTICLES = st.one_of(
    st.builds("/{}/content/post_{}.html".format, st.sampled_from(["zwgk", "xwzx/tzgg", "men", "en"]), st.integers(10_000, 10_020)),
    st.builds("/{}/202403/t20240301_{}.{}".format, st.sampled_from(["zwgk", "xwzx/tzgg"]), st.integers(10_000, 10_020), st.sampled_from(["html", "shtml"])),
    st.builds("/art/2024/3/1/art_{}_{}.html".format, st.integers(1, 4), st.integers(20_000, 20_010)),
    st.builds("/tzgg/202403/{:032x}.shtml".format, st.integers(0, 9)),
    st.builds("/info/{}/{}.htm".format, st.integers(1, 3), st.integers(1, 12)),
    st.builds("/{}.html".format, st.integers(1, 30)),
    st.builds("/show.jsp?id={}&type={}".format, st.integers(1, 9), st.integers(1, 3)),
    st.builds("/wap/{}.html".format, st.integers(1, 9)),
)  # fmt: skip
COPIES = [
    lambda path: path, lambda path: f"{path}{'&' if '?' in path else '?'}utm_source=wechat", lambda path: f"{path}#zoom",
    lambda path: f"{path}{'&' if '?' in path else '?'}PHPSESSID=0a1b2c", lambda path: f"{path}{'&' if '?' in path else '?'}_=1709254800",
    lambda path: path.replace("/post_", "/mpost_"), lambda path: path.replace("post", "%70ost"), lambda path: f"/.{path}",
    lambda path: path if "?" in path else f"{path};jsessionid=0A1B",
]  # fmt: skip


@given(ARTICLES, ARTICLES, st.sampled_from(COPIES), st.sampled_from(COPIES), st.sampled_from(["http", "https"]))
def test_copies_of_one_article_meet_and_two_articles_never_do(
    one: str, other: str, copy: Callable[[str], str], second: Callable[[str], str], scheme: str
) -> None:
    """Two articles are those that differ in folder or number, `/en/` being a folder of copies where the number is unique."""
    first = canonical(f"http://www.yunhu.example{copy(one)}", RULES)
    again = canonical(f"{scheme}://WWW.yunhu.example:{443 if scheme == 'https' else 80}{second(other)}", RULES)
    assert (first == again) == (one.replace("/en/", "/") == other.replace("/en/", "/"))


@pytest.mark.parametrize("folder", ["wap", "pad", "big5", "en", "wza", "zzllms", "print", "mobile"])
@pytest.mark.parametrize("path", ["/zwgk/content/post_2000001.html", "/xw/202403/t20240301_100001.shtml"])
def test_copies_in_other_folders_are_the_article(folder: str, path: str) -> None:
    assert canonical(f"https://www.yunhu.example/{folder}{path}", RULES) == f"http://www.yunhu.example{path}"


def test_copies_that_only_a_site_file_knows_are_the_article() -> None:
    phones = Rewrite(pattern=re.compile("^http://m\\.yunhu\\.example/"), replacement="http://www.yunhu.example/")
    rules = load_rules(replace(SITE, duplicates=(phones,)))
    assert canonical("https://m.yunhu.example/zwgk/12.html", rules) == "http://www.yunhu.example/zwgk/12.html"
    assert canonical("https://m.yunhu.example/zwgk/12.html", RULES) == "http://m.yunhu.example/zwgk/12.html"


def test_no_rule_takes_an_address_out_of_its_site() -> None:
    away = Rewrite(pattern=re.compile("^http://www\\.yunhu\\.example/to/"), replacement="http://")
    rules = load_rules(replace(SITE, duplicates=(away,)))
    address = "http://www.yunhu.example/to/www.other.test/a.html"
    assert canonical(address, rules) == address


def test_rules_that_undo_each_other_still_give_one_address() -> None:
    there = Rewrite(pattern=re.compile("/a/"), replacement="/b/")
    back = Rewrite(pattern=re.compile("/b/"), replacement="/a/")
    for rewrites in ((there, back), (back, there)):
        rules = load_rules(replace(SITE, duplicates=rewrites))
        for path in ("a", "b"):
            address = canonical(f"http://www.yunhu.example/{path}/1.html", rules)
            assert canonical(address, rules) == address


def test_without_families_only_what_all_servers_hold_equal_is_equal() -> None:
    assert canonical("http://a.example/index.html?v=1", Rules(families=())) == "http://a.example/index.html?v=1"


@pytest.mark.parametrize(
    "url",
    [
        "http://yunhu.example/",
        "https://www.Yunhu.example:443/tzgg/index.html",
        "http://wjj.www.yunhu.example/a?b=c",
        "http://files.example:8080/a.pdf",
        "https://files.example/a.pdf",
        "http://yunhu.example./a",
    ],
)
def test_address_of_the_site_is_in_scope(url: str) -> None:
    assert in_scope(url, SITE)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/tzgg/",
        "ftp://yunhu.example/",
        "file:///etc/passwd",
        "javascript:void(0)",
        "http://notyunhu.example/",
        "http://yunhu.example.evil.test/",
        "http://yunhu.example:8080/",
        "http://files.example:8081/a.pdf",
        "http://user:word@yunhu.example/",
        "http://yunhu.example@evil.test/",
        "http://evil.test\\@yunhu.example/",
        "http://evil.test\\.yunhu.example/",
        "http://evil.test%2f.yunhu.example/",
        "http://evil.test#.yunhu.example/",
        "http://evil.test?.yunhu.example/",
        "http://a..yunhu.example/",
        "http://yunhu.example:99999/",
        "http://[::1]/",
        "http://127.0.0.1/",
        "http://yunhu.example/search?q=1",
    ],
)
def test_other_address_is_out_of_scope(url: str) -> None:
    assert not in_scope(url, SITE)


@given(st.text())
def test_no_text_breaks_the_border(text: str) -> None:
    if in_scope(f"http://{text}", SITE):
        assert host_of(f"http://{text}".strip()).endswith(("yunhu.example", "files.example"))
