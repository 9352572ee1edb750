"""Marks in an archived page: what our rules have dropped or mended, where it stands; what a style had hidden is shown."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lxml import etree, html

_HIDES = ("style", "hidden", "height", "width", "class")
_MOST = 60  # places at which the same finding is marked
_LARGEST = 1_000_000  # characters of a page in which marks are put
_WITHOUT_TEXT = frozenset({"script", "style", "title", "template", "noscript"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A text to be marked: the number and kind of its finding, what to say of it, whether a style hides it."""

    number: int
    kind: str
    text: str
    note: str
    is_hidden: bool = False


@dataclass(slots=True)
class _Piece:
    """A text node: of `element` its text, or what stands behind it. `marks` are those of its characters."""

    element: html.HtmlElement
    is_tail: bool
    text: str
    marks: list[Mark | None]

    @property
    def parent(self) -> html.HtmlElement:
        """The element that it stands in."""
        return self.element.getparent() if self.is_tail else self.element


def put_marks(tree: html.HtmlElement, marks: Sequence[Mark]) -> None:
    """Put `<mark>` around the texts of findings in a tree, wherever they stand, across elements and blanks.

    The first place of each has the id `finding-` and its number. Where two overlap the first counts. A page that
    is larger than any true one is left alone.
    """
    pieces = [*_pieces(tree)] if marks else []
    if sum(len(piece.text) for piece in pieces) > _LARGEST:
        return
    places = [(piece, at) for piece in pieces for at, character in enumerate(piece.text) if not character.isspace()]
    bare = "".join(piece.text[at] for piece, at in places)
    for mark in marks:
        for start, end in _found(bare, "".join(mark.text.split())):
            span = places[start:end]
            if all(piece.marks[at] is None for piece, at in span):
                for piece, at in span:
                    piece.marks[at] = mark
                if mark.is_hidden:
                    _reveal((piece for piece, _ in span), end - start)
    named: set[int] = set()
    for piece in pieces:
        if any(piece.marks):
            _wrap(piece, named)


def _pieces(tree: html.HtmlElement) -> Iterator[_Piece]:
    """The text nodes below an element, in the order in which they are read."""
    for event, element in etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
        is_tail = event != "start"
        text = element.tail if is_tail else element.text
        holder = element.getparent() if is_tail else element
        if text and holder is not None and holder.tag not in _WITHOUT_TEXT:
            yield _Piece(element, is_tail, text, [None] * len(text))


def _found(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    at = text.find(wanted) if wanted else -1
    for _ in range(_MOST):
        if at < 0:
            return
        yield at, at + len(wanted)
        at = text.find(wanted, at + len(wanted))


def _reveal(pieces: Iterable[_Piece], length: int) -> None:
    """Undo the hiding of elements that hold hardly more than a marked text."""
    for parent in dict.fromkeys(piece.parent for piece in pieces):
        for element in (parent, *parent.iterancestors()):
            if element.tag in {"body", "html"} or len("".join(element.text_content().split())) > 1.5 * length + 20:
                break
            for name in _HIDES:
                element.attrib.pop(name, None)


def _wrap(piece: _Piece, named: set[int]) -> None:
    """Split a text node where marks begin and end."""
    runs: list[tuple[Mark | None, str]] = [(None, "")]
    for character, own in zip(piece.text, piece.marks, strict=True):
        mark = runs[-1][0] if character.isspace() else own  # a blank belongs to what stands before it
        if runs[-1][0] is mark:
            runs[-1] = (mark, runs[-1][1] + character)
        else:
            runs.append((mark, character))
    parent, at = piece.parent, 0
    if piece.is_tail:
        at = parent.index(piece.element) + 1
        piece.element.tail = runs[0][1]
    else:
        piece.element.text = runs[0][1]
    for mark, text in runs[1:]:
        if mark is None:
            parent[at - 1].tail = text
            continue
        element = html.Element("mark", {"class": f"hc-{mark.kind}", "title": mark.note})
        if mark.number not in named:
            named.add(mark.number)
            element.set("id", f"finding-{mark.number}")
        element.text = text
        parent.insert(at, element)
        at += 1
