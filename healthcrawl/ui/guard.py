"""What stands in front of every page: who may ask, by which name and how, and what a browser may do with the answer.

A page of another site can have a browser ask a server on loopback, or point a name of its own at it. So only loopback's own
names are answered where there is no password; with one, a strange name has no credentials to send.
"""

import hmac
import ipaddress
import re
from base64 import b64decode
from binascii import Error as Base64Error

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"(?:\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<name>[A-Za-z0-9._-]{1,253}))(?::\d{1,5})?")
_READS = frozenset({"GET", "HEAD"})
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-DNS-Prefetch-Control": "off",
    "Cache-Control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether a host name or address is the machine itself.

    >>> is_loopback("localhost"), is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("127.0.0.1.example.org")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


class Guard:
    """Answers what may not pass, and gives every answer its headers; those that an answer has itself stay."""

    def __init__(self, app: ASGIApp, *, password: str = "") -> None:
        self._app = app
        self._password = password.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope["method"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        if not self._is_known(headers.get("host", "")):
            return PlainTextResponse("not known by this name: use the address that `scrapy serve` printed\n", 421)
        if method not in _READS:
            return PlainTextResponse("read-only\n", 405, {"Allow": "GET, HEAD"})
        if self._password and not self._is_right(headers.get("authorization", "")):
            realm = {"WWW-Authenticate": 'Basic realm="healthcrawl", charset="UTF-8"'}
            return PlainTextResponse("password needed; any user name\n", 401, realm)
        return None

    def _is_known(self, host: str) -> bool:
        match = _HOST.fullmatch(host)
        return match is not None and (bool(self._password) or is_loopback(match["v6"] or match["name"]))

    def _is_right(self, authorization: str) -> bool:
        """Whether Basic credentials have the password; how long that takes does not tell how much of it is right."""
        scheme, _, encoded = authorization.partition(" ")
        try:
            given = b64decode(encoded.strip(), validate=True) if scheme.lower() == "basic" else b""
        except (Base64Error, ValueError):
            given = b""
        return hmac.compare_digest(given.partition(b":")[2], self._password)
