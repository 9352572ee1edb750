"""A folder of cleaned corpus files: each keeps its number and takes the hash of its new content, with a journal beside them."""

from pathlib import Path

from healthcrawl.core.normalise import file_text
from healthcrawl.corpus.layout import content_hash, parse_name
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Provenance, make_step
from healthcrawl.disk import disk_errors, write_atomically
from healthcrawl.errors import UsageError
from healthcrawl.model import Document


class CleanedFolder:
    """Writes cleaned files. A file without a number of its own, or with one that is taken, gets one after all the others'.

    Raises:
        UsageError: the folder already holds something.
        ArchiveError: it can't be made.
    """

    def __init__(self, folder: Path, originals: list[Path], decided_by: str) -> None:
        with disk_errors(folder):
            if folder.exists() and any(folder.iterdir()):
                raise UsageError(f"--out {folder}: not empty; name a new or empty folder")
            folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._manifest = Manifest(folder / "manifest.jsonl")
        self._decided_by = decided_by
        numbers = [name[0] for path in originals if (name := parse_name(path.name))]
        self._next = max(numbers, default=-1) + 1
        self._taken: set[int] = set()

    def write(self, original: Path, document: Document) -> str:
        """Write one file, its line in the journal first; give its name.

        Raises:
            ArchiveError: the disk did not take it.
        """
        name = parse_name(original.name)
        if name and name[0] not in self._taken:
            number = name[0]
        else:
            number, self._next = self._next, self._next + 1
        self._taken.add(number)
        data = file_text(document.metadata.title, document.text).encode()
        origin = Provenance(captured_at="", record_id="", warc_file="", warc_offset=0, decided_by=self._decided_by)
        step = make_step("new", number, content_hash(data), document, origin)
        with self._manifest.lock():
            self._manifest.append(step)
        write_atomically(self._folder / step.name, data)
        return step.name
