"""How alike two texts are, however they were cut into lines."""

import re
import unicodedata
from collections import Counter

_LETTERS = re.compile(r"[^\W_]+")


def letters(text: str) -> str:
    r"""A text's letters and digits, in one width: what is left when blanks and punctuation are taken away.

    >>> letters("关于 “开展”义诊（２０２４）的通知\n")
    '关于开展义诊2024的通知'
    """
    return "".join(_LETTERS.findall(unicodedata.normalize("NFKC", text)))


def likeness(one: str, other: str) -> float:
    """The share of pairs of characters that two texts have in common (Dice), from 0 to 1; order counts within pairs only.

    >>> likeness("定于三月中旬举办讲座", "定于三月下旬举办讲座")
    0.7777777777777778
    """
    if one == other:
        return 1.0
    first, second = _pairs(one), _pairs(other)
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else 0.0


def _pairs(text: str) -> Counter[str]:
    return Counter(text[at : at + 2] for at in range(len(text) - 1)) if len(text) > 1 else Counter([text] * bool(text))
