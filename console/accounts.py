"""Passwords and sessions: who is at the door, and for how long."""

import hashlib
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypedDict

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from console.language import _
from console.roles import Can, may
from db import audit, users
from db.engine import Connection
from db.users import Session, User
from records import Fault

#: The demo's own user; nobody can sign in under this name with a password.
DEMO_USER = "demo"

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)

#: A failure counts for this long.
_FAILURE_MEMORY = timedelta(minutes=15)
_FREE_FAILURES = 3
_LONGEST_WAIT = 300
#: Writing "in use" once a minute is enough for a timeout counted in minutes.
_TOUCH_EVERY = timedelta(minutes=1)

_SHORTEST = 12

#: argon2id with the library's parameters (RFC 9106, low-memory profile).
_hasher = PasswordHasher()
#: Verified in place of a missing user's hash, so that both answers take the same time.
_NOBODY = (
    # of random bytes that nobody kept
    "$argon2id$v=19$m=65536,t=3,p=4$9JcMjsGyqwN85j4mT3QChw$t41V0xR9XsKdvBxlHJsBZgrASvlH6SAX+EjGA5WM78w"
)


class PasswordRefused(Fault):
    """新密码不符合要求。

    The new password will not do.
    """

    code = "E-CONSOLE-011"
    remedy = (
        "至少 12 位，不含账号名，不是连续或重复的字符，也不与原密码相同。",
        "At least 12 characters, without the account's name, no run or repetition, and not the old one.",
    )


class SignInRefused(Fault):
    """账号或密码不正确。

    Name or password is wrong.
    """

    code = "E-CONSOLE-012"
    remedy = (
        "请核对后重试；忘记密码请联系管理员重置。",
        "Check both and try again; an admin can reset a lost password.",
    )


class SignInTooSoon(Fault):
    """尝试次数过多，请稍候再试。

    Too many attempts; wait before the next one.
    """

    code = "E-CONSOLE-013"
    remedy = ("账号没有被锁定，等待时间过后即可再试。", "The account is not locked: try again when the wait is over.")


class By(TypedDict):
    """Who does something, and when, as what writes it down takes it."""

    user_id: int
    #: Name in the audit.
    actor: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Visitor:
    """A signed-in person on one request."""

    user: User
    session: Session

    def may(self, can: Can) -> bool:
        """True where the person's role has the capability."""
        return may(self.user.role, can)

    def by(self, at: datetime) -> By:
        """This person, at that moment."""
        return By(user_id=self.user.id, actor=self.actor, at=at)

    @property
    def actor(self) -> str:
        """The account, as the audit and the custody chain call it."""
        return self.user.name


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """A session that has just begun: the one moment at which the cookie's value is known."""

    cookie: str
    visitor: Visitor


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One try at the door."""

    name: str
    password: str
    #: Address of the browser.
    address: str
    at: datetime


def hashed(password: str) -> str:
    """What is stored of a password."""
    return _hasher.hash(password)


# --- the door -------------------------------------------------------------------------------------------------------


def seconds_to_wait(count: int, last: datetime | None, at: datetime) -> int:
    """Whole seconds until the next try is heard: 1, 2, 4 … 300 after the third failure, never for ever."""
    if count < _FREE_FAILURES or last is None:
        return 0
    pause = min(2 ** min(count - _FREE_FAILURES, 16), _LONGEST_WAIT)
    return max(0, int((last + timedelta(seconds=pause) - at).total_seconds() + 0.999))


def remembered_since(at: datetime) -> datetime:
    """Failures before that moment count no more."""
    return at - _FAILURE_MEMORY


def sign_in(begin: Callable[[], AbstractContextManager[Connection]], attempt: Attempt) -> Ticket:
    """A new session for the right password; raises SignInRefused or SignInTooSoon.

    `begin` opens a transaction: a failure is remembered in one of its own, so that raising does not undo it.
    """
    user = prove(begin, attempt, refused="login.refused")
    with begin() as conn:
        return open_session(conn, user, attempt.at)


def prove(begin: Callable[[], AbstractContextManager[Connection]], attempt: Attempt, *, refused: str) -> User:
    """Who gave the right password, with no session begun; raises SignInRefused or SignInTooSoon.

    Failures here and at the door are the same failures. `refused`: what the audit calls one.
    """
    since = remembered_since(attempt.at)
    with begin() as conn:
        past = users.failures(conn, attempt.name, attempt.address, since)
        found = users.find(conn, attempt.name)
    wait = seconds_to_wait(past.count, past.last, attempt.at)
    if wait:
        raise SignInTooSoon(_("%(count)s 秒", count=wait))
    right = _verified(found[1] if found else _NOBODY, attempt.password)
    if found is None or not right or not found[0].enabled:
        with begin() as conn:
            users.note_failure(conn, attempt.name, attempt.address, attempt.at)
            audit.record(
                conn, actor="", action=refused, subject="login", detail={"from": attempt.address}, at=attempt.at
            )
        raise SignInRefused
    with begin() as conn:
        users.forget_failures(conn, attempt.name, attempt.address, since)
    return found[0]


def open_session(conn: Connection, user: User, at: datetime) -> Ticket:
    """A session of 256 random bits; only the sha256 of its cookie reaches the table."""
    users.drop_expired(conn, idle_since=at - IDLE, begun_before=at - ABSOLUTE)
    cookie = secrets.token_urlsafe(32)
    session = users.open_session(conn, user.id, _digest(cookie), secrets.token_urlsafe(32), at)
    audit.record(conn, actor=user.name, action="login", subject=f"user:{user.id}", detail={}, at=at)
    return Ticket(cookie=cookie, visitor=Visitor(user=user, session=session))


def recognise(conn: Connection, cookie: str, at: datetime) -> Visitor | None:
    """Who holds the cookie; None for an unknown, ended, idle or too old session, or a disabled user."""
    found = users.find_session(conn, _digest(cookie))
    if found is None:
        return None
    user, session = found
    if at - session.last_used_at > IDLE or at - session.created_at > ABSOLUTE:
        users.close_session(conn, session.token_hash)
        return None
    if at - session.last_used_at > _TOUCH_EVERY:
        users.touch_session(conn, session.token_hash, at)
    return Visitor(user=user, session=session)


def sign_out(conn: Connection, visitor: Visitor, at: datetime) -> None:
    """End the session; its cookie opens nothing from now on."""
    users.close_session(conn, visitor.session.token_hash)
    audit.record(conn, actor=visitor.user.name, action="logout", subject=f"user:{visitor.user.id}", detail={}, at=at)


def change_password(conn: Connection, user: User, *, old: str, new: str, at: datetime) -> Ticket:
    """Replace the user's password, end every session, begin a new one.

    Raises SignInRefused where `old` is wrong, PasswordRefused where `new` will not do.
    """
    found = users.find(conn, user.name)
    if found is None or not _verified(found[1], old):
        raise SignInRefused
    _refuse_weak(new, old=old, name=user.name)
    users.set_password(conn, user.id, hashed(new), must_change=False)
    audit.record(conn, actor=user.name, action="password.change", subject=f"user:{user.id}", detail={}, at=at)
    changed = users.find(conn, user.name)
    return open_session(conn, changed[0] if changed else user, at)


def _verified(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, ValueError):  # the demo user's "!" is no argon2 hash
        return False


def _refuse_weak(new: str, *, old: str, name: str) -> None:
    folded = new.casefold()
    if len(new) < _SHORTEST:
        raise PasswordRefused(_("只有 %(count)s 位", count=len(new)))
    if new == old:
        raise PasswordRefused(_("与原密码相同"))
    if name.casefold() in folded:
        raise PasswordRefused(_("包含账号名"))
    steps = {ord(b) - ord(a) for a, b in pairwise(folded)}
    if len(set(folded)) < 6 or len(steps) < 4 or "password" in folded:
        raise PasswordRefused(_("过于简单"))


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()
