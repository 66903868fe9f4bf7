"""The optional player of web archives."""

from pathlib import Path
from typing import Annotated

import typer

from ops import player
from ops.screen import say, screen

commands = typer.Typer(help="网页存档的回放组件 ReplayWeb.page（AGPL，可选，不随本系统提供）。", no_args_is_help=True)


@commands.command()
def install(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Option("--file", exists=True, dir_okay=False, help="已另行取得的 .tgz（内网）。")
    ] = None,
) -> None:
    """从 npm 取来回放组件，核对校验值后放进数据目录；重新启动控制台后生效。"""
    folder = player.install(screen(ctx).settings().home, file)
    say(f"已安装 {player.NAME} {player.VERSION}（AGPL-3.0，许可见 {folder / 'LICENSE'}）。请重新启动控制台。")


@commands.command()
def remove(ctx: typer.Context) -> None:
    """移走回放组件。"""
    gone = player.remove(screen(ctx).settings().home)
    say("已移走。" if gone else "没有安装回放组件。")
