"""Changes of the catalog's tables, one module of `versions/` each, run by Alembic as an older catalog is opened.

How to change a table:

1. Change it in `healthcrawl.corpus.catalog`, and raise `SCHEMA_VERSION` there by one.
2. Add `versions/vNNNN_what.py` with that number as its `revision` and the one before as its `down_revision`. Its `upgrade()` does the
   same to a catalog that is there, by Alembic's `op` alone: what a table looks like today must not show in it, since
   that will change again. Columns that come to rows that are there need a `server_default`, here and in the table. SQLite can't change a
   column in place: use `op.batch_alter_table` for that.
3. `pytest tests/corpus/test_catalog.py` compares a catalog that was brought up from every older version with a new one, on
   both engines (PostgreSQL where `HEALTHCRAWL_TEST_POSTGRES` names one).

Two branches that both add number N: the one that lands later becomes N + 1.

The number in `facts` is the truth, which older releases look at too: a catalog that is new or current never needs Alembic. Its own
table, `alembic_version`, follows it. All of an upgrade is in one transaction, which only one process can have at a time.
"""

from pathlib import Path

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext, RevisionStep
from alembic.script import ScriptDirectory


def upgrade(tx: sa.Connection, found: int, wanted: int) -> None:
    """Bring the tables from one version to a later one, within a transaction of the caller's."""
    scripts = ScriptDirectory(str(Path(__file__).parent))
    MigrationContext.configure(tx).stamp(scripts, revision(found))

    def steps(revisions: str, _context: MigrationContext) -> list[RevisionStep]:
        return scripts._upgrade_revs(revision(wanted), revisions)  # what Alembic's own command calls

    with EnvironmentContext(Config(), scripts, fn=steps) as environment:
        environment.configure(connection=tx)
        environment.run_migrations()


def revision(version: int) -> str:
    """What Alembic calls a version.

    >>> revision(3)
    '0003'
    """
    return f"{version:04}"
