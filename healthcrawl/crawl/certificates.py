"""Would a server's certificate have been accepted? Said of every exchange over TLS, whether or not a crawl insists on it.

Sites of government offices do have broken certificates, so a crawl goes on by default (`DOWNLOAD_VERIFY_CERTIFICATES`); who reads
its archive later can tell by this whether somebody may have stood between.
"""

import hashlib
import ipaddress
from functools import cache

from OpenSSL import SSL, crypto
from service_identity import CertificateError, VerificationError
from service_identity.pyopenssl import verify_hostname, verify_ip_address

VALID = "valid"


class Certificates:
    """Judges certificates by the system's trusted authorities; each pair of host and chain once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], str] = {}

    def judge(self, connection: SSL.Connection, host: str) -> str:
        """VALID, or why a browser would have refused the connection; empty if there is no certificate to judge."""
        chain = connection.get_peer_cert_chain() or []
        if not chain:
            return ""
        shown = b"".join(crypto.dump_certificate(crypto.FILETYPE_ASN1, one) for one in chain)
        key = (host, hashlib.sha256(shown).digest())
        if key not in self._known:
            self._known[key] = "; ".join(filter(None, (_distrust(chain), _mismatch(connection, host)))) or VALID
        return self._known[key]


@cache
def _authorities() -> SSL.Context:
    """A context that trusts those whom the system trusts; its store is its own and dies with it."""
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_default_verify_paths()
    return context


def _distrust(chain: list[crypto.X509]) -> str:
    store = _authorities().get_cert_store()
    assert store is not None, "a context has one"
    leaf, *others = chain
    try:
        crypto.X509StoreContext(store, leaf, others).verify_certificate()
    except crypto.X509StoreContextError as error:
        return str(error)
    return ""


def _mismatch(connection: SSL.Connection, host: str) -> str:
    try:
        if _is_address(host):
            verify_ip_address(connection, host.strip("[]"))
        else:
            verify_hostname(connection, host)
    except (VerificationError, CertificateError):
        return f"not issued for {host}"
    return ""


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
