"""What people decide about asking a platform: whether its robots.txt holds."""

from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from crawler import definition
from db import permits
from db.engine import transaction
from ops.commands.options import By, Demo, JsonLines, OfPlatform
from ops.house import embedded
from ops.screen import Screen, print_json, say, screen, show
from records import Fault, RobotsRuling, now, shanghai, shanghai_date

#: Days that a decision may hold at most; then it is made anew, or not.
LONGEST_DAYS = 366

Key = Annotated[str, typer.Argument(help="平台代码或定义文件。")]
Basis = Annotated[str, typer.Option("--basis", help="依据：文号与事由。")]
Until = Annotated[str, typer.Option("--until", help="至哪一天为止（含，北京时间），如 2026-12-31；至多一年。")]


class PermitRefused(Fault):
    """这项决定不完整或不成立，没有记录。

    The decision is incomplete or void; nothing was recorded.
    """

    code = "E-OPS-047"
    remedy = (
        "--by、--basis、--until 都须写明；截止日写作 2026-12-31，今天或以后，至多一年。",
        "State --by, --basis and --until; the date is written 2026-12-31, today or later, a year ahead at most.",
    )
    exit_code = 2


def register(platforms: typer.Typer) -> None:
    """Put the commands of this subject under `platform`."""
    robots = typer.Typer(help="对某平台的 robots.txt 作出的决定。缺省一律遵守。", no_args_is_help=True)
    robots.command("allow")(robots_allow)
    robots.command("obey")(robots_obey)
    robots.command("show")(robots_show)
    platforms.add_typer(robots, name="robots")


def robots_allow(ctx: typer.Context, platform: Key, by: By, basis: Basis, until: Until, demo: Demo = False) -> None:
    """记录一项决定：到期前访问该平台不受 robots.txt 的禁止限制（抓取间隔仍遵守）。"""
    rule(ctx, platform, demo=demo, allow=True, by=stated(by), basis=stated(basis), until=until_date(until))


def robots_obey(ctx: typer.Context, platform: Key, by: By, basis: Basis, demo: Demo = False) -> None:
    """记录一项决定：恢复遵守该平台的 robots.txt；正在运行的监测从下一个请求起遵守。"""
    rule(ctx, platform, demo=demo, allow=False, by=stated(by), basis=stated(basis), until=None)


def rule(ctx: typer.Context, platform: str, *, demo: bool, **facts: Any) -> None:
    """Write the decision down and say it."""
    made = RobotsRuling(platform=key_of(platform), at=now(), **facts)
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        permits.rule(conn, made)
    say(f"已记录：{made.platform} {made.sentence}。")


def robots_show(
    ctx: typer.Context,
    platform: OfPlatform = "",
    as_json: JsonLines = False,
    demo: Demo = False,
) -> None:
    """列出全部决定，新的在前；标明现在有效的。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        made = permits.rulings(conn, [platform] if platform else [])
        valid = permits.in_force(conn, [platform] if platform else [], now())
    if as_json:
        for one in made:
            print_json(_facts(one) | {"in_force": one in valid})
        return
    if not made:
        say("没有任何决定：robots.txt 一律遵守。")
        return
    table = Table("平台", "决定", "决定人", "时间", "依据", "至", "现在有效")
    for one in made:
        told = ("不受限制" if one.allow else "恢复遵守", one.by, f"{shanghai(one.at):%Y-%m-%d %H:%M}", one.basis)
        table.add_row(one.platform, *told, str(one.until or "—"), "是" if one in valid else "否")
    show(table)


def in_force(here: Screen) -> list[str]:
    """A line for everything that is decided about asking a platform and holds now, or why that could not be looked up.

    An embedded server that does not run is not started for it.
    """
    settings = here.settings()
    if not settings.database_url and not embedded(settings).status().running:
        return ["没有查看对 robots.txt 的决定与会话：内置数据库没有运行。"]
    try:
        with transaction(here.house().engine) as conn:
            told = permits.told(conn, [], now())
    except Fault as fault:
        return [f"没有查看对 robots.txt 的决定与会话：{fault.message()}"]
    return [f"{platform}：{sentence}" for platform, sentence in told] or ["robots.txt 一律遵守，没有在用的会话。"]


def _facts(one: RobotsRuling) -> dict[str, Any]:
    facts = {"platform": one.platform, "allow": one.allow, "by": one.by, "basis": one.basis}
    return facts | {"until": str(one.until) if one.until else None, "at": one.at.isoformat()}


def key_of(platform: str) -> str:
    """The key of a platform named by it or by its file. Raises PlatformUnknown."""
    return definition(Path(platform) if Path(platform).suffix else platform).key


def stated(text: str) -> str:
    """What was stated. Raises PermitRefused for nothing."""
    if not text.strip():
        raise PermitRefused("空白不算写明")
    return text.strip()


def until_date(text: str) -> date:
    """A last day from today to a year ahead. Raises PermitRefused."""
    today = shanghai_date(now())
    try:
        last = date.fromisoformat(text.strip())
    except ValueError:
        raise PermitRefused(f"不是日期：{text[:40]}") from None
    if not today <= last <= today + timedelta(LONGEST_DAYS):
        raise PermitRefused(f"{last} 不在今天到一年以内")
    return last
