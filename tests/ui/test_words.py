"""The words of the pages: every language has all of them, and each is used."""

import re
from pathlib import Path

import healthcrawl.ui
from healthcrawl.ui.words import choose, languages

_FOLDER = Path(healthcrawl.ui.__file__).parent
_USED = re.compile(r"""\bt\(\s*["']([\w-]+\.[\w-]+)["']""")
_BUILT = re.compile(r"""\b(?:t|t\.maybe)\(\s*["']([\w-]+)\.["']\s*~""")


def _templates() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted((_FOLDER / "templates").rglob("*.html")))


def test_every_language_has_every_text() -> None:
    english, chinese = languages()["en"], languages()["zh-CN"]
    assert english.by_key.keys() == chinese.by_key.keys()
    assert not [key for key, text in english.by_key.items() if re.search("[\u4e00-\u9fff]", text)]
    for key, text in english.by_key.items():
        assert set(re.findall(r"\{\w*\}", text)) == set(re.findall(r"\{\w*\}", chinese.by_key[key])), key


def test_every_key_is_used_and_every_used_key_is_there() -> None:
    keys, text = set(languages()["en"].by_key), _templates()
    used, groups = set(_USED.findall(text)), set(_BUILT.findall(text))
    assert used <= keys
    assert groups <= {key.partition(".")[0] for key in keys}
    assert {key for key in keys if key.partition(".")[0] not in groups} <= used


def test_the_browser_s_language_is_spoken() -> None:
    assert choose("zh-TW,zh;q=0.9,en;q=0.8").language == "zh-CN"
    assert choose("en-GB,zh;q=0.9").language == "en"
    assert choose("fr,de;q=0.5").language == "en"
