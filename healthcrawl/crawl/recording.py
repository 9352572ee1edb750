"""The download handler that keeps what crosses the wire.

Scrapy and Twisted decode chunks, regroup headers and drop interim answers before anybody may look. Here the connection itself
keeps a copy of the bytes in both directions, so articles, lists, robots.txt, redirects, retries, error answers and cut-off
bodies are all recorded as they were, and failures without an answer too.

This leans on private names of Scrapy 2.19 and Twisted: the supported range is pinned, and a test compares every recorded byte
with what a raw socket server saw.
"""

import gc
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

from OpenSSL.SSL import Connection
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _BindAddressAgent,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _ScrapyAgent,
)
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, DownloadTimeoutError, IgnoreRequest
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint, wrapClientTLS
from twisted.web.client import URI, HTTPConnectionPool

from healthcrawl.core import message
from healthcrawl.core.urls import host_of, in_scope
from healthcrawl.crawl.archivist import CONTEXT, INGESTED, PAGE, Archivist
from healthcrawl.crawl.certificates import Certificates
from healthcrawl.crawl.failures import in_words
from healthcrawl.crawl.patience import Verdict, judge
from healthcrawl.crawl.politeness import HostLeftAloneError
from healthcrawl.crawl.targets import Targets
from healthcrawl.crawl.turns import Turn
from healthcrawl.errors import ArchiveError
from healthcrawl.ingest import Ingested, payload_sha256
from healthcrawl.model import Context, Exchange, Rejection

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from twisted.internet import defer

# What is asked for without a context is robots.txt: every other request is made by a site's spider.
_NO_CONTEXT = Context(role="robots")
# Scrapy's limit counts bodies only; heads, interim answers and chunk framing may take this much beyond it.
_HEAD_ROOM = 1 << 20
_LARGE = 1 << 20
_TRUNCATED = ((DownloadTimeoutError, "time"), (DownloadCancelledError, "length"))


@dataclass(slots=True)
class Trace:
    """The bytes of one exchange with a host as its connection sees them."""

    host: str
    sent: bytearray = field(default_factory=bytearray)
    received: bytearray | None = field(
        default_factory=bytearray
    )  # None once it was taken: what comes after is not kept
    ip: str = ""
    protocols: tuple[str, ...] = ()
    cipher: str = ""
    certificate: str = ""
    reused: bool = False
    heard: bool = False  # whether anything was received
    overflowed: bool = False


class RecordingHandler(HTTP11DownloadHandler):
    """Downloads http and https like Scrapy's own handler, and hands every exchange to the archivist."""

    def __init__(self, crawler: "Crawler", archivist: Archivist) -> None:
        super().__init__(crawler)
        self._archivist = archivist
        self._litter = False  # whether the last answer was large
        # The pool would repeat a request on its own, unseen; `download_request` does it where it is recorded.
        self._pool.retryAutomatically = False
        self._pool._factory = _factory_for(archivist.targets, Certificates(), self._default_maxsize + _HEAD_ROOM)

    @classmethod
    def from_crawler(cls, crawler: "Crawler") -> HTTP11DownloadHandler:  # type: ignore[override]
        """A handler for a site's spider; spiders of another kind get Scrapy's own."""
        archivist = crawler.get_extension(Archivist)
        return cls(crawler, archivist) if archivist else HTTP11DownloadHandler(crawler)

    async def download_request(self, request: Request) -> Response:
        """Download; when this returns or raises, the exchange is in the archive.

        Raises:
            ArchiveError: nothing can be kept any more, so nothing is fetched.
        """
        if self._archivist.broken is not None:
            raise self._archivist.broken
        # Redirects come here without having been asked whether they are wanted; robots.txt is asked for by host.
        asked = request.url if CONTEXT in request.meta else f"{request.url.split('/robots.txt')[0]}/"
        if not in_scope(asked, self._archivist.site):
            raise IgnoreRequest(f"outside of the site: {request.url}")
        host = host_of(request.url)
        try:
            async with self._archivist.politeness.turn(host) as turn:
                return await self._exchange(request, host, turn)
        except HostLeftAloneError:
            self._archivist.tally.skipped["left-alone"] += 1
            raise
        except ArchiveError as error:
            self._archivist.stop(error)
            raise

    async def _exchange(self, request: Request, host: str, turn: Turn) -> Response:
        if self._litter:
            self._tidy_up()
        while True:
            trace = Trace(host)
            exchange, answer = await self._download(request, trace)
            if not _is_stale(request, trace, answer):
                break
            # The server had closed a kept-alive connection meanwhile, which is nobody's fault: try the next one.
            self._archivist.note(replace(exchange, error=f"{exchange.error} (repeated on another connection)"))
        ingested = self._archivist.keep(exchange, request.meta.get(PAGE))
        request.meta[INGESTED] = ingested
        self._archivist.politeness.note(host, _judge(exchange, answer, ingested), turn)
        if isinstance(answer, Exception):
            try:
                raise answer
            finally:  # or its traceback would keep this frame alive, and the bytes of the exchange with it
                del answer, exchange, trace
        return answer

    def _tidy_up(self) -> None:
        """Let go of a large answer: it is remembered as the last one read, and buffers of connections hang in cycles."""
        message.parse.cache_clear()
        payload_sha256.cache_clear()
        gc.collect()
        self._litter = False

    async def _download(self, request: Request, trace: Trace) -> tuple[Exchange, Response | Exception]:
        started_at, began = self._archivist.clock(), monotonic()
        agent = _TracingAgent(
            targets=self._archivist.targets,
            trace=trace,
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=True,
            crawler=self._crawler,
        )
        try:
            with wrap_twisted_exceptions():
                answer: Response | Exception = await maybe_deferred_to_future(agent.download_request(request))
        except Exception as failure:  # recorded, then raised again
            answer = in_words(failure)
        received, trace.received = bytes(trace.received or b""), None
        self._litter = self._litter or len(received) > _LARGE
        response = message.strip_interim(received)
        failed = isinstance(answer, Exception)
        exchange = Exchange(
            url=request.url.partition("#")[0],
            started_at=started_at,
            seconds=monotonic() - began,
            request=bytes(trace.sent),
            response=response,
            ip_address=trace.ip,
            protocols=(_http_version(response), *trace.protocols) if response else (),
            cipher=trace.cipher,
            certificate=trace.certificate,
            truncated=_truncated(answer, trace) if failed and response else "",
            error="" if response else _describe(answer),
            context=request.meta.get(CONTEXT, _NO_CONTEXT),
        )
        return exchange, answer


class _TracingAgent(_ScrapyAgent):
    """Scrapy's agent for one request, on connections that write into a trace."""

    def __init__(self, *, targets: Targets, trace: Trace, pool: Any, **options: Any) -> None:
        super().__init__(pool=cast("HTTPConnectionPool", _TracingPool(pool, trace)), **options)
        self._targets = targets

    def _get_agent(self, request: Request, timeout: float) -> _BindAddressAgent:
        from twisted.internet import reactor  # noqa: PLC0415  # importing it installs it

        bind_address = (self._bindAddress, 0) if isinstance(self._bindAddress, str) else self._bindAddress
        return _MappedAgent(
            self._targets,
            reactor=reactor,
            contextFactory=self._contextFactory,
            connectTimeout=timeout,
            bindAddress=bind_address,
            pool=self._pool,
        )


class _MappedAgent(_BindAddressAgent):
    """An agent that connects to where `CONNECT_TO` says."""

    def __init__(self, targets: Targets, **options: Any) -> None:
        super().__init__(**options)
        self._targets = targets

    def _getEndpoint(self, uri: URI) -> Any:
        peer = self._targets.mapped(uri.host.decode("ascii"), uri.port)
        if peer is None:
            return super()._getEndpoint(uri)  # type: ignore[no-untyped-call]
        kind = TCP6ClientEndpoint if ":" in peer.ip else TCP4ClientEndpoint
        factory = self._endpointFactory
        endpoint: Any = kind(self._reactor, peer.ip, peer.port, factory._connectTimeout, factory._bindAddress)
        if uri.scheme != b"https":
            return endpoint
        return wrapClientTLS(factory._policyForHTTPS.creatorForNetloc(uri.host, uri.port), endpoint)


class _TracingPool:
    """The connection pool as one request sees it: the connection it gets writes into the request's trace."""

    def __init__(self, pool: Any, trace: Trace) -> None:
        self._pool = pool
        self._trace = trace
        self.persistent = pool.persistent

    def getConnection(self, key: Any, endpoint: Any) -> "defer.Deferred[Any]":
        return self._pool.getConnection(key, endpoint).addCallback(self._bind)  # type: ignore[no-any-return]

    def _bind(self, connection: "_RecordingProtocol") -> "_RecordingProtocol":
        connection.bind(self._trace)
        return connection


class _RecordingProtocol(_LenientHTTP11ClientProtocol):
    """A client connection that copies all bytes of an exchange."""

    limit: int
    certificates: Certificates
    _trace: Trace | None = None

    def bind(self, trace: Trace) -> None:
        """Write what follows into `trace`."""
        trace.reused = self._trace is not None
        self._trace = trace

    def request(self, request: Any) -> "defer.Deferred[Any]":
        assert self._trace is not None
        assert self.transport is not None
        trace = self._trace
        peer: Any = self.transport.getPeer()  # type: ignore[misc]  # an interface without self
        trace.ip = peer.host
        write_to = request.writeTo
        request.writeTo = lambda transport: write_to(_CopyingTransport(transport, trace.sent))
        answered = super().request(request)
        assert self._parser is not None
        self._parser.MAX_LENGTH = _HEAD_ROOM  # of a header line; Twisted gives up at 16 kB
        return answered

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        if self.transport.disconnecting:  # nobody reads on; over TLS it would go on coming until the server closes too
            self.transport.abortConnection()
            return
        trace = self._trace
        if trace is not None:
            if not trace.heard:
                trace.heard = True
                self._note_tls(trace)
            if trace.received is not None:
                if len(trace.received) + len(data) > self.limit:
                    trace.overflowed = True
                    self.transport.abortConnection()
                    return
                trace.received += data
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def _note_tls(self, trace: Trace) -> None:
        handle = None
        with suppress(AttributeError):
            handle = cast("Any", self.transport).getHandle()
        if isinstance(handle, Connection):
            spoken = (
                handle.get_protocol_version_name().lower().replace("v", "/")
            )  # "TLSv1.3", as WARC-Protocol writes it
            trace.protocols, trace.cipher = (spoken,), handle.get_cipher_name() or ""
            trace.certificate = self.certificates.judge(handle, trace.host)


class _CopyingTransport:
    """A transport that also writes what it sends into a buffer."""

    def __init__(self, transport: Any, copy: bytearray) -> None:
        self._transport = transport
        self._copy = copy

    def write(self, data: bytes) -> None:
        self._copy += data
        self._transport.write(data)

    def writeSequence(self, parts: Iterable[bytes]) -> None:
        self.write(b"".join(parts))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


def _factory_for(targets: Targets, certificates: Certificates, limit: int) -> type[_LenientHTTP11ClientFactory]:
    class Protocol(_RecordingProtocol):
        pass

    Protocol.limit = limit
    Protocol.certificates = certificates

    class Factory(_LenientHTTP11ClientFactory):
        def buildProtocol(self, addr: Any) -> _RecordingProtocol:
            """Speak to a peer that may be spoken to; to others, over TLS too, not a byte is sent.

            Raises:
                TargetRefusedError: it may not; the connection is closed.
            """
            targets.check(addr.host, addr.port)
            return Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]

    return Factory


def _is_stale(request: Request, trace: Trace, answer: Response | Exception) -> bool:
    """Whether a request was lost on a kept-alive connection that the server had closed, and may be sent again."""
    failed = isinstance(answer, DownloadFailedError) and request.method in {"GET", "HEAD"}
    return failed and trace.reused and not trace.heard


def _http_version(response: bytes) -> str:
    """The version of an answer, as WARC-Protocol writes it."""
    return "http/1.0" if response.startswith(b"HTTP/1.0") else "http/1.1"


def _judge(exchange: Exchange, answer: Response | Exception, ingested: Ingested | None) -> Verdict:
    if exchange.truncated == "length":  # cut off by us
        return Verdict(kind="served")
    outcome = ingested.outcome if ingested else None
    broken = exchange.error or (f"an answer cut off ({exchange.truncated})" if exchange.truncated else "")
    header = answer.headers.get("Retry-After", b"") if isinstance(answer, Response) else b""
    return judge(
        status=answer.status if isinstance(answer, Response) else 0,
        retry_after=(header or b"").decode("latin-1"),
        reason=outcome.reason if isinstance(outcome, Rejection) else "",
        error=broken,
        now=exchange.started_at,
    )


def _truncated(failure: object, trace: Trace) -> str:
    if trace.overflowed:
        return "length"
    return next((reason for kind, reason in _TRUNCATED if isinstance(failure, kind)), "disconnect")


def _describe(failure: object) -> str:
    return f"{type(failure).__name__}: {' '.join(str(failure).split())}"
