"""Accounts as those see them who keep them: made, given a role and a district, switched off, given a new password.

Each change writes its audit row in the same transaction, and ends the sessions of whom it is about.
"""

import re
import secrets
from datetime import datetime

from console.accounts import DEMO_USER, hashed
from console.language import N_, _
from console.roles import OF_DISTRICTS, ROLES
from db import audit, users
from db.engine import Connection
from db.users import User
from records import Fault

_NAME = re.compile(r"[a-z][a-z0-9._-]{1,31}", re.ASCII)
_LONGEST_FULL_NAME = 40


class UserRefused(Fault):
    """不能建立或修改这个账号。

    This account cannot be made, or not be made so.
    """

    code = "E-CONSOLE-010"
    remedy = (
        "账号名用小写字母开头，2–32 位小写字母、数字、点、横线；姓名至多 40 字；角色须在列出的范围内。",
        "Names: a lower-case letter, then 1-31 of a-z, 0-9, dot, dash, underscore; full names of at most 40 "
        "characters; the role is one of those listed.",
    )


class DistrictRefused(Fault):
    """角色与区（市）不相配。

    Role and district do not go together.
    """

    code = "E-CONSOLE-014"
    remedy = (
        "区县账号必须限定一个区（市）；核查员、科长可以限定；其他角色管全市，不限定。区（市）写名称或代码。",
        "A district account needs a district; inspectors and heads may have one; other roles serve the whole city. "
        "Give the district's name or code.",
    )


class UserUnknown(Fault):
    """没有这个账号。

    There is no such account.
    """

    code = "E-CONSOLE-015"
    remedy = (
        "请核对登录名；xunwang user list 列出全部账号。",
        "Check the name; `xunwang user list` lists all accounts.",
    )


class LastAdmin(Fault):
    """这是最后一个可用的管理员，不能停用或改作其他角色。

    This is the last admin who can sign in: not to be switched off or given another role.
    """

    code = "E-CONSOLE-016"
    remedy = ("请先另设一个管理员。", "Make another admin first.")


class OwnAccount(Fault):
    """不能停用、改角色或重设自己的账号。

    Nobody switches off, changes or resets the account they are signed in with.
    """

    code = "E-CONSOLE-017"
    remedy = (
        "请由另一位管理员操作；修改自己的密码用“改密码”。",
        "Another admin can do it; to change your own password there is a page of its own.",
    )


def add_user(
    conn: Connection, *, name: str, role: str, full_name: str = "", district: str = "", actor: str, at: datetime
) -> str:
    """Make an account; returns its one-time password, which is stored nowhere and must be changed at first login.

    `district` is a code or a name, empty for the whole city. Raises UserRefused where name or role will not do or the
    name is taken, DistrictRefused where role and district do not go together.
    """
    code = _district(conn, role, district)
    full_name = full_name.strip() or name
    if not _NAME.fullmatch(name) or name == DEMO_USER or users.find(conn, name) is not None:
        raise UserRefused(name)
    if len(full_name) > _LONGEST_FULL_NAME or not full_name.isprintable():
        raise UserRefused(_("姓名 %(count)s 字", count=len(full_name)))
    password = one_time_password()
    user_id = users.add(
        conn, name=name, full_name=full_name, role=role, district=code, password_hash=hashed(password), at=at
    )
    detail = {"name": name, "role": role, "district": code or ""}
    audit.record(conn, actor=actor, action="user.add", subject=f"user:{user_id}", detail=detail, at=at)
    return password


def reset_password(conn: Connection, *, name: str, actor: str, at: datetime) -> str:
    """Give an account a new one-time password and end its sessions. Raises UserUnknown, OwnAccount."""
    user = _account(conn, name, actor)
    password = one_time_password()
    users.set_password(conn, user.id, hashed(password), must_change=True)
    audit.record(conn, actor=actor, action="user.reset", subject=f"user:{user.id}", detail={"name": name}, at=at)
    return password


def set_enabled(conn: Connection, *, name: str, enabled: bool, actor: str, at: datetime) -> None:
    """Switch an account off, or on again, and end its sessions. Raises UserUnknown, OwnAccount, LastAdmin."""
    user = _account(conn, name, actor)
    if not enabled:
        _keep_an_admin(conn, user)
    users.set_enabled(conn, user.id, enabled)
    action = "user.enable" if enabled else "user.disable"
    audit.record(conn, actor=actor, action=action, subject=f"user:{user.id}", detail={"name": name}, at=at)


def set_role(conn: Connection, *, name: str, role: str, district: str = "", actor: str, at: datetime) -> None:
    """Give an account another role and district, and end its sessions.

    Raises UserUnknown, OwnAccount, UserRefused, DistrictRefused, LastAdmin.
    """
    user = _account(conn, name, actor)
    code = _district(conn, role, district)
    if role != "admin":
        _keep_an_admin(conn, user)
    users.set_role(conn, user.id, role, code)
    detail = {
        "name": name,
        "from": {"role": user.role, "district": user.district or ""},
        "to": {"role": role, "district": code or ""},
    }
    audit.record(conn, actor=actor, action="user.role", subject=f"user:{user.id}", detail=detail, at=at)


def add_demo_user(conn: Connection, at: datetime) -> User:
    """The demo's user, made where it is missing; its password hash matches nothing."""
    if users.find(conn, DEMO_USER) is None:
        unusable = "!"  # no hash of anything
        user_id = users.add(
            conn, name=DEMO_USER, full_name=N_("演示用户"), role="inspector", password_hash=unusable, at=at
        )
        users.set_password(conn, user_id, unusable, must_change=False)
    return users.find(conn, DEMO_USER)[0]  # type: ignore[index]


def one_time_password() -> str:
    """Four groups of five letters and digits without look-alikes: 98 bits, read over the telephone without error."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def account(conn: Connection, name: str) -> User:
    """The account of that name. Raises UserUnknown."""
    found = users.find(conn, name)
    if found is None:
        raise UserUnknown(name)
    return found[0]


def _account(conn: Connection, name: str, actor: str) -> User:
    if name == DEMO_USER:
        raise UserUnknown(name)
    if name == actor:
        raise OwnAccount(name)
    return account(conn, name)


def _district(conn: Connection, role: str, given: str) -> str | None:
    """Code of the district that goes with the role; None for the whole city."""
    if role not in ROLES:
        raise UserRefused(f"{role}: {', '.join(ROLES)}")
    if not given:
        if role == "district":
            raise DistrictRefused(_("没有写区（市）"))
        return None
    code = users.district_named(conn, given)
    if code is None:
        raise DistrictRefused(_("没有“%(name)s”", name=given))
    if role not in OF_DISTRICTS:
        raise DistrictRefused(f"{role} + {given}")
    return code


def _keep_an_admin(conn: Connection, leaving: User) -> None:
    if leaving.role == "admin" and leaving.enabled and users.enabled_admins(conn) == [leaving.id]:
        raise LastAdmin(leaving.name)
