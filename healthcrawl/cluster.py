"""Work on the machines of a Dask cluster: the same executors as for this machine's own processes.

Dask gives the work of a machine that is lost to another, so work must be such that doing it twice does no harm. What comes out is
in the order of the work, as ever.
"""

import hashlib
import json
import platform
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from healthcrawl import __version__
from healthcrawl.errors import HealthcrawlError, UsageError
from healthcrawl.knowledge.fingerprint import shared_parts
from healthcrawl.processes import Crew

if TYPE_CHECKING:
    from collections.abc import Callable

    from distributed import Client, Future

T = TypeVar("T")
R = TypeVar("R")

_LOCAL = "local:"
_LOSSES = 3  # machines or processes that a piece of work may take with it before it is told
_CONNECT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that is there; `address` is how people call it."""

    client: "Client"
    address: str

    @property
    def dashboard(self) -> str:
        """Where Dask shows what the cluster does; empty where it does not."""
        return self.client.dashboard_link or ""

    @property
    def size(self) -> int:
        """How much it does at once, now."""
        threads: dict[str, int] = self.client.nthreads()  # type: ignore[no-untyped-call]
        return sum(threads.values())

    def submit(self, work: "Callable[[T], R]", item: T, *, key: str) -> "Future[R]":
        """Have one thing done, under a name of the caller's; if a worker is lost with it, by another."""
        return self.client.submit(work, item, key=key, pure=False, retries=_LOSSES)

    def places(self) -> dict[str, str]:
        """Which worker has which piece of work, by its name."""
        found = self.client.processing()  # type: ignore[no-untyped-call]
        return {key: worker for worker, keys in found.items() for key in keys}

    def loss(self, future: "Future[Any]") -> str:
        """Why a piece of work that is over came to nothing; empty if it did not.

        Raises:
            HealthcrawlError: the scheduler is lost.
        """
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415  # as below

        error = future.exception() if future.status == "error" else None  # type: ignore[no-untyped-call]
        if future.status == "cancelled" or isinstance(error, CancelledError):
            raise HealthcrawlError(f"{self.address}: the scheduler is lost; run the same command again")
        if isinstance(error, KilledWorker):
            return f"every worker that took it up was lost: {error}"
        return repr(error) if error else ""

    def crew(self) -> Crew:
        """Who does work there."""
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415  # as below

        executor = self.client.get_executor(pure=False, retries=_LOSSES)  # type: ignore[no-untyped-call]
        return Crew(executor=executor, size=self.size, lost=(KilledWorker, CancelledError))


@contextmanager
def cluster(address: str) -> Iterator[Cluster]:
    """The cluster at an address like tcp://host:8786, or so many processes of this machine (`local:2`), while the block lasts.

    Raises:
        UsageError: the address is none, or Dask is not installed.
        HealthcrawlError: nothing answers there, or its workers would read captures otherwise than this machine.
    """
    try:
        import distributed  # noqa: PLC0415  # an extra, and slow to load
    except ImportError as error:
        raise UsageError("--cluster needs the extra `cluster`: pip install 'healthcrawl[cluster]'") from error
    number = address.removeprefix(_LOCAL)
    with ExitStack() as stack:
        if address.startswith(_LOCAL):
            if not number.isdecimal() or not int(number):
                raise _wrong(address)
            where: Any = stack.enter_context(
                distributed.LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=int(number),
                    threads_per_worker=1,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    silence_logs=50,
                )
            )
        else:
            if "://" not in address:
                raise _wrong(address)
            where = address
        try:
            client = stack.enter_context(distributed.Client(where, timeout=_CONNECT_SECONDS))  # type: ignore[no-untyped-call]
        except (TimeoutError, OSError, ValueError) as error:
            raise HealthcrawlError(
                f"--cluster: no Dask scheduler answers at {address} ({error}); `dask scheduler` starts one"
            ) from error
        _refuse_others(client, address)
        yield Cluster(client, address)


def _wrong(address: str) -> UsageError:
    return UsageError(
        f"--cluster: expected tcp://HOST:PORT of a Dask scheduler, or local:NUMBER of processes, got {address!r}"
    )


def _refuse_others(client: "Client", address: str) -> None:
    """All must read a capture in the same way, or it would depend on chance what a replay gives."""
    try:
        found: dict[str, str] = client.run(version)
    except (ImportError, AttributeError, TypeError) as error:  # what a machine without it makes of the question
        raise HealthcrawlError(
            f"{address}: a worker can't load healthcrawl ({error}); install the same version everywhere"
        ) from error
    if not found:
        raise HealthcrawlError(
            f"{address}: the scheduler has no workers; `dask worker {address} --nthreads 1` starts one"
        )
    others = {worker: told for worker, told in found.items() if told != version()}
    if others:
        worker, told = next(iter(others.items()))
        raise HealthcrawlError(
            f"{address}: worker {worker} has {told}, this machine {version()}: install the same code, libraries and Python on both"
        )


def version() -> str:
    """All that decides here how a capture is read but for the rules, in a few words."""
    digest = hashlib.sha256(json.dumps(dict(shared_parts()), sort_keys=True).encode()).hexdigest()
    return f"healthcrawl {__version__} ({digest[:8]}) on Python {platform.python_version()}"
