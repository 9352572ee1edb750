"""The text files of the corpus: what is written and removed lies ready until it is settled, so that the journal comes first."""

from pathlib import Path

from healthcrawl.corpus.layout import content_hash
from healthcrawl.disk import TEMPORARY, disk_errors, write_all_atomically


class TextFiles:
    """The files of `folder`. Where one is not there, that of the folder `beneath` is seen, which is never written to.

    With `sync` what is settled is on disk. Only the holder of the journal may make one or settle.
    """

    def __init__(self, folder: Path, *, beneath: Path | None = None, sync: bool = True) -> None:
        self._folder = folder
        self._beneath = beneath
        self._sync = sync
        self._waiting: dict[str, bytes | None] = {}  # None: to be removed
        self._gone: set[str] = set()  # of those beneath
        with disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for path in folder.glob(TEMPORARY):  # left by a kill
                path.unlink()

    def names(self) -> set[str]:
        """The names of the files that are there."""
        with disk_errors(self._folder):
            names = {path.name for path in self._folder.iterdir()}
            if self._beneath and self._beneath.is_dir():
                names |= {path.name for path in self._beneath.iterdir()} - self._gone
        return names

    def read(self, name: str) -> bytes | None:
        """What is in a file; None if it is not there."""
        if name in self._waiting:
            return self._waiting[name]
        with disk_errors(self._folder):
            for folder in (self._folder, self._beneath):
                if folder is not None and not (folder is self._beneath and name in self._gone):
                    try:
                        return (folder / name).read_bytes()
                    except FileNotFoundError:
                        continue
        return None

    def holds(self, name: str, sha256: str) -> bool:
        """Whether a file is there and has that content."""
        data = self.read(name)
        return data is not None and content_hash(data) == sha256

    def write(self, name: str, data: bytes) -> None:
        """Have a file written."""
        self._waiting[name] = data

    def remove(self, name: str) -> None:
        """Have a file removed, if it is there."""
        self._waiting[name] = None

    def settle(self) -> None:
        """Write and remove what waits for it.

        Raises:
            ArchiveError: the disk did not take it.
        """
        waiting, self._waiting = self._waiting, {}
        write_all_atomically(
            self._folder, {name: data for name, data in waiting.items() if data is not None}, sync=self._sync
        )
        for name in (name for name, data in waiting.items() if data is None):
            with disk_errors(self._folder):
                (self._folder / name).unlink(missing_ok=True)
            if self._beneath:
                self._gone.add(name)

    def forget(self) -> None:
        """Leave what waits as it is."""
        self._waiting = {}
