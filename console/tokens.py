"""Tokens: with one another system asks in the name of the person who made it, never for more than the person may."""

import hashlib
import re
import secrets
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from console.accounts import By
from console.language import N_, _, word
from console.roles import Can, may
from console.wording import cleaned
from db import api_tokens, audit
from db.api_tokens import Token
from db.engine import Connection
from db.users import User
from records import Fault

#: How every token begins, so that whoever finds one in a file knows what it is; scanners for secrets too.
PREFIX = "xwk_"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#: 256 random bits, then a checksum: what is no token of ours is told without asking the database.
_RANDOM, _CHECK = 43, 6
_FORM = re.compile(f"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}", re.ASCII)
_HINT = len(PREFIX) + 4

USUAL_DAYS, LONGEST_DAYS = 90, 365
NAME_LENGTH = 40
#: Tokens of one account that are neither revoked nor expired.
MOST = 20
#: Writing "in use" once a minute is enough.
_TOUCH_EVERY = timedelta(minutes=1)


class Scope(StrEnum):
    """What a token may be used for. The values stand in the database and in what other systems are told."""

    READ = "read"
    EVIDENCE = "evidence"
    SCREEN = "screen"
    INTAKE = "intake"
    EXPORT = "export"
    UNMASK = "unmask"


#: Each scope with what it means and the capability without which nobody can give it to a token.
SCOPES: dict[Scope, tuple[str, Can]] = {
    Scope.READ: (N_("查询线索、商品、卖家、监测情况和统计，个人信息遮盖"), Can.SIGN_IN),
    Scope.EVIDENCE: (N_("下载证据文件，每次记入保管链"), Can.EVIDENCE),
    Scope.SCREEN: (N_("初筛：转核查、排除、待研判"), Can.SCREEN),
    Scope.INTAKE: (N_("新增线索"), Can.INTAKE),
    Scope.EXPORT: (N_("导出线索清单"), Can.SCREEN),
    Scope.UNMASK: (N_("写明事由后查看未遮盖的个人信息，每次记入审计和保管链"), Can.UNMASK),
}


class TokenRefused(Fault):
    """不能建立这个令牌。

    This token cannot be made.
    """

    code = "E-CONSOLE-070"
    remedy = (
        f"名称 1–{NAME_LENGTH} 字；至少选一项权限，且不超出本人角色；有效期 1–{LONGEST_DAYS} 天；"
        f"有效令牌至多 {MOST} 个。",
        f"A name of 1-{NAME_LENGTH} characters; at least one scope, none beyond the account's role; 1-{LONGEST_DAYS} "
        f"days; at most {MOST} good tokens an account.",
    )


class TokenUnknown(Fault):
    """没有这个令牌。

    There is no such token.
    """

    code = "E-CONSOLE-071"
    remedy = (
        "请核对编号；xunwang token list 列出全部令牌。",
        "Check the number; `xunwang token list` lists all of them.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """Another system on one request, in the name of an account."""

    user: User
    token: Token

    def may(self, can: Can) -> bool:
        """True where the account's role has the capability; what the token is for is asked apart."""
        return may(self.user.role, can)

    def holds(self, scope: Scope) -> bool:
        """True where the token was made for that, and the account's role still allows it."""
        return scope in self.token.scopes and self.may(SCOPES[scope][1])

    def by(self, at: datetime) -> By:
        """The account and the token, at that moment."""
        return By(user_id=self.user.id, actor=self.actor, at=at)

    @property
    def actor(self) -> str:
        """wang#12: account and token, as the audit and the custody chain call them. No account name has a #."""
        return f"{self.user.name}#{self.token.id}"


def scopes_of(role: str) -> list[Scope]:
    """What somebody of that role may give to a token."""
    return [scope for scope, (_told, can) in SCOPES.items() if may(role, can)]


def make(
    conn: Connection, user: User, *, name: str, scopes: Collection[str], days: int, actor: str, at: datetime
) -> tuple[int, str]:
    """A new token of that account: its row id, and the token itself, which is stored nowhere. Raises TokenRefused."""
    name = cleaned(name)
    if not 1 <= len(name) <= NAME_LENGTH:
        raise TokenRefused(_("名称 %(count)s 字", count=len(name)))
    wanted = _allowed(user, scopes)
    if not 1 <= days <= LONGEST_DAYS:
        raise TokenRefused(_("有效期 %(count)s 天", count=days))
    if api_tokens.standing(conn, user.id, at) >= MOST:
        raise TokenRefused(_("已有 %(count)s 个有效令牌", count=MOST))
    secret, until = minted(), at + timedelta(days=days)
    made = api_tokens.add(
        conn,
        user_id=user.id,
        name=name,
        hint=secret[:_HINT],
        token_hash=digest(secret),
        scopes=wanted,
        at=at,
        until=until,
    )
    told = {"token": made, "name": name, "scopes": [str(one) for one in wanted], "until": until.isoformat()}
    audit.record(conn, actor=actor, action="token.new", subject=f"user:{user.id}", detail=told, at=at)
    return made, secret


def revoke(conn: Connection, token: Token, *, actor: str, at: datetime) -> None:
    """The token opens nothing from now on; a second time does nothing."""
    if api_tokens.revoke(conn, token.id, by=actor, at=at):
        told = {"token": token.id, "name": token.name}
        audit.record(conn, actor=actor, action="token.revoke", subject=f"user:{token.user_id}", detail=told, at=at)


def recognise(conn: Connection, secret: str, *, at: datetime, address: str) -> tuple[Caller | None, dict[str, object]]:
    """Whose token that is; None for one that opens nothing, with what the audit is told about it and nobody else."""
    found = api_tokens.find(conn, digest(secret)) if _well_formed(secret) else None
    if found is None:
        return None, {"why": "unknown"}
    user, token = found
    if why := _refused(user, token, at):
        return None, {"why": why, "token": token.id}
    if token.last_used_at is None or token.last_used_from != address or at - token.last_used_at > _TOUCH_EVERY:
        api_tokens.touch(conn, token.id, at, address)
    return Caller(user=user, token=token), {}


def minted() -> str:
    """A token of 256 random bits with its prefix and checksum."""
    body = _in_digits(secrets.randbits(256), _RANDOM)
    return PREFIX + body + _checksum(body)


def digest(secret: str) -> bytes:
    """What is stored of a token. Of 256 random bits no guess is made, so one round of sha256 keeps it."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).digest()


def state(token: Token, at: datetime) -> str:
    """Why the token opens nothing, as pages say it; empty for one that is good."""
    return N_("已撤销") if token.revoked_at else N_("已过期") if token.expires_at <= at else ""


def _refused(user: User, token: Token, at: datetime) -> str:
    if token.revoked_at is not None:
        return "revoked"
    if token.expires_at <= at:
        return "expired"
    return "disabled" if not user.enabled else "must change password" if user.must_change else ""


def _allowed(user: User, scopes: Collection[str]) -> Sequence[Scope]:
    """The scopes in their order. Raises TokenRefused for none, and for one beyond the account's role."""
    possible = scopes_of(user.role)
    beyond = sorted(set(scopes) - {str(one) for one in possible})
    if beyond or not scopes:
        told = word(", ".join(beyond)[:NAME_LENGTH])
        raise TokenRefused(_("超出角色的权限：%(scopes)s", scopes=told) if beyond else _("没有选权限"))
    return [one for one in possible if one in scopes]


def _well_formed(secret: str) -> bool:
    body, check = secret[len(PREFIX) : -_CHECK], secret[-_CHECK:]
    return bool(_FORM.fullmatch(secret)) and _checksum(body) == check


def _checksum(body: str) -> str:
    return _in_digits(zlib.crc32(body.encode()), _CHECK)


def _in_digits(number: int, length: int) -> str:
    digits = ""
    for _place in range(length):
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits
