"""What others do with a WARC file: a plain loop over warcio and trafilatura, and datatrove's reader and extractor.

    python peers.py loop|datatrove FOLDER OUT

Runs by itself, in whatever environment has the libraries: datatrove wants an older trafilatura than ours. Writes a JSON object a line
with url and text, and prints CPU seconds and the number of pages; loading the libraries does not count,
but in the process that datatrove extracts in.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path


def loop(folder: Path) -> Iterator[tuple[str, str]]:
    """Each answer's page, as a short script would read it."""
    from trafilatura import extract  # noqa: PLC0415
    from warcio.archiveiterator import ArchiveIterator  # noqa: PLC0415

    for path in sorted(folder.glob("*.warc.gz")):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream):
                if record.rec_type == "response":
                    url = record.rec_headers.get_header("WARC-Target-URI")
                    yield url, extract(record.content_stream().read()) or ""


def datatrove(folder: Path) -> Iterator[tuple[str, str]]:
    """Each answer's page, as datatrove's pipeline reads it with its defaults."""
    from datatrove.pipeline.extractors import Trafilatura  # noqa: PLC0415
    from datatrove.pipeline.readers import WarcReader  # noqa: PLC0415

    reader = WarcReader(str(folder), glob_pattern="*.warc.gz")
    for document in Trafilatura(timeout=10)(reader(None)):
        yield document.metadata["url"], document.text


if __name__ == "__main__":
    way = {"loop": loop, "datatrove": datatrove}[sys.argv[1]](Path(sys.argv[2]))
    first = next(way)  # loads what is loaded at first use
    began, pages = time.process_time(), 0
    with Path(sys.argv[3]).open("w", encoding="utf-8") as out:
        out.write(json.dumps({"url": first[0], "text": first[1]}) + "\n")
        for url, text in way:
            pages += 1
            out.write(json.dumps({"url": url, "text": text}) + "\n")
    own = time.process_time() - began
    children = resource.getrusage(resource.RUSAGE_CHILDREN)  # datatrove extracts in one
    print(json.dumps({"cpu": own + children.ru_utime + children.ru_stime, "pages": pages}))
