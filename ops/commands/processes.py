"""What runs: the demo, the console, the worker, the clock, all of them; and the doctor who looks after them."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.table import Table

from console import Desk, create_app, create_replay_app
from db import schedules
from db.engine import transaction
from demo.serve import running
from ops.clock import next_start
from ops.commands.options import AsJson, Demo
from ops.desk import check_port, lay_desk, replay_port
from ops.doctor import examine
from ops.gateway import stand_guard
from ops.house import House
from ops.make_believe import fresh_demo, scan_town
from ops.planning import chosen
from ops.scanning import end_abandoned
from ops.screen import outcome_table, print_json, say, screen, show
from ops.settings import Console
from ops.ticking import keep_time
from ops.timetable import default_schedules
from ops.up import keep_up, xunwang
from ops.worker import work
from records import Fault, now, shanghai


class BenchUnknown(Fault):
    """没有这个基准，或不在源码目录中。

    There is no such bench, or this is not the source folder.
    """

    code = "E-OPS-070"
    remedy = ("请在源码目录中运行 make bench。", "Run `make bench` in the source folder.")
    exit_code = 2


#: Seconds that what runs for days waits at its start for a database that is not up yet.
_PATIENCE = 600.0


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    for command in (demo, serve, worker, schedule, guard, up, doctor, bench):
        app.command()(command)


def demo(
    ctx: typer.Context,
    listings: Annotated[int, typer.Option(min=30, max=1_000_000, help="每个示例市场的商品数。")] = 300,
    seed: Annotated[int, typer.Option(help="随机种子：同一种子，同样的市场。")] = 7,
    titles: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="用此文件中的标题充当普通商品。")
    ] = None,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="监测完是否打开控制台。")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="控制台端口。")] = 8000,
    as_json: AsJson = False,
) -> None:
    """演示：三个虚拟市场、一次完整监测、可核查的线索。不需账号，不连外网。"""
    settings = screen(ctx).settings(console={"port": port})
    if serve:
        check_port(settings.console)
    say("启动数据库（演示库）…")
    with fresh_demo(settings) as house:
        say(f"打开三个示例市场，各 {listings} 条商品，并开始监测…")
        with running(seed=seed, listings=listings, titles=titles) as town:
            done, rows = scan_town(house, town)
            if as_json:
                print_json(done.plain())
            else:
                show(outcome_table(rows, brief=True))
                say(f"商品 {done.listings}  疑似 {done.hits}  线索 {done.leads}  用时 {done.seconds} 秒", style="bold")
            if serve:
                _serve(house)


def serve(ctx: typer.Context, demo: Demo = False) -> None:
    """打开控制台。"""
    _serve(screen(ctx).house(demo=demo))


def _serve(house: House) -> None:
    console = house.settings.console
    check_port(console)
    end_abandoned(house)
    desk = lay_desk(house)
    app = create_app(desk)
    say(f"➜ 打开 {house.settings.console_url}/review", style="bold green")
    say("  按 A 转核查、X 排除、Q 待研判，Z 撤销；Ctrl-C 结束。")
    with replaying(desk, console):
        uvicorn.run(app, port=console.port, **_served(console))


@contextmanager
def replaying(desk: Desk, console: Console) -> Iterator[None]:
    """The replay site while the block runs, where there is one."""
    site = desk.replay
    if site is None:
        yield
        return
    app = create_replay_app(site)
    server = uvicorn.Server(uvicorn.Config(app, port=replay_port(console), **_served(console)))
    thread = threading.Thread(target=server.run, name="replay", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
        site.shelf.clear()


def _served(console: Console) -> dict[str, Any]:
    return {
        "host": console.host,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "proxy_headers": console.behind_tls,
        "timeout_graceful_shutdown": 5,
    }


def worker(
    ctx: typer.Context,
    concurrency: Annotated[int, typer.Option(min=1, max=64, help="同时进行的平台数。")] = 2,
    demo: Demo = False,
    once: Annotated[bool, typer.Option(help="做完队列中的活就退出。")] = False,
) -> None:
    """采集工作进程：从队列取监测任务来做。"""
    asyncio.run(work(screen(ctx).house(demo=demo, patience=_PATIENCE), concurrency=concurrency, until_empty=once))


def schedule(ctx: typer.Context, demo: Demo = False) -> None:
    """时钟：到点安排夜间监测与晨报，并发送待发消息。"""
    house = screen(ctx).house(demo=demo, patience=_PATIENCE)
    default_schedules(house)
    with transaction(house.engine) as conn:
        starts = next_start(schedules.every(conn), now())
    say(f"时钟已启动，下次 {shanghai(starts):%m-%d %H:%M}。" if starts else "时钟已启动，但没有启用的计划。")
    keep_time(house)


def guard(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="监听地址：远程浏览器看得到的那个。")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="监听端口。")] = 3128,
    platform: Annotated[list[str], typer.Option(help="平台代码或定义文件，可多次；缺省为全部公开平台。")] = [],  # noqa: B006
) -> None:
    """出口守卫：供远程浏览器外出；本机的采集自带守卫。只放行各平台自己的公网主机（crawl.browser_proxy）。"""
    platforms = [one.definition for one in chosen(screen(ctx).settings(), platform, demo=False)]
    with suppress(KeyboardInterrupt):
        asyncio.run(stand_guard(host, port, platforms))


def up(ctx: typer.Context) -> None:
    """一台机器上启动全部：控制台、采集进程、时钟。"""
    here = screen(ctx)
    check_port(here.settings().console)
    house = here.house(patience=_PATIENCE)  # one process prepares the database; the others find it ready
    default_schedules(house)
    before = ["--config", str(here.config)] if here.config else []
    parts = {"控制台": "serve", "采集": "worker", "时钟": "schedule"}
    keep_up({name: xunwang(*before, command) for name, command in parts.items()})


def doctor(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """体检：逐项说明哪里不对、怎么修。"""
    findings = examine(screen(ctx).settings())
    if as_json:
        print_json(findings)
    else:
        table = Table("", "项目", "情况", "怎么办")
        for finding in findings:
            table.add_row("✓" if finding.ok else "✗", finding.name, finding.told, finding.remedy)
        show(table)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def bench(
    name: Annotated[str, typer.Argument(help="基准的名称，或 all。")],
    as_json: AsJson = False,
) -> None:
    """基准：与同类做法和理论上限在同一次运行中比较，给出比值。只在源码目录中可用。"""
    there = sorted(path.stem for path in Path("bench").glob("[a-z]*.py"))
    wanted = there if name == "all" else [name]
    if name not in (*there, "all") or not there:
        raise BenchUnknown(f"{name}（现有：{'、'.join(there) or '无'}）")
    for one in wanted:
        command = [sys.executable, "-W", "ignore", "-m", f"bench.{one}", *(["--json"] if as_json else [])]
        if subprocess.run(command, check=False).returncode:
            raise typer.Exit(1)
