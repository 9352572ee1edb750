"""Where things lie in the data directory, and how corpus files are named."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

_BEGUN = re.compile(r"-(\d{14})-\d{5}-[A-Za-z0-9.]+\.warc\.gz$")
_NAME = re.compile(r"(?P<number>\d{3,})_(?P<hash16>[0-9a-f]{16})\.txt")


@dataclass(frozen=True, slots=True)
class ArchiveLayout:
    """The paths below `ARCHIVE_DIR`. `catalog_url` names a catalog that lies elsewhere, `store_url` where WARC files are shipped to."""

    root: Path
    catalog_url: str = ""
    store_url: str = ""

    def warc(self, site: str) -> Path:
        """The folder of a site's WARC files."""
        return self.root / "warc" / site

    def index(self, site: str) -> Path:
        """The folder of a site's CDXJ files."""
        return self.root / "index" / site

    @property
    def sites(self) -> tuple[str, ...]:
        """The sites that have WARC files."""
        folder = self.root / "warc"
        return tuple(sorted(path.name for path in folder.iterdir() if path.is_dir())) if folder.is_dir() else ()

    def warc_files(self, site: str = "") -> list[Path]:
        """The closed WARC files of a site (empty: of all), in the order in which they were begun."""
        sites = [site] if site else self.sites
        return sorted((path for name in sites for path in self.warc(name).glob("*.warc.gz")), key=begun)

    def site_of(self, warc: Path) -> str:
        """The site in whose folder a closed WARC file lies; empty for a file elsewhere."""
        folder = warc.parent.resolve()
        named = (name for name in self.sites if self.warc(name).resolve() == folder)
        return next(named, "") if warc.name.endswith(".warc.gz") else ""

    @property
    def corpus(self) -> Path:
        """The folder of the text files."""
        return self.root / "corpus"

    @property
    def manifest(self) -> Path:
        """The journal of numbers."""
        return self.root / "manifest.jsonl"

    @property
    def turns(self) -> Path:
        """Where crawls take turns at servers."""
        return self.root / "turns"

    @property
    def metrics(self) -> Path:
        """The numbers for Prometheus."""
        return self.root / "metrics.prom"

    @property
    def catalog(self) -> Path:
        """The catalog's database file, unless `catalog_url` names another place."""
        return self.root / "catalog.sqlite"

    @property
    def search(self) -> Path:
        """The full-text index, which may be removed at any time."""
        return self.root / "search.sqlite"


def begun(path: Path) -> tuple[str, str]:
    """The time in `<site>-<time>-<serial>-<worker>.warc.gz`, then the name. Files of others come before all of ours."""
    match = _BEGUN.search(path.name)
    return (match[1] if match else "", path.name)


def content_hash(data: bytes) -> str:
    """The SHA-256 of a corpus file's bytes, in hex."""
    return hashlib.sha256(data).hexdigest()


def file_name(number: int, sha256: str) -> str:
    """The name of a corpus file.

    >>> file_name(17, "a69cb386113e3a71" + 48 * "0")
    '017_a69cb386113e3a71.txt'
    """
    return f"{number:03}_{sha256[:16]}.txt"


def parse_name(name: str) -> tuple[int, str] | None:
    """Number and first 16 digits of the hash of a corpus file's name; None for another file.

    >>> parse_name("017_a69cb386113e3a71.txt"), parse_name("notes.txt")
    ((17, 'a69cb386113e3a71'), None)
    """
    match = _NAME.fullmatch(name)
    return (int(match["number"]), match["hash16"]) if match else None
