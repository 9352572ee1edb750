"""The corpus's normal form: one way of writing, so that equal texts are equal bytes.

Simplified characters; full-width ASCII forms and the ideographic space folded, `。、“”《》` kept; NFC; no control, invisible
or private-use characters; runs of blanks folded; no empty lines. Nothing is repaired here: `healthcrawl.core.mend` needs
what the normal form drops, so it comes first.
"""

import re
import unicodedata
from typing import Literal

from healthcrawl.core.mend import script as scripts

_LINE_ENDS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}]")
_LOST_BREAK = re.compile("(?<=[。！？；”）])[ \N{NO-BREAK SPACE}]*\N{IDEOGRAPHIC SPACE}{2}(?=\\S)")
_BLANKS = re.compile(r"[^\S\n]+")

# Unicode's Default_Ignorable_Code_Point (nothing to see) with the interlinear annotation marks, and what is no text at all.
_INVISIBLE = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors, vowel separator
    (0x200B, 0x200F),  # zero-width space, joiners, direction marks
    (0x202A, 0x202E),  # direction embeddings
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # zero-width no-break space, byte order mark
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFFB),  # unassigned ignorables, interlinear annotation
    (0x1BCA0, 0x1BCA3),  # shorthand format controls
    (0x1D173, 0x1D17A),  # musical format controls
    (0xE0000, 0xE0FFF),  # tags, variation selectors supplement
    (0xD800, 0xDFFF),  # lone surrogates
    (0xE000, 0xF8FF),  # private use
    (0xF0000, 0x10FFFF),  # private use planes
)
_UNWANTED = re.compile(
    "[\\x00-\\x08\\x0e-\\x1b\\x7f-\\x84\\x86-\\x9f"
    + "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in _INVISIBLE)
    + "".join(f"\\U{plane + 0xFFFE:08x}\\U{plane + 0xFFFF:08x}" for plane in range(0, 0xF0000, 0x10000))
    + "]+"
)
_HALF = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def normalise(
    text: str,
    script: Literal["simplified", "traditional", "keep"] = "simplified",
    width: Literal["half", "keep"] = "half",
) -> str:
    r"""Write a text in the normal form; doing it again changes nothing.

    Simplified characters are the mender's work, which comes before; here script only matters where it is "traditional".

    >>> normalise("　　会议要求：　\u200b（一）抓实抓细。\r\n\r\n　　“七个坚持”\t《办法》\n")
    '会议要求: (一)抓实抓细。\n“七个坚持” 《办法》'
    """
    text = _LINE_ENDS.sub("\n", text)
    text = _UNWANTED.sub("", text)
    if width == "half":
        text = text.translate(_HALF)
    text = unicodedata.normalize("NFC", text)
    if script == "traditional":
        text = scripts.to_traditional(text)
    lines = (_BLANKS.sub(" ", line).strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def split_paragraphs(text: str) -> str:
    """A text with a line break where two ideographic spaces, the indentation of a paragraph, follow the end of a sentence.

    Pages and mirrors lose breaks between paragraphs; once blanks are folded, nothing shows where they were.

    >>> split_paragraphs("第一段。　　第二段。").splitlines()
    ['第一段。', '第二段。']
    """
    return _LOST_BREAK.sub("\n", text)


def file_text(title: str, body: str) -> str:
    r"""The contents of a corpus file: title, empty line, one paragraph a line; without a title just the body.

    >>> file_text("通知", "第一段。\n第二段。"), file_text("", "正文。")
    ('通知\n\n第一段。\n第二段。\n', '正文。\n')
    """
    return f"{title}\n\n{body}\n" if title else f"{body}\n"
