"""`scrapy clean FILE…`: the text stages on corpus files that exist already."""

import argparse
import json
from pathlib import Path

from healthcrawl.core.normalise import file_text
from healthcrawl.core.process import clean
from healthcrawl.corpus.layout import content_hash, file_name, parse_name
from healthcrawl.corpus.manifest import Manifest, Step
from healthcrawl.corpus.store import write_atomically
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import normal_form
from healthcrawl.crawl.results import as_json, as_text, unreadable
from healthcrawl.errors import UsageError
from healthcrawl.ingest import decided_by
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Document


class Command(PlainCommand):
    """The clean command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] FILE…"

    def short_desc(self) -> str:
        """One line of help."""
        return "Mend and clean existing corpus text files"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Mend text files of an existing corpus: glosses, shifted bytes and traditional characters of mirror sites, "
            "injected spam, navigation and copyright tails. The files given are never changed; --out writes new ones, which "
            "keep their number and take the hash of their new content. A bad file is a rejection, no failure."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Its options."""
        super().add_options(parser)
        parser.add_argument(
            "--out", metavar="DIR", help="write the cleaned files into this folder, with a manifest.jsonl"
        )
        parser.add_argument("--json", action="store_true", help="print one object a line")

    def work(self, args: list[str], opts: argparse.Namespace) -> int:
        """Show, and with --out write, the outcome of every file."""
        paths = _named(args)
        assert self.settings is not None
        form = normal_form(self.settings)
        rules = load_rules(script=form.script, width=form.width)
        out = _Out(Path(opts.out), paths) if opts.out else None
        for path in paths:
            try:
                outcome = clean(path.read_bytes().decode(), rules)
            except (OSError, UnicodeDecodeError) as error:
                outcome = unreadable(str(path), error)
            if out and isinstance(outcome, Document):
                out.write(path, outcome)
            print(
                json.dumps(as_json(outcome, str(path)), ensure_ascii=False)
                if opts.json
                else as_text(outcome, str(path))
            )
        return DONE


class _Out:
    """The folder of cleaned files. A file without a number of its own gets one after all the others'."""

    def __init__(self, folder: Path, inputs: list[Path]) -> None:
        if folder.exists() and any(folder.iterdir()):
            raise UsageError(f"--out {folder}: not empty; name a new or empty folder")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._manifest = Manifest(folder / "manifest.jsonl")
        named = [parsed[0] for path in inputs if (parsed := parse_name(path.name))]
        self._next = max(named, default=-1) + 1
        self._taken: set[int] = set()

    def write(self, path: Path, document: Document) -> None:
        """Write one file, its line in the journal first."""
        parsed = parse_name(path.name)
        number = parsed[0] if parsed and parsed[0] not in self._taken else self._next
        self._next += number == self._next
        self._taken.add(number)
        metadata = document.metadata
        data = file_text(metadata.title, document.text).encode()
        step = Step(
            action="new",
            number=number,
            name=file_name(number, content_hash(data)),
            sha256=content_hash(data),
            address=path.name,
            url=document.url,
            site=document.site,
            family=document.family,
            title=metadata.title,
            published=metadata.published,
            source=metadata.source,
            author=metadata.author,
            captured_at="",
            record_id="",
            warc_file="",
            warc_offset=0,
            attachments=tuple((one.name, one.url) for one in document.attachments),
            decided_by=decided_by(),
        )
        with self._manifest.lock():
            self._manifest.append(step)
        write_atomically(self._folder / step.name, data)


def _named(args: list[str]) -> list[Path]:
    if not args:
        raise UsageError("give at least one file or folder")
    paths: list[Path] = []
    for path in map(Path, args):
        paths += sorted(path.rglob("*.txt")) if path.is_dir() else [path]
    return paths
