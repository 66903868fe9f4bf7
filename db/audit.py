"""The audit: who did what, each row chained to the one before it, so that a changed past shows.

The chain finds edited, removed and inserted rows. It cannot see its own end being cut off, or the whole table being
replaced by another one that is consistent in itself: for that a head that was told outside the database (the morning
digest) is handed to `verify` as an anchor. A row's hash is the sha256 of its canonical JSON: keys sorted, no spaces,
UTF-8, time in UTC with microseconds, no floats.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, insert, select, text

from db.tables import audit
from db.text import storable, storable_json

#: Stands where the first row names the hash of the row before it.
GENESIS = "0" * 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """The last row of the chain: what is told outside, so that a cut can be seen."""

    #: Number of the row; 0 while the audit is empty.
    seq: int = 0
    #: Its hash, lower-case hex.
    hash: str = GENESIS


class Flaw(StrEnum):
    """What is wrong with a chain."""

    GAP = "序号不连续，有记录被删除或插入"
    UNCHAINED = "与上一条记录不衔接"
    ALTERED = "内容被修改"
    ANCHOR = "与库外留存的校验值不符，记录被截断或替换"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What reading the whole chain found."""

    #: Rows read.
    rows: int
    #: Where the sound part of the chain ends.
    head: Head
    #: None for a sound chain.
    flaw: Flaw | None = None
    #: Number of the row at which the flaw shows; 0 for a sound chain.
    at: int = 0

    @property
    def sound(self) -> bool:
        """True where nothing was found."""
        return self.flaw is None


def record(conn: Connection, *, actor: str, action: str, subject: str, detail: Mapping[str, Any], at: datetime) -> Head:
    """Writes one row in the caller's transaction; returns the new head.

    `detail` is JSON without floats (many spellings, one value); `at` is aware. Writers take turns until their
    transactions end, so numbers have no holes: call this last. Needs the default isolation, READ COMMITTED.
    """
    if at.tzinfo is None:
        raise ValueError("a naive datetime has no place here")
    conn.execute(text("select pg_advisory_xact_lock(hashtextextended('xunwang audit', 0))"))
    before = head(conn)
    content = {
        "seq": before.seq + 1,
        "at": at,
        "actor": storable(actor),
        "action": storable(action),
        "subject": storable(subject),
        "detail": storable_json(detail),
        "previous_hash": before.hash,
    }
    digest = _hash(content)
    conn.execute(insert(audit).values(**content, hash=digest))
    return Head(seq=before.seq + 1, hash=digest)


def head(conn: Connection) -> Head:
    """The last row's number and hash; seq 0 and GENESIS while there is none."""
    row = conn.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
    return Head(seq=row.seq, hash=row.hash) if row else Head()


def verify(conn: Connection, anchors: Iterable[Head] = ()) -> Verdict:
    """Reads the chain from its first row; stops at the first flaw. `anchors` are heads that were told outside."""
    expected = {anchor.seq: anchor.hash for anchor in anchors if anchor.seq}
    last, read = Head(), 0
    statement = select(audit).order_by(audit.c.seq).execution_options(yield_per=1000)
    with conn.execute(statement) as rows:
        for row in rows:
            read += 1
            flaw = _flaw(row, last)
            if flaw is None and expected.pop(row.seq, row.hash) != row.hash:
                flaw = Flaw.ANCHOR
            if flaw:
                return Verdict(rows=read, head=last, flaw=flaw, at=row.seq)
            last = Head(seq=row.seq, hash=row.hash)
    if expected:
        return Verdict(rows=read, head=last, flaw=Flaw.ANCHOR, at=min(expected))
    return Verdict(rows=read, head=last)


def _flaw(row: Row[Any], last: Head) -> Flaw | None:
    if row.seq != last.seq + 1:
        return Flaw.GAP
    if row.previous_hash != last.hash:
        return Flaw.UNCHAINED
    content = {name: value for name, value in row._mapping.items() if name != "hash"}
    return None if _hash(content) == row.hash else Flaw.ALTERED


def _hash(content: Mapping[str, Any]) -> str:
    plain = {**content, "at": content["at"].astimezone(UTC).isoformat(timespec="microseconds")}
    _refuse_floats(plain["detail"])
    canonical = json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _refuse_floats(data: Any) -> None:
    if isinstance(data, float):
        raise TypeError("no floats in the audit: write money and shares as text")
    for value in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        _refuse_floats(value)
