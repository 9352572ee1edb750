"""Debian's Chromium, driven by selenium, with every name but loopback's own led to a listener that counts who calls."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-client-side-phishing-detection",
    "--disable-features=NetworkTimeServiceQuerying,OptimizationHints,MediaRouter,Translate,AutofillServerCommunication",
    "--window-size=1200,900",
)


_OWN = (b"google", b"gstatic", b"gvt1")  # whom the browser itself calls


class Listener:
    """All hosts of the world, on one loopback port: whoever connects is noted with what it says first."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.calls: list[bytes] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(0.5)
                said = b""
                with suppress(OSError):
                    said = connection.recv(1 << 16)
                    connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
                if not _is_own(said):
                    self.calls.append(said)

    def close(self) -> None:
        self._socket.close()


def _is_own(said: bytes) -> bool:
    """Whether the browser called for itself. It does so by TLS too, and no page of these tests names an address with https."""
    return any(name in said for name in _OWN) or (said.startswith(b"\x16\x03") and b".test" not in said)


@contextmanager
def chromium(outside: Listener, profile: Path) -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    webdriver = pytest.importorskip(
        "selenium.webdriver", reason="selenium is not installed: pip install -e '.[browser]'"
    )
    for program in (CHROMIUM, DRIVER):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (
        *_FLAGS,
        f"--user-data-dir={profile}",
        f"--host-resolver-rules=MAP * 127.0.0.1:{outside.port}, EXCLUDE 127.0.0.1",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """An application on a loopback port."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    (listener, *_) = server.servers[0].sockets
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def axe() -> str:
    """The source of axe-core; the test is skipped where it is not named."""
    path = Path(os.environ.get("AXE_CORE", ""))
    if path.is_dir():
        path /= "axe.min.js"
    if not path.is_file():
        pytest.skip(
            "AXE_CORE names no axe.min.js: npm install axe-core, then AXE_CORE=node_modules/axe-core/axe.min.js"
        )
    return path.read_text("utf-8")
