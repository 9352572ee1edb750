"""Schemas on a PostgreSQL server for tests; `HEALTHCRAWL_TEST_POSTGRES` names the server's database by URL."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

NAMED_BY = "HEALTHCRAWL_TEST_POSTGRES"


@contextmanager
def schema() -> Iterator[str]:
    """The URL of a catalog of its own, which is gone afterwards; the test is skipped where no server is named."""
    server = os.environ.get(NAMED_BY)
    if not server:
        pytest.skip(f"no PostgreSQL: {NAMED_BY} names none, like postgresql://user@127.0.0.1/test")
    name = f"healthcrawl_{uuid.uuid4().hex}"
    url = sa.make_url(server).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as tx:
        tx.exec_driver_sql(f"CREATE SCHEMA {name}")
    try:
        yield url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    finally:
        with engine.begin() as tx:
            tx.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
