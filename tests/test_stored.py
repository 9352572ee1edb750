"""WARC files in a store: shipped, compared, read from there, and kept here while the store can't be reached."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.errors import ArchiveError, UsageError
from healthcrawl.stored import Patience, WarcStore, ship_all
from tests.benchmarks.synthetic import make_archive
from tests.conftest import run_scrapy
from tests.test_replay import content, settings

BUCKET = "archive-of-tests"


class S3:
    """moto's S3 on loopback, which can go away for a while and come back as it was."""

    def __init__(self) -> None:
        server = pytest.importorskip("moto.server", reason="moto plays S3")
        self._make: Callable[[int], Any] = lambda port: server.ThreadedMotoServer("127.0.0.1", port, verbose=False)
        self._server = self._make(0)
        self._server.start()
        self.port: int = self._server.get_host_and_port()[1]

    def stop(self) -> None:
        self._server.stop()

    def start(self) -> None:
        self._server = self._make(self.port)
        self._server.start()


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    s3fs = pytest.importorskip("s3fs", reason="comes with the extra `s3`")
    server = S3()
    address = f"http://127.0.0.1:{server.port}"
    for name, value in {
        "AWS_ENDPOINT_URL": address,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().mkdir(BUCKET)
    yield server
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> ArchiveLayout:
    return make_archive(tmp_path_factory.mktemp("bench") / "archive", 60, pages_a_file=20)


@pytest.fixture
def layout(bench: ArchiveLayout, tmp_path: Path) -> ArchiveLayout:
    return ArchiveLayout(shutil.copytree(bench.root, tmp_path / "archive"))


def states(layout: ArchiveLayout, store: WarcStore, *, keep: bool = True) -> list[str]:
    return [one.state for one in ship_all(layout, store, keep=keep)]


def test_files_are_shipped_once_and_come_back_as_they_were(layout: ArchiveLayout, tmp_path: Path) -> None:
    store, (first, *others) = WarcStore((tmp_path / "store").as_uri()), layout.warc_files()
    assert states(layout, store) == ["shipped"] * (1 + len(others))
    assert states(layout, store) == ["there"] * (1 + len(others))
    site = first.parent.name
    store.fetch(site, first.name, tmp_path / "back" / first.name)
    assert (tmp_path / "back" / first.name).read_bytes() == first.read_bytes()
    assert (tmp_path / "store" / "index" / site / f"{first.name.removesuffix('.warc.gz')}.cdxj").exists()
    before = first.read_bytes()
    assert states(layout, store, keep=False) == ["there"] * (1 + len(others))
    assert layout.warc_files() == []
    store.fetch(site, first.name, first)
    assert first.read_bytes() == before


def test_what_was_cut_off_is_shipped_again_and_damage_is_told(layout: ArchiveLayout, tmp_path: Path) -> None:
    store, first = WarcStore((tmp_path / "store").as_uri()), layout.warc_files()[0]
    site = first.parent.name
    folder = tmp_path / "store" / "warc" / site
    folder.mkdir(parents=True)
    (folder / first.name).write_bytes(first.read_bytes()[:100])  # as a kill leaves it: without its seal
    assert set(states(layout, store)) == {"shipped"}
    assert (folder / first.name).read_bytes() == first.read_bytes()
    (folder / first.name).write_bytes(first.read_bytes()[:-1] + b"?")
    with pytest.raises(ArchiveError, match="is not what was shipped"):
        store.fetch(site, first.name, tmp_path / "back")
    assert not (tmp_path / "back").exists()


def test_what_comes_back_otherwise_is_kept_here(
    layout: ArchiveLayout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = WarcStore((tmp_path / "store").as_uri())

    def garble(source: str, key: str) -> None:
        Path(key).write_bytes(Path(source).read_bytes()[1:])

    monkeypatch.setattr(store._fs, "put_file", garble)
    (left, *more) = ship_all(layout, store, keep=False)
    assert (left.state, more) == ("left", [])
    assert "came back otherwise" in left.detail
    assert len(layout.warc_files()) == 3


def test_a_store_that_is_away_is_tried_with_growing_pauses_then_all_is_kept(
    layout: ArchiveLayout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    store = WarcStore(
        (tmp_path / "store").as_uri(), Patience(seconds=20, sleep=pauses.append, clock=lambda: sum(pauses))
    )

    def refuse(*_args: object, **_named: object) -> None:
        raise ConnectionError("nobody there")

    monkeypatch.setattr(store._fs, "ls", refuse)  # one object for all stores of a kind
    (left,) = ship_all(layout, store, keep=False)
    assert pauses == [1, 2, 4, 8]
    assert (left.state, "nobody there; `scrapy ship` takes up what is left" in left.detail) == ("left", True)
    assert len(layout.warc_files()) == 3


@pytest.mark.parametrize("url", ["nothing://bucket", "gs://bucket"])
def test_a_url_that_no_driver_knows_is_wrong_use(url: str) -> None:
    with pytest.raises(UsageError, match="STORE_URL"):
        WarcStore(url)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_outage_of_s3_loses_nothing_and_a_replay_reads_from_there(
    s3: S3, bench: ArchiveLayout, layout: ArchiveLayout, tmp_path: Path
) -> None:
    url = f"s3://{BUCKET}/health"
    alone = ArchiveLayout(shutil.copytree(bench.root, tmp_path / "alone"))
    assert run_scrapy(alone.root, "replay", **settings(alone)).status == 0
    store = WarcStore(url, Patience(seconds=300))
    before = {path.name: path.read_bytes() for path in layout.warc_files()}
    shipped, away = [], 0.0
    for one in ship_all(layout, store, keep=False):
        shipped.append(one.state)
        if len(shipped) == 1:
            s3.stop()
            away = time.monotonic()
            threading.Timer(60, s3.start).start()
        if len(shipped) == 2:
            away = time.monotonic() - away
    assert (shipped, layout.warc_files()) == (["shipped"] * 3, [])
    assert away > 60
    named = {**settings(layout), "STORE_URL": url}
    done = run_scrapy(layout.root, "replay", **named)
    assert (done.status, layout.warc_files()) == (0, []), done.err
    assert content(layout.corpus, layout.manifest) == content(alone.corpus, alone.manifest)
    done = run_scrapy(layout.root, "verify", **named)
    assert done.status == 0, done.out + done.err
    for name, data in before.items():
        store.fetch(bench.sites[0], name, tmp_path / "back" / name)
        assert (tmp_path / "back" / name).read_bytes() == data
    again = run_scrapy(layout.root, "replay", "--force", "--cluster", "local:2", **named)
    assert again.status == 0, again.err
