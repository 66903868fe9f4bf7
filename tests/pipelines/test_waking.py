"""What was put aside comes back by itself, by whatever is new and on its day; judged by SQL."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from db import queue, waking
from db.engine import transaction
from pipelines import Reception, receive, take_off
from tests.pipelines.made import NIGHT, captured, later, listing, one, reception, rows, seller, sighting
from tests.pipelines.test_visits import gone

pytestmark = pytest.mark.db

FIRST = listing("1", "象牙", price=Decimal(100), price_text="¥100")
#: What is new, and what is told of it.
NEWS: dict[str, tuple[Callable[[Reception], object], str]] = {
    "another hit": (lambda desk: receive([captured(listing("2", "象牙一件"))], desk), "有新的疑似信息"),
    "another price": (
        lambda desk: receive([later(sighting(replace(FIRST, price=Decimal(80), price_text="¥80")), days=1)], desk),
        "价格或文字有变化",
    ),
    "another text": (
        lambda desk: receive([later(sighting(replace(FIRST, title="象牙 急出")), days=1)], desk),
        "价格或文字有变化",
    ),
    "gone": (lambda desk: take_off(gone("1", NIGHT + timedelta(days=1)), desk), "已下架"),
}
#: What is nothing new.
NOTHING: dict[str, Callable[[Reception], object]] = {
    "the same again": lambda desk: receive([later(sighting(FIRST), days=1)], desk),
    "other addresses of its pictures": lambda desk: receive(
        [later(sighting(replace(FIRST, pictures=("https://cdn.example/1.jpg?sign=2",))), days=1)], desk
    ),
    "another seller": lambda desk: receive([captured(listing("3", "象牙", seller=seller("s3")))], desk),
    "no hit": lambda desk: receive([captured(listing("4", "木雕"))], desk),
}
AFTER = NIGHT + timedelta(days=1)


_DOUBT = (
    "insert into verdicts (lead_id, user_id, verdict, identity, reason, wake, wake_on, at)"
    " select id, 1, '存疑', jsonb_build_object('basis', '未能核实'),"
)


def put_aside(engine: Engine, how: str) -> None:
    with transaction(engine) as conn:
        conn.execute(
            text(
                "insert into users (id, name, full_name, role, password_hash, created_at)"
                " values (1, 'ke', '柯某', 'head', '!', now()) on conflict do nothing"
            )
        )
        if how == "待研判":
            conn.execute(text("update leads set state = '待研判', screened_at = :at, screened_by = 1"), {"at": NIGHT})
            return
        conn.execute(text("update leads set state = '核查中', number = 'XS-2026-1123-0001'"))
        conn.execute(
            text(f"{_DOUBT} '图文不足需鉴定', '鉴定结果', :day, :at from leads"),
            {"at": NIGHT, "day": date(2026, 12, 1)},
        )
        conn.execute(text("update leads set verdict = '存疑'"))


def aside(engine: Engine, tmp_path: Path, how: str) -> Reception:
    """One lead put aside, and a heavier one that nobody has screened."""
    desk = reception(engine, tmp_path)
    receive([captured(FIRST)], desk)
    put_aside(engine, how)
    receive([captured(listing("9", "象牙虎骨", seller=seller("s9")))], desk)
    return replace(desk, now=lambda: AFTER)


def heads(engine: Engine) -> tuple[list[str], list[tuple[str, str]]]:
    """Sellers of the queue in its order; sellers and reasons of what stands above it."""
    wanted = queue.QueueFilter()
    with transaction(engine) as conn:
        above, total = waking.awake(conn, wanted, limit=9)
        assert total == len(above)
        return [lead.seller_key for lead in queue.queue(conn, wanted, limit=9)], [
            (lead.seller_key, lead.raised_why) for lead in above
        ]


TOLD = "select state, verdict, raised_why, raised_at, woken_at, number is not null from leads where subject_key = 's1'"
AUDIT = "select detail->>'from', detail->>'to', detail->>'reason' from audit where action = 'lead.wake' order by seq"


@pytest.mark.parametrize("news", NEWS)
def test_something_new_wakes_what_waits(engine: Engine, tmp_path: Path, news: str) -> None:
    """待研判: a candidate again, first in the queue, before a heavier one."""
    happens, why = NEWS[news]
    happens(aside(engine, tmp_path, "待研判"))
    assert heads(engine) == (["s1", "s9"], [])
    assert rows(engine, TOLD) == [("疑似", "", why, AFTER, None, False)]
    assert rows(engine, AUDIT) == [("待研判", "疑似", why)]


@pytest.mark.parametrize("news", NEWS)
def test_something_new_brings_what_is_in_doubt_above_the_queue(engine: Engine, tmp_path: Path, news: str) -> None:
    """存疑: state, number and verdict stay, and it is told of once."""
    happens, why = NEWS[news]
    desk = aside(engine, tmp_path, "存疑")
    happens(desk)
    assert heads(engine) == (["s9"], [("s1", why)])
    assert rows(engine, TOLD) == [("核查中", "存疑", why, AFTER, AFTER, True)]
    receive([later(sighting(replace(FIRST, title="象牙 又变了")), days=3)], desk)
    assert rows(engine, AUDIT) == [("核查中", "核查中", why)]


def test_an_own_page_read_for_the_first_time_is_no_change(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([captured(replace(FIRST, detail_read=False))], desk)
    put_aside(engine, "待研判")
    page = replace(FIRST, detail_read=True, description="如图所示", pictures=("https://cdn.example/1.jpg",))
    receive([later(sighting(page), days=1)], replace(desk, now=lambda: AFTER))
    assert rows(engine, AUDIT) == []
    receive(
        [later(sighting(replace(page, price=Decimal(90), price_text="¥90")), days=2)], replace(desk, now=lambda: AFTER)
    )
    assert rows(engine, AUDIT) == [("待研判", "疑似", "价格或文字有变化")]


def test_on_sale_again(engine: Engine, tmp_path: Path) -> None:
    desk = reception(engine, tmp_path)
    receive([captured(FIRST)], desk)
    take_off(gone("1", NIGHT), desk)
    put_aside(engine, "存疑")
    receive([later(sighting(FIRST), days=1)], replace(desk, now=lambda: AFTER))
    assert heads(engine) == ([], [("s1", "再次上架")])
    assert rows(engine, AUDIT) == [("核查中", "核查中", "再次上架")]


@pytest.mark.parametrize("how", ["待研判", "存疑"])
@pytest.mark.parametrize("nothing", NOTHING)
def test_nothing_new_wakes_nobody(engine: Engine, tmp_path: Path, how: str, nothing: str) -> None:
    NOTHING[nothing](aside(engine, tmp_path, how))
    assert rows(engine, AUDIT) == [] and "s1" not in heads(engine)[0] and heads(engine)[1] == []


@pytest.mark.parametrize(
    ("how", "day"),
    [
        ("待研判", NIGHT + timedelta(days=14, seconds=1)),
        ("存疑", NIGHT.replace(day=30, hour=16)),  # midnight in China between 30 November and 1 December
    ],
)
def test_its_day_comes(engine: Engine, tmp_path: Path, how: str, day) -> None:
    aside(engine, tmp_path, how)
    with transaction(engine) as conn:
        assert waking.wake_due(conn, day - timedelta(seconds=2)) == []
        assert len(waking.wake_due(conn, day)) == 1
        assert waking.wake_due(conn, day + timedelta(days=1)) == []
    assert [row[2] for row in rows(engine, AUDIT)] == ["到了再看的日期"]
    queued, above = heads(engine)
    assert queued == ["s1", "s9"] if how == "待研判" else above == [("s1", "到了再看的日期")]


def test_a_verdict_that_was_taken_back_has_no_day(engine: Engine, tmp_path: Path) -> None:
    """The one before it counts again, with its own day."""
    aside(engine, tmp_path, "存疑")
    with transaction(engine) as conn:
        conn.execute(
            text(f"{_DOUBT} '其他', '到期复查', '2026-11-24', :at from leads where subject_key = 's1'"),
            {"at": NIGHT},
        )
        undo = "insert into verdicts (lead_id, user_id, verdict, undoes, at) select lead_id, 1, '撤销', id, at"
        conn.execute(text(f"{undo} from verdicts order by id desc limit 1"))
        assert waking.wake_due(conn, NIGHT + timedelta(days=5)) == []
    assert one(engine, "select count(*) from audit where action = 'lead.wake'") == 0
