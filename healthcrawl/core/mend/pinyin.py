"""What a gloss looks like: one syllable of pinyin in round brackets."""

import re

HAN = "\N{CJK UNIFIED IDEOGRAPH-3400}-\N{CJK UNIFIED IDEOGRAPH-9FFF}"
"""Chinese characters, as a range for a character class."""

SYLLABLE = "[a-zɡāáǎàōóǒòēéěèīíǐìūúǔùǖǘǚǜüńňǹḿê]{1,6}"
"""A syllable of pinyin, toned or not (any letters that may make one up)."""

_BLANK = "[ \N{IDEOGRAPHIC SPACE}\N{NO-BREAK SPACE}]?"
GLOSS = rf"{_BLANK}[(（]{_BLANK}{SYLLABLE}{_BLANK}[)）]"
"""A gloss, as it follows its character."""

_GLOSSES = re.compile(rf"(?<=[{HAN}]){GLOSS}")


def drop_glosses(text: str) -> str:
    """The text as it reads without glosses, whoever wrote them: for weighing, not for keeping.

    >>> drop_glosses("醫(yī)療服務(wù)")
    '醫療服務'
    """
    return _GLOSSES.sub("", text)
