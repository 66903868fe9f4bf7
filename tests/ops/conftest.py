"""What the tests of running processes share."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from db.engine import connect


@pytest.fixture
def raw(database_url: str) -> Iterator[Engine]:
    """The test's database by raw SQL."""
    engine = connect(database_url, application="xunwang tests")
    yield engine
    engine.dispose()
