"""Evidence packages: what goes into one, its number, and the rows of those that were made."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from db.evidence import FileKept
from db.tables import evidence_files, lexicon_versions, package_stamps, packages
from db.walls import district_of


@dataclass(frozen=True, kw_only=True, slots=True)
class PackedCapture:
    """One capture with all that is known of the listing as it stood then."""

    id: int
    listing_id: int
    platform: str
    item_id: str
    #: Address asked for, and the one that answered.
    listing_url: str
    url: str
    captured_at: datetime
    method: str
    gaps: tuple[str, ...]
    title: str
    description: str
    price_text: str
    #: True where the page was captured because it said that the item is gone.
    notice: bool
    #: How it was found: search or browse, and the word or category page; empty for what came by hand.
    query_kind: str
    query_text: str
    scan_id: int | None
    source: str
    brought_by: str
    #: Of this very content, as stored: lexicon_version, matcher_version, level, score, parts, matches; None where none.
    assessment: dict[str, Any] | None
    files: tuple[FileKept, ...]
    #: The attended extraction that it was made in; None for a patrol's.
    extraction_id: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PackedLead:
    """What one package is made of."""

    id: int
    number: str
    campaign: str
    platform: str
    #: As in the table districts: name and code.
    district: str
    district_code: str
    source: str
    category: str
    title: str
    #: None: all hits of the lead.
    listing_id: int | None
    captures: tuple[PackedCapture, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Issued:
    """One package that was made."""

    id: int
    number: str
    lead_id: int
    #: Of the zip as issued; its name in the store.
    sha256: str
    manifest_sha256: str
    made_by: str
    made_at: datetime
    #: The attended extraction whose transcript is in it; None for a package without one.
    extraction_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """The next package of a district: held until the transaction ends."""

    seq: int
    number: str
    #: Number and manifest of the district's package before; empty for its first.
    previous_number: str
    previous_sha256: str


def lead_named(conn: Connection, name: str) -> int | None:
    """Id of the lead with that number or id; None where there is none."""
    statement = text("select id from leads where number = :name or cast(id as text) = :name")
    return conn.execute(statement, {"name": name}).scalar()


def packed(
    conn: Connection,
    lead_id: int,
    listing_id: int | None = None,
    *,
    extraction_id: int | None = None,
    every: bool = False,
) -> PackedLead | None:
    """The lead with every capture of its hits, or of the one hit; None where there is no such lead or hit.

    What was captured with officers there is among them for `extraction_id` alone, or for all of them with `every`.
    """
    row = conn.execute(_LEAD, {"lead": lead_id, "district": district_of(conn)}).one_or_none()
    if row is None:
        return None
    wanted = {"lead": lead_id, "listing": listing_id, "extraction": extraction_id, "every": every}
    captures = _captures(conn, wanted)
    if listing_id is not None and not _holds(conn, lead_id, listing_id):
        return None
    return PackedLead(**row._mapping, listing_id=listing_id, captures=captures)


def lexicon_hash(conn: Connection, name: str) -> str:
    """Sha256 of a released lexicon as JSON with sorted keys; empty where the version is not kept."""
    content = conn.execute(select(lexicon_versions.c.content).where(lexicon_versions.c.name == name)).scalar()
    if content is None:
        return ""
    spelled = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(spelled.encode()).hexdigest()


def take_turn(conn: Connection, district: str, day: date) -> Turn:
    """The district's next number and the package that it follows. Others wait until this transaction ends.

    A transaction that fails gives its number back, so there is neither a gap nor a double.
    """
    lock = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")
    conn.execute(lock, {"name": f"xunwang packages {district}"})
    last = text("select coalesce(max(seq), 0) from packages where district = :district and day = :day")
    seq = int(conn.execute(last, {"district": district, "day": day}).scalar_one()) + 1
    before = conn.execute(
        select(packages.c.number, packages.c.manifest_sha256)
        .where(packages.c.district == district)
        .order_by(packages.c.id.desc())
        .limit(1)
    ).one_or_none()
    return Turn(
        seq=seq,
        number=f"EV-{district}-{day:%Y%m%d}-{seq:04}",
        previous_number=before.number if before else "",
        previous_sha256=before.manifest_sha256 if before else "",
    )


def issue(conn: Connection, turn: Turn, *, size: int, **facts: Any) -> None:
    """Writes the row of a package whose file is in the store; `facts` are the other columns."""
    keep_file(conn, facts["sha256"], size, "application/zip", facts["made_at"])
    conn.execute(
        insert(packages).values(seq=turn.seq, number=turn.number, previous_sha256=turn.previous_sha256, **facts)
    )


def keep_file(conn: Connection, sha256: str, size: int, media_type: str, at: datetime) -> None:
    """The row of a stored file, so that no sweep takes it."""
    row = {"sha256": sha256, "size": size, "media_type": media_type, "stored_at": at}
    conn.execute(upsert(evidence_files).values(row).on_conflict_do_nothing())


def issued(conn: Connection, *, lead_ids: Sequence[int] = (), number: str = "", manifest: str = "") -> list[Issued]:
    """The packages of these leads, or the one of that number or manifest; oldest first."""
    statement = select(packages).order_by(packages.c.id)
    if number:
        statement = statement.where(packages.c.number == number)
    elif manifest:
        statement = statement.where(packages.c.manifest_sha256 == manifest)
    else:
        statement = statement.where(packages.c.lead_id.in_(list(lead_ids)))
    return _issued(conn, statement)


def issued_between(conn: Connection, since: datetime | None, until: datetime | None) -> list[Issued]:
    """The packages made at or after `since` and before `until`; oldest first."""
    statement = select(packages).order_by(packages.c.id)
    if since is not None:
        statement = statement.where(packages.c.made_at >= since)
    if until is not None:
        statement = statement.where(packages.c.made_at < until)
    return _issued(conn, statement)


def stamp(conn: Connection, package_id: int, *, sha256: str, tsa: str, stamped_at: datetime, at: datetime) -> None:
    """Writes down a time-stamp that is in the store; the same one twice is one row."""
    row = {"package_id": package_id, "sha256": sha256, "tsa": tsa, "stamped_at": stamped_at, "added_at": at}
    conn.execute(upsert(package_stamps).values(row).on_conflict_do_nothing())


def stamps(conn: Connection, package_id: int) -> list[str]:
    """Names in the store of a package's time-stamps, oldest first."""
    statement = select(package_stamps.c.sha256).where(package_stamps.c.package_id == package_id)
    return list(conn.execute(statement.order_by(package_stamps.c.id)).scalars())


_LEAD = text(
    """
    select l.id, coalesce(l.number, '') as number, c.name as campaign, l.platform, l.district,
           coalesce(d.code, 'undecided') as district_code, l.source, l.category, l.title
      from leads l join campaigns c on c.id = l.campaign_id left join districts d on d.name = l.district
     where l.id = :lead and (cast(:district as text) is null or l.district = :district)
    """
)

# the text as it was captured, which may not be the listing's of today; likewise the judgement of that very text
_CAPTURES = text(
    """
    select c.id, c.listing_id, s.platform, s.item_id, s.url as listing_url, c.url, c.captured_at, c.method, c.gaps,
           coalesce(x.detail->>'title', v.title, s.title) as title,
           coalesce(x.detail->>'description', v.description, s.description) as description,
           coalesce(x.detail->>'price_text', v.price_text, s.price_text) as price_text, c.extraction_id, s.source,
           s.brought_by,
           coalesce(q.kind, '') as query_kind, coalesce(q.text, '') as query_text, q.scan_id,
           exists (select from listing_states t where t.capture_id = c.id) as notice,
           (select jsonb_build_object('lexicon_version', a.lexicon_version, 'matcher_version', a.matcher_version,
                   'level', a.level, 'score', a.score, 'category', a.category, 'direction', a.direction,
                   'parts', a.parts, 'matches', a.matches)
              from assessments a where a.listing_id = c.listing_id and a.fingerprint = split_part(c.fingerprint, ':', 1)
             order by a.assessed_at desc, a.id desc limit 1) as assessment
      from captures c
      join lead_hits h on h.listing_id = c.listing_id and h.lead_id = :lead
      join listings s on s.id = c.listing_id
      left join queries q on q.id = s.query_id
      left join lateral (select * from listing_versions w
                          where w.listing_id = c.listing_id and w.fingerprint = split_part(c.fingerprint, ':', 1)
                          order by w.seen_at desc limit 1) v on true
      left join extraction_steps x on x.extraction_id = c.extraction_id and x.kind = 'captured'
                                  and x.detail->>'capture' = cast(c.id as text)
     where (cast(:listing as bigint) is null or c.listing_id = :listing)
       and (c.extraction_id is null or :every or c.extraction_id = cast(:extraction as bigint)
            and x.seq = (select max(y.seq) from extraction_steps y
                          where y.extraction_id = c.extraction_id and y.kind = 'captured'))
     order by c.captured_at, c.id
    """
)

_FILES = text(
    """
    select f.capture_id, f.role, f.sha256, e.size, e.media_type, f.url
      from capture_files f join evidence_files e on e.sha256 = f.sha256
     where f.capture_id = any(cast(:captures as bigint[])) order by f.capture_id, f.position
    """
)


def _captures(conn: Connection, wanted: dict[str, Any]) -> tuple[PackedCapture, ...]:
    rows = conn.execute(_CAPTURES, wanted).all()
    files: dict[int, list[FileKept]] = {row.id: [] for row in rows}
    for row in conn.execute(_FILES, {"captures": list(files)}):
        files[row.capture_id].append(_file(row))
    return tuple(PackedCapture(**{**row._mapping, "gaps": tuple(row.gaps)}, files=tuple(files[row.id])) for row in rows)


def _file(row: Row[Any]) -> FileKept:
    facts = {name: value for name, value in row._mapping.items() if name != "capture_id"}
    return FileKept(**facts)


def _issued(conn: Connection, statement: Select[Any]) -> list[Issued]:
    own = Issued.__dataclass_fields__
    return [Issued(**{k: v for k, v in row._mapping.items() if k in own}) for row in conn.execute(statement)]


def _holds(conn: Connection, lead_id: int, listing_id: int) -> bool:
    statement = text("select exists (select from lead_hits where lead_id = :lead and listing_id = :listing)")
    return bool(conn.execute(statement, {"lead": lead_id, "listing": listing_id}).scalar_one())
