"""What stands on the operator's screen: colour and bars on a terminal only, JSON when asked, NO_COLOR obeyed."""

import dataclasses
import json
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from records import Lang, Outcome, QueryKind

if TYPE_CHECKING:
    from db.scans import QueryRow
    from ops.house import House
    from ops.settings import Settings

_KINDS = {QueryKind.SEARCH: "搜索 ", QueryKind.BROWSE: "栏目 ", QueryKind.REVISIT: ""}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """The options that stand before every command, and what they give."""

    #: xunwang.toml named by hand; None: looked for.
    config: Path | None = None
    lang: Lang = "zh"
    debug: bool = False

    def settings(self, **changes: Any) -> "Settings":
        """The settings of this call."""
        from ops.settings import read_settings  # here and below: --help and a wrong call need neither

        return read_settings(self.config, **changes)

    def house(self, *, demo: bool = False, patience: float = 0.0, **changes: Any) -> "House":
        """The house, with its database up; `patience` in seconds for one that comes up later."""
        from ops.house import open_house

        return open_house(self.settings(**changes), demo=demo, patience=patience)


def screen(ctx: typer.Context) -> Screen:
    """The screen of a running command."""
    found = ctx.find_object(Screen)
    return found if found is not None else Screen()


def visible(line: str) -> str:
    """`line` with what is no character to be seen written out: a hostile text must not turn the screen round."""
    return "".join(
        char if char.isprintable() or unicodedata.category(char) == "Zs" else f"\\u{ord(char):04x}" for char in line
    )


class PlainConsole(Console):
    """Shows text as it stands: square brackets are no colours, `:dog:` is no picture, control characters do nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(markup=False, emoji=False, highlight=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Called by rich for every string, cells of tables too."""
        return super().render_str("\n".join(map(visible, text.split("\n"))), **options)


def say(line: str = "", *, style: str = "") -> None:
    """One line for a person, on standard error so that standard output stays clean for data."""
    PlainConsole(stderr=True, soft_wrap=True).print(line, style=style)


def show(table: Table) -> None:
    """A table for a person, on standard output."""
    PlainConsole(soft_wrap=not sys.stdout.isatty()).print(table)


def print_json(value: object) -> None:
    """One JSON value on one line of standard output; lone surrogates of hostile pages come out escaped."""
    text = json.dumps(value, ensure_ascii=False, default=_plain)
    try:
        sys.stdout.write(text + "\n")
    except UnicodeEncodeError:
        sys.stdout.write(json.dumps(value, default=_plain) + "\n")


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"no plain form for {type(value).__name__}")


@contextmanager
def scan_progress() -> Iterator[Any]:
    """Yields a function that takes the query rows of a running scan and shows how far it is."""
    if not sys.stderr.isatty():
        yield _sparse()
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[told]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bars: dict[str, TaskID] = {}

        def watch(rows: "list[QueryRow]") -> None:
            for platform, (ended, total, told) in _by_platform(rows).items():
                if platform not in bars:
                    bars[platform] = progress.add_task(platform, total=total, told="")
                progress.update(bars[platform], completed=ended, total=total, told=told)

        yield watch


def _sparse() -> Any:
    last: list[int] = [0]

    def watch(rows: "list[QueryRow]") -> None:
        ended = sum(1 for row in rows if row.outcome)
        if ended != last[0]:
            last[0] = ended
            say(f"{ended}/{len(rows)} 个检索任务已结束")

    return watch


def _by_platform(rows: "list[QueryRow]") -> dict[str, tuple[int, int, str]]:
    found: dict[str, tuple[int, int, str]] = {}
    for row in rows:
        ended, total, _ = found.get(row.query.platform, (0, 0, ""))
        found[row.query.platform] = (ended + bool(row.outcome), total + 1, "")
    for platform, (ended, total, _) in found.items():
        mine = [row for row in rows if row.query.platform == platform]
        told = f"商品 {sum(r.cards for r in mine)}  疑似 {sum(r.hits for r in mine)}"
        found[platform] = (ended, total, told)
    return found


def outcome_table(rows: "list[QueryRow]", *, brief: bool = False) -> Table:
    """Every query with its outcome, its cost and the sentence that explains it.

    `brief` puts the searches for which a platform had nothing into one line a platform.
    """
    table = Table("平台", "检索", "结果", "请求", "列表页", "商品", "新增", "仅见卡片", "疑似", "说明")
    empty = Counter(row.query.platform for row in rows if brief and row.outcome is Outcome.EMPTY)
    for platform, count in empty.items():
        asked = sum(row.requests for row in rows if row.query.platform == platform and row.outcome is Outcome.EMPTY)
        table.add_row(platform, f"{count} 个词", Outcome.EMPTY.label, str(asked), *["0"] * 5, "")
    for row in rows:
        if brief and row.outcome is Outcome.EMPTY:
            continue
        table.add_row(
            row.query.platform,
            f"{_KINDS[row.query.kind]}{row.query.told}",
            row.outcome.label if row.outcome else "未结束",
            *(str(n) for n in (row.requests, row.pages, row.cards, row.new, row.card_only, row.hits)),
            row.note,
        )
    return table
