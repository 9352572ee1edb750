"""Machines that share a catalog: one journal for all, leases of sites, and what kills leave."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus import leases, shared
from healthcrawl.corpus.catalog import Catalog, moment
from healthcrawl.corpus.layout import ArchiveLayout
from healthcrawl.corpus.manifest import Manifest
from healthcrawl.corpus.store import Change, Store, follow
from healthcrawl.errors import ArchiveError, SiteLockedError
from tests import postgres
from tests.corpus.test_store import FIRST, LATER, make_document, provenance


@pytest.fixture
def url() -> Iterator[str]:
    with postgres.schema() as url:
        yield url


class Machine:
    """An archive of its own, with the catalog that all share."""

    def __init__(self, root: Path, url: str) -> None:
        self.layout = ArchiveLayout(root, url)
        self.catalog = Catalog(url)
        self.store = Store(self.layout.corpus, Manifest(self.layout.manifest), self.catalog)

    def keep(self, address: str, text: str, at: str = FIRST) -> Change:
        with self.store.writing() as writing:
            return writing.keep(make_document(address, text), provenance(at))

    def follow(self) -> None:
        with self.store.writing():
            pass

    def content(self) -> tuple[bytes, dict[str, bytes]]:
        files = {path.name: path.read_bytes() for path in self.layout.corpus.iterdir()}
        return self.layout.manifest.read_bytes(), files


@pytest.fixture
def machines(tmp_path: Path, url: str) -> Iterator[tuple[Machine, Machine]]:
    one, other = Machine(tmp_path / "one", url), Machine(tmp_path / "other", url)
    with closing(one.catalog), closing(other.catalog):
        yield one, other


def test_all_machines_have_one_journal_and_the_same_texts(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    assert one.keep("http://a.test/1", "一。").number == 0
    assert other.keep("http://b.test/1", "二。").number == 1
    assert one.keep("http://b.test/1", "二,改了。", LATER).kind == "changed"
    assert other.keep("http://c.test/1", "一。").kind == "alias"
    one.follow()
    assert one.content() == other.content()
    lines, files = one.content()
    assert [name[:3] for name in sorted(files)] == ["000", "001"]
    assert lines.count(b"\n") == 4


def test_a_machine_that_is_behind_follows(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    one.keep("http://a.test/1", "一。")
    follow(other.layout)
    assert other.content() == one.content()


def test_numbers_are_given_once_however_many_write(machines: tuple[Machine, Machine]) -> None:
    def keep(which: int) -> None:
        for place in range(15):
            machines[which].keep(f"http://{which}.test/{place}", f"正文{which}之{place}。")

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(keep, range(2)))
    for machine in machines:
        machine.follow()
    assert machines[0].content() == machines[1].content()
    with machines[0].catalog.reading() as tx:
        assert tx.execute(sa.select(tables.documents.c.number).order_by("number")).scalars().all() == [*range(30)]


@pytest.mark.parametrize("what", ["settle", "follow"])
def test_a_kill_behind_the_transaction_is_made_good(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    one, other = machines
    one.keep("http://a.test/1", "一。")
    calls = []

    def killed(*_args: object, **_named: object) -> None:
        calls.append(what)
        if what == "settle" or len(calls) == 2:  # the second time is behind the transaction
            raise KeyboardInterrupt

    owner = one.store._files if what == "settle" else shared
    with monkeypatch.context() as patch:
        patch.setattr(owner, what, killed)
        with pytest.raises(KeyboardInterrupt):
            one.keep("http://a.test/1", "二。", LATER)
    assert other.keep("http://b.test/1", "三。").number == 1
    one.follow()
    assert one.content() == other.content()


def test_a_lost_catalog_is_made_anew_by_any_copy(machines: tuple[Machine, Machine]) -> None:
    one, other = machines
    one.keep("http://a.test/1", "一。")
    other.keep("http://b.test/1", "二。")
    one.follow()
    before = one.content()
    with one.catalog.writing() as tx:
        tables.metadata.drop_all(tx)
        tables.metadata.create_all(tx)
    one.follow()
    other.follow()
    assert one.content() == other.content() == before
    assert other.keep("http://c.test/1", "三。").number == 2


def test_an_archive_with_numbers_of_its_own_does_not_mix(tmp_path: Path, url: str) -> None:
    alone = Machine(tmp_path / "alone", str(f"sqlite:///{tmp_path / 'alone.sqlite'}"))
    with closing(alone.catalog):
        alone.keep("http://a.test/1", "一。")
        alone.keep("http://a.test/2", "二。")
    with closing((first := Machine(tmp_path / "first", url)).catalog):
        first.keep("http://c.test/1", "三。")
    mixed = Machine(tmp_path / "alone", url)
    with closing(mixed.catalog), pytest.raises(ArchiveError, match="not its continuation"):
        mixed.follow()


@contextmanager
def held(
    catalog: Catalog, holder: str, seconds: float = 30, lost: Callable[[str], None] = print
) -> Iterator[leases.Lease]:
    with leases.hold(catalog, "demo", holder, seconds, lost) as lease:
        yield lease


def test_a_site_is_leased_to_one(tmp_path: Path, catalog_url: str) -> None:
    where = catalog_url or tmp_path / "catalog.sqlite"
    with closing(Catalog(where)) as one, closing(Catalog(where)) as other:
        with held(one, "process 1"):
            told = rf"demo is being crawled by process 1, whose lease runs until {datetime.now(UTC):%Y-%m-%d}"
            with pytest.raises(SiteLockedError, match=told), held(other, "process 2"):
                pass
            with leases.hold(other, "families", "process 2", 30, print):
                pass
        with held(other, "process 2"):
            pass


def test_of_many_who_claim_a_site_at_once_one_gets_it(tmp_path: Path, catalog_url: str) -> None:
    def claim(number: int) -> bool:
        with closing(Catalog(where)) as catalog:
            start.wait()
            try:
                leases._claim(catalog, leases.Lease(site="demo", holder=f"{number}", token=f"{number}", seconds=30))
            except SiteLockedError:
                return False
            return True

    where = catalog_url or tmp_path / "catalog.sqlite"
    Catalog(where).close()
    start = threading.Barrier(6)
    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(claim, range(6))) == 1


def test_the_lease_of_a_dead_process_runs_out_and_who_wakes_later_can_not_write(
    tmp_path: Path, catalog_url: str
) -> None:
    where = catalog_url or tmp_path / "catalog.sqlite"
    with (
        closing(Catalog(where)) as sleeper,
        closing(Catalog(where)) as next_one,
        held(sleeper, "the sleeper", 1000),
    ):
        past = moment(datetime.now(UTC) - timedelta(seconds=1))
        with next_one.writing_rows() as tx:  # as if it had not been renewed
            tx.execute(sa.update(tables.leases).values(until=past))
        with held(next_one, "the next one"):
            with pytest.raises(SiteLockedError, match="the next one has it now"), sleeper.writing():
                pytest.fail("must not be reached")
            with next_one.writing():
                pass


def test_a_lease_is_renewed_while_its_holder_lives_and_its_loss_is_told(tmp_path: Path, catalog_url: str) -> None:
    where, lost = catalog_url or tmp_path / "catalog.sqlite", threading.Event()
    with (
        closing(Catalog(where)) as catalog,
        closing(Catalog(where)) as other,
        held(catalog, "one", 0.6, lambda _why: lost.set()),
    ):
        time.sleep(1.2)
        with pytest.raises(SiteLockedError), held(other, "two"):
            pass
        assert not lost.is_set()
        with other.writing_rows() as tx:
            tx.execute(sa.delete(tables.leases))
        assert lost.wait(5)
