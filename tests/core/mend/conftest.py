"""A mirror program of our own, written from what such programs are known to do and without the code that undoes it."""

import re
from dataclasses import dataclass
from itertools import pairwise

import pytest

from healthcrawl.knowledge.characters import load_mending
from healthcrawl.rules import Mending

TABLE = dict(
    zip(
        "医卫务业发体专队为来国会议这个动实设点时间开对门机员级创进导学习们区县镇乡网络书记长张优质诊疗药护险预测"
        "检验标准项资项组织说话应关电话联系党与从传达众团结构办报评选举强调还过运维权让认识讲读写谁请边远连适选逐通着",
        "醫衛務業發體專隊為來國會議這個動實設點時間開對門機員級創進導學習們區縣鎮鄉網絡書記長張優質診療藥護險預測"
        "檢驗標準項資項組織說話應關電話聯繫黨與從傳達眾團結構辦報評選舉強調還過運維權讓認識講讀寫誰請邊遠連適選逐通著",
        strict=True,
    )
)
GLOSSES = {
    "醫": "yī",
    "衛": "wèi",
    "務": "wù",
    "業": "yè",
    "發": "fā",
    "設": "shè",
    "聯": "lián",
    "學": "xué",
    "點": "diǎn",
}
SPLITTERS = (b"\xa3\xbf", b"\xa3\xa1", b"\xa3\xbb")


@dataclass(frozen=True)
class Mirror:
    """What a mirror program makes of a simplified text."""

    def convert(self, text: str) -> str:
        return "".join(TABLE.get(character, character) for character in text)

    def gloss(self, text: str) -> str:
        return re.sub(".", lambda match: match[0] + (f"({GLOSSES[match[0]]})" if match[0] in GLOSSES else ""), text)

    def cut(self, text: str, *extra: bytes) -> str:
        """Cut in front of every splitter pair, wherever it is found in the bytes, and decode each piece by itself."""
        raw = text.encode("gbk")
        pair = b"|".join(re.escape(each) for each in (*SPLITTERS, *extra))
        edges = [0, *(match.start() for match in re.finditer(b"(?=" + pair + b")", raw)), len(raw)]
        return "".join(self._decode(raw[start:end]) for start, end in pairwise(edges))

    def misplace(self, text: str, key: str, reading: str) -> str:
        """Put a gloss behind each place where the bytes of the key are found."""
        raw, found = text.encode("gbk"), key.encode("gbk")
        return self._decode(raw.replace(found, found + f"({reading})".encode("gbk")))

    def fold(self, text: str) -> str:
        """What later hands do: full-width forms to ASCII."""
        return "".join(chr(ord(each) - 0xFEE0) if "！" <= each <= "～" else each for each in text)

    def drop_private(self, text: str) -> str:
        return re.sub("[\ue000-\uf8ff]", "", text)

    def _decode(self, raw: bytes) -> str:
        text = ""
        while raw:
            size = 1 if raw[0] < 0x80 else 2
            unit, raw = raw[:size], raw[size:]
            try:
                text += unit.decode("gb18030")
            except UnicodeDecodeError:
                text += "?"
        return text


@pytest.fixture(scope="session")
def mirror() -> Mirror:
    return Mirror()


@pytest.fixture(scope="session")
def data() -> Mending:
    return load_mending()
