"""The two roles on a server whose administrator is somebody else, and in databases that came from elsewhere."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from db import walls
from db.engine import connect, create_database, drop_database, parse, render, transaction
from db.faults import RolesWanting
from db.migrations import migrate
from db.users import User
from db.walls import WALLS, raise_walls, standing, transaction_as

pytestmark = pytest.mark.db

HEAD = User(id=1, name="ke", full_name="柯某", role="head", must_change=False, enabled=True)


def asked(engine: Engine, statement: str) -> list:
    with transaction(engine) as conn:
        return list(conn.execute(text(statement)).scalars())


def run(url: str, *statements: str) -> None:
    engine = connect(url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as conn:
        for statement in statements:
            conn.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(params=["nocreaterole", "createrole"])
def tenant(server_url: str, request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """(who, URL): a database that belongs to a user who is no superuser; it and all roles are gone afterwards."""
    who = f"house_{uuid.uuid4().hex[:8]}"
    run(server_url, f"create role {who} login {request.param} password 'x'")
    url = create_database(server_url, who)
    run(server_url, f"alter database {who} owner to {who}")
    run(url, f"alter schema public owner to {who}")
    yield who, render(parse(url).set(username=who, password="x"))
    drop_database(server_url, who)
    run(server_url, *(f"drop role if exists {role}" for role in (f"{who}_city", f"{who}_district", who)))


def test_an_owner_who_may_make_roles_makes_them_and_one_who_may_not_is_told_the_sql(
    tenant: tuple[str, str], server_url: str
) -> None:
    who, url = tenant
    engine = connect(url)
    if asked(engine, "select rolcreaterole from pg_roles where rolname = current_user") == [False]:
        with pytest.raises(RolesWanting) as wanting:
            migrate(engine)
        assert asked(engine, "select tablename from pg_tables where schemaname = 'public'") == []
        run(server_url, *(line for line in wanting.value.detail.splitlines() if line))
    assert migrate(engine) and migrate(engine) == []
    with transaction_as(engine, HEAD) as conn:
        assert conn.execute(text("select current_user")).scalar_one() == f"{who}_city"
        assert conn.execute(text("select count(*) from leads")).scalar_one() == 0
    engine.dispose()


def test_a_role_that_can_sign_in_is_not_taken(tenant: tuple[str, str], server_url: str) -> None:
    who, url = tenant
    run(server_url, f"create role {who}_city login", f"grant {who}_city to {who}")
    engine = connect(url)
    with pytest.raises(RolesWanting, match="nologin"):
        migrate(engine)
    engine.dispose()


def test_walls_that_were_lost_are_put_up_again(engine: Engine) -> None:
    with transaction(engine) as conn:
        conn.execute(text("drop policy city on leads"))
        conn.execute(text("alter table lead_hits disable row level security"))
        assert not standing(conn)
    assert migrate(engine) == []
    with transaction(engine) as conn:
        assert standing(conn)
    guarded = {name for name, wall in WALLS.items() if wall.rows}
    assert set(asked(engine, "select relname from pg_class where relrowsecurity")) == guarded
    policies = asked(engine, "select polname || ' ' || polrelid::regclass from pg_policy")
    assert set(policies) == {f"{wall} {name}" for name in guarded for wall in ("city", "district")}


def test_what_is_taken_from_the_table_is_taken_from_the_roles(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def readable() -> bool:
        with transaction_as(engine, HEAD) as conn:
            return bool(conn.execute(text("select has_table_privilege('sellers', 'select')")).scalar_one())

    assert readable()
    monkeypatch.setattr(walls, "WALLS", {**WALLS, "sellers": walls.Wall()})
    with transaction(engine) as conn:
        raise_walls(conn)
    assert not readable()


def test_the_owner_goes_past_the_policies(engine: Engine) -> None:
    """The crawler, the pipelines and the command line work as before: no policy is forced on the owner."""
    assert asked(engine, "select relname from pg_class where relforcerowsecurity") == []
