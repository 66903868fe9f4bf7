"""`xunwang init`: from nothing to the first lead, as the console's first run does it; every run does what is left."""

import sys
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from console import OwnUnit
from console.roles import ROLES, Can, may
from console.unit_form import unit_from
from db import first_run, users
from db.engine import transaction
from ops.commands.people import add_account
from ops.first_run import FirstRunAt, open_steps
from ops.house import House
from ops.screen import say, screen, show
from ops.timetable import default_schedules
from records import Fault

#: Who stands in the audit for what is done on the command line.
_ACTOR = "xunwang"
_SCREENING = tuple(role for role in ROLES if may(role, Can.SCREEN))

#: Step → what is left to do where it is open.
_LEFT = {
    first_run.Step.UNIT: "单位与区（市）：xunwang init --unit 名称 --city 城市 --province 省份 --districts 文件",
    first_run.Step.PLATFORMS: "今天哪些平台有答复：xunwang init --ask",
    first_run.Step.ALERTS: "消息通道：在设置的 [alerts] 里写上，然后 xunwang init --test-alerts",
    first_run.Step.LEAD: "第一条线索：xunwang init --first 文件，或 xunwang scan，或控制台的首次设置",
}


class FirstFileMissing(Fault):
    """没有这个文件。

    There is no such file.
    """

    code = "E-OPS-061"
    remedy = ("请核对路径。此前各步已经保存。", "Check the path. What was done before it is kept.")
    exit_code = 2


def register(app: typer.Typer) -> None:
    """Put the command on the command line."""
    app.command()(init)


def init(
    ctx: typer.Context,
    admin: Annotated[str, typer.Option(help="首个管理员的登录名；空则不建。")] = "",
    unit: Annotated[str, typer.Option(help="单位名称。")] = "",
    city: Annotated[str, typer.Option(help="城市，如 枣庄市。")] = "",
    province: Annotated[str, typer.Option(help="省份，如 山东省。")] = "",
    districts: Annotated[
        Path | None, typer.Option(help="区（市）的文本文件，一行一个：六位代码、名称、别名，空格或制表符分隔。")
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="向每个公开平台只问一次：今天哪些有答复。")] = False,
    test_alerts: Annotated[bool, typer.Option("--test-alerts", help="向每个消息通道发一条测试消息。")] = False,
    first: Annotated[Path | None, typer.Option(help="首批数据：商品信息文件，同 xunwang import。")] = None,
    platform: Annotated[str, typer.Option(help="首批数据没有写明平台的行算哪个平台。")] = "",
    no_input: Annotated[bool, typer.Option("--no-input", help="不提问，只做参数写明的。")] = False,
    only_print: Annotated[bool, typer.Option("--print", help="只打印带注释的默认设置文件。")] = False,
) -> None:
    """首次使用：写设置文件，建库，写默认计划，建首个管理员（一次性口令），直到第一条线索；可反复运行，只做还没做的。"""
    if only_print:
        typer.echo(_default(), nl=False)
        return
    house = _house(ctx)
    begun = FirstRunAt(house)
    asks = not no_input and sys.stdin.isatty() and sys.stderr.isatty()
    _admin(house, admin, asks=asks)
    _unit(house, begun, (unit, city, province, districts), asks=asks)
    open_now = open_steps(house, _SCREENING)
    if ask or (asks and first_run.Step.PLATFORMS in open_now and typer.confirm("现在向各公开平台问一次？", err=True)):
        _ask(begun)
    if test_alerts:
        for channel in begun.channels():
            say(f"{channel}：{begun.test(channel, by=_ACTOR) or '已送达'}")
    if first is not None:
        _first(begun, first, platform)
    _said(house)


def _default() -> str:
    return files("ops").joinpath("xunwang.default.toml").read_text("utf-8")


def _house(ctx: typer.Context) -> House:
    here = screen(ctx)
    target = here.config or Path("xunwang.toml")
    if not target.exists():  # first, because --config may name the file that is to be made
        target.write_text(_default(), "utf-8")
        say(f"已写设置文件 {target}（全部为默认值，按注释修改）")
    house = here.house()
    default_schedules(house)
    say("数据库就绪；夜间监测与晨报已列入计划（xunwang schedule 启动时钟，或 xunwang up 启动全部）。")
    return house


def _admin(house: House, name: str, *, asks: bool) -> None:
    with transaction(house.engine) as conn:
        none_yet = not users.enabled_admins(conn)
        there = bool(name) and users.find(conn, name) is not None
    if not name and none_yet and asks:
        name = typer.prompt(
            "首个管理员的登录名（小写字母开头；空则以后再建）", default="", show_default=False, err=True
        )
    if there:
        say(f"账号 {name} 已经有了；口令丢了用 xunwang user reset {name}。")
    elif name:
        add_account(house, name, "admin")
        say("管理员只管账号，不看线索。请为核查人员建账号：xunwang user add 登录名 --role inspector")


def _unit(house: House, begun: FirstRunAt, given: tuple[str, str, str, Path | None], *, asks: bool) -> None:
    """Keeps what was given of the unit; the rest stays as it is."""
    name, city, province, file = given
    now_is = begun.unit()
    if asks and not any(given) and first_run.Step.UNIT in open_steps(house, _SCREENING):
        name = typer.prompt("单位名称", default=now_is.name, err=True)
        city = typer.prompt("城市", default=now_is.city, err=True)
        province = typer.prompt("省份", default=now_is.province, err=True)
        if city != now_is.city:
            file = Path(typer.prompt("区（市）文件（一行一个：代码 名称 别名）", err=True))
    elif not any(given):
        return
    lines = _text(file) if file is not None else now_is.lines
    kept: OwnUnit = unit_from(name or now_is.name, city or now_is.city, province or now_is.province, lines)
    begun.keep_unit(kept, by=_ACTOR)
    say(f"{kept.name}，{kept.province}{kept.city}，区（市）{len(kept.districts)} 个：已保存。")


def _text(file: Path) -> str:
    if not file.is_file():
        raise FirstFileMissing(str(file))
    return file.read_bytes().decode("utf-8-sig", "replace")


def _ask(begun: FirstRunAt) -> None:
    say("正在询问，按各平台要求的间隔，一般一两分钟……")
    begun.ask_all(by=_ACTOR)
    table = Table("平台", "今天", "说明")
    for one in begun.platforms():
        if one.walled:
            table.add_row(one.name, "有墙，不访问", f"合法途径：{one.lawful}")
        elif one.answered:
            told = "有答复" if one.answered.well else one.answered.label
            table.add_row(one.name, told, one.answered.note or "可以监测")
    show(table)


def _first(begun: FirstRunAt, file: Path, platform: str) -> None:
    if not file.is_file():
        raise FirstFileMissing(str(file))
    done = begun.bring_in(file.name, file.read_bytes(), platform, by=_ACTOR)
    say(f"读 {done.rows} 行，疑似 {done.hits} 条，线索 {done.leads} 条。")
    for reason in done.reasons:
        say(f"  {reason}", style="yellow")


def _said(house: House) -> None:
    left = open_steps(house, _SCREENING)
    for step in left:
        say(f"还没做　{_LEFT[step]}")
    say("下一步：xunwang doctor 体检；xunwang up 启动；或先看演示 xunwang demo。")
    if left:
        say(f"也可以在控制台里接着做：{house.settings.console_url}/setup")
