"""Users, their sessions, and the failures at the door."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from db.tables import login_failures, sessions, users


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
    #: True until the one-time password has been replaced.
    must_change: bool
    enabled: bool


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


def add(conn: Connection, *, name: str, full_name: str, role: str, password_hash: str, at: datetime) -> User:
    """Write a new user who must change the password first. Raises IntegrityError where the name is taken."""
    row = conn.execute(
        insert(users)
        .values(name=name, full_name=full_name, role=role, password_hash=password_hash, created_at=at)
        .returning(users)
    ).one()
    return _user(row)


def find(conn: Connection, name: str) -> tuple[User, str] | None:
    """The user of that name with the password hash; None where there is none."""
    row = conn.execute(select(users).where(users.c.name == name)).one_or_none()
    return (_user(row), row.password_hash) if row else None


def every(conn: Connection) -> list[User]:
    """All users by name."""
    return [_user(row) for row in conn.execute(select(users).order_by(users.c.name))]


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
        select(users, sessions.c.csrf_token, sessions.c.created_at.label("began_at"), sessions.c.last_used_at)
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


def _user(row: Row[Any]) -> User:
    return User(
        id=row.id,
        name=row.name,
        full_name=row.full_name,
        role=row.role,
        must_change=row.must_change,
        enabled=row.enabled,
    )
