"""Outcomes as JSON objects: one shape for items, `extract`, `clean` and `replay`."""

from collections import Counter
from typing import Any

from healthcrawl.core.normalise import file_text
from healthcrawl.corpus.layout import content_hash
from healthcrawl.model import Document, Rejection


def as_json(outcome: Document | Rejection, file: str = "") -> dict[str, Any]:
    """An outcome with every key that `--json` promises; what a rejection lacks is empty."""
    document = outcome if isinstance(outcome, Document) else None
    rejected = outcome if isinstance(outcome, Rejection) else None
    metadata = document.metadata if document else None
    return {
        "file": file,
        "url": outcome.url,
        "address": outcome.address,
        "outcome": "document" if document else "rejected",
        "reason": rejected.reason if rejected else "",
        "detail": rejected.detail if rejected else "",
        "site": outcome.site,
        "family": outcome.family,
        "title": metadata.title if metadata else "",
        "published": metadata.published if metadata else "",
        "source": metadata.source if metadata else "",
        "author": metadata.author if metadata else "",
        "document_number": metadata.document_number if metadata else "",
        "index_number": metadata.index_number if metadata else "",
        "text": document.text if document else "",
        "attachments": [{"name": one.name, "url": one.url} for one in document.attachments] if document else [],
        "findings": [{"kind": one.kind, "text": one.text, "detail": one.detail} for one in outcome.findings],
        "name": content_hash(file_text(metadata.title, document.text).encode())[:16] if document and metadata else "",
    }


def as_text(outcome: Document | Rejection, file: str) -> str:
    """An outcome for a person: what it is, then its text."""
    kinds = Counter(finding.kind for finding in outcome.findings)
    noted = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
    found = f"   findings: {noted}\n" if noted else ""
    if isinstance(outcome, Rejection):
        return f"== {file}: rejected: {outcome.reason}{f' ({outcome.detail})' if outcome.detail else ''}\n{found}"
    metadata = outcome.metadata
    told = [metadata.published, metadata.source, outcome.family and f"family {outcome.family}"]
    files = "".join(f"   attachment: {one.name} {one.url}\n" for one in outcome.attachments)
    return f"== {file}: {', '.join(filter(None, told)) or 'document'}\n{found}{files}{file_text(metadata.title, outcome.text)}"


def unreadable(file: str, error: OSError | UnicodeDecodeError) -> Rejection:
    """The rejection of a file that can't be read."""
    why = error.strerror if isinstance(error, OSError) else f"not UTF-8: {error.reason} at byte {error.start}"
    return Rejection(address="", url="", site="", reason="unreadable", detail=f"{file}: {why}")
