"""A drafted site file is one that loads, whatever the site calls itself."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from healthcrawl.core.survey import Candidate, ListReading, Survey
from healthcrawl.knowledge.draft import Look, Sample, draft_site, site_name
from healthcrawl.knowledge.load import load_site

HOST = "http://wjj.yunhu.gov.cn"


def look(title: str = "云湖区卫生健康局", name: str = "通知公告", family: str = "nfcms") -> Look:
    tzgg = Candidate(name=name, url=f"{HOST}/tzgg/", health=False)
    gone = Candidate(name="政策解读", url=f"{HOST}/zcjd/", health=False)
    reading = ListReading(
        url=tzgg.url, family=family, entries=20, dated=20, shaped=20, next_page=f"{HOST}/tzgg/index_2.html", articles=()
    )
    return Look(
        url=f"{HOST}/",
        survey=Survey(title=title, kind="bureau", family=family, candidates=(tzgg, gone)),
        lists=((tzgg, reading), (gone, None)),
        samples=(
            Sample(url=f"{HOST}/tzgg/content/post_2000001.html", family=family),
            Sample(url=f"{HOST}/tzgg/content/post_2000002.html", family=family, missing=("date",)),
            Sample(url=f"{HOST}/tzgg/content/post_2000003.html", rejected="no-text"),
        ),
    )


def test_a_draft_says_how_sure_it_is_of_each_line(tmp_path: Path) -> None:
    text = draft_site(look(), "yunhu_wjj")
    path = tmp_path / "yunhu_wjj.toml"
    path.write_text(text, encoding="utf-8")
    site = load_site(path)
    assert (site.title, site.kind, site.status, site.families) == (
        "云湖区卫生健康局",
        "bureau",
        "unverified",
        ("nfcms",),
    )
    assert [column.name for column in site.columns] == ["通知公告"]
    assert [example.kind for example in site.examples] == ["article", "article", "list", "outside"]
    assert "seen: 20 entries, all dated, goes on" in text
    assert "without date" in text
    assert "#   政策解读 http://wjj.yunhu.gov.cn/zcjd/: not read" in text
    assert "post_2000003.html: read as an article, rejected (no-text)" in text
    assert site.expect.min_documents == 10
    assert "Looked for on the home page and not found: columns like" in text
    assert "#   健康科普、疾病预防、卫生监督" in text
    assert "#   通知公告" not in text


def test_a_draft_names_what_was_not_looked_at_and_what_gave_way() -> None:
    first = look()
    named_alike = Candidate(name="通知公告", url=f"{HOST}/tzgg2/", health=False)
    beyond = Candidate(name="健康科普", url=f"{HOST}/jkkp/", health=True)
    survey = replace(first.survey, candidates=(*first.survey.candidates, named_alike, beyond))
    text = draft_site(replace(first, survey=survey, lists=(*first.lists, (named_alike, first.lists[0][1]))), "site")
    assert "#   通知公告 http://wjj.yunhu.gov.cn/tzgg2/: the name is taken by another column" in text
    assert "#   健康科普 http://wjj.yunhu.gov.cn/jkkp/\n" in text


def test_an_unknown_family_leaves_all_to_be_tried(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(draft_site(look(family="generic"), "site"), encoding="utf-8")
    assert load_site(path).families == ()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    title=st.text(st.characters(exclude_categories=["Cs"])),
    name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)
def test_whatever_a_site_calls_itself_the_draft_loads(tmp_path: Path, title: str, name: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(draft_site(look(title, name), "site"), encoding="utf-8", newline="")
    assert load_site(path).columns[0].name == name


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://dghb.dg.gov.cn/", "dg_dghb"), ("http://[::1]/", "site"), ("http://12345.gov.cn/", "site")],
)
def test_a_name_is_taken_from_the_host(url: str, name: str) -> None:
    assert site_name(url) == name
