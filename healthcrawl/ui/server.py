"""The application on a socket."""

import socket
from collections.abc import Callable
from contextlib import suppress

import uvicorn
from starlette.types import ASGIApp

from healthcrawl.errors import UsageError
from healthcrawl.ui.app import build_app
from healthcrawl.ui.guard import is_loopback

__all__ = ["build_app", "is_loopback", "serve"]


def serve(app: ASGIApp, host: str, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until interrupted; `on_ready` is told the address.

    Raises:
        UsageError: host and port can't be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=64)
    except OSError as error:  # a name that can't be found is one too
        raise UsageError(f"{host}:{port}: {error.strerror}; --host and --port name another place") from error
    with listener:
        shown = f"[{host}]" if family == socket.AF_INET6 else host
        on_ready(f"http://{shown}:{listener.getsockname()[1]}/")
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, proxy_headers=False, ws="none"
        )
        with suppress(KeyboardInterrupt):  # which uvicorn raises again once all is answered
            uvicorn.Server(config).run(sockets=[listener])
