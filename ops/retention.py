"""How long what is kept, and its end: by the clock every night, or by command. What is held stays.

A purge is a row; each batch is a transaction with its tombstones, its audit row and the purge's counts. Killed
anywhere it is gone on with by the next tick or call; files whose rows have gone are taken by the sweep at its end.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import structlog

from db import evidence, purgeable, purges, purging
from db.engine import Connection, run, transaction
from db.locks import holding
from db.purgeable import Class
from db.purges import Purge
from db.purging import FRESH, Order
from ops.clock import minute_of
from ops.house import House
from ops.settings import Retention
from pipelines.normalise import seller_hash
from records import now, shanghai, shanghai_date

log = structlog.get_logger("ops")

NAMES = {
    Class.LISTINGS: "未命中的商品信息",
    Class.UNSCREENED: "未初筛、待研判的线索",
    Class.DISMISSED: "已排除的线索",
    Class.CONFIRMED: "转核查的线索",
    Class.EVIDENCE: "已排除线索的证据",
    Class.FILES: "不再需要的证据文件",
}
#: In this order: evidence before the leads that it is of, files last.
_LEADS = (Class.EVIDENCE, Class.DISMISSED, Class.UNSCREENED, Class.CONFIRMED)
_SWEPT = "swept"
#: Batches of one tick: scans and digests must not wait behind a year's backlog.
_TICK_BATCHES = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """What becomes of one class."""

    kind: Class
    name: str
    #: 0: kept for good.
    days: int
    #: Subjects that a purge would take now.
    due: int

    @property
    def sentence(self) -> str:
        """In words."""
        return f"{self.name}：{f'满 {self.days} 天清除' if self.days else '长期保存'}"


def days_of(settings: Retention) -> dict[Class, int]:
    """Class → days; 0 keeps it for good."""
    return {
        Class.LISTINGS: settings.listings_days,
        Class.UNSCREENED: settings.unscreened_days,
        Class.DISMISSED: settings.dismissed_days,
        Class.CONFIRMED: settings.confirmed_days,
        Class.EVIDENCE: settings.evidence_days,
    }


def rules(conn: Connection, settings: Retention, at: datetime) -> list[Rule]:
    """Every class with its days and what is due at `at`."""
    return [
        Rule(
            kind=kind,
            name=NAMES[kind],
            days=days,
            due=purgeable.due(conn, kind, at - timedelta(days=days)) if days else 0,
        )
        for kind, days in days_of(settings).items()
    ]


def nightly(house: House, moment: datetime) -> Purge | None:
    """The night's purge, as far as one tick goes; None where it is not its time, has ended, or another is at it."""
    today = shanghai(moment)
    if today.hour * 60 + today.minute < minute_of(house.settings.retention.at):
        return None
    return purge(house, by="clock", for_date=shanghai_date(moment), at=moment, batches=_TICK_BATCHES)


def purge(
    house: House,
    *,
    by: str,
    for_date: date | None = None,
    at: datetime | None = None,
    batches: int = 0,
    step: Callable[[str], None] = lambda _name: None,
) -> Purge | None:
    """Takes what is due, at most `batches` (0: all); the purge as it stands, None where there is nothing to do.

    `step` is told of each batch once it is committed, of the sweep and of the end: a test may end the process there.
    """
    moment = at or now()
    with holding(house.engine, "retention", wait=False) as alone:
        if not alone:
            return None
        with transaction(house.engine) as conn:
            begun = purges.begin(conn, for_date, by=by, at=moment)
        if begun is None:
            return None
        work = _Work(house=house, purge=begun, by=by, at=moment, step=step, left=batches or 1 << 60)
        if not work.take():
            return begun
        work.sweep()
        with transaction(house.engine) as conn:
            done = purges.end(conn, begun.id, moment)
        step("ended")
        log.info("purged", **dict(done.counts))
        return done


@dataclass(kw_only=True, slots=True)
class _Work:
    """One purge under way."""

    house: House
    purge: Purge
    by: str
    at: datetime
    step: Callable[[str], None]
    #: Batches that may still be taken.
    left: int

    def take(self) -> bool:
        """Every class in its order; False where the batches ran out before the end."""
        for kind in _LEADS:
            days = days_of(self.house.settings.retention)[kind]
            before = self.at - timedelta(days=days)
            if days and not self._batches(
                kind, partial(purging.purge_leads, kind=kind, before=before, order=self._order())
            ):
                return False
        return self._listings() and self._batches(Class.FILES, partial(purging.purge_files, order=self._order()))

    def sweep(self) -> None:
        """The files that no row names any more; what is being written just now is younger."""

        def known(names: object) -> set[str]:
            with transaction(self.house.engine) as conn:
                return evidence.known_files(conn, names)  # type: ignore[arg-type]

        swept = self.house.store.sweep(known, older_than=FRESH, now=now())
        with transaction(self.house.engine) as conn:
            purges.count(conn, self.purge.id, _SWEPT, len(swept.orphans))
        self.step("swept")

    def _listings(self) -> bool:
        days = self.house.settings.retention.listings_days
        if not days:
            return True
        before, after = self.at - timedelta(days=days), 0
        while self.left:
            _, after = self._batch(
                Class.LISTINGS, partial(purging.purge_listings, before=before, after=after, order=self._order())
            )
            if not after:
                return True
        return False

    def _batches(self, kind: Class, work: Callable[[Connection], int]) -> bool:
        while self.left:
            taken, _ = self._batch(kind, lambda conn: (work(conn), 0))
            if not taken:
                return True
        return False

    def _batch(self, kind: Class, work: Callable[[Connection], tuple[int, int]]) -> tuple[int, int]:
        def counted(conn: Connection) -> tuple[int, int]:
            taken = work(conn)
            if taken[0]:
                purges.count(conn, self.purge.id, kind.value, taken[0])
            return taken

        taken = run(self.house.engine, counted)
        self.left -= 1
        self.step(kind.value)
        return taken

    def _order(self) -> Order:
        settings = self.house.settings
        salt = settings.seller_salt()
        named: dict[str, str] = {
            kind: f"{NAMES[kind]}，满 {days} 天" for kind, days in days_of(settings.retention).items()
        }
        return Order(
            purge_id=self.purge.id,
            rules={**named, Class.FILES: NAMES[Class.FILES]},
            hashed=lambda platform, key: seller_hash(platform, key, salt),
            by=self.by,
            at=self.at,
        )
