"""Every test that takes a `catalog_url` runs on each engine there is."""

from collections.abc import Iterator

import pytest

from tests import postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def catalog_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Empty for the file beside the archive, else the URL of a schema of its own."""
    if request.param == "sqlite":
        yield ""
    else:
        with postgres.schema() as url:
            yield url
