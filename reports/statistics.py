"""统计表.xlsx: one sheet per phase and one for the whole, by district, every figure from SQL and checked."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from db import campaigns, exports, statistics
from db.campaigns import Campaign
from db.engine import Connection, Engine, transaction
from db.statistics import Period, Tally
from records import CITY, ELSEWHERE, UNDECIDED, LeadState
from reports.definitions import Column, read_columns
from reports.statistics_sheets import write_checks, write_table
from reports.tables import Check, Statistics, Table
from reports.workbook import workbook

TOTAL = "累计"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """What stands around the figures."""

    #: 填报单位; empty leaves a line to write on.
    unit: str = ""
    #: 演示数据 in the demo; empty otherwise.
    banner: str = ""


def build_statistics(
    engine: Engine, *, campaign: str, until: date, path: Path, heading: Heading | None = None
) -> Statistics:
    """Writes the statistics table of `campaign` up to and including the Shanghai date `until` to `path`.

    Returns the tables as written and the checks; a failed check does not stop the paper, it stands on it in red.
    Raises CampaignUnknown, ColumnsRefused, NotWritten.
    """
    columns, heading = read_columns(), heading or Heading()
    with transaction(engine) as conn:
        as_of = exports.hold_snapshot(conn)
        found = campaigns.find(conn, campaign)
        names = _rows(campaigns.district_names(conn))
        counted = [(name, period, statistics.tally(conn, found.id, period)) for name, period in _periods(found, until)]
        outside = _outside(conn, found, until)
    tables = tuple(_table(name, period, tally, columns, names) for name, period, tally in counted)
    checks = (*_totals(tables, [tally for _, _, tally in counted], columns), *_phases(tables, columns, outside))
    done = Statistics(
        campaign=found.name,
        document_no=found.document_no,
        until=until,
        path=path,
        made_at=as_of,
        tables=tables,
        checks=(*checks, _known_districts(counted, names)),
        seal=_seal(tables),
    )
    with workbook(path, made_at=as_of, title=f"{found.name}统计表") as book:
        for table in done.tables:
            write_table(book, done, table, columns, (heading.unit, heading.banner))
        write_checks(book, done, columns)
    return done


def _rows(known: tuple[str, ...]) -> tuple[str, ...]:
    """The districts in their order; the three special ones are there even where nobody seeded them."""
    return (*known, *(name for name in (CITY, UNDECIDED, ELSEWHERE) if name not in known))


def _periods(campaign: Campaign, until: date) -> list[tuple[str, Period]]:
    """Every phase that has begun by `until`, then the whole; nothing after `until` is counted anywhere."""
    begun = [phase for phase in campaign.phases if phase.starts_on <= until]
    parts = [(p.name, Period(first=p.starts_on, last=min(p.ends_on, until))) for p in begun]
    last = until if campaign.ends_on is None else min(campaign.ends_on, until)
    return [*parts, (TOTAL, Period(first=campaign.starts_on, last=last))]


def _table(name: str, period: Period, tally: Tally, columns: tuple[Column, ...], names: tuple[str, ...]) -> Table:
    rows = {
        district: tuple(_figure(tally, column, district, columns, names) for column in columns) for district in names
    }
    total = tuple(_figure(tally, column, None, columns, names) for column in columns)
    return Table(name=name, period=period, rows=rows, total=total)


def _figure(
    tally: Tally, column: Column, district: str | None, columns: tuple[Column, ...], names: tuple[str, ...]
) -> int:
    """One cell; `district` None is the sum over all, counted by itself.

    Nobody can say in which district an innocent listing lies, and the patrol is the city's: both stand under 市本级.
    A lead under a district that is not on the list stands under 待定, and a check says so.
    """
    if not column.splits:
        number = tally.platforms if column.measure == "platforms" else tally.listings
        return number if district in (None, CITY) else 0
    counts = tally.leads if column.measure == "leads" else tally.hits
    return sum(
        count.number
        for count in counts
        if (not column.states or count.state in column.states)
        and _in_category(count.category, column, columns)
        and district in (None, count.district if count.district in names else UNDECIDED)
    )


def _in_category(category: str, column: Column, columns: tuple[Column, ...]) -> bool:
    if column.categories == "rest":
        others = [other.categories for other in columns if other.group == column.group and other is not column]
        return not any(category in keys for keys in others if keys != "rest")
    return not column.categories or category in column.categories


# --- checks ----------------------------------------------------------------------------------------------------------


def _totals(tables: tuple[Table, ...], tallies: list[Tally], columns: tuple[Column, ...]) -> tuple[Check, ...]:
    """Per sheet: rows add up to 合计, 合计 is what SQL counts ungrouped, states and categories add up to leads."""
    checks = []
    for table, tally in zip(tables, tallies, strict=True):
        added = [sum(row[place] for row in table.rows.values()) for place in range(len(columns))]
        checks.append(
            _equal(table.name, "各行之和＝合计（每列）", sum(added), sum(table.total), added == list(table.total))
        )
        for measure, name, counted in (("leads", "线索", tally.all_leads), ("hits", "疑似信息", tally.all_hits)):
            figure = _sum(table, columns, measure, lambda column: not column.states and not column.categories)
            if figure is not None:
                checks.append(_equal(table.name, f"{name}合计＝数据库直接计数", figure, counted))
        by_state = _sum(table, columns, "leads", lambda column: bool(column.states))
        if by_state is not None and _covers_states(columns):
            checks.append(_equal(table.name, "转核查＋排除＋待研判＋未初筛＝归并疑似线索", by_state, tally.all_leads))
        by_category = _sum(table, columns, "leads", lambda column: bool(column.categories))
        if by_category is not None and any(column.categories == "rest" for column in columns):
            checks.append(_equal(table.name, "各类别之和＝归并疑似线索", by_category, tally.all_leads))
    return tuple(checks)


def _sum(table: Table, columns: tuple[Column, ...], measure: str, wanted: Callable[[Column], bool]) -> int | None:
    """The totals of the columns that `wanted` picks; None where there is no such column."""
    picked = [
        total
        for column, total in zip(columns, table.total, strict=True)
        if column.measure == measure and wanted(column)
    ]
    return sum(picked) if picked else None


def _covers_states(columns: tuple[Column, ...]) -> bool:
    return {state for column in columns for state in column.states} == set(LeadState) - {LeadState.MERGED}


def _outside(conn: Connection, campaign: Campaign, until: date) -> int:
    """Leads of the campaign that its sheet 累计 counts although no phase does: found between two phases."""
    whole = _periods(campaign, until)[-1][1]
    covered = [period for _, period in _periods(campaign, until)[:-1]]
    within = statistics.tally(conn, campaign.id, whole).all_leads
    return within - sum(statistics.tally(conn, campaign.id, period).all_leads for period in covered)


def _phases(tables: tuple[Table, ...], columns: tuple[Column, ...], outside: int) -> tuple[Check, ...]:
    if len(tables) < 2:
        return ()
    place = next(
        (at for at, c in enumerate(columns) if c.measure == "leads" and not c.states and not c.categories), None
    )
    if place is None:
        return ()
    parts = sum(table.total[place] for table in tables[:-1])
    title = f"各阶段线索之和＋阶段外 {outside:,}＝累计"
    return (_equal(TOTAL, title, parts + outside, tables[-1].total[place]),)


def _known_districts(counted: list[tuple[str, Period, Tally]], names: tuple[str, ...]) -> Check:
    tally = counted[-1][2]
    strangers = sum(count.number for count in tally.leads if count.district not in names)
    return _equal(TOTAL, "区划不在名单内的线索（暂列待定）＝0", strangers, 0)


def _equal(sheet: str, rule: str, left: int, right: int, holds: bool | None = None) -> Check:
    return Check(sheet=sheet, rule=rule, left=left, right=right, holds=left == right if holds is None else holds)


def _seal(tables: tuple[Table, ...]) -> str:
    """校验码: 8 hex digits over every figure, so that paper and file can be told to be the same."""
    figures = [[table.name, list(table.total), sorted(table.rows.items())] for table in tables]
    return hashlib.sha256(json.dumps(figures, ensure_ascii=False).encode()).hexdigest()[:8].upper()
