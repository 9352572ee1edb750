"""A server whose every answer is a function that may do anything to its connection, and a trap that nobody may touch."""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from healthcrawl.demo.wire import Behaviour, says

_NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TICK = 0.05  # seconds


@dataclass(slots=True)
class Hostile:
    """What the server saw: where it listens, the requests, and how many bytes came over connections without one."""

    address: str
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    @property
    def paths(self) -> list[str]:
        """The targets asked for, in order."""
        return [request.split(b" ", 2)[1].decode() for request in self.requests if b" " in request]


@contextmanager
def serve(
    behaviours: Mapping[str, Behaviour], *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> Iterator[Hostile]:
    """Serve behaviours by path, one request a connection; every byte that comes is kept, if it is a request or not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.create_server((host, port), family=family)
    listener.settimeout(_TICK)
    stop = threading.Event()
    seen = Hostile(f"{host}:{listener.getsockname()[1]}")
    threads: list[threading.Thread] = []

    def accept() -> None:
        while not stop.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                seen.connections += 1
                connection.settimeout(5)
                thread = threading.Thread(target=answer, args=(connection,), daemon=True)
                threads.append(thread)
                thread.start()

    def answer(connection: socket.socket) -> None:
        with suppress(OSError), connection:
            if tls is None:
                behave(connection)
            else:
                with tls.wrap_socket(connection, server_side=True) as secured:
                    behave(secured)

    def behave(connection: socket.socket) -> None:
        request = b""
        try:
            while not request.endswith(b"\r\n\r\n") and (more := connection.recv(65536)):
                request += more
        finally:
            if request:
                seen.requests.append(request)
        if request:
            path = request.split(b" ", 2)[1].decode()
            behaviours.get(path, says(_NOT_FOUND))(connection, stop)

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield seen
    finally:
        stop.set()
        for thread in (acceptor, *threads):
            thread.join()
        listener.close()
