"""Site files: strict reading, messages that name file and key, one bad file that stops no other."""

from collections.abc import Callable
from pathlib import Path

import pytest

from healthcrawl.errors import KnowledgeError, UsageError
from healthcrawl.knowledge.load import load_rules, load_site, load_sites

SITE = """
name = "yunhu"
title = "云湖区卫生健康局"
kind = "bureau"
status = "unverified"
domains = ["wjj.yunhu.example"]
families = ["nfcms"]
delay = 2

[[columns]]
name = "通知公告"
url = "https://wjj.yunhu.example/tzgg/index.html"
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_site(text: str = SITE, name: str = "yunhu") -> Path:
        folder = tmp_path / "sites"
        folder.mkdir(exist_ok=True)
        path = folder / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write_site


def test_site_is_read_with_its_defaults(write: Write) -> None:
    site = load_site(write())
    assert (site.name, site.delay, site.budget.depth, site.columns[0].health) == ("yunhu", 2, 500, False)
    assert site.deny == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kind = "bureau"', 'kind = "office"', "yunhu.toml: kind: expected 'bureau' or 'municipal', got 'office'"),
        ("delay = 2", 'delay = "2"', "yunhu.toml: delay: expected a number, got '2'"),
        ("delay = 2", "delay = true", "yunhu.toml: delay: expected a number, got True"),
        ("delay = 2", "delay = -1.5", "yunhu.toml: delay: expected seconds, 0 or more, got -1.5"),
        ("delay = 2", "dealy = 2", "yunhu.toml: dealy: no such key; there are allow, attachments, budget, columns, delay,"),
        ("delay = 2", "budget = {depth = 2.0}", "yunhu.toml: budget.depth: expected a whole number, got 2.0"),
        ("delay = 2", "budget = {pages = 0}", "yunhu.toml: budget.pages: expected 1 or more, got 0"),
        ("delay = 2", "budget = {page = 1}", "yunhu.toml: budget.page: no such key; there are depth, megabytes, pages, seconds"),
        ("delay = 2", 'deny = ["("]', "yunhu.toml: deny[0]: expected a regular expression (missing ), "),
        ("delay = 2", 'layouts = [{body = ["#zoom", "p["]}]', "yunhu.toml: layouts[0].body[1]: expected a CSS selector, got 'p['"),
        ("delay = 2", "layouts = [{since = 2024-01-01T00:00:00}]", "yunhu.toml: layouts[0].since: expected a date (2024-03-01)"),
        ("delay = 2", "expect = {min_documents = -1}", "yunhu.toml: expect.min_documents: expected 0 or more, got -1"),
        ('status = "unverified"\n', "", "yunhu.toml: status: missing"),
        ("domains =", "domain =", "yunhu.toml: domain: no such key; there are allow,"),
        ('name = "yunhu"', 'name = "other"', "yunhu.toml: name: expected 'yunhu' as in the file's name, got 'other'"),
        ('["nfcms"]', '["nfcsm"]', "yunhu.toml: families[0]: expected one of easysite, generic, gkmlpt,"),
        ('["wjj.yunhu.example"]', "[]", "yunhu.toml: domains: expected at least one host name"),
        ('wjj.yunhu.example"]', 'http://wjj.yunhu.example"]', "yunhu.toml: domains[0]: expected a host name"),
        ("https://wjj.yunhu.example/", "ftp://wjj.yunhu.example/", "yunhu.toml: columns[0].url: expected an http(s) URL, got 'ftp:"),
        ("https://wjj.yunhu.example/", "https://yunhu.example/", "yunhu.toml: columns[0].url: expected an http(s) URL on one of"),
        ("delay = 2", 'deny = ["/tzgg/"]', "yunhu.toml: columns[0].url: expected an http(s) URL on one of"),
        ("[[columns]]", "[columns]", "yunhu.toml: columns: expected a list, got {"),
        ("delay = 2", "delay = ", "yunhu.toml: not TOML: "),
    ],
)  # fmt: skip
def test_mistake_is_named_by_file_and_key(write: Write, old: str, new: str, message: str) -> None:
    assert old in SITE
    with pytest.raises(KnowledgeError) as caught:
        load_site(write(SITE.replace(old, new)))
    assert message in str(caught.value)
    assert str(caught.value).startswith("sites/")


def test_two_columns_of_one_name_are_refused(write: Write) -> None:
    column = SITE[SITE.index("[[columns]]") :]
    with pytest.raises(KnowledgeError, match=r"columns\[1\]\.name: expected a name that no other column has"):
        load_site(write(SITE + column))


def test_example_on_the_wrong_side_of_the_border_is_refused(write: Write) -> None:
    with pytest.raises(KnowledgeError, match=r"examples\[0\]\.url: expected an address outside of the site"):
        load_site(write(SITE + '[[examples]]\nurl = "http://wjj.yunhu.example/a"\nkind = "outside"\n'))


def test_file_that_is_not_utf8_is_a_knowledge_error(write: Write) -> None:
    path = write()
    path.write_bytes('name = "云湖"'.encode("gb18030"))
    with pytest.raises(KnowledgeError, match="not TOML"):
        load_site(path)


def test_one_bad_file_disables_its_site_only(write: Write) -> None:
    folder = write().parent
    write("kind = 3", name="broken")
    loaded = load_sites(folder)
    assert set(loaded.errors) == {"broken"}
    assert {"yunhu", "demo", "pengjiang", "dongguan", "tianmen", "enping", "taishan"} <= set(loaded.sites)


def test_own_file_replaces_a_built_in_one_even_if_it_is_wrong(write: Write) -> None:
    folder = write(SITE.replace("yunhu", "enping"), name="enping").parent
    assert load_sites(folder).sites["enping"].domains == ("wjj.enping.example",)
    write("kind = 3", name="enping")
    loaded = load_sites(folder)
    assert "enping" not in loaded.sites
    assert "enping" in loaded.errors


def test_folder_that_is_not_there_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no folder of site files"):
        load_sites(tmp_path / "none")


def test_rules_of_a_site_hold_its_families_and_the_generic_one(write: Write) -> None:
    rules = load_rules(load_site(write()), script="keep")
    assert [family.name for family in rules.families] == ["nfcms", "generic"]
    assert (rules.script, rules.width) == ("keep", "half")
    assert [family.name for family in load_rules().families][-1] == "generic"
    assert rules.spam is load_rules().spam


def test_the_five_bureaus_are_not_called_verified() -> None:
    sites = load_sites()
    assert not sites.errors
    assert {
        sites.sites[name].status for name in ("pengjiang", "dongguan", "tianmen", "enping", "taishan", "jiangmen")
    } == {"unverified"}
