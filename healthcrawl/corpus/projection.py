"""The journal's steps shown in the catalog: documents, aliases and versions.

New documents, the most of what a replay brings, go there many at a time; until then they are found here.
"""

from collections.abc import Collection
from typing import Any, TypeAlias

import sqlalchemy as sa

from healthcrawl.corpus import catalog as tables
from healthcrawl.corpus.manifest import Step

Row: TypeAlias = dict[str, Any]

_DOCUMENTS, _ALIASES, _VERSIONS = tables.documents, tables.aliases, tables.versions
_COLUMNS = tuple(column.name for column in _DOCUMENTS.columns)

# Made once: making them costs more than running them.
_BY_ADDRESS = sa.select(_DOCUMENTS).where(_DOCUMENTS.c.address == sa.bindparam("wanted"))
_BY_NUMBER = sa.select(_DOCUMENTS).where(_DOCUMENTS.c.number == sa.bindparam("wanted"))
_BY_TEXT = (
    sa.select(_DOCUMENTS)
    .where(_DOCUMENTS.c.sha256 == sa.bindparam("wanted"), _DOCUMENTS.c.name != "")
    .order_by(_DOCUMENTS.c.number)
    .limit(1)
)
_BY_RECORD = (
    sa.select(_DOCUMENTS)
    .where(_DOCUMENTS.c.record_id == sa.bindparam("wanted"), _DOCUMENTS.c.name != "")
    .order_by(_DOCUMENTS.c.number)
    .limit(1)
)
_OF_ADDRESSES = sa.select(_DOCUMENTS).where(_DOCUMENTS.c.address.in_(sa.bindparam("wanted", expanding=True)))
_OF_TEXTS = (
    sa.select(_DOCUMENTS)
    .where(_DOCUMENTS.c.sha256.in_(sa.bindparam("wanted", expanding=True)), _DOCUMENTS.c.name != "")
    .order_by(_DOCUMENTS.c.number.desc())
)
_LAST = sa.select(sa.func.max(_DOCUMENTS.c.number))
_ALIASES_OF = (
    sa.select(_ALIASES)
    .where(_ALIASES.c.number == sa.bindparam("wanted"), _ALIASES.c.sha256 == sa.bindparam("sha256"))
    .order_by(_ALIASES.c.address)
)
_SERIALS = sa.select(sa.func.count()).where(_VERSIONS.c.number == sa.bindparam("wanted"))
_CHANGE = sa.update(_DOCUMENTS).where(_DOCUMENTS.c.number == sa.bindparam("wanted"))
_FORGET_ALIAS = sa.delete(_ALIASES).where(_ALIASES.c.address == sa.bindparam("wanted"))
_HERE_AGAIN = sa.delete(tables.withdrawals).where(tables.withdrawals.c.number == sa.bindparam("wanted"))
_GONE = sa.insert(tables.withdrawals)
_ADOPTED = sa.select(tables.adopted.c.number).limit(1)
_LEAVE_CLUSTER = sa.delete(tables.clusters).where(tables.clusters.c.number == sa.bindparam("wanted"))
_JOIN_CLUSTER = sa.insert(tables.clusters)
_ADD_DOCUMENT, _ADD_VERSION, _ADD_ALIAS = sa.insert(_DOCUMENTS), sa.insert(_VERSIONS), sa.insert(_ALIASES)


class Projection:
    """The documents as a transaction of the catalog sees them. `settle` must be called before it is committed."""

    def __init__(self, tx: sa.Connection) -> None:
        self._tx = tx
        self._by_address: dict[str, Row] = {}  # those that are not yet in the catalog
        self._by_text: dict[str, Row] = {}
        self._records: set[str] = set()
        self._numbers: set[int] = set()
        self._versions: list[Row] = []
        self._known_addresses: dict[str, Row | None] = {}  # what the catalog has
        self._known_texts: dict[str, Row | None] = {}
        self._last = -2  # not asked for yet
        self._adopted: bool | None = None

    def expect(self, addresses: Collection[str], texts: Collection[str]) -> None:
        """Get what will be asked for, all at once."""
        self._known_addresses = dict.fromkeys(addresses)
        self._known_texts = dict.fromkeys(texts)
        if addresses:
            for row in self._tx.execute(_OF_ADDRESSES, {"wanted": list(self._known_addresses)}).mappings():
                self._known_addresses[row["address"]] = dict(row)
            for row in self._tx.execute(_OF_TEXTS, {"wanted": list(self._known_texts)}).mappings():
                self._known_texts[row["sha256"]] = dict(row)

    def at_address(self, address: str) -> Row | None:
        """The document of an address, withdrawn or not."""
        if fresh := self._by_address.get(address):
            return fresh
        if address in self._known_addresses:
            return self._known_addresses[address]
        return self._one(_BY_ADDRESS, address)

    def with_text(self, sha256: str) -> Row | None:
        """The document with the lowest number that has a text."""
        is_known, fresh = sha256 in self._known_texts, self._by_text.get(sha256)
        known = self._known_texts[sha256] if is_known else self._one(_BY_TEXT, sha256)
        return min((row for row in (known, fresh) if row), key=lambda row: int(row["number"]), default=None)

    def with_number(self, number: int) -> Row | None:
        """The document of a number, withdrawn or not."""
        if number in self._numbers:
            self.settle()
        return self._one(_BY_NUMBER, number)

    def some_are_adopted(self) -> bool:
        """Whether texts of an older corpus wait for their articles."""
        if self._adopted is None:
            self._adopted = self._tx.execute(_ADOPTED).first() is not None
        return self._adopted

    def of_record(self, record_id: str) -> Row | None:
        """The document whose present state a capture gave."""
        if record_id in self._records:
            self.settle()
        return self._one(_BY_RECORD, record_id)

    def is_free(self, number: int) -> bool:
        """Whether no document has a number."""
        return number > self.last_number() or (number not in self._numbers and self._one(_BY_NUMBER, number) is None)

    def last_number(self) -> int:
        """The highest number of a document; -1 where there is none."""
        if self._last == -2:
            last = self._tx.execute(_LAST).scalar_one_or_none()
            self._last = -1 if last is None else int(last)
        return self._last

    def aliases_of(self, number: int, sha256: str) -> list[Row]:
        """The aliases of a document that show a text, by address."""
        found = self._tx.execute(_ALIASES_OF, {"wanted": number, "sha256": sha256})
        return [dict(row) for row in found.mappings()]

    def alias_text(self, address: str, number: int) -> str | None:
        """The digest of the text that an address shows as an alias of a document; None where it is none."""
        query = sa.select(_ALIASES.c.sha256).where(_ALIASES.c.address == address, _ALIASES.c.number == number)
        return self._tx.execute(query).scalar_one_or_none()

    def former_texts(self, number: int) -> list[str]:
        """The digests of the texts that a document had and no longer has."""
        present = sa.select(_DOCUMENTS.c.sha256).where(_DOCUMENTS.c.number == number, _DOCUMENTS.c.name != "")
        query = sa.select(_VERSIONS.c.sha256).where(_VERSIONS.c.number == number)
        return list(self._tx.execute(query.where(_VERSIONS.c.sha256.not_in(present))).scalars())

    def apply(self, step: Step, text: str) -> None:
        """Show a step of the journal; `text` is the whole file, as far as it is known."""
        values = {name: plain(getattr(step, name)) for name in _COLUMNS}
        if step.action == "new" and step.address not in self._by_address and step.sha256 not in self._by_text:
            self._by_address[step.address] = self._by_text[step.sha256] = values
            self._records.add(step.record_id)
            self._numbers.add(step.number)
            self._versions.append(_version(step, 1, text))
            self._last = max(self.last_number(), step.number)
            return
        self.settle()
        if step.action == "clustered":
            self._tx.execute(_LEAVE_CLUSTER, {"wanted": step.number})
            if step.cluster is not None:
                self._tx.execute(_JOIN_CLUSTER, {"number": step.number, "cluster": step.cluster})
            return
        self._tx.execute(_FORGET_ALIAS, {"wanted": step.address})
        if step.action == "alias":
            self._tx.execute(_ADD_ALIAS, values)
            return
        self._tx.execute(_HERE_AGAIN, {"wanted": step.number})
        if step.action == "withdrawn" and step.name:
            self._tx.execute(_GONE, {"number": step.number})
        former = self._one(_BY_NUMBER, step.number)
        self._forget_known(former or {}, values)
        if former is None:
            self._tx.execute(_ADD_DOCUMENT, values)
            self._last = -2
        else:
            self._tx.execute(_CHANGE, {**values, "wanted": step.number})
        if not step.name or (former and former["sha256"] != step.sha256):
            self._tx.execute(_LEAVE_CLUSTER, {"wanted": step.number})
        if former is None or former["sha256"] != step.sha256:
            serial = self._tx.execute(_SERIALS, {"wanted": step.number}).scalar_one() + 1
            self._tx.execute(_ADD_VERSION, _version(step, serial, text))

    def put_text(self, number: int, sha256: str, text: str) -> None:
        """Give a version the text that was lost."""
        lost = sa.and_(_VERSIONS.c.number == number, _VERSIONS.c.sha256 == sha256, _VERSIONS.c.text == "")
        self._tx.execute(sa.update(_VERSIONS).where(lost).values(text=text))

    def settle(self) -> None:
        """Put what waits into the catalog."""
        if not self._by_address:
            return
        rows = list(self._by_address.values())
        self._forget_known(*rows)
        self._tx.execute(_FORGET_ALIAS, [{"wanted": row["address"]} for row in rows])
        self._tx.execute(_ADD_DOCUMENT, rows)
        self._tx.execute(_ADD_VERSION, self._versions)
        for waiting in (self._by_address, self._by_text, self._records, self._numbers, self._versions):
            waiting.clear()

    def _forget_known(self, *rows: Row) -> None:
        """What the catalog has at the addresses of these documents, or with their texts, is about to change."""
        for row in rows:
            self._known_addresses.pop(row.get("address", ""), None)
            self._known_texts.pop(row.get("sha256", ""), None)

    def _one(self, query: sa.Select[Any], wanted: str | int) -> Row | None:
        row = self._tx.execute(query, {"wanted": wanted}).mappings().one_or_none()
        return dict(row) if row else None


def _version(step: Step, serial: int, text: str) -> Row:
    return {
        "number": step.number,
        "serial": serial,
        "sha256": step.sha256,
        "captured_at": step.captured_at,
        "record_id": step.record_id,
        "text": text,
    }


def plain(value: object) -> object:
    """Pairs as JSON gives them back."""
    return [list(pair) for pair in value] if isinstance(value, tuple | list) else value
