"""`scrapy clean FILE…`: the text stages on corpus files that exist already."""

import argparse
import json
import sys
from pathlib import Path

from healthcrawl.core.process import clean
from healthcrawl.corpus.cleaned import CleanedFolder
from healthcrawl.crawl.command import PlainCommand
from healthcrawl.crawl.exits import DONE
from healthcrawl.crawl.options import normal_form
from healthcrawl.crawl.results import as_json, as_text, unreadable
from healthcrawl.errors import UsageError
from healthcrawl.ingest import decided_by
from healthcrawl.knowledge.load import load_rules
from healthcrawl.model import Document, Rejection
from healthcrawl.rules import Rules


class Command(PlainCommand):
    """The clean command."""

    def syntax(self) -> str:
        """How it is called."""
        return "[options] FILE|DIR…"

    def short_desc(self) -> str:
        """One line of help."""
        return "Mend and clean existing corpus text files"

    def long_desc(self) -> str:
        """The help's first paragraph."""
        return (
            "Mend text files of an existing corpus: glosses, shifted bytes and traditional characters of mirror sites, "
            "injected spam, navigation and copyright tails. The files given are never changed; --out writes new ones, which "
            "keep their number and take the hash of their new content. A bad file is a rejection, no failure. Exit status: 0 done, "
            "2 wrong use."
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
        out = CleanedFolder(Path(opts.out), paths, decided_by()) if opts.out else None
        written = 0
        for path in paths:
            outcome = _clean(path, rules)
            name = out.write(path, outcome) if out and isinstance(outcome, Document) else ""
            written += bool(name)
            if opts.json:
                print(json.dumps(as_json(outcome, str(path)), ensure_ascii=False))
            else:
                print(f"{path} -> {name}" if name else as_text(outcome, str(path)))
        if out:
            print(
                f"{len(paths)} files: {written} written into {opts.out}, {len(paths) - written} rejected",
                file=sys.stderr,
            )
        return DONE


def _clean(path: Path, rules: Rules) -> Document | Rejection:
    try:
        text = path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        return unreadable(str(path), error)
    return clean(text, rules, path.name)


def _named(args: list[str]) -> list[Path]:
    paths: list[Path] = []
    for path in map(Path, args):
        paths += sorted(path.rglob("*.txt")) if path.is_dir() else [path]
    if not any(path.exists() for path in paths):
        raise UsageError(f"no text files: {' '.join(args)}" if args else "give at least one file or folder")
    return paths
