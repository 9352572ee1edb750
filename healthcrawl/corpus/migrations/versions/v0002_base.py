"""Version 2: the oldest that is brought up to date."""

revision = "0002"
down_revision = None


def upgrade() -> None:
    """Nothing: it is where the others begin."""
