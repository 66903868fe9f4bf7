"""`xunwang`: the command line, a contract (DESIGN §11)."""

import sys
import traceback
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Literal, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from ops.screen import Screen, say
from ops.usage import WrongUsage, refused
from records import Fault, Lang


class Unforeseen(Fault):
    """程序遇到没有预料到的错误。

    The program met an error that nobody foresaw.
    """

    code = "E-OPS-099"
    remedy = (
        "请加 --debug 再运行一次，并把输出交给维护人员；`xunwang doctor` 可先查出环境问题。",
        "Run it again with --debug and hand the output to the maintainers; `xunwang doctor` may name the cause.",
    )


#: Commands that run unwatched and therefore log what they do.
LOGGING = ("worker", "schedule", "serve", "guard", "up")

#: The table of contents: command or group → its file in ops/commands, and its help. A file is imported when one of
#: its commands is called: none of them pays for the web server, the crawler or the spreadsheets of another.
CONTENTS = {
    "demo": ("processes", "演示：三个虚拟市场、一次完整监测、可核查的线索。不需账号，不连外网。"),
    "init": ("begin", "首次使用：从空数据库到第一条线索，逐步来；可反复运行，只做还没做的。"),
    "up": ("processes", "一台机器上启动全部：控制台、采集进程、时钟。"),
    "doctor": ("processes", "体检：逐项说明哪里不对、怎么修。"),
    "scan": ("scan", "立即监测（前台运行），打印每个检索任务的结果。"),
    "platform": ("platform", "平台定义。"),
    "extract": ("platform", "读一个页面（文件或网址），每行输出一条商品信息（JSON）。"),
    "assess": ("assess", "研判文本：每行输出一条 JSON（级别、分值、各部分、命中及其位置）。读不出的行报出行号并跳过。"),
    "rematch": ("scan", "用当前词库重新研判库中全部商品信息，只写有变化的。"),
    "lexicon": ("lexicon", "词库。"),
    "leads": ("leads", "线索。"),
    "evidence": ("evidence", "证据材料：制作、核验证据包，加时间戳，导出移交。"),
    "intake": ("data", "人工录入一条线索：链接、分享文本、截图或保存的页面。"),
    "import": ("data", "导入平台报送或移送的商品信息文件：逐行研判，有疑点的成为线索；重复导入不会加倍。"),
    "digest": ("data", "晨报。"),
    "alerts": ("data", "消息通道。"),
    "campaign": ("data", "专项整治行动。"),
    "report": ("data", "报表。"),
    "audit": ("audit", "审计链与保管链。"),
    "user": ("people", "账号。"),
    "token": ("tokens", "接口令牌：其他系统以某个账号的名义取数。"),
    "db": ("people", "数据库。"),
    "retention": ("retention", "保存期限：各类记录留多久，到期清除，依法保留。"),
    "halt": ("halt", "叫停或恢复全部采集。"),
    "serve": ("processes", "打开控制台。"),
    "worker": ("processes", "采集工作进程：从队列取监测任务来做。"),
    "schedule": ("processes", "时钟：到点安排夜间监测与晨报，并发送待发消息。"),
    "guard": ("processes", "出口守卫：供远程浏览器外出；本机的采集自带守卫。"),
    "bench": ("processes", "基准：与同类做法和理论上限在同一次运行中比较，给出比值。只在源码目录中可用。"),
}


class Contents(TyperGroup):
    """The commands by name and help alone; the one that is called is fetched from its file."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=told) for name, (_, told) in CONTENTS.items()}

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order of the table."""
        return list(CONTENTS)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The real command behind the first word. Raises a usage error for a word that is none."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, fetched(name) if name else listed, rest


def fetched(name: str) -> Any:
    """The command or group `name` with its parameters, its file imported."""
    part = typer.Typer()
    import_module(f"ops.commands.{CONTENTS[name][0]}").register(part)
    return get_group(part).commands[name]


def every_command() -> dict[str, Any]:
    """All of them, for who writes the reference."""
    return {name: fetched(name) for name in CONTENTS}


app = typer.Typer(
    name="xunwang",
    cls=Contents,
    help="巡网：非法野生动物及其制品、禁用猎捕工具网络交易监测。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _show_versions(wanted: bool) -> None:
    if wanted:
        from ops.version import versions  # brings the matcher, which no other call should pay for unasked

        typer.echo(versions())
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="设置文件；缺省依次找 XUNWANG_CONFIG、./xunwang.toml、数据目录。")
    ] = None,
    lang: Annotated[str, typer.Option(help="错误信息的语言：zh 或 en。")] = "zh",
    debug: Annotated[bool, typer.Option(help="出错时显示程序调用栈。")] = False,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_versions, help="显示程序、匹配器与词库的版本。")
    ] = False,
) -> None:
    """What stands before every command."""
    del version  # its callback has shown it
    if lang not in ("zh", "en"):
        raise typer.BadParameter(f"{lang!r} is not one of 'zh', 'en'.", param_hint="'--lang'")
    from ops.logs import log_to_stderr  # a tenth of a second, which --help and --version need not pay

    log_to_stderr(quiet=ctx.invoked_subcommand not in LOGGING)
    ctx.obj = Screen(config=config, lang=cast(Literal["zh", "en"], lang), debug=debug)


def main() -> None:
    """Entry point: a Fault becomes its message and its exit code; a stack only with --debug."""
    debug = "--debug" in sys.argv
    if not debug:
        sys.excepthook = _unexpected
    try:
        # not app(): that puts an excepthook of its own in place, and speaks English
        code = typer.main.get_command(app)(prog_name="xunwang", standalone_mode=False)
    except WrongUsage as wrong:
        sys.exit(refused(wrong, _lang()))
    except typer.Abort:
        code = 130
    except Fault as fault:
        if debug:
            raise
        say(fault.message(_lang()), style="red")
        sys.exit(fault.exit_code)
    if code == 130:
        say(
            "已中断；此前取得的结果均已保留。" if _lang() == "zh" else "Interrupted; what was found until then is kept."
        )
    sys.exit(code if isinstance(code, int) else 0)


def _unexpected(kind: type[BaseException], error: BaseException, stack: TracebackType | None) -> None:
    """What nobody foresaw, as a fault like any other (it ends with 1); for those who watch services, a line of log."""
    place = traceback.extract_tb(stack)[-1]
    where = f"{kind.__name__}, {Path(place.filename).name}:{place.lineno}"  # no message: it may hold an address or key
    say(Unforeseen(where).message(_lang()), style="red")
    if set(LOGGING) & set(sys.argv):
        from ops.logs import log_unforeseen

        log_unforeseen((kind, error, stack))


def _lang() -> Lang:
    """The language asked for, read by hand: a usage error may come before the options are read."""
    asked = "--lang=en" in sys.argv or ("--lang", "en") in zip(sys.argv, sys.argv[1:], strict=False)
    return "en" if asked else "zh"
