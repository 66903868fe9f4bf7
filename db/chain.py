"""Rows chained by hash, so that a changed past shows: the audit and the custody chain are two of them.

A chain finds edited, removed and inserted rows. It cannot see its own end being cut off, or the whole table being
replaced by another one that is consistent in itself: for that a head that was told outside the database (the morning
digest) is handed to `verify` as an anchor. A row's hash is the sha256 of its canonical JSON: keys sorted, no spaces,
UTF-8, time in UTC with microseconds, no floats.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, Table, Text, column, func, insert, select, table, text

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


@dataclass(frozen=True, slots=True)
class Chain:
    """One table of chained rows: seq, at, actor, action, subject, detail, previous_hash, hash."""

    table: Table

    def record(
        self, conn: Connection, *, actor: str, action: str, subject: str, detail: Mapping[str, Any], at: datetime
    ) -> Head:
        """Writes one row in the caller's transaction; returns the new head.

        `detail` is JSON without floats (many spellings, one value); `at` is aware. Writers take turns until their
        transactions end, so numbers have no holes: call this last. Needs the default isolation, READ COMMITTED.
        """
        if at.tzinfo is None:
            raise ValueError("a naive datetime has no place here")
        lock = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
        conn.execute(lock, {"name": f"xunwang {self.table.name}"})
        before = self.head(conn)
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
        conn.execute(insert(self.table).values(**content, hash=digest))
        return Head(seq=before.seq + 1, hash=digest)

    def head(self, conn: Connection) -> Head:
        """The last row's number and hash; seq 0 and GENESIS while there is none."""
        # a view, which whoever may add a row may read, without reading the rows of others
        view = table(f"{self.table.name}_head", column("seq", BigInteger), column("hash", Text))
        row = conn.execute(select(view.c.seq, view.c.hash)).first()
        return Head(seq=row.seq, hash=row.hash) if row else Head()

    def verify(self, conn: Connection, anchors: Iterable[Head] = (), *, first: int = 1, last: int = 0) -> Verdict:
        """Reads the chain and stops at the first flaw. `anchors` are heads that were told outside.

        `first` and `last` (0: the end) narrow what is read to those rows. Whether the chain begins as it must is
        looked at in any case, and so is every anchor.
        """
        expected: dict[int, str] = {}
        for anchor in anchors:  # two that contradict each other cannot both be met
            expected[anchor.seq] = anchor.hash if expected.get(anchor.seq, anchor.hash) == anchor.hash else ""
        expected.pop(0, None)
        if first > 1 and (flaw := self._beginning(conn)) is not None:
            return Verdict(rows=1, head=Head(), flaw=flaw, at=1)
        if missed := self._outside(conn, expected, first, last):
            return Verdict(rows=0, head=Head(), flaw=Flaw.ANCHOR, at=missed)
        before, read = self._before(conn, first), 0
        for row in self._rows(conn, first, last):
            read += 1
            flaw = _flaw(row, before)
            if flaw is None and expected.get(row.seq, row.hash) != row.hash:
                flaw = Flaw.ANCHOR
            if flaw:
                return Verdict(rows=read, head=before, flaw=flaw, at=row.seq)
            before = Head(seq=row.seq, hash=row.hash)
        cut = [seq for seq in expected if seq > before.seq and not last]
        if cut:
            return Verdict(rows=read, head=before, flaw=Flaw.ANCHOR, at=min(cut))
        return Verdict(rows=read, head=before)

    def between(self, conn: Connection, since: datetime | None, until: datetime | None) -> tuple[int, int]:
        """Numbers of the first and the last row at or after `since` and before `until`; (1, 0) for all of them."""
        at, seq = self.table.c.at, self.table.c.seq
        first = conn.execute(select(func.min(seq)).where(at >= since)).scalar() if since else 1
        last = conn.execute(select(func.max(seq)).where(at < until)).scalar() or 0 if until else 0
        return int(first if first is not None else self.head(conn).seq + 1), int(last)

    def _rows(self, conn: Connection, first: int, last: int) -> Iterator[Row[Any]]:
        statement = select(self.table).where(self.table.c.seq >= first).order_by(self.table.c.seq)
        if last:
            statement = statement.where(self.table.c.seq <= last)
        with conn.execute(statement.execution_options(yield_per=1000)) as rows:
            yield from rows

    def _beginning(self, conn: Connection) -> Flaw | None:
        row = conn.execute(select(self.table).order_by(self.table.c.seq).limit(1)).first()
        return None if row is None else _flaw(row, Head())

    def _before(self, conn: Connection, first: int) -> Head:
        """The row before `first`, whose hash is taken as it stands."""
        row = conn.execute(select(self.table.c.seq, self.table.c.hash).where(self.table.c.seq == first - 1)).first()
        return Head(seq=row.seq, hash=row.hash) if row else Head(seq=first - 1)

    def _outside(self, conn: Connection, expected: Mapping[int, str], first: int, last: int) -> int:
        """Number of an anchor outside of what is read whose row is not as it was told; 0 where all are."""
        outside = [seq for seq in expected if seq < first or 0 < last < seq]
        rows = conn.execute(select(self.table.c.seq, self.table.c.hash).where(self.table.c.seq.in_(outside)))
        there = {row.seq: row.hash for row in rows}
        return min((seq for seq in outside if there.get(seq) != expected[seq]), default=0)


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
