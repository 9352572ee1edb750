"""Whatever happens to an archive file: reading ends, raises nothing, and gives every record that was not touched."""

import gzip
import random
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from healthcrawl.warc import records
from healthcrawl.warc.read import read_captures
from healthcrawl.warc.scan import Damage, Record, scan
from tests.warc.foreign import arc_head, arc_record, warc_record

CPU_SECONDS = 5.0  # for a file of at most 200 kB
Parts = list[bytes]


def make_parts(random_: random.Random) -> Parts:
    """The parts of a file: gzip members or plain records, of WARC or ARC, some with a digest, some with an archive inside."""
    parts: Parts = []
    is_arc, is_gzip = random_.random() < 0.2, random_.random() < 0.6
    for number in range(random_.randint(1, 12)):
        body = random_.choice(
            [
                random_.randbytes(random_.randint(0, 3000)),
                bytes(random_.choices(b"<p>ab \r\n", k=random_.randint(0, 9000))),
                gzip.compress(random_.randbytes(500)),
                b"WARC/1.0\r\nnot a record\r\n\r\n",
            ]
        )
        block = b"HTTP/1.1 200 OK\r\nX-Serial: %d\r\n\r\n%b" % (number, body)
        url = b"http://a.test/%d" % number
        digest = b"WARC-Block-Digest: " + records.digest(block).encode()
        if is_arc:
            parts.append(arc_head() if number == 0 else arc_record(block, url))
        else:
            parts.append(warc_record(block, url=url, more=[digest] if random_.random() < 0.5 else []))
    return [gzip.compress(part, random_.choice([0, 1, 9]), mtime=0) for part in parts] if is_gzip else parts


def flip(parts: Parts, random_: random.Random) -> bytes:
    data = bytearray(b"".join(parts))
    for _ in range(random_.randint(1, 8)):
        data[random_.randrange(len(data))] ^= 1 << random_.randrange(8)
    return bytes(data)


def cut(parts: Parts, random_: random.Random) -> bytes:
    data = b"".join(parts)
    start = random_.randrange(len(data))
    return data[:start] + data[random_.randint(start, min(len(data), start + 3000)) :]


def truncate(parts: Parts, random_: random.Random) -> bytes:
    data = b"".join(parts)
    return data[: random_.randrange(len(data))]


def insert(parts: Parts, random_: random.Random) -> bytes:
    data = b"".join(parts)
    at = random_.randrange(len(data))
    strange = [
        random_.randbytes(99),
        b"\0" * 5000,
        b"\x1f\x8b\x08\0" * 50,
        b"WARC/1.0\r\n",
        data[: random_.randrange(500)],
    ]
    return data[:at] + random_.choice(strange) + data[at:]


def swap(parts: Parts, random_: random.Random) -> bytes:
    return b"".join(random_.sample(parts, len(parts)))


def splice(parts: Parts, random_: random.Random) -> bytes:
    """Members whose ends were exchanged."""
    one, other = random_.choice(parts), random_.choice(parts)
    at = random_.randrange(len(one))
    return b"".join([*parts, one[:at] + other[at:], *parts])


def lie(parts: Parts, random_: random.Random) -> bytes:
    """Absurd lengths."""
    lies = [b"0", b"-1", b"99999999999999999999999", b"4294967296", b"%d" % random_.randrange(20000), b"\xff", b""]

    def tell(part: bytes) -> bytes:
        if random_.random() < 0.6:
            return part
        plain = gzip.decompress(part) if part[:2] == b"\x1f\x8b" else part
        said = random_.choice(lies)
        length = re.compile(rb"(?<=Content-Length: )\d+|(?<= )\d+(?=\n)")
        plain = length.sub(lambda _: said, plain, count=1)
        return gzip.compress(plain, mtime=0) if part[:2] == b"\x1f\x8b" else plain

    return b"".join(map(tell, parts))


HARMS: list[Callable[[Parts, random.Random], bytes]] = [flip, cut, truncate, insert, swap, splice, lie]


def check(path: Path, seed: int) -> tuple[int, int]:
    """Harm one file and read it; how many whole records and how many damages there were."""
    random_ = random.Random(seed)  # noqa: S311  # harm is no secret
    parts = make_parts(random_)
    data = random_.choice(HARMS)(parts, random_)
    path = path.with_name("x.warc.gz" if parts[0].startswith(b"\x1f\x8b") else "x.warc")
    whole = {next(block_of(path, part)) for part in parts if part in data}
    path.write_bytes(data)
    start = time.process_time()
    found = list(scan(path))
    assert time.process_time() - start < CPU_SECONDS, seed
    assert whole <= {record.block for record in found if isinstance(record, Record)}, seed
    damages = [damage for damage in found if isinstance(damage, Damage)]
    assert [damage.offset for damage in damages] == sorted(damage.offset for damage in damages), seed
    list(read_captures(path, lambda _: None))
    return len(whole), len(damages)


def block_of(path: Path, part: bytes) -> Iterator[bytes]:
    path.write_bytes(part)
    return (one.block for one in scan(path) if isinstance(one, Record))


def run(path: Path, seeds: range) -> None:
    counts = [check(path, seed) for seed in seeds]
    assert sum(whole for whole, _ in counts) > len(counts)
    assert sum(damages for _, damages in counts) > len(counts) / 2


def test_three_hundred_harmed_files(tmp_path: Path) -> None:
    run(tmp_path / "x.warc", range(300))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_thousand_harmed_files(tmp_path: Path) -> None:
    run(tmp_path / "x.warc", range(300, 5300))


@pytest.mark.parametrize(
    "data",
    [
        b"WARC/1.0\r\nContent-Length: 9000\r\n\r\n" * 6000,
        b"WARC/1.0\r\nContent-Length: 200000\r\n\r\n\r\n" * 6000,
        b"\x1f\x8b\x08\0" * 60_000,
        gzip.compress(b"WARC/1.0\r\nContent-Length: 9\r\n\r\n" * 90_000),
        gzip.compress(b"\r\n" * 20_000_000),
        b"".join(gzip.compress(b"WARC/1.0\r\nA: b\r\n", 0)[:30] for _ in range(8000)),
        b"http://a.test/ 1.1.1.1 20260301000000 " * 6000 + b"\n",
        b"http://a.test/ 1.1.1.1 20260301000000 text/html 99999\n" * 6000,
        b"a:" * 100_000 + b"\n" + b"a:b c d\n" * 20_000,
    ],
)
def test_files_made_to_cost_time_are_read_in_little(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.warc"
    path.write_bytes(data)
    start = time.process_time()
    list(scan(path))
    assert time.process_time() - start < 2 * CPU_SECONDS
