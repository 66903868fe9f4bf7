"""Scan now, judge again."""

from collections import Counter
from typing import Annotated, Any, NoReturn

import typer

from db import runs, scans
from db.engine import transaction
from db.runs import Run
from db.scans import QueryRow
from ops.commands.options import AsJson, Demo
from ops.house import House
from ops.planning import Chosen, check_chosen, chosen
from ops.rehearsal import rehearse
from ops.scanning import dry_slices, end_abandoned, foreground, run_scan
from ops.screen import outcome_table, print_json, say, scan_progress, screen, show
from pipelines import rematch as rematch_all
from records import Outcome, ScanStatus, night_status, scan_status


def register(app: typer.Typer) -> None:
    """Put the commands of this subject on the command line."""
    app.command()(scan)
    app.command()(rematch)


def scan(
    ctx: typer.Context,
    platform: Annotated[list[str], typer.Option(help="平台代码或定义文件，可多次；缺省为设置中的全部平台。")] = [],  # noqa: B006 - typer copies it
    query: Annotated[list[str], typer.Option(help="只检索这些词，可多次；缺省为栏目页和词库的检索词。")] = [],  # noqa: B006
    max_pages: Annotated[int, typer.Option(min=0, help="每个检索任务最多读几个列表页；0 为按设置。")] = 0,
    demo: Annotated[bool, typer.Option(help="在演示库里监测示例市场。")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="照常访问平台，只显示结果，什么都不保存。")] = False,
    as_json: AsJson = False,
    exit_status: Annotated[
        bool, typer.Option("--exit-status", help="退出码分状态：部分 3，被拦截 5，漂移 6，未运行 7；缺省都是 3。")
    ] = False,
) -> None:
    """立即监测（前台运行），打印每个检索任务的结果。"""
    house = screen(ctx).house(demo=demo)
    platforms = chosen(house.settings, platform, demo=demo)
    check_chosen(house, platforms)
    if dry_run:
        _rehearse(house, platforms, query, max_pages=max_pages, as_json=as_json, exact=exit_status)
    end_abandoned(house)
    options: dict[str, Any] = {"terms": query, "max_pages": max_pages}
    with foreground(house, platforms, kind="foreground", options=options) as scan_id:
        rows = watch_scan(house, scan_id)
    told = summary(house, scan_id, rows)
    if as_json:
        print_json(told)
    else:
        show(outcome_table(rows))
        say(f"监测状态：{told['status']}")
        for line in told["coverage"]:
            say(f"  {line}")
        say(f"下一步：{house.settings.console_url}/review （xunwang serve）或 xunwang leads list")
    raise typer.Exit(exit_code(ScanStatus(told["status"]), rows, exact=exit_status))


def _rehearse(
    house: House, platforms: list[Chosen], terms: list[str], *, max_pages: int, as_json: bool, exact: bool
) -> NoReturn:
    say("试运行：不保存任何内容。")
    found = rehearse(dry_slices(house, platforms, terms, max_pages=max_pages))
    rows = list(found.rows)
    by_platform: dict[str, list[Outcome | None]] = {}
    for row in rows:
        by_platform.setdefault(row.query.platform, []).append(row.outcome)
    status = night_status([scan_status(outcomes) for outcomes in by_platform.values()])
    if as_json:
        outcomes = Counter(str(row.outcome) for row in rows)
        counts = {"planned": len(rows), "outcomes": dict(outcomes), "queries": [_query_facts(row) for row in rows]}
        print_json({"scan": None, "status": status} | counts | {"hits": found.hits})
    else:
        show(outcome_table(rows))
        for hit in found.hits:
            say(f"{hit['level']} {hit['score']} {hit['platform']} {hit['title']}")
    raise typer.Exit(exit_code(status, rows, exact=exact))


def watch_scan(house: House, scan_id: int) -> list[QueryRow]:
    """Run a planned scan with a progress bar; its queries as they ended."""
    with scan_progress() as watch:
        return run_scan(house, scan_id, watch=watch)


def summary(house: House, scan_id: int, rows: list[QueryRow]) -> dict[str, Any]:
    """What `--json` prints of a scan."""
    with transaction(house.engine) as conn:
        row = scans.scan_row(conn, scan_id)
        platforms = runs.of_scans(conn, [scan_id])[scan_id]
        coverage = runs.coverage(conn, scan_id)
    return {
        "scan": scan_id,
        "status": row.status,
        "planned": len(rows),
        "outcomes": row.outcomes,
        "platforms": [_run_facts(run) for run in platforms],
        "coverage": coverage.lines(),
        "resting": row.options.get("resting", {}),
        "queries": [_query_facts(row) for row in rows],
    }


def _query_facts(row: QueryRow) -> dict[str, Any]:
    asked = {name: getattr(row.query, name) for name in ("platform", "kind", "text", "region")}
    counts = ("requests", "pages", "cards", "new", "card_only", "hits")
    return asked | {name: getattr(row, name) for name in ("outcome", "note", *counts)}


def _run_facts(run: Run) -> dict[str, Any]:
    control = run.control
    return {
        "platform": run.platform,
        "status": run.status,
        "findings": [finding.sentence for finding in run.findings],
        "control": {"word": control.word, "outcome": control.outcome, "cards": control.cards} if control else None,
        "figures": run.figures.to_data(),
    }


#: Exit codes of `scan --exit-status`; without it everything that is not 正常 ends with 3.
_EXITS = {ScanStatus.NORMAL: 0, ScanStatus.BLOCKED: 5, ScanStatus.DRIFTED: 6, ScanStatus.NOT_RUN: 7}


def exit_code(status: ScanStatus, rows: list[QueryRow], *, exact: bool = False) -> int:
    """0 when every platform was really seen; 3 when it was not, or nothing at all was found. `exact`: by status."""
    found = any(row.outcome is Outcome.SEARCHED for row in rows)
    code = _EXITS.get(status, 3) if exact else 3 * (status is not ScanStatus.NORMAL)
    return code if code or found else 3


def rematch(
    ctx: typer.Context,
    demo: Demo = False,
) -> None:
    """用当前词库重新研判库中全部商品信息，只写有变化的。"""
    house = screen(ctx).house(demo=demo)
    print_json(rematch_all(house.reception(house.matcher())))
