"""Version 3: every page stands in a queue, and what its visits showed of its changes is kept."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from healthcrawl.corpus.engines import INTEGER, TEXT

revision = "0003"
down_revision = "0002"

_TEXTS = ("found_at", "seen_at", "queue", "place", "signal", "modified", "gone_at", "withdrawn_at")
_NUMBERS: dict[str, Any] = {"head": INTEGER, "changes": sa.Float, "exposure": sa.Float, "failures": INTEGER}


def upgrade() -> None:
    """Add the columns, and put pages into queues."""
    for name in _TEXTS:
        op.add_column("pages", sa.Column(name, TEXT, nullable=False, server_default=""))
    for name, kind in _NUMBERS.items():
        op.add_column("pages", sa.Column(name, kind, nullable=False, server_default="0"))
    op.create_index("pages_queue", "pages", ["site", "queue", "place"])
    op.create_table(
        "learned",
        sa.Column("site", TEXT, primary_key=True),
        sa.Column("priors", sa.JSON, nullable=False),
        sa.Column("signals", sa.JSON, nullable=False),
    )
    _queue_all()


def _queue_all() -> None:
    """Those that were read are old, and nothing is known of their changes."""
    names = ("role", "entry_date", "captured_at", "visited_at", "hops", *_TEXTS, *_NUMBERS)
    pages = sa.table("pages", *map(sa.column, names))
    table = pages.c
    article, file, read = table.role == "article", table.role == "attachment", table.captured_at != ""
    told: list[tuple[sa.ColumnElement[bool], dict[str, Any]]] = [
        (~read, {"queue": "new", "place": table.entry_date}),
        (read & ~article, {"queue": "list 0 0 ", "place": table.visited_at}),
        (read & ~article & (table.hops == 0), {"queue": "head", "place": table.visited_at}),
        (read & article, {"queue": "old 0 0 ", "place": table.visited_at}),
        (file, {"queue": "file", "place": ""}),
        (read & file, {"queue": "kept"}),
    ]
    for condition, values in told:
        op.execute(sa.update(pages).where(condition).values(found_at=table.visited_at, **values))
    op.execute(sa.update(pages).where(read).values(seen_at=table.visited_at))
    op.execute(sa.update(pages).where(table.role == "list", table.hops == 0).values(head=1))
