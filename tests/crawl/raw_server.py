"""A socket server that answers with given bytes, whatever they are, and logs every byte in both directions."""

import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes to send; `close` ends the connection after them, `stall` keeps it open without another byte.

    `hang_up` keeps the connection until the next request comes, and ends it without an answer.
    """

    data: bytes
    close: bool = False
    stall: bool = False
    hang_up: bool = False


_MISSING = Answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


class RawServer:
    """Serves answers by path, over TLS where a context is given; unknown paths get a 404. HEAD gets the head."""

    def __init__(
        self, answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self._answers = answers
        self._tls = tls
        self._log: list[tuple[bytes, bytes]] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self.connections = 0
        self._socket = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._socket.settimeout(0.1)
        self.address = f"{f'[{host}]' if ':' in host else host}:{self._socket.getsockname()[1]}"

    @property
    def log(self) -> list[tuple[bytes, bytes]]:
        """Request and response bytes of every exchange."""
        with self._lock:
            return list(self._log)

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._socket.close()

    def _start(self, work: object, *args: object) -> None:
        thread = threading.Thread(target=work, args=args)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.connections += 1
            self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(0.1)
        try:
            if self._tls is not None:
                connection.settimeout(5)
                connection = self._tls.wrap_socket(connection, server_side=True)
                connection.settimeout(0.1)
            with connection:
                hang_up = False
                while request := self._receive(connection):
                    method, path = request.split(b" ", 2)[:2]
                    answer = self._answers.get(path.decode(), _MISSING)
                    data = answer.data if method == b"GET" else answer.data.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
                    with self._lock:
                        self._log.append((request, b"" if hang_up else data))
                    if hang_up:
                        return
                    hang_up = answer.hang_up
                    connection.settimeout(5)
                    connection.sendall(data)
                    connection.settimeout(0.1)
                    if answer.close:
                        return
                    if answer.stall:
                        self._stop.wait(10)
                        return
        except (OSError, ssl.SSLError):  # the client went away, as it may
            connection.close()

    def _receive(self, connection: socket.socket) -> bytes:
        data = b""
        while not data.endswith(b"\r\n\r\n") and not self._stop.is_set():
            try:
                piece = connection.recv(65536)
            except TimeoutError:
                continue
            if not piece:
                return b""
            data += piece
        return data
