"""Failures to fetch in words: what happened to a request, said so that whoever reads a log knows what to look at.

Twisted wraps what it met in lists of failures, whose text is that of the wrapping; Scrapy passes that on, or nothing at all.
"""

from collections.abc import Iterator

from OpenSSL import SSL
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from service_identity import VerificationError
from twisted.internet.error import ConnectionAborted, ConnectionDone, ConnectionLost
from twisted.web._newclient import ParseError

_WRAPPED = (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (CannotResolveHostError, "the host's name can't be resolved; is it spelled right, and does DNS work here?"),
    (DownloadConnectionRefusedError, "the host refuses the connection: nothing listens there, or it shuts us out"),
    (DownloadTimeoutError, "no whole answer came within DOWNLOAD_TIMEOUT"),
    (DownloadCancelledError, "the answer is larger than DOWNLOAD_MAXSIZE"),
    (ResponseDataLossError, "the answer broke off before its end"),
    (VerificationError, "the certificate is not for this host, and DOWNLOAD_VERIFY_CERTIFICATES is on"),
    (ConnectionDone, "the server closed the connection before its answer was whole"),
    (ConnectionAborted, "the answer's head or framing grew beyond all bounds and was cut off"),
    (ConnectionLost, "the connection was cut"),
)


def in_words(failure: Exception) -> Exception:
    """The same kind of failure with a text that says what happened, free of what it was made of; others as they are.

    A failure's traceback holds the frames that it passed through, and with them the bytes received: of a flood, tens of megabytes.

    >>> str(in_words(ResponseDataLossError()))
    'the answer broke off before its end'
    """
    if not isinstance(failure, _WRAPPED):
        return failure
    return type(failure)("; ".join(dict.fromkeys(_say(one) for one in _causes(failure))))


def _causes(failure: BaseException) -> Iterator[BaseException]:
    """What a failure was made of, if it says nothing itself."""
    reasons = getattr(failure.__cause__, "reasons", None)
    if not reasons or not isinstance(failure, DownloadFailedError):
        yield failure
        return
    known = [reason.value for reason in reasons]
    # Where an answer could not be read, how the connection ended then is no news.
    yield from [
        one for one in known if not isinstance(one, ConnectionDone | ConnectionAborted | ConnectionLost)
    ] or known


def _say(failure: BaseException) -> str:
    for kind, words in _WORDS:
        if isinstance(failure, kind):
            return words
    if isinstance(failure, SSL.Error):
        told = ", ".join(str(part[-1]) for part in (failure.args[0] if failure.args else ()) if part)
        return f"TLS failed: {told or 'the connection ended during the handshake'}"
    if isinstance(failure, ParseError | ValueError):
        return f"the answer is no HTTP that can be read ({' '.join(str(failure).split())})"
    return " ".join(str(failure).split()) or type(failure).__name__
