"""Which CMS made a page, and which addresses hold its articles.

A body class does not prove a CMS: bodies are imported from one into the other with their classes. So signs are weighed
together, most of all the shape of addresses, and a page whose signs are weak or contradict each other is read by the generic
family: its rules are wider but never wrong in the way another product's are.
"""

from healthcrawl.core.needles import found
from healthcrawl.core.tree import Index
from healthcrawl.core.urls import host_of
from healthcrawl.model import Page
from healthcrawl.rules import Evidence, Family, Rules

_NEAR = 32_768  # characters at either end of a page in which its signs are looked for first
_REACH = 131_072  # the same, where these don't tell; more would be costly on pages of the largest size
PROOF = 10  # the weight of a sign that needs no other


def recognise(page: Page, index: Index, rules: Rules) -> Family:
    """The family of a page; the generic one (the last) unless exactly one other reaches PROOF and outweighs the rest."""
    *known, generic = rules.families
    for reach in (_NEAR, _REACH):
        ranked = sorted(((_proven(page, index, family, reach), family) for family in known), key=lambda pair: -pair[0])
        if ranked and ranked[0][0] >= PROOF and (len(ranked) == 1 or ranked[0][0] > ranked[1][0]):
            return ranked[0][1]
        if len(page.text) <= 2 * reach:
            break
    return generic


def weigh(page: Page, index: Index, family: Family, reach: int = _REACH) -> int:
    """The sum of the weights of the family's signs that the page shows."""
    return sum(sign.weight for sign in family.evidence if shows(page, index, sign, reach))


def _proven(page: Page, index: Index, family: Family, reach: int) -> int:
    """The weight of a family; 0 as soon as the signs that are left can't bring it to PROOF. The cheap ones come first."""
    weight, left = 0, sum(max(sign.weight, 0) for sign in family.evidence)
    for sign in sorted(family.evidence, key=lambda sign: (sign.weight < 0, sign.page is not None, -sign.weight)):
        if weight + left < PROOF:
            return 0
        left -= max(sign.weight, 0)
        weight += sign.weight * shows(page, index, sign, reach)
    return weight


def shows(page: Page, index: Index, sign: Evidence, reach: int = _REACH) -> bool:
    """Whether a page shows a sign; one of its text, so many characters from its beginning or end."""
    if sign.url is not None:
        return sign.url.search(page.url) is not None
    if sign.page is not None:
        near, far = len(page.text) - reach, min(reach, len(page.text))
        return found(sign.page, page.text, 0, far) or (near > 0 and found(sign.page, page.text, max(near, far)))
    return bool(index.matches(sign.element))


def bears_mark(page: Page, index: Index, rules: Rules) -> bool:
    """Whether a page itself, whatever its address, shows a sign of one of the families that its site names.

    True where nothing is to be expected: without a site, or where its file names no family or the generic one.
    """
    named = rules.site.families if rules.site else ()
    if not named or rules.families[-1].name in named:
        return True
    signs = (sign for family in rules.families if family.name in named for sign in family.evidence)
    return any(sign.weight > 0 and sign.url is None and shows(page, index, sign) for sign in signs)


def post_of(address: str, rules: Rules) -> str:
    """The host and the number that its CMS gave an article, which are the same in all its columns; empty if it shows none.

    It is no proof by itself: hosts have been seen to count twice.
    """
    for family in rules.families:
        for pattern in family.articles:
            match = pattern.search(address)
            if match and (number := match.groupdict().get("id")):
                return f"{host_of(address)} {number}"
    return ""


def is_article_url(url: str, family: Family) -> bool:
    """Whether an address has the shape of the family's articles. False says nothing: articles may have other shapes."""
    return any(pattern.search(url) for pattern in family.articles)
