"""Python source without what it says to people only: two sources that are the same without it do the same.

The text is looked at, not its syntax tree: to make the trees of all our modules would cost every start a quarter of a second.
"""

import re

_LONG = r"""[rR]?(?:"{3}(?:[^"\\]++|\\.|"(?!""))*+"{3}|'{3}(?:[^'\\]++|\\.|'(?!''))*+'{3})"""
_SHORT = r""""(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'"""
_COMMENT = re.compile(rf"(?P<string>{_LONG}|{_SHORT})|[ \t]*#[^\n]*", re.DOTALL)
_DOCSTRING = re.compile(rf"(?P<before>\A\s*|:\n\s*){_LONG}(?=\n|\Z)|(?P<string>{_LONG}|{_SHORT})", re.DOTALL)
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")


def bare(source: str) -> str:
    r'''The source without comments, empty lines, and the texts of docstrings.

    A docstring is a string in three quotes, alone on its lines, that begins its file or block. Where one was is an empty
    string, so that the result is a module too.

    >>> bare('def one():  # first\n    """Say one."""\n\n    return "#1"\n')
    'def one():\n    ""\n    return "#1"\n'
    '''
    code = _COMMENT.sub(lambda found: found["string"] or "", source)
    code = _DOCSTRING.sub(lambda found: found["string"] or found["before"] + '""', code)
    return _BLANK_LINES.sub("\n", code).strip("\n") + "\n"
