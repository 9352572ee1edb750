"""Version 5: what machines need that share a catalog."""

import sqlalchemy as sa
from alembic import op

from healthcrawl.corpus.engines import INTEGER, TEXT

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables of leases and of the shared journal."""
    op.create_table(
        "leases",
        sa.Column("site", TEXT, primary_key=True),
        sa.Column("holder", TEXT, nullable=False),
        sa.Column("token", TEXT, nullable=False),
        sa.Column("until", TEXT, nullable=False),
    )
    op.create_table(
        "journal",
        sa.Column("at", INTEGER, primary_key=True, autoincrement=False),
        sa.Column("line", TEXT, nullable=False),
    )
