"""`xunwang`: the command line, a contract (DESIGN §11)."""

import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, cast

import structlog
import typer

from ops.commands import assess, data, leads, lexicon, people, processes, scan
from ops.logs import log_to_stderr
from ops.screen import Screen, say
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
LOGGING = ("worker", "schedule", "serve", "up")

app = typer.Typer(
    name="xunwang",
    help="巡网：非法野生动物及其制品、禁用猎捕工具网络交易监测。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for part in (processes, scan, assess, leads, lexicon, people, data):
    part.register(app)


@app.callback()
def options(
    ctx: typer.Context,
    config: Annotated[
        Path | None, typer.Option(help="设置文件；缺省依次找 XUNWANG_CONFIG、./xunwang.toml、数据目录。")
    ] = None,
    lang: Annotated[str, typer.Option(help="错误信息的语言：zh 或 en。")] = "zh",
    debug: Annotated[bool, typer.Option(help="出错时显示程序调用栈。")] = False,
) -> None:
    """What stands before every command."""
    if lang not in ("zh", "en"):
        raise typer.BadParameter("zh | en", param_hint="--lang")
    log_to_stderr(quiet=ctx.invoked_subcommand not in LOGGING)
    ctx.obj = Screen(config=config, lang=cast(Literal["zh", "en"], lang), debug=debug)


def main() -> None:
    """Entry point: a Fault becomes its message and its exit code; a stack only with --debug."""
    debug = "--debug" in sys.argv
    lang: Lang = "en" if "--lang=en" in sys.argv or _follows("--lang", "en") else "zh"
    if not debug:
        sys.excepthook = _unexpected
    try:
        typer.main.get_command(app)()  # not app(): that puts an excepthook of its own in place
    except Fault as fault:
        if debug:
            raise
        say(fault.message(lang), style="red")
        sys.exit(fault.exit_code)
    except KeyboardInterrupt:
        say("已中断。" if lang == "zh" else "Interrupted.")
        sys.exit(130)


def _unexpected(kind: type[BaseException], error: BaseException, stack: TracebackType | None) -> None:
    """What nobody foresaw, as a fault like any other (it ends with 1); for those who watch services, a line of log."""
    place = traceback.extract_tb(stack)[-1]
    where = f"{kind.__name__}, {Path(place.filename).name}:{place.lineno}"  # no message: it may hold an address or key
    en = "--lang=en" in sys.argv or _follows("--lang", "en")
    say(Unforeseen(where).message("en" if en else "zh"), style="red")
    if set(LOGGING) & set(sys.argv):
        structlog.get_logger("ops").error("unforeseen", exc_info=(kind, error, stack))


def _follows(option: str, value: str) -> bool:
    return (option, value) in zip(sys.argv, sys.argv[1:], strict=False)
