"""What became of a document: versions with their differences, other addresses, documents nearly the same, withdrawals."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.catalog import Catalog
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.knowledge.load import load_sites
from healthcrawl.ui.app import build_app
from tests.ui.conftest import NOW

TITLE, TWIN = "澄湖区启动2024年老年健康宣传周活动", "竹屿县启动“明眸行动”守护学生视力"


@pytest.fixture(scope="module")
def page(demo_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str]:
    """A document with a past, as JSON and as HTML."""
    archive = tmp_path_factory.mktemp("versions") / "archive"
    shutil.copytree(demo_archive, archive)
    layout = ArchiveLayout(archive)
    catalog = Catalog(layout.catalog)
    versions = tables.versions
    with catalog.writing() as tx:
        number, twin = (number_of(tx, title) for title in (TITLE, TWIN))
        own = dict(tx.execute(sa.select(versions).where(versions.c.number == number)).mappings().one())
        title, _, body = own["text"].partition("\n\n")
        first, *others = body.split("\n")
        later = {
            "serial": own["serial"] + 1,
            "text": f"{title}\n\n{first.replace('澄湖区', '<b>栖云区</b>')}\n新的一段。\n" + "\n".join(others),
        }
        other = (
            tx.execute(sa.select(tables.captures.c.record_id).where(tables.captures.c.number == twin)).scalars().one()
        )
        tx.execute(
            sa.insert(versions), [own | later | {"record_id": other}, own | later | {"serial": own["serial"] + 2}]
        )
        document = dict(
            tx.execute(sa.select(tables.documents).where(tables.documents.c.number == number)).mappings().one()
        )
        alias = document | {
            "address": "http://demo.healthcrawl.test/alias",
            "url": "http://demo.healthcrawl.test/alias.html",
        }
        tx.execute(sa.insert(tables.aliases), alias)
        tx.execute(sa.insert(tables.clusters), [{"number": one, "cluster": number} for one in (number, twin)])
        tx.execute(sa.insert(tables.withdrawals), {"number": number})
    catalog.close()
    client = TestClient(build_app(layout, load_sites().sites, lambda: NOW), base_url="http://localhost")
    return client.get(f"/documents/{number}.json").json(), client.get(f"/documents/{number}").text


def number_of(tx: sa.Connection, title: str) -> int:
    """Numbers are given in the order in which a crawl came to its pages."""
    found = sa.select(tables.documents.c.number).where(tables.documents.c.title == title)
    return int(tx.execute(found).scalar_one())


def test_versions_are_compared_by_paragraph_and_character(page: tuple[Any, str]) -> None:
    _, changed, first = page[0]["versions"]
    assert (first["kind"], first["changes"], changed["kind"]) == ("first", None, "changed")
    edited, added = changed["changes"]
    assert (edited["kind"], added["kind"]) == ("changed", "added")
    assert {"kind": "removed", "text": "澄湖区"} in edited["stretches"]
    assert added["stretches"] == [{"kind": "added", "text": "新的一段。"}]


def test_the_same_text_from_another_capture_is_a_version_without_changes(page: tuple[Any, str]) -> None:
    assert page[0]["versions"][0]["changes"] == []


def test_markup_in_a_text_stays_text(page: tuple[Any, str]) -> None:
    assert "&lt;b&gt;" in page[1]
    assert "<b>栖云" not in page[1]


def test_other_addresses_twins_and_withdrawal_are_told(page: tuple[Any, str]) -> None:
    article, html = page
    assert [one["url"] for one in article["aliases"]] == ["http://demo.healthcrawl.test/alias.html"]
    (twin,) = article["alike"]
    assert twin["title"] == TWIN
    assert f'href="/documents/{twin["number"]}"' in html
    assert article["is_gone"]
