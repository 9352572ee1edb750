"""What a run has done so far, in numbers: the live line, the summary and the catalog's run history read them."""

from collections import Counter
from dataclasses import dataclass, field

from healthcrawl.ingest import Ingested
from healthcrawl.model import Document, Rejection, Role

# Reasons of captures that were never meant to be documents, or are already.
_NO_LOSS = frozenset({"robots", "sitemap", "list", "attachment", "redirect", "not-modified"})


@dataclass(slots=True)
class Tally:
    """Counters of one run.

    `unread` are captures that a replay passed over, since neither they nor what decides have changed.
    `alive` are the documents that the run saw on the site, unchanged ones included; `scope` the decisions where to go and where
    not, by name, and `examples` the first of each; `entries` the rows of each column's first page; `received` bytes of answers.
    `files` are the answers to requests for attachments, `file_bytes` how much they were.
    """

    captures: int = 0
    unread: int = 0
    revisits: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    documents: Counter[str] = field(default_factory=Counter)
    rejections: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    scope: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    received: int = 0
    entries: dict[str, int] = field(default_factory=dict)
    lists_read: int = 0
    alive: int = 0
    files: int = 0
    file_bytes: int = 0

    def add(self, role: Role, ingested: Ingested) -> None:
        """Count the outcome of a capture."""
        outcome = ingested.outcome
        self.captures += 1
        self.files += role == "attachment"
        self.lists_read += (
            role == "list" and isinstance(outcome, Rejection) and outcome.reason in {"list", "not-modified"}
        )
        if isinstance(outcome, Rejection):
            self.rejections[outcome.reason] += 1
            self.revisits += outcome.reason == "not-modified"
        if ingested.change is not None:
            self.documents[ingested.change.kind] += 1
        unmodified = isinstance(outcome, Rejection) and outcome.reason == "not-modified"
        self.alive += isinstance(outcome, Document) or (role == "article" and unmodified)
        self.findings.update(finding.kind for finding in outcome.findings)
        for decision in ingested.decisions:
            name, _, what = decision.detail.partition(": ")
            self.scope[name] += 1
            self.examples.setdefault(name, what.partition(" (")[0])

    @property
    def rejected(self) -> int:
        """Pages that were asked for as articles and are none."""
        return sum(number for reason, number in self.rejections.items() if reason not in _NO_LOSS)

    def counts(self) -> dict[str, int]:
        """All of it as flat names and numbers, zeros left out."""
        flat = {"captures": self.captures, "lists": self.lists_read, "alive": self.alive}
        flat |= {"files": self.files, "file_bytes": self.file_bytes}
        for group in ("failures", "skipped", "scope", "documents", "rejections", "findings"):
            flat |= {f"{group}.{name}": number for name, number in getattr(self, group).items()}
        return {name: number for name, number in flat.items() if number}
