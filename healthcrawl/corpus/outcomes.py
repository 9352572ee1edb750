"""What became of captures, as the catalog keeps it: the capture, its findings, and by which fingerprint it was read."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.model import Finding

# Made once: making them costs more than running them.
_TABLES = (tables.captures, tables.findings, tables.readings, tables.attachments)
_FORGET = [sa.delete(one).where(one.c.record_id == sa.bindparam("record")) for one in _TABLES]
_ADD_CAPTURE, _ADD_FINDING, _ADD_READING = (sa.insert(one) for one in _TABLES[:3])
_KNOWN = sa.select(tables.fingerprints.c.fingerprint).where(tables.fingerprints.c.fingerprint == sa.bindparam("wanted"))


class Outcomes:
    """Rows of captures that were read by the same rules, written many at a time. Of a capture told twice the last counts.

    `parts` gives what the rules' fingerprint is made of.
    """

    def __init__(self, fingerprint: str, parts: Callable[[], Mapping[str, str]]) -> None:
        self._fingerprint = fingerprint
        self._parts = parts
        self._captures: dict[str, dict[str, Any]] = {}
        self._findings: dict[str, Sequence[Finding]] = {}
        self._digests: dict[str, str] = {}

    def add(self, capture: dict[str, Any], findings: Sequence[Finding], capture_sha256: str) -> None:
        """Have a capture's row and findings written; `capture_sha256` is the digest of all that was read of it."""
        record_id = capture["record_id"]
        self._captures[record_id] = capture
        self._findings[record_id] = findings
        self._digests[record_id] = capture_sha256

    def forget(self, tx: sa.Connection, record_ids: Collection[str]) -> None:
        """Forget what is known of captures: a replay reads them again."""
        names = [{"record": record_id} for record_id in dict.fromkeys(record_ids)]
        for forget in _FORGET if names else ():
            tx.execute(forget, names)

    def write(self, tx: sa.Connection) -> None:
        """Write what was added since it was last written."""
        if not self._captures:
            return
        findings = [
            {"record_id": record_id, "serial": serial, "kind": one.kind, "text": one.text, "detail": one.detail}
            for record_id, some in self._findings.items()
            for serial, one in enumerate(some)
        ]
        readings = [
            {"record_id": record_id, "capture_sha256": digest, "fingerprint": self._fingerprint}
            for record_id, digest in self._digests.items()
        ]
        if tx.execute(_KNOWN, {"wanted": self._fingerprint}).scalar_one_or_none() is None:
            row = {"fingerprint": self._fingerprint, "parts": dict(self._parts())}
            tx.execute(sa.insert(tables.fingerprints), [row])
        tx.execute(_ADD_CAPTURE, list(self._captures.values()))
        tx.execute(_ADD_READING, readings)
        if findings:
            tx.execute(_ADD_FINDING, findings)
        for added in (self._captures, self._findings, self._digests):
            added.clear()
