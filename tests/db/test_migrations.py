"""The migrations make the tables of db/tables.py, once, whoever comes, whenever it is killed."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, text

from db.engine import connect, transaction
from db.faults import QueueSchemaUnknown, SchemaAhead, SchemaBehind
from db.migrations import check, head, migrate, queue
from db.tables import metadata

pytestmark = pytest.mark.db


def _ours(_object, name, kind, _reflected, _compare_to) -> bool:
    return not (kind == "table" and name.startswith("procrastinate_"))


def test_the_migrated_database_is_the_tables(engine: Engine) -> None:
    options = {"include_object": _ours, "compare_type": True, "compare_server_default": True}
    with transaction(engine) as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_migrating_twice_changes_nothing(empty_database_url: str) -> None:
    engine = connect(empty_database_url)
    with pytest.raises(SchemaBehind, match="0001"):
        check(engine)
    assert migrate(engine) == ["0001"]
    assert migrate(engine) == []
    check(engine)
    engine.dispose()
