"""Fingerprints: what is said to readers of our code is no part of them, all that it does is."""

import ast

import pytest

from healthcrawl.knowledge import fingerprint
from healthcrawl.knowledge.source import bare
from tests.conftest import ROOT

SOURCE = '''"""A module."""

import re

_MARK = re.compile(r"#\\d+")  # a number


def number(text: str) -> str:
    """The number in a text."""
    long = """
# no comment
"""
    return long if "'#" in text else f"{text!r}#"
'''
_DECIDING = sorted({path for pattern in fingerprint._CODE for path in (ROOT / "healthcrawl").glob(pattern)})


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("A module.", "Another one, with 'quotes' and a # sign."),
        ('"""The number in a text."""', 'r"""What\n    is counted: \\d.\n    """'),
        ("  # a number", ""),
        ("import re\n", "# the library\n\n\nimport re\n"),
    ],
)
def test_what_is_said_to_readers_decides_nothing(old: str, new: str) -> None:
    assert SOURCE.count(old) == 1
    assert bare(SOURCE.replace(old, new)) == bare(SOURCE)


@pytest.mark.parametrize("old", [r"#\d+", "# no comment", "'#", "!r", "number(", "import"])
def test_every_string_and_name_decides(old: str) -> None:
    assert SOURCE.count(old) == 1
    assert bare(SOURCE.replace(old, "other")) != bare(SOURCE)


def test_our_modules_do_the_same_without_it() -> None:
    assert len(_DECIDING) > 50
    for path in _DECIDING:
        source = path.read_text("utf-8")
        assert syntax(bare(source)) == syntax(source), path


def syntax(source: str) -> str:
    """The syntax tree of a source, its docstrings empty."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            match node.body:
                case [ast.Expr(value=ast.Constant(value=str()) as docstring), *_]:
                    docstring.value = ""
    return ast.dump(tree)
