"""The bureaus of all CMS products are read from their lists to their texts, also by the generic family alone."""

import pytest

from healthcrawl.core.decode import decode
from healthcrawl.core.identity import recognise
from healthcrawl.core.tree import Index, parse
from healthcrawl.core.urls import canonical
from healthcrawl.demo import Bureau, Bureaus
from healthcrawl.demo.products import products
from healthcrawl.knowledge.load import load_rules, load_sites
from healthcrawl.model import Capture, Context, Page
from tests.walks import Walk, fetch, rules_for, send

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
def test_a_page_is_recognised_or_taken_for_no_family_at_all(name: str) -> None:
    """Home page, lists and answers, articles and their copies: the product's, its neighbour's on the same host, or generic."""
    bureau = Bureau(name)
    right = {bureau.product.family, "generic", *({"nfcms"} if name == "gkmlpt" else ())}
    rules = load_rules()
    asked = [bureau.base + path for path in bureau if path != "/robots.txt" and not path.startswith("/files/")]
    seen = set()
    for url in {*asked, *Walk(bureau, rules_for(bureau)).asked}:
        sent = send(bureau, url)
        page = decode(Capture(url=url, response=sent), rules.max_chars)
        if isinstance(page, Page):
            seen.add(recognise(page, Index(parse(page.text)), rules).name)
    assert seen <= right
    assert bureau.product.family in seen


@pytest.mark.parametrize("name", NAMES)
def test_without_its_family_a_bureau_is_read_by_the_generic_one(name: str) -> None:
    bureau = Bureau(name, articles=40, size=15)
    walk = Walk(bureau, rules_for(bureau, without=bureau.product.family))
    assert bureau.product.family not in {document.family for document in walk.documents.values()}
    texts = {document.metadata.title: document.text for document in walk.documents.values()}
    found = [story for story in bureau.stories if story.headline in texts]
    assert len(found) >= 0.95 * len(bureau.stories)
    assert all(texts[story.headline] == "\n".join(story.lines) for story in found)
