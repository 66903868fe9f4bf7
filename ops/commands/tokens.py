"""Tokens of other systems, for who keeps the accounts."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from console.staff import account
from console.tokens import LONGEST_DAYS, USUAL_DAYS, Scope, TokenUnknown, make, revoke, state
from db import api_tokens
from db.engine import transaction
from ops.commands.options import Demo
from ops.screen import say, screen, show
from records import now, shanghai

#: Who stands in the audit for what is done on the command line.
_ACTOR = "xunwang"


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    group = typer.Typer(help="接口令牌：其他系统以某个账号的名义取数。", no_args_is_help=True)
    group.command("new")(token_new)
    group.command("list")(token_list)
    group.command("revoke")(token_revoke)
    app.add_typer(group, name="token")


def token_new(
    ctx: typer.Context,
    user: Annotated[str, typer.Argument(help="登录名：令牌以这个账号的名义，不超出其角色与辖区。")],
    name: Annotated[str, typer.Option(help="名称：用在哪里。")],
    scope: Annotated[list[str], typer.Option(help=f"权限，可写多次：{'、'.join(Scope)}。")] = ["read"],  # noqa: B006
    days: Annotated[int, typer.Option(min=1, max=LONGEST_DAYS, help="有效天数。")] = USUAL_DAYS,
    demo: Demo = False,
) -> None:
    """为一个账号建令牌：只显示这一次，库中只存其散列值。"""
    house = screen(ctx).house(demo=demo)
    with transaction(house.engine) as conn:
        owner = account(conn, user)
        number, secret = make(conn, owner, name=name, scopes=set(scope), days=days, actor=_ACTOR, at=now())
    say(f"账号 {user} 的令牌 #{number}（{days} 天，只显示这一次）：")
    typer.echo(secret)


def token_list(
    ctx: typer.Context,
    user: Annotated[str, typer.Option(help="只列这个账号的。")] = "",
    demo: Demo = False,
) -> None:
    """列出令牌：属于谁，做什么，何时到期，最近何时从哪里使用。"""
    house = screen(ctx).house(demo=demo)
    with transaction(house.engine) as conn:
        found = api_tokens.every(conn, account(conn, user).id if user else None)
    if not found:
        say("还没有令牌。")
        return
    table = Table("编号", "账号", "名称", "令牌", "权限", "到期", "最近使用", "状态")
    for one in found:
        used = f"{shanghai(one.last_used_at):%Y-%m-%d %H:%M} {one.last_used_from}" if one.last_used_at else "从未使用"
        facts = (str(one.id), one.owner, escape(one.name), f"{one.hint}…", " ".join(one.scopes))
        table.add_row(*facts, f"{shanghai(one.expires_at):%Y-%m-%d}", used, state(one, now()) or "有效")
    show(table)


def token_revoke(
    ctx: typer.Context,
    number: Annotated[int, typer.Argument(min=1, help="令牌的编号，见 xunwang token list。")],
    demo: Demo = False,
) -> None:
    """撤销一个令牌：立即不能再用，不能恢复。"""
    house = screen(ctx).house(demo=demo)
    with transaction(house.engine) as conn:
        token = api_tokens.of_id(conn, number)
        if token is None:
            raise TokenUnknown(str(number))
        revoke(conn, token, actor=_ACTOR, at=now())
    say(f"令牌 #{number}（{token.owner}，{token.name}）已撤销。")
