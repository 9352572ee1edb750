"""The demo bureau on a loopback socket: real HTTP/1.1, and a log of the very bytes of every exchange.

The log is what the recording of a crawl is measured against, so the sockets are ours: no library between the bytes that
were logged and the bytes that crossed the wire.
"""

import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from healthcrawl.demo import site
from healthcrawl.demo.answer import Resource, answer, parse_request

HEAD_END = b"\r\n\r\n"
LARGEST_HEAD = 65_536
TLS_HANDSHAKE = b"\x16"  # the first byte of a TLS connection, which no HTTP request starts with


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One exchange: the bytes received and the bytes sent (inside TLS, if `secure`), with what they say in short.

    What a resource with a behaviour sends is not logged: its status is 0.
    """

    method: str
    target: str
    host: str
    status: int
    request: bytes
    response: bytes
    secure: bool


class DemoServer:
    """Serves resources on an IPv4 loopback port while it is open; use it as a context manager.

    `resources` are keyed by path (with the query in alphabetical order, where it matters) and looked up anew for each
    request: a test that passes its own dict can change the site while it is served. With a `tls` context the same port
    speaks HTTP and HTTPS, whichever the client begins with.
    """

    def __init__(self, resources: Mapping[str, Resource] | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self._resources = site.resources() if resources is None else resources
        self._not_found = site.not_found()
        self._tls = tls
        self._lock = threading.Lock()
        self._log: list[Served] = []
        self._connections: set[socket.socket] = set()
        self._threads: set[threading.Thread] = set()
        self._closing = False
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name="demo-accept", daemon=True)
        self._acceptor.start()

    @property
    def address(self) -> str:
        """Host and port, as in `127.0.0.1:43210`."""
        return f"127.0.0.1:{self._port}"

    @property
    def log(self) -> tuple[Served, ...]:
        """The exchanges so far, in the order in which the requests were answered.

        An exchange is logged just before its response is sent: who holds a response finds it in the log.
        """
        with self._lock:
            return tuple(self._log)

    def close(self) -> None:
        """Stop listening, cut open connections and wait for their threads to end; closing twice is harmless."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
        self._stop.set()
        with suppress(OSError):  # wakes the acceptor, which may sit in accept()
            socket.create_connection(("127.0.0.1", self._port), timeout=1).close()
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):  # the client was faster; past TLS, since its state belongs to the other thread
                    socket.socket.shutdown(connection, socket.SHUT_RDWR)
            threads = tuple(self._threads)
        for thread in threads:
            thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with self._lock:
                if self._closing:
                    connection.close()
                    return
                thread = threading.Thread(target=self._serve, args=(connection,), name="demo-serve", daemon=True)
                self._connections.add(connection)
                self._threads.add(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        """Serve one connection to its end; whatever the client does to it ends it, and nothing else."""
        try:
            with suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = self._secure(connection)
                self._exchange(connection)
        finally:
            with self._lock:
                self._connections.discard(connection)
                self._threads.discard(threading.current_thread())
                connection.close()

    def _secure(self, connection: socket.socket) -> socket.socket:
        if self._tls is None or connection.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            return connection
        with self._lock:
            self._connections.discard(connection)
            secured = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self._connections.add(secured)
        return secured

    def _exchange(self, connection: socket.socket) -> None:
        secure = isinstance(connection, ssl.SSLSocket)
        if isinstance(connection, ssl.SSLSocket):
            connection.do_handshake()
        received = b""
        closes = False
        while not closes:
            while HEAD_END not in received and len(received) < LARGEST_HEAD:
                if not (more := connection.recv(LARGEST_HEAD)):
                    return
                received += more
            head, end, rest = received.partition(HEAD_END)
            request = parse_request(head + end)
            reply = answer(request, self._resources, self._not_found)
            served = Served(
                method=request.method if request else "",
                target=request.target if request else "",
                host=request.headers.get("host", "") if request else "",
                status=reply.status,
                request=head + end,
                response=reply.response,
                secure=secure,
            )
            with self._lock:
                self._log.append(served)
            if reply.behaviour is not None:
                reply.behaviour(connection, self._stop)
                return
            connection.sendall(reply.response)
            received, closes = rest, reply.closes
        if isinstance(connection, ssl.SSLSocket):
            # Says goodbye without waiting for the client's: a body that ends with the connection must not look cut off.
            connection.settimeout(0)
            connection.unwrap()
