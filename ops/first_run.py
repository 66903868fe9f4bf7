"""From an empty database to the first real lead: what the console's first run and `xunwang init` have done for them.

Everything is a row at once (`db.first_run`): a console that is closed or killed goes on where it was. What goes out
to a platform takes the same way as a night: its lock, its pace, robots.txt, the guard.
"""

import re
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import structlog

from alerts import Channel, NotDelivered, test_channel
from console import Answered, BroughtIn, OwnDistrict, OwnUnit, Standing
from crawler import definitions
from db import campaigns, first_run
from db.engine import transaction
from db.first_run import Step
from ops.background import Background
from ops.channels import channels
from ops.gateway import DEMO_PREFIX
from ops.house import House
from ops.planning import Chosen, check_chosen, chosen, ranked_terms
from ops.rehearsal import rehearse
from ops.scanning import dry_slices, foreground, run_scan
from pipelines import ImportOrder, import_listings
from records import Fault, Outcome, now, shanghai_date

log = structlog.get_logger("ops")

#: Words that the first scan asks for, and list pages it reads of each.
_FIRST_TERMS = 8
_FIRST_PAGES = 1
#: Refused lines of a file that are shown.
_REASONS = 5
_UNSAFE = re.compile(r"[^\w.\-]")
_CUT = "途中出错中断，请再试一次；原因在服务日志里"


class FirstRunAt(Background):
    """What is done for one house; the console and the command line each make one."""

    def __init__(self, house: House) -> None:
        super().__init__(_CUT)
        self._house = house
        self._office = house.unit().name

    @property
    def office(self) -> str:
        """Name of the unit, as it stands now."""
        return self._office

    # --- the unit ---

    def unit(self) -> OwnUnit:
        """The unit that counts now."""
        unit = self._house.unit()
        districts = tuple(OwnDistrict(code=d.code, name=d.name, aliases=d.aliases) for d in unit.districts)
        return OwnUnit(name=unit.name, city=unit.city, province=unit.province, districts=districts)

    def keep_unit(self, unit: OwnUnit, *, by: str) -> None:
        """From now on it is `unit`. Raises db.campaigns.DistrictTaken."""
        detail = {
            "name": unit.name,
            "city": unit.city,
            "province": unit.province,
            "districts": [{"code": d.code, "name": d.name, "aliases": list(d.aliases)} for d in unit.districts],
        }
        with transaction(self._house.engine) as conn:
            campaigns.replace_districts(conn, [(d.code, d.name) for d in unit.districts])
            first_run.keep(conn, Step.UNIT, detail, by=by, at=now())
        self._office = unit.name

    # --- the platforms ---

    def platforms(self) -> list[Standing]:
        """Every platform that the nights cover, and every walled one."""
        with transaction(self._house.engine) as conn:
            done = first_run.steps(conn).get(Step.PLATFORMS)
        told = dict(done.detail) if done else {}
        asked = {one.definition.key for one in self._public()}
        return [
            Standing(
                key=key,
                name=one.name,
                walled=one.access != "public",
                lawful=one.lawful,
                answered=_answered(told.get(key)) if key in asked else None,
            )
            for key, one in definitions().items()
            if key in asked or (one.access != "public" and key.startswith(DEMO_PREFIX) == self._house.demo)
        ]

    def ask(self, *, by: str) -> bool:
        """Has each public platform asked its control word once; False where that is going on already."""
        return self.start("ask", lambda: _told("ask", lambda: self.ask_all(by=by)))

    def ask_all(self, *, by: str) -> None:
        """Asks every public platform, side by side; each answer is a row as soon as it is there."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda one: self._ask_one(one, by), self._public()))

    def _ask_one(self, one: Chosen, by: str) -> None:
        word = one.definition.control.split()[0]
        try:
            check_chosen(self._house, [one])
            [(order, queries)] = dry_slices(
                self._house, [one], [word] if one.definition.search_url else [], max_pages=1
            )
            [row] = rehearse([(order, queries[:1])]).rows
            outcome, note, cards = row.outcome or Outcome.FAILED, row.note, row.cards
        except Fault as fault:
            outcome, note, cards = Outcome.FAILED, " ".join(fault.told()), 0
        told = {"outcome": outcome.value, "note": note, "cards": cards, "word": word, "at": now().isoformat()}
        with transaction(self._house.engine) as conn:
            first_run.add(conn, Step.PLATFORMS, one.definition.key, told, by=by, at=now())

    def _public(self) -> list[Chosen]:
        found = chosen(self._house.settings, (), demo=self._house.demo)
        return [one for one in found if one.definition.access == "public"]

    # --- the channels ---

    def channels(self) -> list[str]:
        """Names of the channels that the settings name. Raises alerts.ChannelRefused."""
        return [one.name for one in channels(self._house.settings)]

    def test(self, channel: str, *, by: str) -> str:
        """Sends a test message; why it did not arrive, in Chinese, empty where it did."""
        found = next((one for one in channels(self._house.settings) if one.name == channel), None)
        why = _tried(found) if found else f"设置里没有名为“{channel[:40]}”的通道"
        if found:
            with transaction(self._house.engine) as conn:
                told = {"sent": not why, "note": why, "at": now().isoformat()}
                first_run.add(conn, Step.ALERTS, channel, told, by=by, at=now())
        return why

    # --- the first lead ---

    def bring_in(self, name: str, body: bytes, platform: str, *, by: str) -> BroughtIn:
        """Imports a file of listings; the same file again goes on where it broke off. Raises ImportRefused."""
        reception = self._house.reception(self._house.matcher())
        order = ImportOrder(platform=platform, by=by, basis="首次设置：导入首批数据")
        with tempfile.TemporaryDirectory(dir=self._house.settings.home, prefix="first-") as folder:
            path = Path(folder) / (_UNSAFE.sub("_", Path(name).name)[-80:].lstrip(".") or "file")
            path.write_bytes(body)
            done = import_listings(path, reception, order)
            refused = done.errors.read_text("utf-8") if done.errors and done.errors.is_file() else ""
        counts = {"rows": done.rows, "bad": done.bad, "hits": done.received.hits, "leads": done.received.leads}
        with transaction(self._house.engine) as conn:
            first_run.add(conn, Step.LEAD, "import", {"file": path.name, **counts}, by=by, at=now())
        lines = [line.split("\t", 1) for line in refused.splitlines()[:_REASONS]]
        return BroughtIn(**counts, reasons=tuple(f"第 {number} 行 {reason}" for number, reason in lines))

    def scan(self, *, by: str) -> bool:
        """Has the platforms that answered patrolled with a few words; False where that is going on already."""
        return self.start("scan", lambda: _told("scan", lambda: self.scan_now(by=by)))

    def scan_now(self, *, by: str) -> None:
        """A foreground scan of the platforms that answered, a page of a few words each."""
        well = [one.key for one in self.platforms() if one.answered and one.answered.well]
        house = _sparing(self._house)
        platforms = chosen(house.settings, well, demo=house.demo)
        terms = ranked_terms(house.lexicon(), house.settings.crawl.categories, shanghai_date(now()))[:_FIRST_TERMS]
        options = {"terms": terms, "max_pages": _FIRST_PAGES}
        with foreground(house, platforms, kind="foreground", options=options) as scan_id:
            rows = run_scan(house, scan_id, watch=lambda _rows: None)
        told = {"scan": scan_id, "queries": len(rows), "hits": sum(row.hits for row in rows)}
        with transaction(house.engine) as conn:
            first_run.add(conn, Step.LEAD, "scan", told, by=by, at=now())

    def skip(self, step: Step, *, by: str) -> None:
        """Notes that a step was passed over; it can still be done later."""
        with transaction(self._house.engine) as conn:
            first_run.skip(conn, step, by=by, at=now())


def _told(what: str, work: Callable[[], None]) -> str:
    """Why `work` came to nothing, in Chinese; empty where it did not."""
    try:
        work()
    except Fault as fault:
        log.warning("first_run_failed", what=what, code=fault.code)
        return " ".join(fault.told())
    return ""


def _sparing(house: House) -> House:
    """The house as it asks when a person waits: of items that look clean no page of their own is read."""
    crawl = house.settings.crawl.model_copy(update={"max_details": 0})
    return replace(house, settings=house.settings.model_copy(update={"crawl": crawl}))


def _answered(told: dict[str, str] | None) -> Answered | None:
    if told is None:
        return None
    outcome = Outcome(told["outcome"])
    return Answered(label=outcome.label, well=outcome.healthy, note=told["note"], at=datetime.fromisoformat(told["at"]))


def _tried(channel: Channel) -> str:
    try:
        test_channel(channel, now=now())
    except NotDelivered as refusal:
        return " ".join(refusal.told())
    return ""


def open_steps(house: House, screening: Sequence[str]) -> list[Step]:
    """The steps that are neither done nor passed over; the accounts are no step of ours."""
    with transaction(house.engine) as conn:
        done, counted = first_run.steps(conn), first_run.counted(conn, screening)
    return [step for step in Step if step not in done and not (step is Step.LEAD and counted.any_lead)]
