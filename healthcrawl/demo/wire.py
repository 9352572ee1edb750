"""What a broken or hostile server does to a connection once it has read a request.

A behaviour takes the connection and an event that ends whatever has no end of its own. It may fail as any socket does: who lets
it loose closes the connection and passes over `OSError`.
"""

import socket
import threading
from collections.abc import Callable
from typing import TypeAlias

Behaviour: TypeAlias = Callable[[socket.socket, threading.Event], None]

_TICK = 0.05  # seconds
_RESET_AT_CLOSE = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # struct linger: on, for no time


def says(data: bytes) -> Behaviour:
    """Send these bytes and close."""

    def behave(connection: socket.socket, _stop: threading.Event) -> None:
        connection.sendall(data)

    return behave


def trickles(data: bytes, pieces: int) -> Behaviour:
    """Send these bytes in that many pieces with pauses: slow, but done in the end."""
    size = -(-len(data) // pieces)

    def behave(connection: socket.socket, stop: threading.Event) -> None:
        for at in range(0, len(data), size):
            connection.sendall(data[at : at + size])
            stop.wait(_TICK)

    return behave


def drips(data: bytes, last: bytes = b"x") -> Behaviour:
    """Send these bytes, then the last one again and again: always alive, never done."""

    def behave(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(data)
        while not stop.wait(_TICK):
            connection.sendall(last)

    return behave


def floods(head: bytes, piece: bytes, times: int) -> Behaviour:
    """Send a head, then a piece many times, for as long as the client takes it."""

    def behave(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(head)
        for _ in range(times):
            if stop.is_set():
                return
            connection.sendall(piece)

    return behave


def resets(data: bytes = b"") -> Behaviour:
    """Send these bytes, then end the connection with a reset."""

    def behave(connection: socket.socket, _stop: threading.Event) -> None:
        connection.sendall(data)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)

    return behave
