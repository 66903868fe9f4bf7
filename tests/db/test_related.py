"""举一反三 at the database: contacts out of their disguise, what is alike, and who sees how much of it."""

import re
import unicodedata
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select, text

from db import related, tables
from db.engine import transaction
from db.related import Kind
from db.users import User
from db.walls import transaction_as
from evidence import Store
from tests.console import seed

pytestmark = pytest.mark.db

PHONE = ["phone:13800138000"]
CONTACTS: tuple[tuple[str, list[str]], ...] = (
    ("电话13800138000", PHONE),
    ("电话138-0013-8000 微信同号", PHONE),
    ("+86 138 0013 8000", PHONE),
    ("１３８００１３８０００", PHONE),
    ("1️⃣3️⃣8️⃣0️⃣0️⃣1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣", PHONE),
    ("一三八零零一三八零零零", PHONE),
    ("幺三八〇〇壹叁捌零零零", PHONE),
    ("1.3.8.0.0.1.3.8.0.0.0", PHONE),
    ("138\u200b0013\u200b8000", PHONE),
    ("❶❸❽⓿⓿❶❸❽⓿⓿⓿", PHONE),
    ("加V: abc_123456 量大从优", ["wechat:abc_123456"]),
    ("wx：Tiger2020", ["wechat:tiger2020"]),
    ("➕薇 xiangya888", ["wechat:xiangya888"]),
    ("微信 weixin123456", ["wechat:weixin123456"]),
    ("QQ群 123456789", ["qq:123456789"]),
    ("扣扣：87654321", ["qq:87654321"]),
    ("看 https://www.shop.example/s?id=5&spm=a.b.c&from=x 有货", ["link:shop.example/s?id=5"]),
    ("HTTP://m.shop.example/s/77/#top", ["link:shop.example/s/77"]),
    # no contacts
    ("价格1888 2888 3888", []),
    ("条码6901234567890", []),
    ("订单号202611231234567", []),
    ("2026-11-23 02:14:07", []),
    ("138a0013b8000", []),
    ("品相V好 微距 macro 微信转账", []),
    ("", []),
)


def test_contacts_are_read_out_of_their_disguise(engine: Engine) -> None:
    read = text("select contacts(:said)")
    with transaction(engine) as conn:
        found = tuple((said, conn.execute(read, {"said": said}).scalar_one()) for said, _ in CONTACTS)
    assert found == CONTACTS


def jaccard(one: str, other: str) -> float:
    """The measure of the docstring, by other means."""
    sets = []
    for given in (one, other):
        folded = re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", given).lower())
        sets.append({folded[at : at + 3] for at in range(len(folded) - 2)})
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


SAID = "家里老人留下的象牙料手串，包浆厚，可小刀，加微详聊，实物拍摄，假一赔十"


#: A text, and whether it is like SAID.
OTHERS = (
    (SAID, True),
    (SAID.replace("，", " ！ "), True),
    (SAID.replace("可小刀", "不议价"), True),
    ("急出！" + SAID + "，顺丰包邮", True),
    (SAID[::-1], False),
    ("祖传犀角杯一只，器型规整，不议价。非诚勿扰，图片为实拍。", False),
)


def test_texts_are_alike_by_the_measure_that_is_told(engine: Engine) -> None:
    measure = text("select jaccard(shingles(:one), shingles(:other)), likeness(:one) && likeness(:other)")
    with transaction(engine) as conn:
        for other, alike in OTHERS:
            measured, in_one_band = conn.execute(measure, {"one": SAID, "other": other}).one()
            assert measured == pytest.approx(jaccard(SAID, other), abs=0.001), other
            assert (measured >= 0.6) is alike and (in_one_band or not alike), other


# --- the leads --------------------------------------------------------------------------------------------------------

CITY = User(id=1, name="ke", full_name="柯某", role="head", must_change=False, enabled=True)
TENGZHOU = replace(CITY, id=2, name="qu", role="district", district="370481", district_name="滕州市")
XUECHENG = replace(TENGZHOU, id=3, name="xue", district="370403", district_name="薛城区")

#: Serial, district, what it says: 1 and 2 share a phone, 1 and 3 a WeChat name, 1 and 4 the text, 1 and 5 nothing.
PLANTS = (
    ("滕州市", "象牙手串一条", "要的联系138-0013-8000，或者加V:tiger2020，看店 https://shop.example/s/77"),
    ("滕州市", "老料摆件", "电话一三八零零一三八零零零"),
    ("薛城区", "虎骨酒", "薇：TIGER2020"),
    ("外地", "象牙手串一条", "要的联系，或者加V:tiger2020，看店 https://shop.example/s/77 急"),
    ("薛城区", "犀角杯", "非诚勿扰 QQ 123456789"),
)


@pytest.fixture
def planted(engine: Engine, tmp_path) -> list[int]:
    with transaction(engine) as conn:
        seed.districts(conn)
        campaign, store = seed.campaign(conn), Store(tmp_path)
        return [
            seed.lead(
                conn,
                store,
                seed.Plant(seller=f"卖家{n}", district=district, title=title, description=said, files=0),
                campaign,
                serial=n,
            )
            for n, (district, title, said) in enumerate(PLANTS)
        ]


def kinds(found: related.Related) -> dict[int, set[str]]:
    return {kin.lead.id: {tie.kind.value for tie in kin.ties} for kin in found.kin}


def test_the_city_sees_each_with_its_reasons(engine: Engine, planted: list[int]) -> None:
    one, two, three, four, _ = planted
    with transaction_as(engine, CITY) as conn:
        found = related.related(conn, one)
        assert kinds(found) == {two: {"phone"}, three: {"wechat"}, four: {"wechat", "link", "text"}}
        assert found.kin[0].lead.id == four and found.total == 3 and found.elsewhere == ()
        assert kinds(related.related(conn, three)) == {one: {"wechat"}, four: {"wechat"}}
        assert related.related(conn, 10**15).kin == ()
        told = {(one.kind, one.value) for one in related.contacts_of(conn, one)}
    assert told == {(Kind.PHONE, "13800138000"), (Kind.WECHAT, "tiger2020"), (Kind.LINK, "shop.example/s/77")}


def test_a_shop_is_found_by_the_sellers_own_link(engine: Engine, planted: list[int]) -> None:
    with transaction(engine) as conn:
        seller = select(tables.leads.c.seller_id).where(tables.leads.c.id == planted[4]).scalar_subquery()
        changed = tables.sellers.update().where(tables.sellers.c.id == seller)
        conn.execute(changed.values(url="https://www.shop.example/s/77?spm=1.2.3"))
    with transaction_as(engine, CITY) as conn:
        assert kinds(related.related(conn, planted[0]))[planted[4]] == {"link"}
        assert kinds(related.related(conn, planted[4]))[planted[0]] == {"link"}


def test_a_district_sees_its_own_and_numbers_of_the_others(engine: Engine, planted: list[int]) -> None:
    one, two, three, *_ = planted
    with transaction_as(engine, TENGZHOU) as conn:
        found = related.related(conn, one)
        assert kinds(found) == {two: {"phone"}}
        assert sorted(found.elsewhere) == [("外地", 1), ("薛城区", 1)]
        # what is another district's says nothing at all, asked by either way
        assert related.related(conn, three) == related.Related(kin=(), total=0, elsewhere=())
        assert related.contacts_of(conn, three) == ()
        assert conn.execute(text("select * from kin_elsewhere(:lead, 200)"), {"lead": three}).all() == []
    with transaction_as(engine, XUECHENG) as conn:
        assert related.related(conn, three).elsewhere == (("外地", 1), ("滕州市", 1))


def test_the_second_wall_stands_alone(engine: Engine, planted: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("db.walls.district_of", lambda conn: None)
    with transaction_as(engine, TENGZHOU) as conn:
        assert set(kinds(related.related(conn, planted[0]))) == {planted[1]}
        assert related.related(conn, planted[2]).kin == ()


def test_what_is_no_hit_is_not_read(engine: Engine, planted: list[int]) -> None:
    with transaction(engine) as conn:
        hits = select(tables.lead_hits.c.listing_id).where(tables.lead_hits.c.lead_id == planted[1])
        conn.execute(tables.listings.update().where(tables.listings.c.id.in_(hits)).values(level="none"))
    with transaction_as(engine, CITY) as conn:
        assert planted[1] not in kinds(related.related(conn, planted[0]))
