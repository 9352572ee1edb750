"""Entity-encoded text: mirror programs write their keywords as `&#20581;&#24247;`, and not every reader decodes it."""

import html
import re

from healthcrawl.model import Finding

SIGN = "&"
"""What every entity begins with."""

_NAME = r"(?:#(?:[0-9]{2,7}|[xX][0-9a-fA-F]{2,6})|nbsp|ldquo|rdquo|lsquo|rsquo|mdash|middot|hellip|emsp|ensp);"
_ENTITIES = re.compile(rf"&{_NAME}(?:&{_NAME})*")


def decode(text: str) -> tuple[str, tuple[Finding, ...]]:
    """Decode numeric entities and those of spaces and Chinese marks; never one of an ASCII character, which may be markup.

    >>> decode("&#20581;&#24247; &#60;b&#62;")[0]
    '健康 &#60;b&#62;'
    """
    decoded: list[str] = []

    def replace(match: re.Match[str]) -> str:
        plain = html.unescape(match[0])
        if not all(each > "\x9f" and (each.isprintable() or each.isspace()) for each in plain):
            return match[0]
        decoded.append(match[0])
        return plain

    text = _ENTITIES.sub(replace, text)
    if not decoded:
        return text, ()
    return text, (Finding(kind="charset", text=decoded[0], detail=f"{len(decoded)} runs of entities decoded"),)
