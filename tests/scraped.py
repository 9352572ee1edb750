"""A folder of scraped text files, and what cleaning wrote."""

import hashlib
import json
from pathlib import Path

TEXT = """当前位置：首页 > 通知公告
云海市第{0}期健康讲座的通知
发布时间：2024-03-05 来源：云海市卫生健康局 浏览：{0}
各镇街卫生院：
为普及合理膳食知识，我局定于三月举办第{0}期健康讲座，请组织职工参加。
【打印本页】【关闭窗口】
"""
GLOSSED = "為(wéi)普及合理膳食知識(shí)，我局定於三月舉(jǔ)辦(bàn)講(jiǎng)座，請(qǐng)組織職(zhí)工參加。\n"


def corpus(folder: Path, number: int) -> Path:
    """A folder with so many numbered text files."""
    folder.mkdir(parents=True)
    for at in range(number):
        data = TEXT.format(at).encode()
        (folder / f"{at:03}_{hashlib.sha256(data).hexdigest()[:16]}.txt").write_bytes(data)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def journal(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines()]
