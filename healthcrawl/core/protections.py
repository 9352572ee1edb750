"""What a protection in front of a site answers in the site's place: challenges and block pages, known by rules that are data.

Such an answer is no article, whatever its status, and no error of the page either: it asks us to go away.
"""

import re
from functools import lru_cache

from healthcrawl.core import message
from healthcrawl.core.needles import may_be_found
from healthcrawl.rules import Protection, Rules

_HAN = re.compile("[\u4e00-\u9fff]")
_TAGS = re.compile(r"<(?:script|style)\b[^>]*>[^<]*(?:<(?!/(?:script|style))[^<]*)*|<[^<>]*>?", re.IGNORECASE)


def find_protection(answer: message.Message, text: str, rules: Rules) -> Protection | None:
    """The first protection that an answer looks like; `text` is its decoded page, empty where it has none.

    >>> known = Protection(name="a", title="A", reason="challenge", statuses=(521,), body=re.compile("bts"))
    >>> rules = Rules(families=(), protections=(known,))
    >>> find_protection(message.parse(b"HTTP/1.1 521 No"), "<script>go({bts:[1]})</script>", rules).name
    'a'
    """
    return next((one for one in rules.protections if is_from(one, answer, text)), None)


def is_from(protection: Protection, answer: message.Message, text: str) -> bool:
    """Whether an answer looks as this protection's do."""
    if protection.statuses and answer.status not in protection.statuses:
        return False
    if len(text) > protection.max_chars:
        return False
    if protection.header and not any(protection.header.search(f"{name}: {value}") for name, value in answer.headers):
        return False
    body = protection.body
    if body and not may_be_found(body, text):
        return False
    return _han(text) <= protection.max_han and (body is None or body.search(text) is not None)


@lru_cache(maxsize=1)
def _han(text: str) -> int:
    """How many Chinese characters a page has outside of its tags and scripts; each rule asks."""
    return len(_HAN.findall(_TAGS.sub("", text)))
