"""What people at the console ask for and a browser must do: in short-lived child processes, never in the request.

`python -m ops.errands` reads its order from standard input, as a slice does, and dies with its parent. A capture holds
the platform's lock and asks in its turns like any patrol; where a patrol is at work there just now, it says so instead
of waiting for hours.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from crawler import QueryEnd
from db import extractions
from db.engine import transaction
from db.extractions import Extraction, ExtractionMoved, StepKind
from db.listings import recall
from db.locks import holding, leasing
from ops.background import Background
from ops.courtesy import courtesy_for
from ops.gateway import check_platform, way_out
from ops.house import House, enter_house
from ops.logs import log_to_stderr
from ops.making import maker_for
from ops.parent import die_with_parent
from ops.planning import allowed_for, chosen
from ops.settings import Settings
from ops.slice import limits_of
from ops.surroundings import check_clock, machine, own_address, surroundings_of
from pipelines.extracting import PROGRAM, keep_live
from pipelines.packaging import make_attended_package, make_package
from records import Fault, Outcome, now

#: Seconds that an errand may take: a page with all its turns, or a package of a gigabyte.
_LONGEST = 900.0
_BUSY = "该平台正在进行监测，本次没有访问；请稍后再采集"
_CUT = "采集进程异常结束，请再采集一次"

log = structlog.get_logger("ops")


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """What the parent asks a child to do: a capture where only `extraction` is there, else a package."""

    #: Id of an extraction; 0: none.
    extraction: int
    #: Id of the lead that is packed; 0: a page is to be captured.
    lead: int
    #: Account of the person who asked.
    by: str
    demo: bool
    #: Process id of the parent, so that an orphan notices.
    parent: int
    settings: dict[str, Any]


class Errands(Background):
    """The children of one console, by name: `extraction:<id>` or `lead:<id>`."""

    def __init__(self, house: House) -> None:
        super().__init__(_CUT)
        self._house = house

    def environment(self) -> dict[str, Any]:
        """This machine, its clock against the time source just now, its way out: what officers look at first."""
        settings = self._house.settings
        facts = machine(settings.model_copy(update={"unit": self._house.unit()}))
        return {
            "clock": check_clock(settings.clock).to_data(),
            "machine": facts,
            "exit_address": settings.evidence.exit_address or "未采集：没有设置 evidence.exit_address",
            "local_address": own_address() or "未采集：没有通往公网的路由",
            "cleanliness": "采集所用浏览器每次新建临时配置，无扩展程序、无缓存、无登录状态；"
            "域名由出口守卫解析一次并连接该地址，不经其他代理",
        }

    def capture(self, extraction_id: int) -> bool:
        """Has the page of an extraction captured; False where that is going on already."""
        return self._start(f"extraction:{extraction_id}", extraction=extraction_id)

    def package(self, lead_id: int, *, by: str, extraction_id: int = 0) -> bool:
        """Has a package made of a lead, or of its extraction; False where that is going on already."""
        return self._start(f"lead:{lead_id}", lead=lead_id, by=by, extraction=extraction_id)

    def _start(self, name: str, *, extraction: int = 0, lead: int = 0, by: str = "") -> bool:
        order = Order(
            extraction=extraction,
            lead=lead,
            by=by,
            demo=self._house.demo,
            parent=os.getpid(),
            settings=self._house.told(),
        )
        # the child dies with the thread that started it, so that thread waits for its end
        return self.start(name, lambda: self._attended(order))

    def _attended(self, order: Order) -> str:
        failure = _run(order)
        if failure and not order.lead:
            _note_failure(self._house, order.extraction, failure)
        return failure


def _run(order: Order) -> str:
    """A child run to its end; why it came to nothing, empty where it did what it was asked."""
    command = [sys.executable, "-m", "ops.errands"]
    try:
        done = subprocess.run(
            command, input=json.dumps(asdict(order)).encode(), stdout=subprocess.PIPE, timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired:
        return f"超过 {int(_LONGEST // 60)} 分钟没有完成，已终止"
    if done.returncode == 0:
        return ""
    log.warning("errand_failed", code=done.returncode)
    return done.stdout.decode("utf-8", "replace").strip() or _CUT


def _note_failure(house: House, extraction_id: int, why: str) -> None:
    """A child that died could not say so itself; one that did has written its step."""
    with transaction(house.engine) as conn:
        found = extractions.find(conn, extraction_id)
        if found is not None and found.waiting:
            extractions.add_step(conn, extraction_id, StepKind.FAILED, actor=PROGRAM, detail={"why": why}, at=now())


# --- the child --------------------------------------------------------------------------------------------------------


def run(order: Order) -> None:
    """Does what was ordered. Raises a Fault, or QueryEnd where the platform did not give the page."""
    house = enter_house(Settings(**order.settings), demo=order.demo)
    if order.lead:
        maker = maker_for(house, order.by)
        if order.extraction:
            make_attended_package(maker, order.extraction)
        else:
            make_package(maker, str(order.lead))
        return
    with transaction(house.engine) as conn:
        extraction = extractions.find(conn, order.extraction)
    if extraction is None or not extraction.waiting:
        raise ExtractionMoved(str(order.extraction))
    _capture(house, extraction)


def _capture(house: House, extraction: Extraction) -> None:
    with transaction(house.engine) as conn:
        named = extractions.card_of(conn, extraction.listing_id)
        listing = recall(conn, [named])[named].listing
    [platform] = chosen(house.settings, [listing.platform], demo=house.demo)
    allowed_here = allowed_for(house, platform)
    check_platform(platform.standing, allowed_here)
    lock = f"platform:{listing.platform}"
    with holding(house.engine, lock, wait=False) as free:
        if not free:
            raise QueryEnd(Outcome.NOT_RUN, _BUSY)
    from crawler import capture_one  # Scrapy and Playwright: only who goes out pays for them

    with leasing(house.engine, lock) as lease, way_out(platform.standing, allowed_here) as opened:
        live = capture_one(
            platform.standing,
            listing,
            limits=limits_of(house.settings, 1, allowed_here),
            courtesy=courtesy_for(house, listing.platform, lease),
            way_out=opened,
            surroundings=surroundings_of(house.settings),
        )
    keep_live(house.engine, house.store, extraction, live, now())


def main() -> None:
    """Entry point of the child process; what it could not do stands on its standard output, in Chinese."""
    order = Order(**json.load(sys.stdin))
    die_with_parent(order.parent)
    log_to_stderr(quiet=True)
    try:
        run(order)
    except QueryEnd as end:
        sys.stdout.write(f"{end.outcome.label}：{end.note}")
        sys.exit(3)
    except Fault as fault:
        sys.stdout.write(" ".join(fault.told()))
        sys.exit(fault.exit_code)


if __name__ == "__main__":
    main()
