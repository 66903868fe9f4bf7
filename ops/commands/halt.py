"""The kill switch: stop every patrol, wherever it runs."""

from typing import Annotated

import typer

from db import leave
from db.engine import transaction
from ops.commands.options import By, Demo
from ops.screen import say, screen
from records import now

Why = Annotated[str, typer.Option("--why", help="事由（记入审计链）。")]


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    switch = typer.Typer(help="叫停或恢复全部采集。", no_args_is_help=True)
    switch.command("on")(halt_on)
    switch.command("off")(halt_off)
    switch.command("status")(halt_status)
    app.add_typer(switch, name="halt")


def halt_on(ctx: typer.Context, by: By, why: Why, demo: Demo = False) -> None:
    """叫停：所有机器上的夜间、手动监测不再发出任何请求；未检索的任务记为未运行。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        stopped = leave.halt(conn, by=by, why=why, at=now())
        halted = leave.halted(conn)
    say(halted.sentence if stopped and halted else "已经是叫停状态，未改动。")


def halt_off(ctx: typer.Context, by: By, why: Why, demo: Demo = False) -> None:
    """恢复采集：以后的监测照常进行，已记为未运行的任务不补。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        lifted = leave.lift(conn, by=by, why=why, at=now())
    say("已恢复采集。" if lifted else "采集没有被叫停，未改动。")


def halt_status(ctx: typer.Context, demo: Demo = False) -> None:
    """是否叫停、谁叫停、为什么。叫停时以 3 退出。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        halted = leave.halted(conn)
    say(halted.sentence if halted else "采集没有被叫停。")
    if halted:
        raise typer.Exit(3)
