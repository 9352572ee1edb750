"""Version 7: by which number an article is known in all its columns, and until when servers asked to be left alone."""

import sqlalchemy as sa
from alembic import op

from healthcrawl.corpus.engines import TEXT

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the column and the table; pages that are known get their number when a list names them again."""
    op.add_column("pages", sa.Column("post", TEXT, nullable=False, server_default=""))
    op.create_index("pages_post", "pages", ["site", "post"])
    op.create_table(
        "rests",
        sa.Column("server", TEXT, primary_key=True),
        sa.Column("until", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
    )
