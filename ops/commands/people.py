"""Accounts, and the database by hand."""

from typing import Annotated

import typer
from rich.table import Table

from console import ROLE_NAMES, ROLES, add_user, reset_password, set_enabled, set_role
from db import users
from db.engine import transaction
from db.migrations import migrate
from ops.commands.options import Demo
from ops.house import House, embedded
from ops.screen import say, screen, show
from records import now

Name = Annotated[str, typer.Argument(help="登录名。")]
District = Annotated[str, typer.Option(help="区（市）的名称或代码：只看得到其线索；空为全市。区县账号必填。")]

#: Who stands in the audit for what is done on the command line.
_ACTOR = "xunwang"


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    accounts = typer.Typer(help="账号。", no_args_is_help=True)
    accounts.command("add")(user_add)
    accounts.command("reset")(user_reset)
    accounts.command("list")(user_list)
    accounts.command("disable")(user_disable)
    accounts.command("enable")(user_enable)
    accounts.command("set-role")(user_set_role)
    app.add_typer(accounts, name="user")
    database = typer.Typer(help="数据库。", no_args_is_help=True)
    database.command("migrate")(db_migrate)
    database.command("status")(db_status)
    database.command("stop")(db_stop)
    app.add_typer(database, name="db")


def user_add(
    ctx: typer.Context,
    name: Name,
    role: Annotated[str, typer.Option(help=f"角色：{'、'.join(ROLES)}。")] = "inspector",
    full_name: Annotated[str, typer.Option(help="姓名，显示在页面上。")] = "",
    district: District = "",
    demo: Demo = False,
) -> None:
    """建一个账号：一次性口令只显示这一次，首次登录必须修改。"""
    add_account(screen(ctx).house(demo=demo), name, role, full_name, district)


def add_account(house: House, name: str, role: str, full_name: str = "", district: str = "") -> None:
    """Make an account and say its one-time password, this once. Raises UserRefused, DistrictRefused."""
    with transaction(house.engine) as conn:
        password = add_user(conn, name=name, role=role, full_name=full_name, district=district, actor=_ACTOR, at=now())
    say(f"账号 {name}（{role}）的一次性口令（只显示这一次，首次登录必须修改）：")
    typer.echo(password)


def user_reset(ctx: typer.Context, name: Name, demo: Demo = False) -> None:
    """重设口令：旧口令与全部会话立即失效。"""
    house = screen(ctx).house(demo=demo)
    with transaction(house.engine) as conn:
        password = reset_password(conn, name=name, actor=_ACTOR, at=now())
    say(f"账号 {name} 的一次性口令：")
    typer.echo(password)


def user_list(ctx: typer.Context, demo: Demo = False) -> None:
    """列出账号。"""
    house = screen(ctx).house(demo=demo)
    table = Table("登录名", "姓名", "角色", "区（市）", "启用")
    with transaction(house.engine) as conn:
        found = users.every(conn)
    for one in found:
        role = f"{one.role} {ROLE_NAMES.get(one.role, '')}"
        table.add_row(one.name, one.full_name, role, one.district_name or "全市", "是" if one.enabled else "否")
    if not found:
        say("还没有账号。建首个管理员：xunwang user add 登录名 --role admin")
        return
    show(table)


def user_disable(ctx: typer.Context, name: Name, demo: Demo = False) -> None:
    """停用账号：全部会话立即失效。最后一个管理员不能停用。"""
    _switch(screen(ctx).house(demo=demo), name, False)


def user_enable(ctx: typer.Context, name: Name, demo: Demo = False) -> None:
    """重新启用账号。"""
    _switch(screen(ctx).house(demo=demo), name, True)


def _switch(house: House, name: str, enabled: bool) -> None:
    with transaction(house.engine) as conn:
        set_enabled(conn, name=name, enabled=enabled, actor=_ACTOR, at=now())
    say(f"账号 {name} 已{'启用' if enabled else '停用，全部会话已结束'}。")


def user_set_role(
    ctx: typer.Context,
    name: Name,
    role: Annotated[str, typer.Argument(help=f"角色：{'、'.join(ROLES)}。")],
    district: District = "",
    demo: Demo = False,
) -> None:
    """改角色和区（市）：全部会话立即失效，重新登录后生效。"""
    with transaction(screen(ctx).house(demo=demo).engine) as conn:
        set_role(conn, name=name, role=role, district=district, actor=_ACTOR, at=now())
    say(f"账号 {name} 的角色已改为 {ROLE_NAMES[role]}{f'（{district}）' if district else ''}。")


def db_migrate(ctx: typer.Context, demo: Demo = False) -> None:
    """把数据库升级到本程序的结构。"""
    migrate(screen(ctx).house(demo=demo).engine)
    say("数据库结构已是最新。")


def db_status(ctx: typer.Context) -> None:
    """数据库在哪里、是否在运行。"""
    settings = screen(ctx).settings()
    if settings.database_url:
        say("外部 PostgreSQL（DATABASE_URL）")
        return
    status = embedded(settings).status()
    told = f"运行中（进程 {status.pid}）" if status.running else "未运行"
    say(f"内置 PostgreSQL {status.major or ''}：{told}，数据在 {status.place}")


def db_stop(ctx: typer.Context) -> None:
    """停止内置数据库。"""
    settings = screen(ctx).settings()
    if settings.database_url:
        say("使用的是外部 PostgreSQL，不由本程序停止。")
        return
    embedded(settings).stop()
    say("内置数据库已停止。")
