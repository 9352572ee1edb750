"""Telling somebody: a command of the user's, or an address of the user's that takes JSON.

What is told may hold words of pages; it is handed over as data, on standard input or in the body, never as words of a command.
A failure to tell changes nothing of how the crawl went.
"""

import json
import os
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from scrapy.settings import BaseSettings

from healthcrawl.core.urls import host_of
from healthcrawl.errors import UsageError

_SECONDS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told: how the crawl of a site ended, in words."""

    site: str
    status: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivers:
    """Who is told: a command by its words, and an address. Empty: nobody."""

    command: tuple[str, ...] = ()
    url: str = ""


def receivers(settings: BaseSettings) -> Receivers:
    """Those that `NOTIFY_COMMAND` and `NOTIFY_URL` name.

    Raises:
        UsageError: one is not what it should be.
    """
    command, url = str(settings["NOTIFY_COMMAND"] or ""), str(settings["NOTIFY_URL"] or "")
    try:
        words = tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"NOTIFY_COMMAND: expected the words of a command ({error}), got {command!r}") from error
    if url and not host_of(url):
        raise UsageError(f"NOTIFY_URL: expected an http(s) URL, got {url!r}")
    return Receivers(command=words, url=url)


def notify(notice: Notice, to: Receivers) -> Iterator[str]:
    """Tell everybody; give a line for each of whom that failed."""
    if to.command and (why := _run(notice, to.command)):
        yield f"NOTIFY_COMMAND: {to.command[0]}: {why}"
    if to.url and (why := _post(notice, to.url)):
        yield f"NOTIFY_URL: {host_of(to.url)}: {why}"  # the rest of the address may be a secret


def _run(notice: Notice, command: tuple[str, ...]) -> str:
    told = {**os.environ, "HEALTHCRAWL_SITE": notice.site, "HEALTHCRAWL_STATUS": str(notice.status)}
    try:
        done = subprocess.run(  # noqa: S603  # the user's own words
            command, input=notice.text.encode(), env=told, timeout=_SECONDS, check=False, stdout=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return f"did not end within {_SECONDS} s"
    except OSError as error:
        return error.strerror or str(error)
    return f"ended with status {done.returncode}" if done.returncode else ""


class _NoRedirects(HTTPRedirectHandler):
    """Nobody but the user says where to."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _post(notice: Notice, url: str) -> str:
    body = json.dumps({"site": notice.site, "status": notice.status, "text": notice.text}, ensure_ascii=False)
    request = Request(url, body.encode(), {"Content-Type": "application/json"}, method="POST")  # noqa: S310  # checked above
    try:
        with build_opener(_NoRedirects).open(request, timeout=_SECONDS):
            return ""
    except URLError as error:
        return f"{error.code} {error.reason}" if hasattr(error, "code") else str(error.reason)
    except (OSError, HTTPException, ValueError) as error:
        return str(error) or type(error).__name__
