"""日报: what happened since the last one, made once per Shanghai date and kept as it was made."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from alerts.message import inert
from db import custody, digests, purges
from db.digests import LeadNews, NightScan
from db.engine import Connection, Engine, transaction
from db.runs import nights_alike
from records import Labels, Level, ScanStatus, night_status, shanghai_date

#: How far back a digest looks when the one before is missing or older than this.
_LOOK_BACK = timedelta(hours=36)
_ONE_DAY = timedelta(hours=24)

#: Classes of what is purged, as people call them (`db.purgeable.Class`).
PURGED = {
    "listings": "未命中的商品信息",
    "unscreened": "未初筛、待研判的线索",
    "dismissed": "已排除的线索",
    "confirmed": "转核查的线索",
    "evidence": "已排除线索的证据",
    "files": "不再需要的证据文件",
}

#: Leads named one by one; the others are counted. The console has all of them.
_NAMED = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformNight:
    """How one platform fared in the nightly scan."""

    name: str
    #: ScanStatus value.
    status: str
    #: For so many runs on end it has been the same.
    nights: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class LeadLine:
    """One lead as a message may name it."""

    id: int
    #: Empty for a candidate, which is named by its id.
    number: str
    platform: str
    category: str
    district: str
    high: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Digest:
    """Everything a message says. Counts, numbers and names of platforms, categories and districts; no person."""

    #: Row id; 0 for a preview.
    id: int = 0
    #: Shanghai date; also what makes a repetition recognisable.
    for_date: date
    made_at: datetime
    #: The news is of (since, made_at].
    since: datetime
    #: ScanStatus value of the nightly scan.
    status: str
    #: Scans started by hand in the same time.
    by_hand: int
    #: Of these, not ended when the digest was made.
    by_hand_open: int = 0
    #: First planned start and last end of the nightly scan; None where nothing ran, or runs still.
    started_at: datetime | None
    finished_at: datetime | None
    platforms: tuple[PlatformNight, ...]
    #: Cards read by all scans, those by hand too, as the hits are: one item seen by two queries counts twice (条次).
    cards: int
    #: Listings that became hits.
    hits: int
    #: New leads, all of them; `leads` names the first.
    leads_new: int
    #: Older leads that got more hits.
    leads_more: int
    #: New leads at level high, in all and by category.
    high: int
    high_by_category: tuple[tuple[str, int], ...]
    by_district: tuple[tuple[str, int], ...]
    #: Candidates waiting in the queue, old and new.
    unscreened: int
    leads: tuple[LeadLine, ...]
    console_url: str
    #: Anchors of the audit chain and of the custody chain outside the database.
    audit_seq: int
    audit_hash: str
    custody_seq: int = 0
    custody_hash: str = ""
    #: 覆盖说明 of the nightly scan, a fact a line: what was not seen and why. Nothing that a page said.
    coverage: tuple[str, ...] = ()
    #: What had had its days and was purged: class in words and how many; how many legal holds stand.
    purged: tuple[tuple[str, int], ...] = ()
    holds: int = 0

    @property
    def key(self) -> str:
        """The same for every delivery of this day's digest."""
        return f"xunwang-digest-{self.for_date.isoformat()}"

    @property
    def troubled(self) -> tuple[PlatformNight, ...]:
        """The platforms that were not wholly seen."""
        return tuple(each for each in self.platforms if each.status != ScanStatus.NORMAL)

    @property
    def quiet(self) -> bool:
        """True where one line says it all: everything was seen and nothing was found."""
        return self.status == ScanStatus.NORMAL and not (self.leads_new or self.leads_more or self.troubled)

    def to_data(self) -> dict[str, Any]:
        """JSON-safe; `from_data` reads it back."""
        data = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "id"}
        for name in ("for_date", "made_at", "since", "started_at", "finished_at"):
            data[name] = data[name].isoformat() if data[name] else None
        data["platforms"] = [[each.name, each.status, each.nights] for each in self.platforms]
        data["leads"] = [[x.id, x.number, x.platform, x.category, x.district, x.high] for x in self.leads]
        return data

    @classmethod
    def from_data(cls, digest_id: int, data: dict[str, Any]) -> "Digest":
        """A digest as it was stored."""
        read: dict[str, Any] = dict(data)
        read["for_date"] = date.fromisoformat(data["for_date"])
        for name in ("made_at", "since", "started_at", "finished_at"):
            read[name] = datetime.fromisoformat(data[name]) if data[name] else None
        nights = ("name", "status", "nights")  # digests of the first weeks have no third
        read["platforms"] = tuple(PlatformNight(**dict(zip(nights, row, strict=False))) for row in data["platforms"])
        read["coverage"] = tuple(data.get("coverage", ()))
        for name in ("high_by_category", "by_district", "purged"):
            read[name] = tuple((key, count) for key, count in data.get(name, ()))
        fields = ("id", "number", "platform", "category", "district", "high")
        read["leads"] = tuple(LeadLine(**dict(zip(fields, row, strict=True))) for row in data["leads"])
        return cls(id=digest_id, **read)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Frame:
    """What a digest is made with."""

    now: datetime
    console_url: str
    labels: Labels


def make_digest(engine: Engine, *, now: datetime, console_url: str, labels: Labels | None = None) -> Digest | None:
    """The digest of the Shanghai date of `now`, stored, with the news in it marked as told; None if the day has one.

    One transaction: a crash leaves neither a digest without its news nor news told by no digest.
    """
    frame = _Frame(now=now, console_url=console_url.rstrip("/"), labels=labels or Labels())
    with transaction(engine) as conn:
        digest_id = digests.open_day(conn, shanghai_date(now), now)
        if digest_id is None:
            return None
        digest = _compose(conn, frame, digest_id, digests.take_news(conn, digest_id))
        digests.write(conn, digest_id, digest.to_data())
    return digest


def preview(engine: Engine, *, now: datetime, console_url: str, labels: Labels | None = None) -> Digest:
    """What `make_digest` would make at `now`; writes nothing."""
    frame = _Frame(now=now, console_url=console_url.rstrip("/"), labels=labels or Labels())
    with transaction(engine) as conn:
        return _compose(conn, frame, 0, digests.waiting_news(conn))


def stored(engine: Engine, for_date: date) -> Digest | None:
    """The digest of that day as it was made; None where the day has none."""
    with transaction(engine) as conn:
        found = digests.content_of(conn, for_date)
    return None if found is None else Digest.from_data(*found)


def _compose(conn: Connection, frame: _Frame, digest_id: int, news: Sequence[LeadNews]) -> Digest:
    since = _since(digests.last_made(conn, shanghai_date(frame.now)), frame.now)
    scans = digests.night(conn, since, frame.now)
    nightly = [scan for scan in scans if scan.kind == "nightly"]
    by_hand = [scan for scan in scans if scan.kind != "nightly"]
    new = [lead for lead in news if lead.new]
    seq, head = digests.audit_head(conn)
    held, purged = custody.head(conn), purges.finished(conn, since, frame.now)
    return Digest(
        id=digest_id,
        for_date=shanghai_date(frame.now),
        made_at=frame.now,
        since=since,
        # one truth about the night: status, times and platforms are all of the nightly scan and of nothing else
        status=night_status([scan.status for scan in nightly]).value,
        by_hand=len(by_hand),
        by_hand_open=sum(scan.finished_at is None for scan in by_hand),
        started_at=min((scan.planned_at for scan in nightly), default=None),
        finished_at=_finished(nightly),
        platforms=_platforms(conn, nightly, frame.labels),
        cards=sum(query.cards for scan in scans for query in scan.queries),
        hits=digests.new_hits(conn, since, frame.now),
        leads_new=len(new),
        leads_more=len(news) - len(new),
        high=sum(lead.level == Level.HIGH for lead in new),
        high_by_category=_count(frame.labels.category(lead.category) for lead in new if lead.level == Level.HIGH),
        by_district=_count(lead.district for lead in new),
        unscreened=digests.unscreened(conn),
        leads=tuple(_line(lead, frame.labels) for lead in new[:_NAMED]),
        console_url=frame.console_url,
        audit_seq=seq,
        audit_hash=head,
        custody_seq=held.seq,
        custody_hash=held.hash if held.seq else "",
        coverage=_coverage(nightly, frame.labels),
        purged=tuple((PURGED[kind], count) for kind, count in purged.items() if count and kind in PURGED),
        holds=purges.held(conn),
    )


def _since(last: datetime | None, now: datetime) -> datetime:
    """Where the last digest ended; a day ago where it is missing or too old to call its time a night."""
    return last if last is not None and now - last <= _LOOK_BACK else now - _ONE_DAY


def _finished(scans: Sequence[NightScan]) -> datetime | None:
    ends = [scan.finished_at for scan in scans]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def _platforms(conn: Connection, scans: Sequence[NightScan], labels: Labels) -> tuple[PlatformNight, ...]:
    return tuple(
        PlatformNight(
            name=labels.platform(key),
            status=night_status([scan.platforms[key] for scan in scans if key in scan.platforms]).value,
            nights=max(1, nights_alike(conn, key)),
        )
        for key in sorted({key for scan in scans for key in scan.platforms})
    )


def _coverage(scans: Sequence[NightScan], labels: Labels) -> tuple[str, ...]:
    def day(scan: NightScan) -> str:
        return f"{shanghai_date(scan.planned_at):%m-%d} " if len(scans) > 1 else ""

    return tuple(
        day(scan) + line
        for scan in scans
        for line in scan.coverage.lines(lambda key: inert(labels.platform(key)), quoting=False)
    )


def _count(names: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Most frequent first; equal ones in the order of their names, so that two runs say the same."""
    return tuple(sorted(Counter(names).items(), key=lambda pair: (-pair[1], pair[0])))


def _line(lead: LeadNews, labels: Labels) -> LeadLine:
    return LeadLine(
        id=lead.id,
        number=lead.number,
        platform=labels.platform(lead.platform),
        category=labels.category(lead.category),
        district=lead.district,
        high=lead.level == Level.HIGH,
    )
