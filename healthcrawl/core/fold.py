"""The view of a line that line rules look at.

Furniture and spam are written in full and half width, in traditional and simplified characters, and with invisible characters
between the letters, so that one rule would need many spellings. Rules see the folded view; the text itself stays as it is.
"""

import re
import unicodedata
from functools import lru_cache

# Zero-width and format characters, by which spam hides its words: soft hyphen, combining grapheme joiner, Mongolian vowel
# separator, zero-width space to right-to-left mark, embeddings, word joiner to invisible plus, variation selectors, BOM.
INVISIBLE = re.compile("[\xad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff]")

# A reading that a mirror has put behind a character.
_GLOSS = re.compile(r"(?<=[\u4e00-\u9fff])\([a-zü\u00e0-\u01dc]{1,6} ?\)")

# What Chinese writes in full width, and what NFKC makes of it; all characters but those that NFKC always leaves alone.
_NARROW = (("\N{IDEOGRAPHIC SPACE}", " "), *((chr(ord(mark) + 0xFEE0), mark) for mark in "!(),:;?"))
_MAY_CHANGE = re.compile("[^\x00-\x7f\xb7‘’“”\N{EM DASH}、。〈-】\u4e00-\u9fff]")

_KEPT = 1000  # characters of a line whose view is kept: each set of rules asks for it anew

# The traditional characters that occur in rules' words, with their simplified ones.
_PLAIN = str.maketrans(
    "發佈時間來源責編輯瀏覽閱讀訪問點擊數號網站網頁關閉當前頁導轉務會辦備級單區衛機構員審開啟樂線視頻體驗費註冊賭場馬電"
    "樣門棄繼續離將鏈連結鍵標題錄書請稱閣國產歐亞無碼亂倫熱戰麗淚專傳聯絡權複製隱",
    "发布时间来源责编辑浏览阅读访问点击数号网站网页关闭当前页导转务会办备级单区卫机构员审开启乐线视频体验费注册赌场马电"
    "样门弃继续离将链连结键标题录书请称阁国产欧亚无码乱伦热战丽泪专传联络权复制隐",
)
_TRADITIONAL = re.compile("[" + "".join(map(chr, _PLAIN)) + "]")


def fold(line: str) -> str:
    """A line with widths folded, invisible characters and glosses gone, blanks folded, rules' characters simplified.

    >>> fold("發(fā)佈時間：２０２４－０３－０１　來源:\N{ZERO WIDTH SPACE}市局 ")
    '发布时间:2024-03-01 来源:市局'
    """
    return _fold_once(line) if len(line) <= _KEPT else _fold(line)


@lru_cache(maxsize=512)
def _fold_once(line: str) -> str:
    return _fold(line)


def _fold(line: str) -> str:
    if line.isascii():
        return " ".join(line.split())
    plain = INVISIBLE.sub("", line)
    for wide, narrow in _NARROW:
        plain = plain.replace(wide, narrow)
    if _MAY_CHANGE.search(plain):  # else it is in this form, and to look is far cheaper than to bring it there
        plain = unicodedata.normalize("NFKC", plain)
    if _TRADITIONAL.search(plain):  # to look is cheaper than to translate
        plain = plain.translate(_PLAIN)
    return " ".join((_GLOSS.sub("", plain) if "(" in plain else plain).split())


def unfold(line: str, start: int, end: int) -> str:
    """The part of a line that shows as `fold(line)[start:end]`, as it stands, glosses included.

    >>> unfold("來源:市衛(wèi)生局(jú) 浏览:8", 3, 7)
    '市衛(wèi)生局(jú)'
    """
    # Where in the line each character of the view comes from, by the same steps as in `fold`.
    origins = [
        (character, at)
        for at, raw in enumerate(line)
        for character in unicodedata.normalize("NFKC", INVISIBLE.sub("", raw)).translate(_PLAIN)
    ]
    view = "".join(character for character, _ in origins)
    glossed = {at for gloss in _GLOSS.finditer(view) for at in range(*gloss.span())}
    kept = [origin for at, origin in enumerate(origins) if at not in glossed]
    folded = [
        (character, at)
        for (character, at), (before, _) in zip(kept, [(" ", -1), *kept], strict=False)
        if not (character.isspace() and before.isspace())
    ]
    places = [at for _, at in folded] + [len(line)]
    return line[places[min(start, len(folded))] : places[min(end, len(folded))]].strip()
