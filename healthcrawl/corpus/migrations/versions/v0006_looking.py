"""Version 6: what people look for in a large catalog has an index."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the indexes. That of spam alone gives way to one of all kinds."""
    rejected = sa.text("outcome = 'rejected'")
    op.create_index("documents_dated", "documents", ["published", "number"], if_not_exists=True)
    op.create_index("documents_listed", "documents", ["site", "published", "name"], if_not_exists=True)
    op.create_index(
        "captures_rejected",
        "captures",
        ["site", "reason", "captured_at"],
        sqlite_where=rejected,
        postgresql_where=rejected,
        if_not_exists=True,
    )
    op.create_index("findings_kind", "findings", ["kind", "record_id"], if_not_exists=True)
    op.drop_index("findings_spam", "findings", if_exists=True)
