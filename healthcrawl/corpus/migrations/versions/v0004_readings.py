"""Version 4: what replays have read, and documents that are nearly the same.

Many catalogs of version 3 have these tables already: they were first added without a change of its number.
"""

import sqlalchemy as sa
from alembic import op

from healthcrawl.corpus.engines import INTEGER, TEXT

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables that are not there."""
    op.create_table(
        "clusters",
        sa.Column("number", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("cluster", INTEGER, nullable=False),
        if_not_exists=True,
    )
    op.create_index("clusters_cluster", "clusters", ["cluster"], if_not_exists=True)
    op.create_table(
        "fingerprints",
        sa.Column("fingerprint", TEXT, primary_key=True),
        sa.Column("parts", sa.JSON, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "readings",
        sa.Column("record_id", TEXT, primary_key=True),
        sa.Column("capture_sha256", TEXT, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "replays",
        sa.Column("file", TEXT, primary_key=True),
        sa.Column("size", INTEGER, nullable=False),
        sa.Column("modified", INTEGER, nullable=False),
        sa.Column("captures", INTEGER, nullable=False),
        if_not_exists=True,
    )
