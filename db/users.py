"""Users, their sessions, and the failures at the door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, or_, select, update

from db.tables import districts, login_failures, preferences, sessions, users
from db.text import storable


@dataclass(frozen=True, kw_only=True, slots=True)
class User:
    """Somebody who may sign in."""

    id: int
    #: What is typed at the door.
    name: str
    #: As colleagues read it.
    full_name: str
    #: inspector, analyst, approver, operator, head, district, auditor, admin.
    role: str
    #: Code of the only district that the user sees; None for the whole city.
    district: str | None = None
    #: Its name; empty where there is none.
    district_name: str = ""
    #: True until the one-time password has been replaced.
    must_change: bool
    enabled: bool
    #: zh-CN or en; empty where the user has chosen none.
    language: str = ""
    #: Keys of the user's own: action → event.code, empty for none; what is not here has its usual key.
    keys: Mapping[str, str] = field(default_factory=dict)
    #: False where single keys do nothing.
    keys_on: bool = True

    @property
    def limited(self) -> bool:
        """True where the user sees one district alone, or, with a district's role and no district, none at all."""
        return self.district is not None or self.role == "district"


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """One signed-in browser. The cookie's value itself is stored nowhere; only its sha256 is."""

    token_hash: bytes
    #: What every unsafe request must bring along.
    csrf_token: str
    created_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """Recent failures of one name from one address."""

    count: int
    #: None where count is 0.
    last: datetime | None


def add(conn: Connection, *, password_hash: str, at: datetime, **facts: str | None) -> int:
    """Write a new user who must change the password first; returns the row id. `facts` are the other columns.

    Raises IntegrityError where the name is taken.
    """
    row = insert(users).values(password_hash=password_hash, created_at=at, **facts).returning(users.c.id)
    return int(conn.execute(row).scalar_one())


def find(conn: Connection, name: str) -> tuple[User, str] | None:
    """The user of that name with the password hash; None where there is none."""
    row = conn.execute(_with_district().where(users.c.name == name)).one_or_none()
    return (_user(row), row.password_hash) if row else None


def by_id(conn: Connection, user_id: int) -> User | None:
    """The user of that row id; None where there is none."""
    row = conn.execute(_with_district().where(users.c.id == user_id)).one_or_none()
    return _user(row) if row else None


def every(conn: Connection) -> list[User]:
    """All users by name."""
    return [_user(row) for row in conn.execute(_with_district().order_by(users.c.name))]


def enabled_admins(conn: Connection) -> list[int]:
    """Row ids of the admins who may sign in, held until the transaction ends: two cannot switch each other off."""
    statement = select(users.c.id).where(users.c.role == "admin", users.c.enabled).order_by(users.c.id)
    return list(conn.execute(statement.with_for_update()).scalars())


def district_named(conn: Connection, name: str) -> str | None:
    """Code of the district with that code or name; None where there is none."""
    name = storable(name)
    statement = select(districts.c.code).where(or_(districts.c.code == name, districts.c.name == name))
    return conn.execute(statement.order_by(districts.c.code).limit(1)).scalar()


def all_districts(conn: Connection) -> list[tuple[str, str]]:
    """Code and name of each district, in their order."""
    rows = conn.execute(select(districts.c.code, districts.c.name).order_by(districts.c.position, districts.c.code))
    return [(row.code, row.name) for row in rows]


def in_roles(conn: Connection, roles: Sequence[str], district: str | None) -> list[tuple[str, str]]:
    """Name and full name of everybody enabled in these roles, by name; `district`: its own people and the city's."""
    statement = (
        select(users.c.name, users.c.full_name)
        .outerjoin(districts, districts.c.code == users.c.district)
        .where(users.c.enabled, users.c.role.in_(list(roles)))
        .order_by(users.c.name)
    )
    if district is not None:
        statement = statement.where(or_(users.c.district.is_(None), districts.c.name == district))
    return [(row.name, row.full_name) for row in conn.execute(statement)]


def set_password(conn: Connection, user_id: int, password_hash: str, *, must_change: bool) -> None:
    """Replace the password and end every session of the user."""
    conn.execute(
        update(users).where(users.c.id == user_id).values(password_hash=password_hash, must_change=must_change)
    )
    close_all(conn, user_id)


def set_enabled(conn: Connection, user_id: int, enabled: bool) -> None:
    """Let a user in or keep one out; ends every session either way."""
    conn.execute(update(users).where(users.c.id == user_id).values(enabled=enabled))
    close_all(conn, user_id)


def set_role(conn: Connection, user_id: int, role: str, district: str | None) -> None:
    """Give a user another role and district (a code, or None for the whole city); ends every session."""
    conn.execute(update(users).where(users.c.id == user_id).values(role=role, district=district))
    close_all(conn, user_id)


# --- sessions -------------------------------------------------------------------------------------------------------


def open_session(conn: Connection, user_id: int, token_hash: bytes, csrf_token: str, at: datetime) -> Session:
    """Write a session that begins now."""
    conn.execute(
        insert(sessions).values(
            token_hash=token_hash, user_id=user_id, csrf_token=csrf_token, created_at=at, last_used_at=at
        )
    )
    return Session(token_hash=token_hash, csrf_token=csrf_token, created_at=at, last_used_at=at)


def find_session(conn: Connection, token_hash: bytes) -> tuple[User, Session] | None:
    """The session with its user, whatever its age; None where there is none or the user is disabled."""
    row = conn.execute(
        _with_district()
        .add_columns(sessions.c.csrf_token, sessions.c.created_at.label("began_at"), sessions.c.last_used_at)
        .join(sessions, sessions.c.user_id == users.c.id)
        .where(sessions.c.token_hash == token_hash, users.c.enabled)
    ).one_or_none()
    if row is None:
        return None
    session = Session(
        token_hash=token_hash, csrf_token=row.csrf_token, created_at=row.began_at, last_used_at=row.last_used_at
    )
    return _user(row), session


def touch_session(conn: Connection, token_hash: bytes, at: datetime) -> None:
    """Note that the session is in use."""
    conn.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(last_used_at=at))


def close_session(conn: Connection, token_hash: bytes) -> None:
    """End one session; a second time does nothing."""
    conn.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def close_all(conn: Connection, user_id: int) -> None:
    """End every session of a user."""
    conn.execute(delete(sessions).where(sessions.c.user_id == user_id))


def drop_expired(conn: Connection, *, idle_since: datetime, begun_before: datetime) -> None:
    """Delete the sessions that no request can use any more."""
    conn.execute(
        delete(sessions).where(or_(sessions.c.last_used_at < idle_since, sessions.c.created_at < begun_before))
    )


# --- failures at the door -------------------------------------------------------------------------------------------


def note_failure(conn: Connection, name: str, address: str, at: datetime) -> None:
    """Remember one wrong password."""
    conn.execute(insert(login_failures).values(name=name, address=address, at=at))


def failures(conn: Connection, name: str, address: str, since: datetime) -> Failures:
    """How often that name has failed from that address since then."""
    row = conn.execute(
        select(func.count().label("count"), func.max(login_failures.c.at).label("last")).where(
            login_failures.c.name == name, login_failures.c.address == address, login_failures.c.at >= since
        )
    ).one()
    return Failures(count=row._mapping["count"], last=row.last)


def forget_failures(conn: Connection, name: str, address: str, before: datetime) -> None:
    """Drop the failures of that name from that address, and of everybody before that moment."""
    conn.execute(
        delete(login_failures).where(
            or_(
                (login_failures.c.name == name) & (login_failures.c.address == address),
                login_failures.c.at < before,
            )
        )
    )


def _with_district() -> Select[Any]:
    """What `_user` reads."""
    joined = users.outerjoin(districts, districts.c.code == users.c.district)
    joined = joined.outerjoin(preferences, preferences.c.user_id == users.c.id)
    found = select(users, districts.c.name.label("district_name")).select_from(joined)
    return found.add_columns(preferences.c.language, preferences.c["keys"].label("own_keys"), preferences.c.keys_on)


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        full_name=row.full_name,
        role=row.role,
        district=row.district,
        district_name=row.district_name or "",
        must_change=row.must_change,
        enabled=row.enabled,
        language=row.language or "",
        keys=row.own_keys or {},
        keys_on=row.keys_on is not False,
    )
