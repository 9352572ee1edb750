"""An existing corpus taken over: its numbers are kept for the articles that a crawl finds again.

The names of its files hold no hash that could be computed again, so a number is known by its file's own digest. The journal tells
that it is in use; what the file says, cleaned as a crawl's texts are, waits in the catalog for its article
(`healthcrawl.corpus.twins`), which then takes the number.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.cleaned import Cleaned, number_of, shown
from healthcrawl.corpus.manifest import Step
from healthcrawl.corpus.store import Store, Writing
from healthcrawl.corpus.twins import SCHEME, is_adopted, remember
from healthcrawl.model import Document

State: TypeAlias = Literal["adopted", "changed", "known", "taken", "bad"]
_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What became of a file.

    "adopted": its number is its own; "changed": the same again, with another content; "known": nothing to do; "taken": somebody
    else has the number; "bad": no number, or no text (its number is kept free where it can be). `detail` says more.
    """

    path: Path
    number: int | None
    state: State
    detail: str = ""


def own_names(store: Store) -> frozenset[str]:
    """The names of the corpus files that hold documents with a page of their own."""
    table = tables.documents
    query = sa.select(table.c.name).where(table.c.name != "", ~table.c.address.startswith(SCHEME))
    with store.writing() as writing:  # which brings the catalog up to date first
        return frozenset(writing.tx.execute(query).scalars())


def adopt(
    items: Iterable[Cleaned], store: Store, *, inside: bool, decided_by: str, dry: bool = False
) -> Iterator[Adopted]:
    """Register files, or with `dry` only say what would become of them. `inside`: they lie in the corpus folder itself.

    Raises:
        ArchiveError: journal or catalog can't be written.
    """
    seen: dict[int, str] = {}
    queue = iter(items)
    while batch := tuple(islice(queue, _BATCH)):
        done = []
        with store.writing() as writing:
            for item in batch:
                found = _look(writing.tx, item, seen)
                done.append(found)
                if not dry and found.number is not None and found.state != "taken" and item.sha256:
                    _register(writing, item, found.number, decided_by, inside=inside)
        yield from done


def _register(writing: Writing, item: Cleaned, number: int, decided_by: str, *, inside: bool) -> None:
    """Take a number into the journal, unless it is there, and have its text wait for an article, unless it came."""
    address, sha256 = _present(writing.tx, number) or (SCHEME, "")
    if not is_adopted(address):
        return
    if sha256 != item.sha256:
        writing.adopt(_step(number, item, decided_by, inside=inside), _raw(item))
    if isinstance(item.outcome, Document):
        remember(writing.tx, number, item.outcome)


def _present(tx: sa.Connection, number: int) -> tuple[str, str] | None:
    """Address and digest of the document that has a number; None if it is free."""
    table = tables.documents
    row = tx.execute(sa.select(table.c.address, table.c.sha256).where(table.c.number == number)).one_or_none()
    return (row.address, row.sha256) if row else None


def _look(tx: sa.Connection, item: Cleaned, seen: dict[int, str]) -> Adopted:
    """What is to be done for a file."""
    name, number = shown(item.path.name), number_of(item.path.name)
    if number is None:
        detail = "no number in its name, like 017_a69cb386113e3a71.txt"
        return Adopted(path=item.path, number=None, state="bad", detail=detail)
    other = seen.setdefault(number, name)
    present = _present(tx, number)
    state, detail = _state(tx, item, number, present[0] if present else "")
    if other != name:
        state, detail = "taken", f"{other} has it too"
    elif present and present[0] != SCHEME + name and state != "known":
        state, detail = "taken", f"the document {present[0]} has it"
    return Adopted(path=item.path, number=number, state=state, detail=detail)


def _state(tx: sa.Connection, item: Cleaned, number: int, address: str) -> tuple[State, str]:
    """What a file is by its content, beside the address of the document that has its number (empty: none)."""
    if not isinstance(item.outcome, Document):
        return "bad", f"{item.outcome.reason} {item.outcome.detail}".strip()
    versions = tables.versions
    had = sa.select(versions.c.sha256).where(versions.c.number == number, versions.c.sha256 == item.sha256)
    if tx.execute(had).first():
        return "known", "" if is_adopted(address) else f"{address} has taken it over"
    return "changed" if address else "adopted", _twin(tx, item.outcome)


def _twin(tx: sa.Connection, document: Document) -> str:
    """Whether a page of the archive shows the same already; its number stays its own."""
    table = tables.documents
    same = sa.and_(table.c.title == document.metadata.title, table.c.title != "", ~table.c.address.startswith(SCHEME))
    row = tx.execute(sa.select(table.c.number, table.c.url).where(same).limit(1)).one_or_none()
    return f"document {row.number} ({row.url}) has the same title, and keeps its number" if row else ""


def _raw(item: Cleaned) -> str:
    try:
        return item.path.read_bytes().decode(errors="replace")
    except OSError:  # it was there when it was cleaned
        return ""


def _step(number: int, item: Cleaned, decided_by: str, *, inside: bool) -> Step:
    document = item.outcome if isinstance(item.outcome, Document) else None
    metadata = document.metadata if document else None
    return Step(
        action="adopted",
        number=number,
        name=shown(item.path.name) if inside else "",
        sha256=item.sha256,
        address=SCHEME + shown(item.path.name),
        url="",
        site="",
        family="",
        title=metadata.title if metadata else "",
        published=metadata.published if metadata else "",
        source=metadata.source if metadata else "",
        author=metadata.author if metadata else "",
        captured_at="",
        record_id=f"sha256:{item.sha256}",
        warc_file="",
        warc_offset=0,
        attachments=tuple((one.name, one.url) for one in document.attachments) if document else (),
        decided_by=decided_by,
    )
