"""The corpus as a data set for others: a folder that Hugging Face `datasets` loads, with a card and a Croissant description.

No moment and no machine shows in it: the same corpus gives the same bytes, Parquet's for the same version of pyarrow.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from healthcrawl.corpus.export import COLUMNS, Counts, Row
from healthcrawl.disk import disk_errors, write_atomically
from healthcrawl.errors import UsageError

_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "samplingRate": "cr:samplingRate",
    "sc": "https://schema.org/",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
_PERSONS = """## Persons, and removal

These are publications of public offices. Some name persons: officials, authors, people on lists of results or permits. Names are
kept as published; nothing was added from elsewhere. Who publishes this data set should say here how to ask for a removal. To
remove a document, delete its row by `number` and every row whose `near_dup_cluster` is the same.
"""

Form: TypeAlias = Literal["jsonl", "parquet"]

_ROWS_A_FILE = 50_000
_ROWS_A_GROUP = 1_000
_FIELDS = {
    "findings": ("kind", "text", "detail"),
    "attachments": ("name", "url"),
}  # of the columns that are lists of structs
_MOMENTS = frozenset({"captured_at", "modified"})
_MIME = {"jsonl": "application/jsonlines", "parquet": "application/x-parquet"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """A file of the data set: its path below the folder, what it holds, and its digest."""

    path: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What is told of a data set beside its rows. `newest` is the day of its latest capture, `selection` what was left out."""

    title: str
    language: str
    newest: str
    selection: str
    counts: Counts
    version: str


class _Sheet(Protocol):
    def write(self, rows: list[Row]) -> None: ...
    def close(self) -> None: ...


def write(folder: Path, rows: Iterable[Row], form: Form, card: Callable[[], Card]) -> tuple[DataFile, ...]:
    """Write a data set into a new or empty folder; returns its data files. `card` is asked when the rows are written.

    Raises:
        UsageError: the folder holds something, or pyarrow is not installed.
        ArchiveError: the disk did not take it.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder}: not empty; name a new or empty folder to write into")
    open_sheet = _JsonLines if form == "jsonl" else _parquet()
    made: list[DataFile] = []
    with disk_errors(folder):
        (folder / "data").mkdir(parents=True, exist_ok=True)
        queue = iter(rows)
        while True:
            name = f"data/documents-{len(made):05}.{form}"
            temporary = folder / f"data/.{len(made):05}.tmp"
            number = 0
            with closing(open_sheet(temporary)) as sheet:
                while number < _ROWS_A_FILE and (some := list(islice(queue, _ROWS_A_GROUP))):
                    sheet.write(some)
                    number += len(some)
            if made and not number:
                temporary.unlink()
                break
            temporary.replace(folder / name)
            made.append(_data_file(folder, name, number))
            if number < _ROWS_A_FILE:
                break
    told = card()
    croissant = json.dumps(_croissant(told, form, made), ensure_ascii=False, indent=2)
    write_atomically(folder / "croissant.json", f"{croissant}\n".encode())
    write_atomically(folder / "README.md", "\n".join(_readme(told, form, made)).encode())
    return tuple(made)


class _JsonLines:
    """One object a line, UTF-8."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")

    def write(self, rows: list[Row]) -> None:
        self._file.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode())

    def close(self) -> None:
        self._file.close()


def _parquet() -> Callable[[Path], _Sheet]:
    try:
        import pyarrow as pa  # noqa: PLC0415  # an extra
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError as error:
        raise UsageError("Parquet needs pyarrow: pip install 'healthcrawl[parquet]', or use --format jsonl") from error
    texts = {name: pa.list_(pa.struct([(field, pa.string()) for field in fields])) for name, fields in _FIELDS.items()}
    types = {"string": pa.string(), "int64": pa.int64(), "strings": pa.list_(pa.string()), **texts}
    schema = pa.schema([(name, types[kind]) for name, kind, _ in COLUMNS])

    class Sheet:
        def __init__(self, path: Path) -> None:
            self._writer = pq.ParquetWriter(path, schema, compression="zstd")

        def write(self, rows: list[Row]) -> None:
            self._writer.write_table(pa.Table.from_pylist(rows, schema=schema))

        def close(self) -> None:
            self._writer.close()

    return Sheet


def _data_file(folder: Path, name: str, rows: int) -> DataFile:
    with (folder / name).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return DataFile(path=name, rows=rows, size=(folder / name).stat().st_size, sha256=digest)


def _croissant(card: Card, form: Form, made: list[DataFile]) -> dict[str, Any]:
    """The description as Croissant 1.1 has it."""
    files = [
        {
            "@type": "cr:FileObject",
            "@id": one.path,
            "name": one.path,
            "contentUrl": one.path,
            "contentSize": f"{one.size} B",
            "encodingFormat": _MIME[form],
            "sha256": one.sha256,
        }
        for one in made
    ]
    every = {
        "@type": "cr:FileSet",
        "@id": "documents-files",
        "name": "documents-files",
        "encodingFormat": _MIME[form],
        "includes": f"data/*.{form}",
    }
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "name": "healthcrawl-corpus",
        "description": f"{card.title}. {card.selection}",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        "version": card.version,
        "datePublished": card.newest,
        "inLanguage": card.language,
        "citeAs": f"{card.title}, made by healthcrawl, captures up to {card.newest}",
        "distribution": [*files, every],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "documents",
                "name": "documents",
                "description": "One record a document.",
                "key": {"@id": "documents/number"},
                "field": [_field(name, kind, said) for name, kind, said in COLUMNS],
            }
        ],
    }


def _field(name: str, kind: str, said: str) -> dict[str, Any]:
    """A column. Lists of structs have a sub-field for each of their fields."""
    source = {"fileSet": {"@id": "documents-files"}}
    extract = {"column": name}
    field: dict[str, Any] = {"@type": "cr:Field", "@id": f"documents/{name}", "name": name, "description": said}
    if kind in _FIELDS:
        parts = [_part(name, part, source, extract) for part in _FIELDS[kind]]
        return {**field, "repeated": True, "subField": parts}
    moment = "sc:DateTime" if name in _MOMENTS else "sc:Text"  # readers of JSON make moments of them by their names
    field |= {"dataType": "sc:Integer" if kind == "int64" else moment, "source": {**source, "extract": extract}}
    return {**field, "repeated": True} if kind == "strings" else field


def _part(name: str, part: str, source: dict[str, Any], extract: dict[str, str]) -> dict[str, Any]:
    inner = {"extract": extract, "transform": {"jsonPath": f"$[*].{part}"}}
    ids = {"@type": "cr:Field", "@id": f"documents/{name}/{part}", "name": part}
    return {**ids, "description": f"{part} of each", "dataType": "sc:Text", "source": {**source, **inner}}


def _readme(card: Card, form: Form, made: list[DataFile]) -> Iterator[str]:
    """The card: a YAML head that `datasets` reads, then what people want to know."""
    yield from ("---", "language:", f"- {card.language.partition('-')[0]}", f"pretty_name: {card.title}")
    yield from ("configs:", "- config_name: default", "  data_files:", "  - split: train", f"    path: data/*.{form}")
    yield from ("dataset_info:", "  features:")
    for name, kind, _ in COLUMNS:
        yield f"  - name: {name}"
        if kind in _FIELDS:
            yield "    list:"
            for part in _FIELDS[kind]:
                yield from (f"    - name: {part}", "      dtype: string")
        else:
            yield "    sequence: string" if kind == "strings" else f"    dtype: {kind}"
    yield from ("---", "", f"# {card.title}", "")
    total = sum(one.rows for one in made)
    yield f"{total:,} documents of Chinese health bureaus and city portals, captured up to {card.newest}. {card.selection}"
    yield "Every row says which capture of the archive (a WARC record) its text was read from, and by what."
    if form == "jsonl":
        yield "`datasets` makes moments of the dates in JSON Lines and writes them its own way; from Parquet they come as they are."
    yield from ("", "## Files", "", "| file | rows | bytes | SHA-256 |", "|---|---|---|---|")
    yield from (f"| `{one.path}` | {one.rows:,} | {one.size:,} | `{one.sha256}` |" for one in made)
    yield from ("", "## Columns", "", "| column | type | meaning |", "|---|---|---|")
    names = {"strings": "list of string", **{name: f"list of {', '.join(parts)}" for name, parts in _FIELDS.items()}}
    yield from (f"| `{name}` | {names.get(kind, kind)} | {said} |" for name, kind, said in COLUMNS)
    yield from ("", "## What the whole corpus holds", "", "| site | documents |", "|---|---|")
    yield from (f"| {site or '(none)'} | {number:,} |" for site, number in card.counts.by_site.items())
    yield from ("", "| published in | documents |", "|---|---|")
    yield from (f"| {year or '(unknown)'} | {number:,} |" for year, number in card.counts.by_year.items())
    yield from ("", "Captures that are no documents, by reason:", "", "| site | reason | captures |", "|---|---|---|")
    yield from (
        f"| {site or '(none)'} | {reason} | {number:,} |" for (site, reason), number in card.counts.rejected.items()
    )
    yield from ("", "## Near duplicates", "")
    yield "`near_dup_cluster` marks texts that are nearly the same; none was dropped. Take one row of each cluster to have each text once."
    yield from ("", *_PERSONS.splitlines(), "")
