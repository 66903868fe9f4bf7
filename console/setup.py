"""首次设置: from an empty database to the first lead, step by step; each can be done again."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Form, Request, UploadFile
from starlette.responses import HTMLResponse, RedirectResponse, Response

from console.access import Bringer, Founder, ScanReader, TheDesk
from console.accounts import Visitor
from console.beginning import BroughtIn, FirstRun
from console.desk import Desk
from console.language import N_, _
from console.rendering import page
from console.roles import ROLES, Can, may
from console.unit_form import UnitRefused, unit_from
from db import first_run
from db.campaigns import DistrictTaken
from db.engine import Connection
from db.first_run import Counted, Done, Step
from db.walls import transaction_as
from records import Fault

routes = APIRouter(prefix="/setup")

#: Roles that can turn what comes in into leads.
SCREENING = tuple(role for role in ROLES if may(role, Can.SCREEN))
_FILE_ENDINGS = (".csv", ".tsv", ".jsonl", ".xlsx", ".parquet", ".warc", ".gz")

Word = Annotated[str, Form(max_length=200)]
_LONGEST_PLATFORM = 40


class NothingToSetUp(Fault):
    """这个控制台不做首次设置。

    Nothing is set up at this console.
    """

    code = "E-CONSOLE-091"
    remedy = (
        "演示不需要设置；正式使用请用 xunwang serve 或 xunwang up 启动控制台。",
        "The demo needs none; for real work start the console with `xunwang serve` or `xunwang up`.",
    )


class FirstFileRefused(Fault):
    """没有可导入的文件。

    There is no file to import.
    """

    code = "E-CONSOLE-092"
    remedy = (
        "请选择 .csv、.tsv、.jsonl、.xlsx、.parquet 或 .warc 文件，不超过 30 MB；更大的请在服务器上用 xunwang import。",
        "Choose a .csv, .tsv, .jsonl, .xlsx, .parquet or .warc file of 30 MB at most; larger ones: `xunwang import`.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Card:
    """One step as the page shows it."""

    key: str
    title: str
    done: bool
    skipped: bool = False
    #: None where nothing was written about it.
    last: Done | None = None


@routes.get("")
def setup(request: Request, desk: TheDesk, visitor: ScanReader) -> Response:
    """Every step and how far it is; what the visitor may not do is said to be others'."""
    del visitor
    return _shown(request, desk)


@routes.get("/platforms")
def platforms(request: Request, desk: TheDesk, visitor: ScanReader) -> Response:
    """The platforms alone, for the page that watches them being asked."""
    del visitor
    return HTMLResponse(page(request, "setup_standings.html", _asked(_house(desk))))


@routes.post("/unit")
def keep_unit(
    request: Request,
    desk: TheDesk,
    visitor: Founder,
    name: Word = "",
    city: Word = "",
    province: Word = "",
    districts: Annotated[str, Form(max_length=8000)] = "",
) -> Response:
    """Whose system this is; what was typed comes back where it cannot be kept."""
    house = _house(desk)
    try:
        house.keep_unit(unit_from(name, city, province, districts), by=visitor.user.name)
    except (UnitRefused, DistrictTaken) as refusal:
        entered = {"name": name, "city": city, "province": province, "districts": districts}
        return _shown(request, desk, refused=(Step.UNIT, refusal), entered=entered)
    return _on(Step.UNIT)


@routes.post("/ask")
def ask(desk: TheDesk, visitor: Founder) -> Response:
    """Has the public platforms asked, once each."""
    _house(desk).ask(by=visitor.user.name)
    return _on(Step.PLATFORMS)


@routes.post("/alerts")
def test(request: Request, desk: TheDesk, visitor: Founder, channel: Word = "") -> Response:
    """A test message to one channel."""
    try:
        _house(desk).test(channel, by=visitor.user.name)
    except Fault as refusal:  # a channel that the settings name and that may not be used
        return _shown(request, desk, refused=(Step.ALERTS, refusal))
    return _on(Step.ALERTS)


@routes.post("/skip")
def skip(desk: TheDesk, visitor: Founder, step: Annotated[Literal["platforms", "alerts", "lead"], Form()]) -> Response:
    """Pass a step over; it can still be done later."""
    _house(desk).skip(Step(step), by=visitor.user.name)
    return _on(Step(step))


@routes.post("/scan")
def scan(desk: TheDesk, visitor: Bringer) -> Response:
    """Has the platforms that answered patrolled with a few words."""
    _house(desk).scan(by=visitor.user.name)
    return _on(Step.LEAD)


@routes.post("/file")
def bring_in(
    request: Request,
    desk: TheDesk,
    visitor: Bringer,
    listings: Annotated[UploadFile | None, File()] = None,
    platform: Word = "",
) -> Response:
    """The first file of listings goes the way of every other."""
    name = (listings.filename or "") if listings else ""
    try:
        body = listings.file.read() if listings and name.lower().endswith(_FILE_ENDINGS) else b""
        if not body:
            raise FirstFileRefused(name[:80])
        if len(platform) > _LONGEST_PLATFORM:
            raise FirstFileRefused(_("%(what)s：应写 1–40 字", what=_("平台代号")))
        done = _house(desk).bring_in(name, body, platform.strip(), by=visitor.user.name)
    except Fault as refusal:
        return _shown(request, desk, refused=(Step.LEAD, refusal), entered={"platform": platform})
    return _shown(request, desk, brought=done)


def _house(desk: Desk) -> FirstRun:
    if desk.first_run is None:
        raise NothingToSetUp
    return desk.first_run


def _on(step: Step) -> Response:
    return RedirectResponse(f"/setup#{step.value}", status_code=303)


def unfinished(conn: Connection, desk: Desk) -> int:
    """How many steps are still open; 0 where nothing is set up from here."""
    return 0 if desk.first_run is None else sum(not (card.done or card.skipped) for card in _cards(conn))


def _cards(conn: Connection) -> list[Card]:
    done, counted = first_run.steps(conn), first_run.counted(conn, SCREENING)
    return [
        Card(key="admin", title=N_("管理员"), done=counted.admins > 0),
        _card(Step.UNIT, N_("单位、城市与区（市）"), done),
        Card(key="people", title=N_("核查人员"), done=counted.screeners > 0),
        _card(Step.PLATFORMS, N_("今天哪些平台可以监测"), done),
        _card(Step.ALERTS, N_("消息通道"), done),
        _lead(done, counted),
    ]


def _card(step: Step, title: str, done: dict[str, Done]) -> Card:
    last = done.get(step.value)
    skipped = last is not None and last.skipped
    return Card(key=step.value, title=title, done=last is not None and not skipped, skipped=skipped, last=last)


def _lead(done: dict[str, Done], counted: Counted) -> Card:
    card = _card(Step.LEAD, N_("第一条线索"), done)
    return Card(key=card.key, title=card.title, done=counted.any_lead, skipped=card.skipped, last=card.last)


def _waiting(cards: list[Card], visitor: Visitor) -> str:
    """The first step that waits for this very person."""
    mine = {"lead"} if visitor.may(Can.INTAKE) else {card.key for card in cards} - {"lead"}
    return next((card.key for card in cards if card.key in mine and not (card.done or card.skipped)), "")


def _asked(house: FirstRun) -> dict[str, Any]:
    return {"standings": house.platforms(), "asking": house.running("ask"), "ask_failure": house.failure("ask")}


def _told_channels(house: FirstRun, last: Done | None) -> dict[str, Any]:
    tried = {name: told for name, told in (last.detail if last else {}).items() if isinstance(told, dict)}
    try:
        return {"channels": list(house.channels()), "tried": tried, "channels_refused": ""}
    except Fault as refusal:
        return {"channels": [], "tried": tried, "channels_refused": " ".join(refusal.told())}


def _shown(
    request: Request,
    desk: Desk,
    *,
    refused: tuple[Step, Fault] | None = None,
    entered: dict[str, str] | None = None,
    brought: BroughtIn | None = None,
) -> Response:
    house = _house(desk)
    with transaction_as(desk.engine, request.state.visitor.user) as conn:
        cards = _cards(conn)
    unit = house.unit()
    written = {"name": unit.name, "city": unit.city, "province": unit.province, "districts": unit.lines}
    opened = refused[0].value if refused else "lead" if brought else ""
    context = {
        "cards": cards,
        "left": sum(not (card.done or card.skipped) for card in cards),
        # one step is open at a time: the one that was just answered, else the first that waits
        "opened": opened or _waiting(cards, request.state.visitor),
        "entered": {**written, "platform": "", **(entered or {})},
        "refusal": (refused[0].value, " ".join(refused[1].told())) if refused else None,
        "brought": brought,
        "scanning": house.running("scan"),
        "scan_failure": house.failure("scan"),
        **_asked(house),
        **_told_channels(house, cards[4].last),
    }
    return HTMLResponse(page(request, "setup.html", context), status_code=400 if refused else 200)
