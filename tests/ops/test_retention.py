"""What has had its days goes, and only that: judged by raw SQL, the files on the disk and hashes made here."""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from db import audit, custody, grouping, holds
from db.engine import transaction
from ops.house import House
from ops.retention import nightly, purge
from pipelines import receive
from records import Seller
from tests.acceptance.houses import ROOT, Place, dump, one, place, sql
from tests.pipelines.made import NIGHT, SmallMatcher, captured, listing, sighting

pytestmark = [pytest.mark.db, pytest.mark.slow]

#: Two years and some days after everything was seen and screened.
LATER = NIGHT + timedelta(days=740)
#: What becomes of each seller's lead before the purge.
STATES = {"gone": "已排除", "held": "已排除", "whole": "已排除", "packed": "已排除", "kept": "核查中", "idle": "疑似"}


def seller(key: str) -> Seller:
    return Seller(key=key, name=f"卖家{key}", place="山东枣庄滕州", url=f"https://goods.test/shop/{key}")


@pytest.fixture
def there(tmp_path: Path, database_url: str) -> Place:
    return place(tmp_path, database_url)


@pytest.fixture
def house(there: Place) -> Iterator[House]:
    with there.house() as standing:
        yield standing


@pytest.fixture
def lead(house: House, raw: Engine) -> dict[str, int]:
    """A lead of two hits a seller, a plain listing of each, all seen at NIGHT; holds and a package are there."""
    reception = replace(house.reception(SmallMatcher()), now=lambda: NIGHT)
    for key in STATES:
        hits = [listing(f"{key}-{n}", f"象牙 {key} {n}", seller=seller(key)) for n in (1, 2)]
        receive([captured(hit) for hit in hits], reception)
        receive([sighting(listing(f"{key}-plain", "木雕", seller=seller(key)))], reception)
    # the same screenshot at two sellers: one file, two rows
    same = (
        "update capture_files set sha256 = (select f.sha256 from capture_files f join captures c on c.id = f.capture_id"
    )
    same += " join listings l on l.id = c.listing_id where l.item_id = :a and f.role = 'screenshot') where role ="
    same += " 'screenshot' and capture_id in (select c.id from captures c join listings l on l.id = c.listing_id"
    same += " where l.item_id = :b)"
    change(raw, same, a="gone-1", b="held-1")
    found = dict(sql(raw, "select s.key, l.id from leads l join sellers s on s.id = l.seller_id"))
    for key, state in STATES.items():
        change(raw, "update leads set state = :s, screened_at = :at where id = :i", s=state, at=NIGHT, i=found[key])
    for answer in ANSWERED:
        change(raw, answer, lead=found["gone"], at=NIGHT)
    with transaction(house.engine) as conn:
        for key, whole in (("held", False), ("whole", True)):
            holds.place(conn, found[key], whole_seller=whole, reason="枣市监立〔2026〕1 号", by="科长", at=NIGHT)
    change(raw, PACKAGE, lead=found["packed"], listing=None, at=NIGHT)
    for file in files(house):
        os.utime(file, (time.time() - 9_000,) * 2)
    return found


#: A lead that two people looked at, one of them at its papers.
ANSWERED = (
    "insert into users (name, full_name, role, password_hash, created_at)"
    " select n, n, 'inspector', 'x', :at from unnest(array['一', '二']) n",
    "insert into screenings (lead_id, user_id, action, before, at)"
    " select :lead, id, '排除', '{}', :at from users where name = '一'",
    "insert into second_looks (lead_id, screening_id, user_id, action, agrees, at)"
    " select :lead, max(s.id), max(u.id), '排除', true, :at from screenings s, users u where u.name = '二'",
    "insert into licence_checks (lead_id, user_id, kind, state, at)"
    " select :lead, id, '专用标识', '声称', :at from users where name = '一'",
)
PACKAGE = (
    "insert into packages"
    " (district, day, seq, number, lead_id, listing_id, sha256, manifest_sha256, key_id, made_by, made_at)"
    " select '370481', '2026-11-23', 1, 'EV-370481-20261123-0001', :lead, :listing, min(sha256), '', 'k', 'w', :at"
    " from evidence_files"
)


def change(raw: Engine, statement: str, **facts: object) -> None:
    from sqlalchemy import text

    with raw.begin() as conn:
        conn.execute(text(statement), facts)


def files(house: House) -> list[Path]:
    return [path for path in house.store.root.rglob("*") if path.is_file()]


def leads_left(raw: Engine) -> set[str]:
    return {key for (key,) in sql(raw, "select s.key from leads l join sellers s on s.id = l.seller_id")}


def sound(house: House, raw: Engine) -> None:
    """Both chains verify, and every row of a file has its file with the bytes that its name says."""
    with transaction(house.engine) as conn:
        assert audit.verify(conn).sound and custody.verify(conn).sound
    there = {file.name: file for file in files(house)}
    for (name,) in sql(raw, "select sha256 from evidence_files"):
        assert hashlib.sha256(there[name].read_bytes()).hexdigest() == name


def test_what_has_had_its_days_goes_and_nothing_else(house: House, raw: Engine, lead: dict[str, int]) -> None:
    shared = one(raw, "select sha256 from capture_files group by sha256 having count(*) > 1 order by 1 limit 1")
    expected = _hash_of(raw, lead["gone"])
    early = purge(house, by="test", at=NIGHT + timedelta(days=100))
    assert early.counts == {"files": 1, "swept": 1}, "the one file that nobody needs, and nothing that has its days yet"
    assert one(raw, "select count(*) from listings") == 18 and leads_left(raw) == set(STATES)
    done = purge(house, by="test", at=LATER)
    assert leads_left(raw) == {"held", "whole", "packed", "kept"}
    assert (done.counts["dismissed"], done.counts["unscreened"]) == (1, 1) and "confirmed" not in done.counts
    # non-hits of everybody but the held seller; the hits of the leads that went
    assert {item for (item,) in sql(raw, "select item_id from listings where level = 'none'")} == {"whole-plain"}
    assert one(raw, "select count(*) from listings where item_id like 'gone-%' or item_id like 'idle-%'") == 0
    assert (
        one(raw, "select count(*) from sellers where key in ('gone', 'idle') or name in ('卖家gone', '卖家idle')") == 0
    )
    assert one(raw, "select count(*) from outbox where key = :k", k=f"lead.new:{lead['gone']}") == 0
    names = {file.name for file in files(house)}
    assert shared in names, "a file that a held lead needs stays"
    assert names == {name for (name,) in sql(raw, "select sha256 from evidence_files")}
    sound(house, raw)
    # the tombstone says what was there: the same hash, made here out of the rows as they stood
    [(rule, rows, digest, detail)] = sql(
        raw,
        "select rule, rows, sha256, detail from tombstones where subject = :s and class = 'evidence'",
        s=f"lead:{lead['gone']}",
    )
    assert (rule, digest, rows) == ("已排除线索的证据，满 730 天", expected[0], expected[1])
    assert detail["state"] == "已排除" and len(detail["files"]) == 4
    told = sql(raw, "select subject from audit where action = 'retention.purge' order by seq")
    assert {subject for (subject,) in told} == {"evidence", "dismissed", "unscreened", "listings", "files"}
    change_refused(raw)


def _hash_of(raw: Engine, lead_id: int) -> tuple[str, int]:
    """Of the captures and files of a lead's hits: the hash that its tombstone must bear, and the number of rows."""
    of_lead = "c.listing_id in (select listing_id from lead_hits where lead_id = :l)"
    rows = sql(raw, f"select 'captures ' || to_jsonb(c)::text from captures c where {of_lead}", l=lead_id)
    rows += sql(
        raw,
        "select 'capture_files ' || to_jsonb(f)::text from capture_files f join captures c on c.id = f.capture_id"
        f" where {of_lead}",
        l=lead_id,
    )
    ordered = sql(
        raw,
        "select x from unnest(cast(:r as text[])) x order by split_part(x, ' ', 1), substr(x, strpos(x, ' ') + 1)",
        r=[row for (row,) in rows],
    )
    return hashlib.sha256("\n".join(row for (row,) in ordered).encode()).hexdigest(), len(rows)


def change_refused(raw: Engine) -> None:
    for statement in ("update tombstones set rows = 0", "delete from tombstones", "truncate tombstones"):
        with pytest.raises(Exception, match="append-only"):
            change(raw, statement)


def test_a_lifted_hold_lets_it_go(there: Place, house: House, raw: Engine, lead: dict[str, int]) -> None:
    purge(house, by="test", at=LATER)
    shown = there.xunwang("retention", "show")
    assert "枣市监立〔2026〕1 号" in shown.err and "卖家whole" not in shown.err + shown.out
    numbers = dict(sql(raw, "select coalesce(lead_id, 0), id from holds"))
    for number in numbers.values():
        assert there.xunwang("retention", "lift", str(number), "--why", "结案", "--by", "科长").code == 0
    again = there.xunwang("retention", "lift", "1", "--why", "x", "--by", "y")
    assert (again.code, "[E-DB-043]" in again.err) == (1, True)
    purge(house, by="test", at=LATER)
    assert leads_left(raw) == {"packed", "kept"}
    sound(house, raw)


def test_a_dry_run_moves_nothing_and_agrees_with_the_run(
    there: Place, raw: Engine, house: House, lead: dict[str, int]
) -> None:
    change(raw, "update leads set screened_at = now() - interval '740 days' where state = '已排除'")
    change(raw, "update listings set last_seen = now() - interval '200 days' where level = 'none'")
    before = dump(raw)
    said = there.xunwang("retention", "run", "--dry-run", "--json")
    assert said.code == 0, said.err
    [told] = said.rows()
    assert dump(raw) == before
    done = purge(house, by="test")
    assert (told["dismissed"], told["listings"]) == (done.counts["dismissed"], done.counts["listings"])


CHILD = """
import os, sys
from datetime import datetime
from ops.house import open_house
from ops.retention import purge
from ops.settings import read_settings
from pathlib import Path
left = int(sys.argv[4])
def step(name):
    global left
    left -= 1
    if not left:
        os._exit(9)
house = open_house(read_settings(Path(sys.argv[1]), home=Path(sys.argv[2]), database_url=sys.argv[3]))
at = datetime.fromisoformat(sys.argv[5])
purge(house, by="child", for_date=at.date(), at=at, step=step)
"""


def test_killed_anywhere_it_is_gone_on_with(there: Place, house: House, raw: Engine, lead: dict[str, int]) -> None:
    """Ended after each step in turn: always sound, and in the end the same as without an end."""
    for last in (1, 2, 3, 4, 6, 8):
        words = [str(there.config), str(there.home), there.database_url, str(last), LATER.isoformat()]
        ended = subprocess.run([sys.executable, "-c", CHILD, *words], cwd=ROOT, env=there.environment(), check=False)
        assert ended.returncode in (0, 9)
        sound(house, raw)
    purge(house, by="clock", for_date=LATER.date(), at=LATER)
    assert (
        one(raw, "select count(*) from purges") == 1
        and one(raw, "select count(*) from purges where finished_at is null") == 0
    )
    assert leads_left(raw) == {"held", "whole", "packed", "kept"}
    assert {file.name for file in files(house)} == {name for (name,) in sql(raw, "select sha256 from evidence_files")}
    assert one(raw, "select (counts->>'dismissed')::int from purges") == 1
    assert one(raw, "select count(*) from tombstones where class = 'dismissed'") == 1


def test_the_clock_purges_once_a_night(house: House, raw: Engine, lead: dict[str, int]) -> None:
    day = LATER.replace(hour=20, minute=29)  # 04:29 in China, the day after
    assert nightly(house, day) is None and one(raw, "select count(*) from purges") == 0
    assert nightly(house, day + timedelta(minutes=2)).counts["dismissed"] == 1
    assert nightly(house, day + timedelta(minutes=4)) is None
    assert one(raw, "select count(*) from purges") == 1


def test_answers_go_with_their_lead_and_by_no_other_way(house: House, raw: Engine, lead: dict[str, int]) -> None:
    for table in ("second_looks", "licence_checks"):
        for attempt in (f"delete from {table}", f"update {table} set at = now()"):
            with pytest.raises(Exception, match="append-only"):
                change(raw, attempt)
    done = purge(house, by="test", at=LATER)
    assert [one(raw, f"select count(*) from {table}") for table in ("second_looks", "licence_checks")] == [0, 0]
    ended = f"select set_config('xunwang.purge', '{one(raw, 'select max(id) from purges')}', true)"
    assert done.counts["dismissed"] == 1
    change(raw, ANSWERED[1], lead=lead["kept"], at=NIGHT)
    change(raw, ANSWERED[3], lead=lead["kept"], at=NIGHT)
    with pytest.raises(Exception, match="append-only"):  # a purge that has ended opens nothing
        change(raw, f"with named as ({ended}) delete from licence_checks where (select true from named)")


def test_a_table_that_nobody_named_keeps_what_it_refers_to(house: House, raw: Engine, lead: dict[str, int]) -> None:
    change(raw, "create table later (lead_id bigint references leads (id))")
    change(raw, "insert into later values (:l)", l=lead["gone"])
    purge(house, by="test", at=LATER)
    assert "gone" in leads_left(raw)


def grouped(house: House, raw: Engine, into: int, other: int) -> None:
    """A person merges one lead into the other."""
    versions = dict(sql(raw, "select id, version from leads"))
    hand = grouping.Hand(user_id=one(raw, "select min(id) from users"), actor="一", at=NIGHT)
    first, second = (grouping.Shown(id=one, version=versions[one]) for one in (into, other))
    with transaction(house.engine) as conn:
        grouping.merge(conn, first, [second], hand)


def test_a_merged_lead_goes_with_the_one_that_it_went_into(house: House, raw: Engine, lead: dict[str, int]) -> None:
    grouped(house, raw, lead["whole"], lead["idle"])  # the seller of 'whole' is held
    change(raw, "update holds set lifted_at = now() where seller_id is not null")
    grouped(house, raw, lead["gone"], lead["whole"])
    change(
        raw, "insert into holds (lead_id, reason, set_by, set_at) values (:l, 'x', 'x', :at)", l=lead["idle"], at=NIGHT
    )
    pair = sorted([lead["gone"], lead["whole"], lead["idle"]])
    purge(house, by="test", at=LATER)
    assert one(raw, "select count(*) from leads where id = any(:p)", p=pair) == 3, "one of the three is held"
    assert one(raw, "select count(*) from tombstones where subject like 'lead:%'") == 0
    change(raw, "update holds set lifted_at = now() where lead_id = :l", l=lead["idle"])
    done = purge(house, by="test", at=LATER)
    assert done.counts["dismissed"] == 1, "what is merged counts once, under the lead that it went to"
    assert leads_left(raw) == {"held", "packed", "kept"}
    left = "select count(*) from listings where item_id ~ '^(gone|whole|idle)-'"
    assert (one(raw, left), one(raw, "select count(*) from sellers where key ~ '^(gone|whole|idle)$'")) == (0, 0)
    told = sql(raw, "select subject, detail->>'merged_into', rows from tombstones where class = 'dismissed' order by 1")
    assert [(subject, into) for subject, into, _ in told] == sorted(
        [
            (f"lead:{lead['gone']}", None),
            (f"lead:{lead['whole']}", f"lead:{lead['gone']}"),
            (f"lead:{lead['idle']}", f"lead:{lead['whole']}"),
        ]
    )
    sound(house, raw)


def test_what_was_split_out_stays_and_the_patrol_still_finds_it(
    house: House, raw: Engine, lead: dict[str, int]
) -> None:
    hit = one(raw, "select id from listings where item_id = 'gone-1'")
    hand = grouping.Hand(user_id=one(raw, "select min(id) from users"), actor="一", at=NIGHT)
    with transaction(house.engine) as conn:
        shown = grouping.Shown(
            id=lead["gone"], version=one(raw, f"select version from leads where id = {lead['gone']}")
        )
        apart = grouping.split(conn, shown, hit, hand)
    change(raw, "update leads set last_seen = :at where id = :l", at=LATER, l=apart)
    # a hit that stays says that it belonged to a lead that goes
    change(raw, "update lead_hits set origin_id = :g where lead_id = :l", g=lead["gone"], l=lead["kept"])
    assert purge(house, by="test", at=LATER).counts["dismissed"] == 1
    assert sql(raw, "select id, split_from from leads where subject_key like 'split:%'") == [(apart, None)]
    assert one(raw, "select count(*) from lead_hits where origin_id is not null") == 0
    again = listing("gone-1", "象牙 gone 1", seller=seller("gone"))
    receive([captured(again)], replace(house.reception(SmallMatcher()), now=lambda: LATER))
    assert sql(raw, "select lead_id from lead_hits where listing_id = :h", h=hit) == [(apart,)]
    sound(house, raw)


def test_what_two_leads_share_goes_with_the_last_and_what_a_case_needs_stays(
    house: House, raw: Engine, lead: dict[str, int]
) -> None:
    """Neither of them keeps a purge from its end."""
    shared = "insert into lead_hits (lead_id, listing_id, added_at) select :l, id, :at from listings where item_id = :i"
    change(raw, "update leads set state = '已排除', screened_at = :at where id = :l", at=NIGHT, l=lead["idle"])
    change(raw, shared, l=lead["idle"], at=NIGHT, i="gone-1")
    kept = one(raw, "select id from listings where item_id = 'gone-2'")
    change(
        raw, PACKAGE.replace("1, 'EV", "2, 'EV").replace("-0001", "-0002"), lead=lead["packed"], at=NIGHT, listing=kept
    )
    done = purge(house, by="test", at=LATER, batches=30)
    assert done.finished_at is not None and done.counts["dismissed"] == 2
    hits = {item for (item,) in sql(raw, "select item_id from listings where item_id ~ '^(gone|idle)-'")}
    assert hits == {"gone-2"}
    assert (
        one(raw, "select count(*) from captures c join listings l on l.id = c.listing_id where item_id = 'gone-2'") == 1
    )
    sound(house, raw)
