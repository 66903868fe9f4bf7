"""Sellers: known by a keyed hash alone until their first hit, by key and name from then on (DESIGN §10).

One seller is one row for good. While none of its listings is a hit, the row's key is `hash:<hmac>` and every other
text of it is empty. At the first hit that very row gets the real key and the name, so the listings that were
stored before stay joined to it. A later listing without a hit finds the row by its real key first.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, text, update

from db.tables import leads, sellers

#: How the key of a seller without a hit begins.
HASHED = "hash:"


@dataclass(frozen=True, kw_only=True, slots=True)
class SellerSeen:
    """A seller as one batch saw it."""

    platform: str
    #: The platform's own id.
    key: str
    #: `hash:` and the keyed hash of `key`.
    hashed: str
    name: str
    place: str
    url: str
    #: True when one of its listings in this batch is a hit.
    hit: bool
    seen_at: datetime


def keep(conn: Connection, seen: Sequence[SellerSeen]) -> dict[tuple[str, str], int]:
    """Writes the sellers of a batch; returns the row id by (platform, real key).

    The caller holds the lock of the platforms, so no other batch makes the same seller meanwhile.
    """
    if not seen:
        return {}
    known = _ids(conn, [(one.platform, key) for one in seen for key in (one.key, one.hashed)])
    named = [one for one in seen if one.hit]
    revealed = [one for one in named if (one.platform, one.key) not in known]
    _reveal(conn, [one for one in revealed if (one.platform, one.hashed) in known])
    ids = _upsert(conn, [_row(one, one.key) for one in named], named=True)
    anonymous = [one for one in seen if not one.hit]
    keys = {one: one.key if (one.platform, one.key) in known else one.hashed for one in anonymous}
    ids |= _upsert(conn, [_row(one, key) for one, key in keys.items()], named=False)
    return {(one.platform, one.key): ids[one.platform, keys.get(one, one.key)] for one in seen}


def _ids(conn: Connection, wanted: Iterable[tuple[str, str]]) -> dict[tuple[str, str], int]:
    places = sorted(set(wanted))
    given = {"platforms": [platform for platform, _ in places], "keys": [key for _, key in places]}
    return {(row.platform, row.key): row.id for row in conn.execute(_FIND, given)}


def _reveal(conn: Connection, seen: Sequence[SellerSeen]) -> None:
    """The hashed row becomes the seller's own, and so do leads that a rematch made for the hash."""
    if not seen:
        return
    names = [{"p": one.platform, "h": one.hashed, "k": one.key} for one in seen]
    of_seller = (sellers.c.platform == bindparam("p"), sellers.c.key == bindparam("h"))
    conn.execute(update(sellers).where(*of_seller).values(key=bindparam("k")), names)
    of_lead = (leads.c.platform == bindparam("p"), leads.c.subject_key == bindparam("h"))
    conn.execute(update(leads).where(*of_lead).values(subject_key=bindparam("k")), names)


def _row(one: SellerSeen, key: str) -> dict[str, Any]:
    shown = {"name": one.name, "place": one.place, "url": one.url} if one.hit else {"name": "", "place": "", "url": ""}
    return {"platform": one.platform, "key": key, **shown, "first_seen": one.seen_at, "last_seen": one.seen_at}


def _upsert(conn: Connection, rows: list[dict[str, Any]], *, named: bool) -> dict[tuple[str, str], int]:
    """Writes the rows; returns their ids by (platform, key)."""
    if not rows:
        return {}
    rows.sort(key=lambda row: (row["platform"], row["key"]))
    # one parameter, whatever the number of rows, as for listings
    given = {"given": json.dumps(rows, default=str)}
    written = conn.execute(_UPSERT_NAMED if named else _UPSERT_HASHED, given)
    return {(row.platform, row.key): row.id for row in written}


_FIND = text(
    "select s.id, s.platform, s.key from unnest(cast(:platforms as text[]), cast(:keys as text[])) as w (platform, key)"
    # each by the index: see `db.listings`
    " cross join lateral (select * from sellers where platform = w.platform and key = w.key offset 0) s"
)
_INSERT = (
    "insert into sellers (platform, key, name, place, url, first_seen, last_seen)"
    " select platform, key, name, place, url, first_seen, last_seen"
    " from json_populate_recordset(cast(null as sellers), cast(:given as json))"
    " on conflict (platform, key) do update set last_seen = greatest(sellers.last_seen, excluded.last_seen)"
)
_WRITTEN = " returning id, platform, key"
_UPSERT_HASHED = text(_INSERT + _WRITTEN)
# a page that shows less than an earlier one takes nothing away
_UPSERT_NAMED = text(
    _INSERT
    + "".join(f", {c} = coalesce(nullif(excluded.{c}, ''), sellers.{c})" for c in ("name", "place", "url"))
    + _WRITTEN
)
