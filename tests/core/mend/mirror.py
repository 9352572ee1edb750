"""A mirror program of our own, written from what such programs are known to do and without the code that undoes it.

It works as they do: on the GBK bytes of a page, in their order, and it knows nothing of characters once it searches bytes.
"""

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import pairwise

from pypinyin import Style, pinyin

QUESTION, EXCLAMATION, SEMICOLON, STOP = b"\xa3\xbf", b"\xa3\xa1", b"\xa3\xbb", b"\xa1\xa3"
SPLITTERS = (QUESTION, EXCLAMATION, SEMICOLON)
UNCONVERTED = "后里制系面干于范余只云台丑才几了征借升志布占斗卷家向回合周表谷曲杰致别松折郁舍朱采御涂胡板"
"""Characters that such tables often leave alone."""
GREEDY = {
    "着": "著", "症": "癥", "后": "後", "里": "裡", "制": "製", "系": "係", "面": "麵", "干": "幹", "于": "於", "范": "範",
    "余": "餘", "只": "隻", "云": "雲", "台": "臺", "几": "幾", "了": "瞭", "征": "徵", "借": "藉", "升": "昇", "志": "誌",
    "布": "佈", "占": "佔", "斗": "鬥", "卷": "捲", "家": "傢", "向": "嚮", "回": "迴", "周": "週", "致": "緻", "松": "鬆",
    "舍": "捨", "采": "採", "御": "禦", "涂": "塗", "胡": "鬍", "伙": "夥", "尽": "儘", "游": "遊", "准": "準", "郁": "鬱",
}  # fmt: skip
"""What a table without any restraint makes of them."""
MARKS = re.compile("(?=[，。；：、？！])")


@cache
def common_table() -> Mapping[str, str]:
    """Simplified to traditional characters, one to one, as far as GBK has them."""
    lines = (files("opencc") / "dictionary" / "STCharacters.txt").read_text("utf-8").splitlines()
    rows = ((key, forms.split()) for key, _, forms in (line.partition("\t") for line in lines))
    table = {
        key: next((form for form in forms if form != key), key)
        for key, forms in rows
        if key not in UNCONVERTED and len(forms) == 1 and len(key.encode("gbk", "ignore")) == 2
    }
    table |= dict(zip("发复历钟当获汇尽准签确种术药虫", "發復歷鐘當獲匯盡準簽確種術藥蟲", strict=True))
    table |= dict(zip("万丰于价党冲团园坛坝夸广径据极", "萬豐于價黨沖團園壇壩誇廣徑據極", strict=True))
    table |= dict(zip("证苏荐荡蒙赞钻链闲须饥鉴针", "證蘇薦蕩蒙贊鉆鏈閑須饑鑒針", strict=True)) | {
        "着": "著",
        "症": "癥",
    }
    return {key: form for key, form in table.items() if key != form and len(form.encode("gbk", "ignore")) == 2}


@cache
def greedy_table() -> Mapping[str, str]:
    """The same without restraint: 后 is 後 everywhere, 了 is 瞭."""
    return {**common_table(), **GREEDY}


def reading(character: str, *, toned: bool = True) -> str:
    """The one reading that a program has for a character."""
    return pinyin(character, style=Style.TONE if toned else Style.NORMAL)[0][0]


def read_bytes(raw: bytes) -> str:
    """Decode as code page 936 is decoded by something that never fails."""
    text = ""
    while raw:
        size = 1 if raw[0] < 0x80 else 2
        unit, raw = raw[:size], raw[size:]
        try:
            text += unit.decode("gb18030")
        except UnicodeDecodeError:
            text += "?"
    return text


def fold(text: str) -> str:
    """What later hands do: full-width forms to ASCII."""
    return "".join(chr(ord(each) - 0xFEE0) if "！" <= each <= "～" else each for each in text)


def drop_private(text: str) -> str:
    """What later hands do to characters that nobody sees."""
    return re.sub("[\ue000-\uf8ff]", "", text)


@dataclass(frozen=True, kw_only=True)
class Mirror:
    """What a mirror program makes of a simplified text.

    `glossed`: the share of the converted characters that the program glosses, in each place where they stand; `toneless`: the
    share of all characters that a program without tones glosses, here and there. `misplaced`: the program finds what it glosses
    as bytes, even across two characters. `hit`: the share of the splitters' places that it cuts. `noise`: the share of marks
    that get control characters put before them.
    """

    table: Mapping[str, str] = field(default_factory=common_table)
    glossed: float = 0.0
    blank: bool = False
    toneless: float = 0.0
    doubled: bool = False
    misplaced: bool = False
    splitters: Iterable[bytes] = SPLITTERS
    hit: float = 1.0
    noise: float = 0.0
    folded: bool = False
    private: bool = True
    seed: int = 0

    def __call__(self, text: str) -> str:
        """Everything, in the programs' order."""
        text = self.gloss_at_random(self.convert(text), text)
        raw = text.encode("gbk", "replace")
        raw = self.gloss_bytes(raw) if self.misplaced else self.gloss(text).encode("gbk", "replace")
        text = self.make_noise(self.cut_bytes(raw))
        text = fold(text) if self.folded else text
        return text if self.private else drop_private(text)

    def convert(self, text: str) -> str:
        return "".join(self.table.get(character, character) for character in text)

    @property
    def keys(self) -> dict[str, str]:
        """The characters that are glossed, each with its gloss."""
        chosen = random.Random(f"keys {self.seed}")  # noqa: S311
        blank = " " if self.blank else ""
        forms = sorted({form for form in self.table.values() if chosen.random() < self.glossed})
        return {form: f"({reading(form)}{blank})" for form in forms}

    def gloss(self, text: str) -> str:
        keys = self.keys
        return "".join(character + keys.get(character, "") for character in text)

    def gloss_bytes(self, raw: bytes) -> bytes:
        keys = {form.encode("gbk"): gloss.encode("gbk") for form, gloss in self.keys.items()}
        if not keys:
            return raw
        return re.sub(b"|".join(map(re.escape, keys)), lambda match: match[0] + keys[match[0]], raw)

    def gloss_at_random(self, converted: str, original: str) -> str:
        chance = random.Random(f"toneless {self.seed}")  # noqa: S311
        parts = []
        for form, character in zip(converted, original, strict=True):
            parts.append(form)
            if "一" <= form <= "龥" and chance.random() < self.toneless:
                name = reading(form, toned=False) if form == character else form
                parts.append(f"({name})" * (2 if self.doubled and form == character else 1))
        return "".join(parts)

    def cut_bytes(self, raw: bytes) -> str:
        """Cut in front of the splitter pairs, wherever they are found in the bytes, and decode each piece by itself."""
        chance = random.Random(f"cuts {self.seed}")  # noqa: S311
        pair = b"|".join(re.escape(each) for each in self.splitters)
        places = [match.start() for match in re.finditer(b"(?=" + pair + b")", raw)] if pair else []
        edges = [0, *(place for place in places if chance.random() < self.hit), len(raw)]
        return "".join(read_bytes(raw[start:end]) for start, end in pairwise(edges))

    def cut(self, text: str) -> str:
        return self.cut_bytes(text.encode("gbk"))

    def make_noise(self, text: str) -> str:
        chance = random.Random(f"noise {self.seed}")  # noqa: S311
        noise = "\x05\x06\x07\x08"

        def put(_match: re.Match[str]) -> str:
            return "".join(chance.choices(noise, k=chance.randint(1, 4))) if chance.random() < self.noise else ""

        return MARKS.sub(put, text) if self.noise else text


def misplace(text: str, key: str, name: str) -> str:
    """Put a gloss behind each place where the bytes of the key are found."""
    raw, found = text.encode("gbk"), key.encode("gbk")
    return read_bytes(raw.replace(found, found + f"({name})".encode("gbk")))
