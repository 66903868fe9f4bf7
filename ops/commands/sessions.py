"""Sessions of accounts that the unit owns: supplied by a person in a visible browser, listed, taken back."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from crawler import BrowserSettings
from db import permits
from db.engine import transaction
from ops.commands.options import By, Demo, JsonLines, OfPlatform
from ops.commands.permits import Basis, Key, Until, stated, until_date
from ops.gateway import way_out
from ops.house import House
from ops.planning import allowed_for, chosen
from ops.screen import print_json, say, screen, show
from ops.sealing import seal
from records import Fault, SuppliedSession, now, shanghai, shanghai_date


class NobodyThere(Fault):
    """登录须由人在窗口里完成，而这里没有可以确认的终端；没有打开浏览器。

    A person must log in and confirm it, and there is no terminal to do so; no browser was opened.
    """

    code = "E-OPS-048"
    remedy = (
        "请在有桌面的机器上、在终端里运行 xunwang platform login。",
        "Run `xunwang platform login` in a terminal on a machine with a desktop.",
    )
    exit_code = 2


class NoSuchSession(Fault):
    """没有这个会话，或它已被收回。

    There is no such session, or it was taken back already.
    """

    code = "E-OPS-049"
    remedy = ("用 xunwang platform sessions list 查看编号。", "See the numbers with `xunwang platform sessions list`.")
    exit_code = 4


def register(platforms: typer.Typer) -> None:
    """Put the commands of this subject under `platform`."""
    platforms.command("login")(platform_login)
    sessions = typer.Typer(help="由人提供的平台会话。", no_args_is_help=True)
    sessions.command("list")(sessions_list)
    sessions.command("revoke")(sessions_revoke)
    platforms.add_typer(sessions, name="sessions")


def platform_login(
    ctx: typer.Context,
    platform: Key,
    by: By,
    approval: Annotated[str, typer.Option("--approval", help="批准号。")],
    basis: Basis,
    until: Until,
    demo: Demo = False,
) -> None:
    """打开看得见的浏览器，由人登录本单位的账号；登录信息加密保存，只用于该平台，每份证据都注明。"""
    facts = {"by": stated(by), "approval": stated(approval), "basis": stated(basis), "until": until_date(until)}
    [one] = chosen(screen(ctx).settings(), [platform], demo=demo)
    reader = one.standing
    if not sys.stdin.isatty():
        raise NobodyThere
    from crawler.visible import log_in  # Playwright: only who opens a browser pays for it

    house = screen(ctx).house(demo=demo)
    chromium = house.settings.crawl.chromium
    browser = BrowserSettings(executable=Path(chromium) if chromium else None)
    # a login leads over hosts that the definition does not name; a person sees where
    with way_out(reader, allowed_for(house, one), hosts=("*",)) as opened:
        state = log_in(reader, browser, proxy=opened.proxy, ready=lambda _page: _confirm(reader.name))
    session = keep(house, reader.key, state, **facts)
    say(f"已加密保存：{session.name}，{len(state['cookies'])} 个 Cookie。")


def _confirm(name: str) -> None:
    typer.prompt(f"请在打开的窗口里登录{name}（本单位的账号），登录后回到这里按回车", default="", show_default=False)


def keep(house: House, platform: str, state: dict[str, Any], **facts: Any) -> SuppliedSession:
    """Encrypt and keep a session in place of the platform's older ones."""
    draft = SuppliedSession(id=0, platform=platform, supplied_at=now(), **facts)
    with transaction(house.engine) as conn:
        return permits.supply(conn, draft, seal(house.settings.session_key(), platform, state))


def sessions_list(
    ctx: typer.Context,
    platform: OfPlatform = "",
    as_json: JsonLines = False,
    demo: Demo = False,
) -> None:
    """列出由人提供的会话，新的在前。登录信息本身从不显示。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        known = permits.sessions(conn, [platform] if platform else [])
    if as_json:
        for one in known:
            print_json({**_facts(one), "state": _state(one)})
        return
    if not known:
        say("没有由人提供的会话。")
        return
    table = Table("编号", "平台", "状态", "批准号", "依据", "提供人", "时间", "至")
    for one in known:
        when = f"{shanghai(one.supplied_at):%Y-%m-%d %H:%M}"
        table.add_row(str(one.id), one.platform, _state(one), one.approval, one.basis, one.by, when, str(one.until))
    show(table)


def sessions_revoke(
    ctx: typer.Context,
    session: Annotated[int, typer.Argument(help="会话编号。")],
    by: By,
    demo: Demo = False,
) -> None:
    """收回一个会话：登录信息从库中删除，记录保留；正在运行的那一段监测用完为止。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        taken = permits.revoke(conn, session, by=stated(by), at=now())
    if taken is None:
        raise NoSuchSession(str(session))
    say(f"已收回会话 {taken.id}（{taken.platform}）。请在平台上同时退出该账号的登录。")


def _state(one: SuppliedSession) -> str:
    if one.revoked_at is not None:
        return f"已收回（{one.revoked_by}）"
    return "可用" if one.holds(shanghai_date(now())) else "已到期"


def _facts(one: SuppliedSession) -> dict[str, Any]:
    told = {"session": one.id, "platform": one.platform, "approval": one.approval, "basis": one.basis, "by": one.by}
    return told | {"until": str(one.until), "supplied_at": one.supplied_at.isoformat()}
