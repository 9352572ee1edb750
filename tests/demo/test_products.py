"""The bureaus of all CMS products are read from their lists to their texts, also by the generic family alone."""

import pytest

from healthcrawl.core.urls import canonical
from healthcrawl.demo import Bureau, Bureaus
from healthcrawl.demo.products import products
from healthcrawl.knowledge.load import load_rules, load_sites
from healthcrawl.model import Context
from tests.walks import Walk, fetch, rules_for

NAMES = sorted(products())


def test_every_family_has_a_bureau() -> None:
    shown = {product.family for product in products().values()}
    assert shown == {family.name for family in load_rules().families} - {"generic"}


def test_the_demo_site_has_a_column_of_each() -> None:
    site = load_sites().sites["families"]
    assert [column.name for column in site.columns] == NAMES
    assert site.expect.min_documents == sum(len(bureau.stories) for bureau in Bureaus().all())


@pytest.mark.parametrize("name", NAMES)
def test_a_bureau_is_read_from_its_list_to_its_texts(name: str) -> None:
    bureau = Bureau(name, articles=23)
    rules = rules_for(bureau)
    walk = Walk(bureau, rules)
    assert walk.rejected == {}
    assert {document.metadata.title for document in walk.documents.values()} == {s.headline for s in bureau.stories}
    assert len(walk.documents) == len(bureau.stories)
    texts = {document.metadata.title: document for document in walk.documents.values()}
    for story in bureau.stories:
        document = texts[story.headline]
        assert document.text == "\n".join(story.lines)
        assert (document.metadata.published, document.metadata.source) == (bureau.shown(story), story.source)
        assert document.family in {bureau.product.family, "nfcms" if name == "gkmlpt" else ""}
    assert len({canonical(url, rules) for url in walk.asked}) == len(walk.asked)


@pytest.mark.parametrize("name", NAMES)
def test_lists_and_articles_are_told_apart(name: str) -> None:
    """Whatever a page was asked for as."""
    bureau = Bureau(name)
    rules = rules_for(bureau)
    for story in bureau.stories[:3]:
        asked = fetch(bureau, bureau.base + bureau.addresses(story)[-1], Context(), rules)
        assert type(asked.outcome).__name__ == "Document"
    for place in ("/", bureau.product.column):
        asked = fetch(bureau, bureau.base + place, Context(), rules)
        assert type(asked.outcome).__name__ == "Rejection", asked.outcome


@pytest.mark.parametrize("name", NAMES)
def test_without_its_family_a_bureau_is_read_by_the_generic_one(name: str) -> None:
    bureau = Bureau(name, articles=40, size=15)
    walk = Walk(bureau, rules_for(bureau, without=bureau.product.family))
    assert bureau.product.family not in {document.family for document in walk.documents.values()}
    texts = {document.metadata.title: document.text for document in walk.documents.values()}
    found = [story for story in bureau.stories if story.headline in texts]
    assert len(found) >= 0.95 * len(bureau.stories)
    assert all(texts[story.headline] == "\n".join(story.lines) for story in found)
