"""Text for a person's eyes: safe for a terminal, wrapped there, and one line a line where a program reads."""

from typing import TypeAlias

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

Piece: TypeAlias = str | tuple[str, str]  # text, or text with a style


def printable(text: str) -> str:
    r"""Text without anything that could steer a terminal.

    >>> printable("标题 \x1b[2J") == "标题 \N{REPLACEMENT CHARACTER}[2J"
    True
    """
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


class Page:
    """Prints lines on standard output: on a terminal wrapped within their margin, elsewhere as they are."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False)

    def line(self, *pieces: Piece, margin: int = 0) -> None:
        """Print one line; its pieces may have a style."""
        safe = [printable(one) if isinstance(one, str) else (printable(one[0]), one[1]) for one in pieces]
        text = Text.assemble(*safe)
        if self._console.is_terminal:
            self._console.print(Padding(text, (0, 0, 0, margin)))
        else:
            self._console.print(Text(" " * margin) + text, soft_wrap=True)
