"""The application on a socket."""

import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from healthcrawl.errors import UsageError
from healthcrawl.ui.app import build_app
from healthcrawl.ui.guard import is_loopback

__all__ = ["build_app", "is_loopback", "serve"]


def serve(app: ASGIApp, host: str, port: int, on_ready: Callable[[str], None]) -> bool:
    """Serve until interrupted; `on_ready` is told the address. Says whether it ever served.

    Raises:
        UsageError: host and port can't be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=64)
    except OSError as error:
        raise UsageError(f"{host}:{port}: {error.strerror}; --host and --port name another place") from error
    with listener:
        shown = f"[{host}]" if family == socket.AF_INET6 else host
        on_ready(f"http://{shown}:{listener.getsockname()[1]}/")
        config = uvicorn.Config(
            app, log_config=None, access_log=False, server_header=False, proxy_headers=False, ws="none"
        )
        server = uvicorn.Server(config)
        server.run(sockets=[listener])
        return server.started
