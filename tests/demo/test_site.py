"""The demo bureau's content: every page holds its article, with the quirks, traps and spam that it is meant to have."""

import html
import json
import re
import tomllib
import unicodedata
from importlib.resources import files
from urllib.parse import urljoin

import pytest

from healthcrawl.core import tree
from healthcrawl.demo import HOST, DemoArticle, articles, resources
from healthcrawl.demo.answer import Resource
from healthcrawl.demo.bureau import Published, published

SITE = resources()
BASE = f"http://{HOST}"
BLANKS = re.compile(r"\s+|\|")
GLOSSED = re.compile(r"(.)\([a-z\u00e0-\u01dc]+\)")
FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
MIRRORED = "medical-consortium"
BY_SLUG = {article.slug: article for article in articles()}
EDITED = {article.slug: article for article in published()}
MIRRORS = {article.slug for article in published() if article.served_body}

every_article = pytest.mark.parametrize("article", articles(), ids=lambda article: article.slug)


def page(article: DemoArticle) -> str:
    edited = EDITED[article.slug]
    return SITE[edited.path].body.decode(edited.charset)


def squeeze(text: str) -> str:
    """Text without blanks and cell bars, full-width ASCII folded: what is the same on the page and in the corpus."""
    return BLANKS.sub("", text).translate(FULL_WIDTH)


def shown(source: str) -> str:
    return squeeze(str(tree.parse(source).text_content()))


@pytest.mark.parametrize("article", [article for article in articles() if article.slug not in MIRRORS])
def test_page_holds_its_article_in_order(article: DemoArticle) -> None:
    text = shown(page(article))
    at = 0
    title, _, *paragraphs = article.expected.splitlines()
    assert squeeze(title) in text
    for paragraph in paragraphs:
        at = text.index(squeeze(paragraph), at) + 1


@every_article
def test_expected_text_is_in_the_normal_form(article: DemoArticle) -> None:
    text = article.expected
    title, empty, *paragraphs = text.removesuffix("\n").split("\n")
    assert title == article.title
    assert empty == ""
    assert text.endswith("\n")
    assert all(line and line == line.strip() and "  " not in line for line in (title, *paragraphs))
    assert unicodedata.normalize("NFC", text) == text
    assert not re.search(r"[\uff01-\uff5e\u3000\u00a0\t\r]", text)
    assert 200 <= len(text) <= 600
    assert 3 <= len(paragraphs) <= 20


@every_article
def test_expected_text_is_free_of_spam_that_the_page_holds(article: DemoArticle) -> None:
    source = html.unescape(page(article))
    assert all(word in source and word not in article.expected for word in article.spam)


@every_article
def test_page_shows_time_and_source(article: DemoArticle) -> None:
    text = tree.text_of(tree.parse(page(article)))
    assert article.published.replace("T", " ") in text
    assert article.source in text


@every_article
def test_attachments_are_linked_and_there(article: DemoArticle) -> None:
    hrefs = {str(link.get("href")) for link in tree.select(tree.parse(page(article)), (".fujian a",))}
    assert hrefs == {attachment.url for attachment in article.attachments}
    for url in hrefs:
        attached = SITE[url.removeprefix(BASE)]
        assert attached.content_type == "application/pdf"
        start = int(re.findall(rb"startxref\n(\d+)\n%%EOF\n$", attached.body)[0])
        assert attached.body[start:].startswith(b"xref")


def test_expected_files_and_articles_are_the_same() -> None:
    folder = files("healthcrawl.demo") / "expected"
    assert {entry.name for entry in folder.iterdir()} == {f"{slug}.txt" for slug in BY_SLUG}


def test_articles_are_many_and_of_all_layouts() -> None:
    assert len(articles()) >= 26
    assert len({article.address for article in articles()}) == len(articles())
    assert {article.layout for article in EDITED.values()} == {"nfcms", "trs", "gkmlpt"}
    assert {article.injection for article in EDITED.values()} - {None} == {
        "head",
        "hidden",
        "off-screen",
        "tiny",
        "paragraph",
        "links",
    }


def test_spam_stands_where_its_kind_says() -> None:
    def first_word(slug: str) -> str:
        return BY_SLUG[slug].spam[0]

    head = page(BY_SLUG["nurses-day"])
    assert first_word("nurses-day") not in head  # character references only
    parsed = tree.parse(head)
    for selector in ("title", "h1", "meta[name=Keywords]"):
        element = tree.select(parsed, (selector,))[0]
        assert first_word("nurses-day") in (element.get("content") or tree.text_of(element))
    inside = {"fever-clinics": "#zoomcon span[style*='font-size:0']", "family-doctor": ".TRS_Editor p:last-of-type"}
    outside = {"recruitment": "div[style='display:none']", "blood-donation": "div[style*='left:-9000px']"}
    for slug, selector in (inside | outside).items():
        found = tree.select(tree.parse(page(BY_SLUG[slug])), (selector,))
        assert any(first_word(slug) in tree.text_of(element) for element in found), slug
    assert first_word("heat-advice") in page(BY_SLUG["heat-advice"]).partition("</html>")[2]


def test_folded_answers_are_hidden_but_expected() -> None:
    article = BY_SLUG["birth-certificate-faq"]
    answers = tree.select(tree.parse(page(article)), (".answer[style='display:none']",))
    assert len(answers) == 3
    assert all(squeeze(tree.text_of(answer)) in squeeze(article.expected) for answer in answers)


def test_mirrored_page_is_glossed_and_its_expected_text_is_not() -> None:
    article = BY_SLUG[MIRRORED]
    paragraphs = tree.parse(page(article)).cssselect(".TRS_Editor p")
    text = "".join(squeeze(tree.text_of(paragraph)) for paragraph in paragraphs)
    assert "衛(wèi)生健康局" in text
    assert "市卫生健康局" in article.expected
    glossed = set(GLOSSED.findall(text))
    assert len(glossed) >= 30
    # A mirror program glosses a character everywhere or nowhere.
    assert not [character for character in glossed if re.search(rf"{character}(?!\()", text)]
    assert len(GLOSSED.sub(r"\1", text)) == len(squeeze("".join(article.expected.splitlines()[2:])))


@pytest.mark.parametrize(
    "variant",
    [
        "衛(wèi)生",  # with its tone
        "兩個(gè )月",  # with a blank before the bracket
        "屈光(guang)度",  # without tone, behind a character that was not converted
        "政(zheng)(zheng)府",  # twice
        "發(發)言",  # the character itself
        "因?yàn)?wèi)中國",  # between 因 and 為, where the bytes of 驗 are
    ],
)
def test_a_mirrored_page_has_readings_of_every_kind(variant: str) -> None:
    article = BY_SLUG["eyesight-screening"]
    assert variant in page(article)
    assert not re.search(r"[(\u4e00-\u9fff]\(|[a-z\u00e0-\u01dc]", article.expected)


def test_a_mirrored_page_has_shifted_bytes_and_private_use_characters() -> None:
    article = BY_SLUG["specialty-building"]
    served = page(article)
    assert re.findall("[\ue000-\uf8ff]", served)
    assert all(spot in served for spot in ("?？平ㄔO(shè)", "?！笔腥", "?！\u3000", "?！兑巹"))
    assert article.expected.count("专科") == EDITED["specialty-building"].body.count("专科")
    assert not re.search("[\ue000-\uf8ff?ㄔ]", article.expected)


@pytest.mark.parametrize(
    ("slug", "said", "codec"),
    [
        ("occupational-week", {"http": "gbk", "meta": "gbk"}, "gbk"),
        ("radiology-licence", {"http": "", "meta": "gb2312"}, "utf-8"),
        ("tcm-campus", {"http": "utf-8", "meta": "utf-8"}, "gb18030"),
    ],
)
def test_pages_are_labelled_rightly_or_wrongly_as_meant(slug: str, said: dict[str, str], codec: str) -> None:
    resource = SITE[EDITED[slug].path]
    assert resource.content_type.partition("charset=")[2] == said["http"]
    declared = re.search(rb'<meta [^>]*charset="?([\w-]+)', resource.body)
    assert declared is not None
    assert declared[1].decode() == said["meta"]
    assert squeeze(BY_SLUG[slug].title) in shown(resource.body.decode(codec))
    if said["meta"] != codec:
        with pytest.raises(UnicodeDecodeError):
            resource.body.decode(said["meta"])


# --- lists -----------------------------------------------------------------------------------------------------------


def hrefs(path: str, selector: str) -> list[str]:
    found = tree.select(tree.parse(SITE[path].body.decode()), (selector,))
    return [urljoin(BASE + path, str(link.get("href"))) for link in found]


def notice_rows() -> list[str]:
    rows: list[str] = []
    at: str | None = "/zwgk/tzgg/index.html"
    while at:
        rows += hrefs(at, "ul.infoList a")
        anchors = tree.select(tree.parse(SITE[at].body.decode()), ("div.page a",))
        at = next((str(link.get("href")) for link in anchors if link.text == "下一页"), None)
    return rows


def news_rows() -> list[str]:
    first = "/xwzx/gzdt/index.html"
    match = re.search(r'createPageHTML\((\d+), 0, "index", "html"\)', SITE[first].body.decode())
    assert match is not None
    paths = [first, *(f"/xwzx/gzdt/index_{n}.html" for n in range(1, int(match[1])))]
    return [href for path in paths for href in hrefs(path, "ul.list a")]


def disclosure_rows() -> list[str]:
    rows: list[str] = []
    for number in range(1, 99):
        answer = json.loads(SITE[f"/gkmlpt/api/all/88?page={number}&sid=999001"].body)
        rows += [item["url"] for item in answer["articles"]]
        if not answer["articles"]:
            assert len(rows) == answer["classify"]["post_count"]
            break
    return rows


def paths(rows: list[str]) -> set[str]:
    return {row.removeprefix(BASE).partition("#")[0] for row in rows}


def test_lists_lead_to_every_article() -> None:
    reached = paths(notice_rows()) | paths(news_rows()) | paths(disclosure_rows())
    landed = {SITE[path].location.removeprefix(BASE) or path for path in reached if path in SITE}
    assert {article.address.removeprefix(BASE) for article in articles()} <= landed


def test_lists_set_their_traps() -> None:
    notices, news = notice_rows(), news_rows()
    thrice = EDITED["recruitment"].path
    assert {BASE + thrice, f"{BASE}{thrice}#zoomcon", BASE + thrice.replace("/post_", "/mpost_")} <= set(notices)
    assert [row for row in notices if not row.startswith(BASE)] == [
        "http://www.other.test/zwgk/tzgg/content/post_3000001.html"
    ]
    assert BASE + EDITED["internal-circular"].path in notices
    assert [path for path in paths(news) if path not in SITE] == ["/xwzx/gzdt/202401/t20240115_100000.html"]
    assert [SITE[path].status for path in paths(news) if path in SITE].count(301) == 1


def test_robots_forbids_what_must_not_come_home() -> None:
    rules = SITE["/robots.txt"].body.decode().splitlines()
    forbidden = [line.removeprefix("Disallow: ") for line in rules if line.startswith("Disallow: ")]

    def allowed(article: Published) -> bool:
        return not article.path.startswith(tuple(forbidden))

    assert {slug for slug, article in EDITED.items() if not allowed(article)} == {"internal-circular"}
    assert "internal-circular" not in BY_SLUG


def test_home_page_links_every_column() -> None:
    links = paths(hrefs("/", "a"))
    assert {"/zwgk/tzgg/index.html", "/xwzx/gzdt/index.html", "/gkmlpt/index"} <= links


def test_no_link_but_the_dead_one_leads_nowhere() -> None:
    broken: set[str] = set()
    for path, resource in SITE.items():
        if is_html(resource):
            charset = next((a.charset for a in EDITED.values() if a.path == path), "utf-8")
            parsed = tree.parse(resource.body.decode(charset))
            found = [urljoin(BASE + path, str(link.get("href"))) for link in tree.select(parsed, ("a[href]",))]
            broken |= paths([link for link in found if link.startswith(BASE)]) - set(SITE)
    assert broken == {"/xwzx/gzdt/202401/t20240115_100000.html"}


def is_html(resource: Resource) -> bool:
    return resource.content_type.startswith("text/html") and bool(resource.body)


def test_site_file_names_columns_and_examples_that_are_there() -> None:
    site = tomllib.loads((files("healthcrawl.knowledge") / "sites" / "demo.toml").read_text(encoding="utf-8"))
    assert site["domains"] == [HOST]
    assert site["expect"]["min_documents"] == len(articles())
    assert all(column["url"].removeprefix(BASE) in SITE for column in site["columns"])
    inside = [example["url"] for example in site["examples"] if example["kind"] != "outside"]
    assert all(url.removeprefix(BASE) in SITE for url in inside)
