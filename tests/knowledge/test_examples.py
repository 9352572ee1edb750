"""Every rule of the built-in knowledge files carries examples, and they hold."""

import re

import pytest

from healthcrawl.core import message
from healthcrawl.core.health import why_health
from healthcrawl.core.identity import is_article_url, shows
from healthcrawl.core.pagers import next_page
from healthcrawl.core.protections import is_from
from healthcrawl.core.services import SERVICES
from healthcrawl.core.tree import Index, parse
from healthcrawl.knowledge.load import HealthWords, Name, compile_health, examples, load_rules, load_sites
from healthcrawl.knowledge.reader import Proof
from healthcrawl.model import Context, Entry, Page
from healthcrawl.rules import Evidence, Family, Pager, Protection, Rewrite, Site, Trap

PROOFS = examples()


def name_of(proof: Proof) -> str:
    return f"{proof.place} {'' if proof.holds else 'not '}{proof.example}"[:120]


def check_pager(pager: Pager, proof: Proof) -> None:
    family = Family(name="x", title="x", pagers=(pager,))
    match proof.example:
        case str(text) if pager.kind == "link" and pager.pattern:
            assert bool(pager.pattern.fullmatch("".join(text.split()))) == proof.holds
        case str(script) if pager.kind == "script" and pager.pattern:
            assert not pager.pattern.search(str(parse(script).text_content()))
        case [str(markup), str(url), str(following)]:
            assert next_page(url, parse(markup), url, family, markup) == following
        case [str(markup), str(url)] if pager.kind == "service":
            assert SERVICES[pager.service](url, markup) is None
        case example:
            pytest.fail(f"{proof.place}: no way to prove {pager} with {example}")


def check_rewrite(rewrite: Rewrite, proof: Proof) -> None:
    match proof.example:
        case [str(address), str(canonical)]:
            assert rewrite.pattern.sub(rewrite.replacement, address) == canonical
            assert rewrite.pattern.sub(rewrite.replacement, canonical) == canonical
        case str(address):
            assert rewrite.pattern.sub(rewrite.replacement, address) == address
        case example:
            pytest.fail(f"{proof.place}: no way to prove {rewrite} with {example}")


@pytest.mark.parametrize("proof", PROOFS, ids=name_of)
def test_example_of_a_rule_holds(proof: Proof) -> None:
    match proof.rule, proof.example:
        case Evidence() as sign, str(shown):
            text = "" if sign.url else shown
            page = Page(
                url=shown if sign.url else "", captured_at=None, context=Context(), text=text, media_type="text/html",
                charset="utf-8", charset_source="utf-8",
            )  # fmt: skip
            assert shows(page, Index(parse(text)), sign) == proof.holds
        case re.Pattern() as pattern, str(text):
            assert bool(pattern.search(text)) == proof.holds
        case Rewrite() as rewrite, _:
            check_rewrite(rewrite, proof)
        case Pager() as pager, _:
            check_pager(pager, proof)
        case Name(pattern=pattern), str(name):
            assert bool(pattern.fullmatch(name)) == proof.holds
        case Trap(pattern=pattern), str(address):
            assert bool(pattern.search(address)) == proof.holds
        case Protection() as protection, str(answer):
            received = message.parse(answer.encode())
            assert is_from(protection, received, received.payload.decode()) == proof.holds
        case HealthWords() as words, str(title):
            entry = Entry(url="http://www.example.gov.cn/a.html", title=title)
            assert bool(why_health(entry, compile_health(words))) == proof.holds
        case rule, example:
            pytest.fail(f"{proof.place}: no way to prove {rule} with {example}")


@pytest.mark.parametrize("family", load_rules().families, ids=lambda family: family.name)
def test_every_rule_of_a_family_has_an_example_and_a_counter_example(family: Family) -> None:
    rules = [
        *family.evidence,
        *family.articles,
        *family.duplicates,
        *(one for one in family.pagers if one.kind != "query"),
    ]
    proofs = [proof for proof in PROOFS if proof.place.startswith(f"families/{family.name}.toml:")]
    assert [rule for rule in rules if not any(proof.rule == rule and proof.holds for proof in proofs)] == []
    assert [rule for rule in rules if not any(proof.rule == rule and not proof.holds for proof in proofs)] == []


def test_every_rule_of_addresses_has_an_example_and_a_counter_example() -> None:
    known = load_rules().addresses
    proofs = [proof for proof in PROOFS if "/addresses.toml:" in proof.place]
    for rule in (*known.duplicates, *known.jumps, *known.traps):
        assert {proof.holds for proof in proofs if proof.rule == rule} == {True, False}, rule


@pytest.mark.parametrize("site", load_sites().sites.values(), ids=lambda site: site.name)
def test_a_site_tells_its_articles_from_its_lists(site: Site) -> None:
    families = load_rules(site).families
    kinds = {
        example.url: any(is_article_url(example.url, family) for family in families)
        for example in site.examples
        if example.kind != "outside"
    }
    assert kinds == {example.url: example.kind == "article" for example in site.examples if example.kind != "outside"}
    assert {"article", "list", "outside"} <= {example.kind for example in site.examples}
