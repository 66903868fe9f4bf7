"""Fills the real tables with leads as the patrol would leave them; the pages know no other source."""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from sqlalchemy import Connection, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from db import extractions, tables
from db.campaigns import seed_districts
from db.extractions import Officer, Opening, Witness
from evidence import Store
from evidence.looks import look
from records import shanghai_date

NIGHT = datetime(2026, 11, 22, 18, 14, 7, tzinfo=UTC)  # 02:14:07 in China
MORNING = datetime(2026, 11, 23, 0, 31, tzinfo=UTC)  # 08:31 in China

PLATFORMS = {"demo_ads": "演示分类信息", "demo_goods": "演示二手", "demo_shop": "演示藏品"}
CATEGORIES = {"ivory": "象牙", "rhino": "犀牛角", "tiger": "虎", "pangolin": "穿山甲", "tool_snare": "猎套"}


def law(category: str, day: date) -> tuple[str, ...]:
    """One citation a category, another one for ivory from the day of the samples on."""
    new = ("《试验法》（2026年）第一条",) if category == "ivory" and day >= date(2026, 11, 23) else ()
    return (*new, f"《试验条例》（{CATEGORIES.get(category, category)}）")


@dataclass(frozen=True, kw_only=True)
class Plant:
    """One seller with one or more listings, to become one lead."""

    platform: str = "demo_ads"
    seller: str = "示例卖家97"
    title: str = "老料手串 象牙 私聊"
    description: str = "家里老人留下的，象 牙料，包浆厚，可小刀，加微详聊。"
    category: str = "ivory"
    term: str = "象牙"
    level: str = "high"
    score: int = 92
    district: str = "滕州市"
    place: str = "山东枣庄"
    price: str = "6243.00"
    hits: int = 1
    files: int = 3


SAMPLES = (
    Plant(hits=6),
    Plant(
        platform="demo_goods",
        seller="湖畔旧物",
        title="犀角杯 老物件 收藏级 懂的来",
        description="祖传犀角杯一只，器型规整，不议价。非诚勿扰，图片为实拍。",
        category="rhino",
        term="犀角",
        score=88,
        district="薛城区",
        price="18800.00",
        hits=2,
    ),
    Plant(
        platform="demo_shop",
        seller="南山药材行",
        title="炮制穿山甲片 甲片 500克起",
        description="炮制好的穿山甲片，量大从优。",
        category="pangolin",
        term="穿山甲片",
        score=81,
        district="待定",
        place="",
        price="1200.00",
    ),
    Plant(
        seller="山货老赵",
        title="猎套 钢丝套 野猪套 包教包会",
        description="自制钢丝猎套，大小都有。",
        category="tool_snare",
        term="猎套",
        level="review",
        score=61,
        district="市本级",
        price="89.00",
    ),
    Plant(
        seller="滨海收藏",
        title="虎骨酒 老酒 1989年",
        description="密封完好，附原盒。",
        category="tiger",
        term="虎骨酒",
        score=84,
        district="外地",
        place="浙江杭州",
        price="3500.00",
    ),
)


@cache
def picture(width: int = 480, height: int = 900, tint: int = 0) -> bytes:
    """A PNG with bands, so that a screenshot of the console shows where it lies."""
    rows = []
    for y in range(height):
        band = (y // 60) % 3
        colour = ((238, 242, 247), (205 - tint, 216, 230), (250, 244, 225 - tint))[band]
        rows.append(b"\x00" + bytes(colour) * width)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows), 6)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + body


def many(count: int) -> Iterator[Plant]:
    """`count` plants, no two alike, the heaviest first."""
    for number in range(count):
        yield replace(SAMPLES[number % 4], seller=f"示例卖家{number:04d}", score=max(30, 95 - number), hits=1)


def districts(conn: Connection) -> None:
    """Districts of the samples, as settings would name them."""
    names = {"370481": "滕州市", "370403": "薛城区", "city": "市本级", "undecided": "待定", "elsewhere": "外地"}
    seed_districts(conn, list(names.items()))


def campaign(conn: Connection) -> int:
    """The default campaign."""
    row = conn.execute(insert(tables.campaigns).values(name="日常监测-测试").returning(tables.campaigns.c.id))
    return int(row.scalar_one())


def lead(conn: Connection, store: Store, plant: Plant, campaign_id: int, *, serial: int = 0) -> int:
    """Writes seller, listings, assessments, captures and the lead; returns the lead's id."""
    seller_id = conn.execute(
        insert(tables.sellers)
        .values(
            platform=plant.platform,
            key=f"s-{plant.seller}-{serial}",
            name=plant.seller,
            place=plant.place,
            first_seen=NIGHT,
            last_seen=NIGHT,
        )
        .returning(tables.sellers.c.id)
    ).scalar_one()
    lead_id = conn.execute(
        insert(tables.leads)
        .values(
            campaign_id=campaign_id,
            platform=plant.platform,
            seller_id=seller_id,
            subject_key=f"s-{plant.seller}-{serial}",
            district=plant.district,
            district_source="卖家自报" if plant.place else "",
            category=plant.category,
            level=plant.level,
            score=plant.score,
            hits=plant.hits,
            title=plant.title,
            lexicon_version="builtin-1a2b3c4d",
            first_seen=NIGHT,
            last_seen=NIGHT + timedelta(hours=1),
        )
        .returning(tables.leads.c.id)
    ).scalar_one()
    for number in range(plant.hits):
        listing_id = _listing(conn, plant, seller_id, f"{serial}-{lead_id}-{number}")
        conn.execute(insert(tables.lead_hits).values(lead_id=lead_id, listing_id=listing_id, added_at=NIGHT))
        if plant.files:
            _capture(conn, store, listing_id, plant)
    return int(lead_id)


def _listing(conn: Connection, plant: Plant, seller_id: int, item: str) -> int:
    listing_id = conn.execute(
        insert(tables.listings)
        .values(
            platform=plant.platform,
            item_id=item,
            url=f"https://market.example/item/{item}",
            title=plant.title,
            description=plant.description,
            price=plant.price,
            price_text=f"¥{plant.price}",
            seller_id=seller_id,
            place=plant.place,
            pictures=["https://market.example/1.jpg"],
            detail_read=True,
            fingerprint=hashlib.sha256(item.encode()).hexdigest(),
            level=plant.level,
            score=plant.score,
            category=plant.category,
            first_seen=NIGHT,
            last_seen=NIGHT + timedelta(hours=1),
        )
        .returning(tables.listings.c.id)
    ).scalar_one()
    conn.execute(insert(tables.assessments).values(_assessment(plant, listing_id)))
    return int(listing_id)


def _assessment(plant: Plant, listing_id: int) -> dict[str, object]:
    matches = []
    start = plant.title.find(plant.term)
    if start >= 0:
        matches.append(_match(plant, plant.term, "title", start))
    gapped = plant.description.find("象 牙")
    if gapped >= 0:
        matches.append(_match(plant, "象 牙", "description", gapped, technique="gap"))
        matches.append(_match(plant, "牙料", "description", gapped + 2, strength="weak", covered_by="象牙料"))
    weight = plant.score - 32
    return {
        "listing_id": listing_id,
        "fingerprint": "f",
        "lexicon_version": "builtin-1a2b3c4d",
        "matcher_version": "1",
        "level": plant.level,
        "score": plant.score,
        "category": plant.category,
        "parts": [{"label": f"标题命中“{plant.term}”", "points": weight}, {"label": "引流词“私聊”", "points": 32}],
        "matches": matches,
        "assessed_at": NIGHT,
    }


def _match(plant: Plant, surface: str, field: str, start: int, **more: str) -> dict[str, object]:
    plain = {"technique": "plain", "tier": "T1", "strength": "strong", "cancelled_by": "", "covered_by": ""}
    return {
        "category": plant.category,
        "term": plant.term,
        "surface": surface,
        "field": field,
        "start": start,
        "end": start + len(surface),
        **plain,
        **more,
    }


def _capture(conn: Connection, store: Store, listing_id: int, plant: Plant) -> None:
    capture_id = conn.execute(
        insert(tables.captures)
        .values(
            listing_id=listing_id,
            fingerprint="f",
            url=f"https://market.example/item/{listing_id}",
            captured_at=NIGHT,
            method="Chromium 156，1280×900，采集时页面",
        )
        .returning(tables.captures.c.id)
    ).scalar_one()
    page = f"<!doctype html><title>{plant.title}</title><script>alert(1)</script>{listing_id}".encode()
    bodies = (
        ("screenshot", "image/png", picture(tint=listing_id % 40)),
        ("page", "text/html", page),
        ("picture", "image/png", picture(200, 200, tint=60)),
    )
    for position, (role, media_type, body) in enumerate(bodies[: plant.files]):
        stored = store.put(body)
        values = {"sha256": stored.sha256, "size": stored.size, "media_type": media_type, "stored_at": NIGHT}
        conn.execute(upsert(tables.evidence_files).values(values).on_conflict_do_nothing())
        conn.execute(
            insert(tables.capture_files).values(
                capture_id=capture_id, position=position, role=role, sha256=stored.sha256
            )
        )
        if role == "picture":
            _looked_at(conn, stored.sha256, body)


def _looked_at(conn: Connection, sha256: str, body: bytes) -> None:
    """A small copy, and no hash: these leads are not to be related by it."""
    seen = upsert(tables.picture_looks).values(sha256=sha256, note="plain", looked_at=NIGHT)
    conn.execute(seen.on_conflict_do_nothing())
    small = upsert(tables.picture_smalls).values(sha256=sha256, body=_small(body))
    conn.execute(small.on_conflict_do_nothing())


@cache
def _small(body: bytes) -> bytes:
    return look(body).small


#: The package that `package` writes.
PACKAGE = "EV-undecided-20261123-0001"


def package(conn: Connection, store: Store, lead_id: int) -> bytes:
    """A row and a file that only calls itself a package; the file's bytes."""
    body = b"PK\x03\x04 of the tests"
    stored = store.put(body)
    values = {"sha256": stored.sha256, "size": stored.size, "media_type": "application/zip", "stored_at": NIGHT}
    conn.execute(upsert(tables.evidence_files).values(values).on_conflict_do_nothing())
    conn.execute(
        insert(tables.packages).values(
            district="undecided",
            day=shanghai_date(MORNING),
            seq=1,
            number=PACKAGE,
            lead_id=lead_id,
            sha256=stored.sha256,
            manifest_sha256="0" * 64,
            key_id="k",
            made_by="wang",
            made_at=MORNING,
        )
    )
    return body


def extraction(conn: Connection, lead_id: int) -> int:
    """An extraction that has just been opened; its id."""
    hit = conn.execute(select(tables.lead_hits.c.listing_id).where(tables.lead_hits.c.lead_id == lead_id)).scalars()
    officers = (
        Officer(account="wang", name="王某", badge="鲁D-0001", unit="网监科"),
        Officer(account="li", name="李某", badge="鲁D-0002", unit="网监科"),
    )
    opening = Opening(
        lead_id=lead_id,
        listing_id=int(hit.first() or 0),
        basis="第二十六条",
        case_number="",
        place="取证室",
        officers=officers,
        witness=Witness(kind="无", told="网络公开信息"),
        opened_by="wang",
    )
    return extractions.begin(conn, opening, MORNING)


def scan(conn: Connection, *, outcomes: dict[str, list[str]], kind: str = "nightly") -> int:
    """A scan with its queries; `outcomes` is platform → outcome of each query."""
    scan_id = conn.execute(
        insert(tables.scans)
        .values(planned_for=shanghai_date(MORNING), kind=kind, planned_at=NIGHT, finished_at=MORNING)
        .returning(tables.scans.c.id)
    ).scalar_one()
    words = ("象牙", "犀角", "虎骨", "穿山甲", "猎套", "手串", "鸟网", "麝香")
    for platform, ends in outcomes.items():
        for number, outcome in enumerate(ends):
            conn.execute(
                insert(tables.queries).values(
                    scan_id=scan_id,
                    platform=platform,
                    kind="search",
                    text=words[number % len(words)],
                    outcome=outcome,
                    note="识别到滑块验证页" if outcome == "blocked" else "",
                    requests=4,
                    pages=3,
                    cards=120,
                    new=40,
                    hits=2,
                    started_at=NIGHT,
                    finished_at=MORNING,
                )
            )
    return int(scan_id)
