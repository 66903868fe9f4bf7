"""Personal data are masked wherever a page shows them, until a person says why not; every look is in both chains."""

import re

import pytest
from sqlalchemy import Engine, text

from db import audit, custody, tables
from db.engine import transaction
from records import masking
from tests.console.matrix import HERE, THERE

NUMBER, WECHAT, IDENTITY = "13812345678", "laozhang2020", "370402199001011234"
SELLER = "示例卖家97"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("电13812345678订", "电138****5678订"),
        ("１３８１２３４５６７８", "１３８****５６７８"),
        ("1️⃣3️⃣8️⃣1️⃣2️⃣3️⃣4️⃣5️⃣6️⃣7️⃣8️⃣", "1️⃣3️⃣8️⃣*️⃣*️⃣*️⃣*️⃣5️⃣6️⃣7️⃣8️⃣"),
        ("一三八一二三四五六七八", "一三八****五六七八"),
        ("138-1234-5678", "138-****-5678"),
        ("1.3.8.1.2.3.4.5.6.7.8", "1.3.8.*.*.*.*.5.6.7.8"),
        ("+8613812345678", "+86138****5678"),
        ("138\u200b1234\u200d5678", "138\u200b****\u200d5678"),
        ("身份证370402199001011234", "身份证370*************34"),
        ("0632-5551234", "0632-*****34"),
        ("薇❤：laozhang2020", "薇❤：la**********"),
        ("加 微 信 laozhang2020", "加 微 信 la**********"),
        ("VX:laozhang2020", "VX:la**********"),
        ("扣扣：12345678", "扣扣：12******"),
        ("wang@example.com", "wa**@example.com"),
        ("卡号6222 0212 3456 7890 123", "卡号6222 **** **** 7890 123"),
        # what is none of these stays as it is
        ("编号2138123456789", "编号2138123456789"),
        ("老象牙手串 108颗 2026-11-23 12:30 长17.5cm 重1380克", "老象牙手串 108颗 2026-11-23 12:30 长17.5cm 重1380克"),
        ("9f2c138123456789ab", "9f2c138123456789ab"),
        ("", ""),
    ],
)
def test_what_is_masked_and_what_is_not(given: str, shown: str) -> None:
    assert masking.veiled(given) == shown
    assert len(shown) == len(given), "spans found in the text must still fit"


def test_a_private_seller_is_a_first_character_and_a_company_is_named() -> None:
    assert [masking.person(name) for name in ("示例店铺", "示", "")] == ["示***", "示***", ""]
    assert masking.person("某某（枣庄）贸易有限公司") == "某某（枣庄）贸易有限公司"


@pytest.mark.parametrize("text", ["1" * 50_000, "微" * 50_000, "1-" * 30_000, "a" * 60_000 + "@", "qq" + " " * 60_000])
def test_a_hostile_text_takes_no_time(text: str) -> None:
    for paper in (False, True):  # the run's own limit would end a pattern that backtracks
        assert len(masking.veiled(text, paper=paper)) == len(text)


# --- on the pages ---------------------------------------------------------------------------------------------------

pages = pytest.mark.db


@pytest.fixture
def lead(engine: Engine, leads: list[int]) -> int:
    """The first lead, its seller having written everything into title and description."""
    said = f" 电{NUMBER} 微信{WECHAT} 证{IDENTITY}"
    with transaction(engine) as conn:
        conn.execute(text("update leads set title = title || :s where id = :id"), {"s": said, "id": leads[0]})
        of_lead = "id in (select listing_id from lead_hits where lead_id = :id)"
        both = "title = title || :s, description = description || :s"
        conn.execute(text(f"update listings set {both} where {of_lead}"), {"s": said, "id": leads[0]})
    return leads[0]


def seen(html: str) -> list[str]:
    return [one for one in (NUMBER, WECHAT, IDENTITY, SELLER) if one in html]


@pages
def test_every_page_masks_and_the_highlight_still_fits(account, engine: Engine, lead: int) -> None:
    visitor = account()
    with transaction(engine) as conn:
        hits = conn.execute(text("select listing_id from lead_hits where lead_id = :id"), {"id": lead}).scalars().all()
        seller = conn.execute(text("select seller_id from leads where id = :id"), {"id": lead}).scalar_one()
    places = [
        "/",
        "/review",
        "/review/rows",
        f"/review?lead={lead}",
        "/review/bulk",
        "/search?q=象牙",
        f"/leads/{lead}",
    ]
    places += [f"/listings/{hits[0]}", f"/sellers/{seller}", f"/leads/{lead}/related", f"/leads/{lead}/packages"]
    for place in places:
        answer = visitor.get(place)
        assert answer.status_code == 200, place
        assert not seen(answer.text), place
    assert "138****5678" in visitor.get("/review").text and "示***" in visitor.get("/review").text
    assert "象 牙</mark>" in visitor.get(f"/leads/{lead}").text


@pages
def test_a_look_behind_the_veil_needs_a_reason_and_ends(account, engine: Engine, lead: int, clock) -> None:
    visitor = account()
    for form in ({}, {"occasion": "好奇"}, {"occasion": "其他"}, {"occasion": "其他", "why": "\u200b "}):
        refused = visitor.post(f"/leads/{lead}/unmask", form)
        assert refused.status_code == 400 and not seen(refused.text), form
    with transaction(engine) as conn:
        assert conn.execute(text("select count(*) from unmaskings")).scalar_one() == 0
    asked = {"occasion": "核实身份", "why": "与户籍信息核对"}
    assert visitor.post(f"/leads/{lead}/unmask", asked).status_code == 303
    page = visitor.get(f"/leads/{lead}").text
    assert set(seen(page)) == {NUMBER, WECHAT, IDENTITY, SELLER} and 'class="unmasked"' in page
    assert not seen(visitor.get("/review").text), "the look is at this lead's own page alone"
    with transaction(engine) as conn:
        rows = conn.execute(text("select lead_id, reason, until - at from unmaskings")).all()
        assert [(row[0], row[1], row[2].total_seconds()) for row in rows] == [(lead, "核实身份: 与户籍信息核对", 900)]
        logged = text("select actor, subject, detail->>'unmasked' from audit where action = 'lead.unmask'")
        assert conn.execute(logged).all() == [("wang", f"lead:{lead}", "核实身份: 与户籍信息核对")]
        kept = text("select actor, subject, detail->>'unmasked' from custody where action = '查看'")
        assert conn.execute(kept).all() == [("wang", f"lead:{lead}", "核实身份: 与户籍信息核对")]
        assert audit.verify(conn).sound and custody.verify(conn).sound
    assert not seen(account("li").get(f"/leads/{lead}").text), "and is this very person's"
    clock.forward(minutes=15, seconds=1)
    assert not seen(visitor.get(f"/leads/{lead}").text)


@pages
def test_nobody_looks_at_another_districts_lead_or_without_the_right(seat, engine: Engine, lead: int) -> None:
    asked = {"occasion": "核实身份"}
    assert seat("fremd", "inspector", THERE).post(f"/leads/{lead}/unmask", asked).status_code == 404
    assert seat("auge", "auditor").post(f"/leads/{lead}/unmask", asked).status_code == 403
    assert seat("bezirk", "district", HERE).post(f"/leads/{lead}/unmask", asked).status_code == 403
    assert seat("hier", "inspector", HERE).post(f"/leads/{lead}/unmask", asked).status_code == 303
    with transaction(engine) as conn:
        looks = conn.execute(tables.unmaskings.select()).all()
    assert len(looks) == 1 and re.fullmatch("核实身份", looks[0].reason)
