"""Pictures of hits from reception to 举一反三: looked at, told under both roles, purged with their files."""

import hashlib
from dataclasses import replace
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from db import looks, related
from db.engine import transaction
from db.purgeable import Class
from db.purging import FRESH, Order, purge_files
from db.related import Kind
from db.users import User
from db.walls import transaction_as
from evidence import BucketAway
from ops.house import open_house
from ops.looking import look_at_pictures
from ops.settings import read_settings
from ops.ticking import tick
from ops.worker import queue_app
from pipelines import receive
from records import Capture, CapturedFile, FileRole, now
from tests.console import seed
from tests.photos import COPIES, OTHERS, encoded, photo
from tests.pipelines.made import NIGHT, SmallMatcher, listing, reception, rows, seller, sighting

pytestmark = pytest.mark.db

CITY = User(id=1, name="ke", full_name="柯某", role="head", must_change=False, enabled=True)
TENGZHOU = replace(CITY, id=2, name="qu", role="district", district="370481", district_name="滕州市")


def shown(number: int, body: bytes, *, title: str = "", place: str = "山东枣庄滕州"):
    """A listing of a seller of its own with that picture; no two share a text."""
    text = hashlib.sha256(f"text {number}".encode()).hexdigest()
    item = listing(
        f"i{number}",
        title or f"象牙 {text[:30]}",
        description=text[30:],
        seller=seller(f"s{number}", f"卖家{number}", place),
    )
    files = (
        CapturedFile(role=FileRole.PAGE, body=f"page {number}".encode(), media_type="text/html", url=item.url),
        CapturedFile(role=FileRole.SCREENSHOT, body=encoded(photo(999)), media_type="image/jpeg", url=item.url),
        CapturedFile(role=FileRole.PICTURE, body=body, media_type="image/jpeg", url=f"{item.url}.jpg"),
    )
    return sighting(item, capture=Capture(captured_at=NIGHT, url=item.url, files=files, method="test"))


@pytest.fixture
def house(engine: Engine, tmp_path) -> SimpleNamespace:
    with transaction(engine) as conn:
        seed.districts(conn)
    return SimpleNamespace(engine=engine, store=reception(engine, tmp_path).store, root=tmp_path)


def led(house: SimpleNamespace, *given) -> dict[str, int]:
    """Item id → lead, after reception and a look at all pictures."""
    receive(given, reception(house.engine, house.root))
    look_at_pictures(house, seconds=60)
    found = "select l.item_id, h.lead_id from listings l join lead_hits h on h.listing_id = l.id"
    return dict(rows(house.engine, found))


def by_picture(engine: Engine, user: User, lead: int) -> dict[int, tuple[int, int] | None]:
    with transaction_as(engine, user) as conn:
        found = related.related(conn, lead)
    assert {tie.kind for kin in found.kin for tie in kin.ties} <= {Kind.PICTURE}
    return {kin.lead.id: kin.ties[0].pictures for kin in found.kin}


def test_the_same_picture_is_found_however_it_was_copied(house: SimpleNamespace) -> None:
    one = photo(1)
    copies = [shown(10 + n, change(one)) for n, change in enumerate(COPIES.values())]
    others = [shown(50 + n, change(one)) for n, change in enumerate(OTHERS.values())]
    leads = led(house, shown(1, encoded(one, "PNG")), *copies, *others, shown(70, encoded(photo(2))))
    found = by_picture(house.engine, CITY, leads["i1"])
    assert set(found) == {leads[f"i{10 + n}"] for n in range(len(COPIES))}
    own, other = found[leads["i10"]]
    told = "select c.listing_id, f.role from capture_files f join captures c on c.id = f.capture_id where f.id = :id"
    item = "select id from listings where item_id = :item"
    assert rows(house.engine, told, id=own) == [(rows(house.engine, item, item="i1")[0][0], "picture")]
    assert rows(house.engine, told, id=other) == [(rows(house.engine, item, item="i10")[0][0], "picture")]
    # seen from a copy it is the same; of what was turned nothing is said
    assert leads["i1"] in by_picture(house.engine, CITY, leads["i14"])
    assert by_picture(house.engine, CITY, leads["i50"]) == {}


def test_a_district_is_told_of_its_own_and_how_many_there_are_elsewhere(house: SimpleNamespace) -> None:
    body = encoded(photo(1))
    leads = led(
        house,
        shown(1, body),
        shown(2, COPIES["smaller"](photo(1))),
        shown(3, COPIES["marked"](photo(1)), place="山东枣庄薛城区"),
    )
    with transaction_as(house.engine, TENGZHOU) as conn:
        found = related.related(conn, leads["i1"])
    assert [kin.lead.id for kin in found.kin] == [leads["i2"]]
    assert found.elsewhere == (("薛城区", 1),)
    assert set(by_picture(house.engine, CITY, leads["i1"])) == {leads["i2"], leads["i3"]}


def test_what_many_sellers_show_is_no_reason(house: SimpleNamespace) -> None:
    """A logo of the platform: at twenty sellers it is still told, at twenty-one it is not; to a district neither."""
    given = [shown(n, encoded(photo(1), quality=50 + n), place="山东枣庄薛城区") for n in range(2, 20)]
    leads = led(house, shown(0, encoded(photo(1))), shown(1, encoded(photo(1), quality=50)), *given)
    assert len(by_picture(house.engine, CITY, leads["i0"])) == 19
    leads = led(house, shown(20, encoded(photo(1), quality=90), place="山东枣庄薛城区"))
    assert by_picture(house.engine, CITY, leads["i0"]) == {}
    assert by_picture(house.engine, TENGZHOU, leads["i0"]) == {}


def test_pictures_without_a_face_are_no_reason(house: SimpleNamespace) -> None:
    plain, icon = encoded(photo(1).resize((1, 1)).resize((300, 300))), encoded(photo(1).resize((40, 40)), "PNG")
    given = [shown(n, body) for n, body in enumerate((plain, plain, icon, icon, b"broken", b"broken"))]
    leads = led(house, *given)
    assert [by_picture(house.engine, CITY, lead) for lead in leads.values()] == [{}] * 6
    noted = "select count(*) from picture_looks where looked_at is not null and coarse is null and note <> ''"
    assert rows(house.engine, noted) == [(3,)]


def test_only_pictures_of_hits_are_looked_at(house: SimpleNamespace) -> None:
    led(house, shown(1, encoded(photo(1))), shown(2, encoded(photo(2)), title="木雕手串"))
    kept = hashlib.sha256(encoded(photo(1))).hexdigest()
    assert rows(house.engine, "select sha256 from picture_looks") == [(kept,)]
    assert look_at_pictures(house, seconds=60) == 0


def test_what_was_seen_goes_with_the_file(house: SimpleNamespace) -> None:
    led(house, shown(1, encoded(photo(1))), shown(2, encoded(photo(2))))
    with transaction(house.engine) as conn:
        conn.exec_driver_sql("delete from capture_files where capture_id = (select min(id) from captures)")
        conn.exec_driver_sql("insert into purges (begun_at, begun_by) values (now(), 'test')")
        rules = {Class.FILES: "不再需要"}
        order = Order(purge_id=1, rules=rules, hashed=lambda *_: "", by="test", at=now() + 2 * FRESH)
        assert purge_files(conn, order) == 2  # a page and a picture; the screenshot is the other's too
    left = hashlib.sha256(encoded(photo(2))).hexdigest()
    assert rows(house.engine, "select sha256 from picture_looks") == [(left,)]
    assert rows(house.engine, "select sha256 from picture_smalls") == [(left,)]
    assert rows(house.engine, "select rows from tombstones") == [(4,)]


def test_the_clock_looks_at_pictures_and_wakes_what_is_due(tmp_path, database_url: str, engine: Engine) -> None:
    opened = open_house(read_settings(None, home=tmp_path, database_url=database_url))
    receive([shown(1, encoded(photo(1)))], replace(opened.reception(SmallMatcher()), now=lambda: NIGHT))
    with transaction(engine) as conn:
        conn.exec_driver_sql("update leads set state = '待研判', screened_at = now() - interval '20 days'")
    with queue_app(opened).open() as app:
        tick(opened, app)
    opened.engine.dispose()
    assert rows(engine, "select count(*) from picture_smalls") == [(1,)]
    assert rows(engine, "select state, raised_why from leads where platform = 'goods'") == [("疑似", "到了再看的日期")]


class Troubled:
    """An evidence store of which one file cannot be read, or nothing."""

    def __init__(self, store, broken: str, fault: Exception) -> None:
        self._store, self._broken, self._fault = store, broken, fault

    def get(self, sha256: str) -> bytes:
        if self._broken in (sha256, "*"):
            raise self._fault
        return self._store.get(sha256)


NOTES = "select sha256, note, looked_at is not null from picture_looks order by 1"


def test_a_file_that_cannot_be_read_stops_no_other(house: SimpleNamespace) -> None:
    receive([shown(n, encoded(photo(n))) for n in range(3)], reception(house.engine, house.root))
    waiting = [sha256 for sha256, _, _ in rows(house.engine, NOTES)]
    house.store = Troubled(house.store, waiting[0], OSError(5, "Input/output error"))
    assert look_at_pictures(house, seconds=60) == 3
    assert rows(house.engine, NOTES) == [(waiting[0], "unreadable", True), *((one, "", True) for one in waiting[1:])]


def test_while_the_store_is_away_pictures_wait(house: SimpleNamespace) -> None:
    receive([shown(1, encoded(photo(1)))], reception(house.engine, house.root))
    kept, house.store = house.store, Troubled(house.store, "*", BucketAway("s3"))
    assert look_at_pictures(house, seconds=60) == 0
    assert [looked for _, _, looked in rows(house.engine, NOTES)] == [False]
    with transaction_as(house.engine, CITY) as conn:
        assert looks.unseen(conn, rows(house.engine, "select id from leads")[0][0]) == 1
    house.store = kept
    assert look_at_pictures(house, seconds=60) == 1
