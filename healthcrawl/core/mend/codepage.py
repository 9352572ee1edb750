r"""The two-byte code in which mirrored pages were damaged, and the decoder that read the damaged bytes.

It is code page 936 (GBK with its user-defined areas, which become private-use characters) read by a decoder that never
fails: a lead byte with an impossible second byte gives one `?` and swallows that byte, even an ASCII one. Characters are
taken from Python's gb18030, which assigns every pair of the code page.
"""

from functools import cache

LEADS = range(0x81, 0xFF)
EURO = "\N{EURO SIGN}"
EURO_BYTE = 0x80
LOST = "?"
_FULL_WIDTH = 0xFEE0


def is_trail(byte: int) -> bool:
    """Whether the byte can stand second in a pair."""
    return 0x40 <= byte <= 0xFE and byte != 0x7F


@cache
def pair(lead: int, trail: int) -> str:
    """The character of two bytes, or the empty string.

    >>> pair(0x8C, 0xA3), pair(0x8C, 0x28)
    ('專', '')
    """
    return bytes((lead, trail)).decode("gb18030") if lead in LEADS and is_trail(trail) else ""


@cache
def code(character: str) -> bytes:
    """The one or two bytes of a character; empty when the code page lacks it.

    >>> code("專").hex(), code("a").hex(), code("😀").hex()
    ('8ca3', '61', '')
    """
    if character == EURO:
        return bytes((EURO_BYTE,))
    try:
        raw = character.encode("gb18030")
    except UnicodeEncodeError:  # a lone surrogate
        return b""
    return raw if len(raw) <= 2 else b""


def is_private(character: str) -> bool:
    """Whether the character is one of the private-use characters that the code page's user-defined areas become."""
    return "\ue000" <= character <= "\uf8ff"


@cache
def private_pairs() -> dict[int, tuple[int, ...]]:
    """The pairs that become private-use characters: lead byte → second bytes."""
    table = {lead: tuple(t for t in range(0x40, 0xFF) if is_private(pair(lead, t) or " ")) for lead in LEADS}
    return {lead: trails for lead, trails in table.items() if trails}


def read(raw: bytes, *, euro: bool = True) -> str:
    r"""Decode as the damaged pages were decoded: nothing fails, `?` stands for what could not be read.

    Without `euro` the byte of the euro sign, which only code page 936 knows and GBK does not, is an impossible lead byte.

    >>> read(b"\xa3\xbf\xc6\xc2\x93(l"), read(b"\x8c")
    ('？坡?l', '?')
    """
    characters = []
    at = 0
    while at < len(raw):
        byte = raw[at]
        if byte < EURO_BYTE:
            characters.append(chr(byte))
            at += 1
        elif euro and byte == EURO_BYTE:
            characters.append(EURO)
            at += 1
        else:
            trail = raw[at + 1] if at + 1 < len(raw) else 0
            characters.append(pair(byte, trail) or LOST)
            at += 2
    return "".join(characters)


def encode(text: str) -> bytes:
    """The bytes of a text; characters that the code page lacks are left out."""
    return b"".join(map(code, text))


def wide(character: str) -> str:
    """The full-width form that a character may have been folded from, or the character.

    >>> wide("?"), wide(" ") == "\N{IDEOGRAPHIC SPACE}", wide("科")
    ('？', True, '科')
    """
    if "!" <= character <= "~":
        return chr(ord(character) + _FULL_WIDTH)
    return "\N{IDEOGRAPHIC SPACE}" if character == " " else character


def narrow(character: str) -> str:
    """The ASCII form that a character may have been folded to, or the character."""
    if "！" <= character <= "～":
        return chr(ord(character) - _FULL_WIDTH)
    return " " if character == "\N{IDEOGRAPHIC SPACE}" else character
