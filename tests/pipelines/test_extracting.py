"""A 《电子数据提取笔录》 comes from an attended, completed extraction and from nothing else, by SQL and unzip."""

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from db import campaigns
from db.engine import transaction
from db.extractions import ExtractionMoved, NotAttended, StepKind
from evidence.keys import KeyRing
from evidence.package import Member, Packer
from evidence.transcript import PATH, Unattended, transcript_of
from evidence.verifying import verify
from pipelines import receive
from pipelines.packaging import Maker, make_attended_package, make_package
from tests.evidence.bound import trusting
from tests.pipelines import attended
from tests.pipelines.made import captured, listing, one, reception, rows

pytestmark = pytest.mark.db

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PLACE = {"host": "h", "os": "o", "commit": "c", "image_digest": "i", "hosts_file_sha256": "s"}
ITEM = listing("1", "象牙 手串", description="老料 象牙")
#: What the page said when the officers looked: another price than at night.
NOW_DEARER = listing("1", "象牙 手串", description="老料 象牙 已涨价", price_text="¥888")


@pytest.fixture
def maker(engine: Engine, tmp_path: Path) -> Maker:
    desk = reception(engine, tmp_path / "store")
    with transaction(engine) as conn:
        campaigns.seed_districts(conn, [("370481", "滕州市"), ("undecided", "待定")])
    receive([captured(ITEM)], desk)
    key = KeyRing(tmp_path / "keys").new(AT)
    return Maker(engine=engine, store=desk.store, key=key, by="wang", unit="网监科", place=PLACE, at=AT)


def members(maker: Maker, sha256: str) -> dict[str, bytes]:
    with zipfile.ZipFile(maker.store.path(sha256)) as package:
        return {name: package.read(name) for name in package.namelist()}


def words(document: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(document)) as file:
        root = ElementTree.fromstring(file.read("word/document.xml"))
    return "".join(root.itertext())


def test_a_completed_extraction_gives_a_transcript(maker: Maker) -> None:
    extraction_id = attended.walked(maker.engine, maker.store, NOW_DEARER, AT)
    made = make_attended_package(maker, extraction_id)
    held = members(maker, made.sha256)
    verdict = verify(maker.store.path(made.sha256), trusting(maker.key))
    assert (verdict.exit_code, verdict.findings) == (3, ())
    said = words(held[f"{PATH}.docx"])
    digested = rows(
        maker.engine,
        "select f->>'sha256', f->>'sm3' from extraction_steps s, jsonb_array_elements(s.detail->'files') f"
        " where s.kind = 'captured'",
    )
    assert len(digested) == 2
    for told in ("电子数据提取笔录", "王某", "李某", "鲁D-0001", "鲁D-0002", "第二十六条", "三楼取证室", "网络公开信息",
                 "203.0.113.7", "198.51.100.7", "12 毫秒", "1366×768", "¥888", "凭本人口令确认", "执法人员（签名）",
                 "https://goods.test/item/1", *(value for pair in digested for value in pair)):  # fmt: skip
        assert told in said, told
    assert "¥12" not in said
    manifest = json.loads(held["manifest.json"])
    assert [each["badge"] for each in manifest["maker"]["officers"]] == ["鲁D-0001", "鲁D-0002"]
    assert ["extraction" in each for each in manifest["captures"]] == [False, True]
    assert "¥888" not in words(held["record/自动采集记录.docx"])
    assert one(maker.engine, "select extraction_id from packages") == extraction_id


def test_a_package_of_the_lead_has_no_transcript_whatever_was_attended(maker: Maker) -> None:
    attended.walked(maker.engine, maker.store, NOW_DEARER, AT)
    held = members(maker, make_package(maker, str(one(maker.engine, "select id from leads"))).sha256)
    assert not [name for name in held if "笔录" in name]
    manifest = json.loads(held["manifest.json"])
    assert len(manifest["captures"]) == 1 and "extraction" not in manifest
    assert manifest["captures"][0]["price_text"] == "¥12"


@pytest.mark.parametrize("confirming", [(), ("wang",), ("wang", "wang")])
def test_without_both_officers_there_is_none(maker: Maker, confirming: tuple[str, ...]) -> None:
    if len(confirming) == 2:
        with pytest.raises(IntegrityError, match="two officers"):
            attended.walked(maker.engine, maker.store, ITEM, AT, confirming=confirming)
    else:
        attended.walked(maker.engine, maker.store, ITEM, AT, confirming=confirming)
    extraction_id = one(maker.engine, "select max(id) from extractions")
    with pytest.raises(NotAttended):
        make_attended_package(maker, extraction_id)
    assert one(maker.engine, "select count(*) from packages") == 0


def test_a_new_capture_makes_earlier_confirmations_void(maker: Maker) -> None:
    extraction_id = attended.walked(maker.engine, maker.store, ITEM, AT, confirming=("wang",))
    later = AT + timedelta(minutes=5)
    attended.step(maker.engine, extraction_id, StepKind.ASKED, later)
    attended.seen(maker.engine, maker.store, extraction_id, NOW_DEARER, later)
    attended.step(maker.engine, extraction_id, StepKind.CONFIRMED, later, actor="li")
    with pytest.raises(IntegrityError, match="two officers"):
        attended.step(maker.engine, extraction_id, StepKind.COMPLETED, later, actor="li")
    attended.step(maker.engine, extraction_id, StepKind.CONFIRMED, later, actor="wang")
    attended.step(maker.engine, extraction_id, StepKind.COMPLETED, later)
    manifest = json.loads(members(maker, make_attended_package(maker, extraction_id).sha256)["manifest.json"])
    assert [each["price_text"] for each in manifest["captures"]] == ["¥12", "¥888"]


def test_nobody_else_confirms_and_nothing_follows_an_end(maker: Maker) -> None:
    extraction_id = attended.walked(maker.engine, maker.store, ITEM, AT, confirming=("wang",))
    with pytest.raises(IntegrityError, match="only its officers"):
        attended.step(maker.engine, extraction_id, StepKind.CONFIRMED, AT, actor="zhao")
    attended.step(maker.engine, extraction_id, StepKind.ABANDONED, AT, why="页面打不开")
    with pytest.raises(ExtractionMoved):
        attended.step(maker.engine, extraction_id, StepKind.CONFIRMED, AT, actor="li")


#: Ways round the code, each refused by PostgreSQL itself.
FORGED = {
    "a completion out of nothing": "insert into extraction_steps (extraction_id, seq, kind, actor, at)"
    " values (:id, 90, 'completed', 'wang', now())",
    "a package without a completion": "insert into packages (district, day, seq, number, lead_id, listing_id, sha256,"
    " manifest_sha256, key_id, made_by, made_at, extraction_id) select 'x', current_date, 1, 'EV-x', lead_id,"
    " listing_id, (select min(sha256) from evidence_files), 'm', 'k', 'w', now(), id from extractions where id = :id",
    "another officer": "update extractions set officers = jsonb_set(officers, '{1,name}', '\"赵\"') where id = :id",
    "a step undone": "delete from extraction_steps where extraction_id = :id",
    "a time moved": "update extraction_steps set at = at - interval '1 hour' where extraction_id = :id",
    "all steps gone": "truncate extraction_steps",
    "one officer twice": "insert into extractions (lead_id, listing_id, url, basis, place, officers, witness,"
    " opened_by, opened_at) select lead_id, listing_id, url, basis, place,"
    " jsonb_build_array(officers->0, officers->0), witness, opened_by, opened_at from extractions where id = :id",
}


@pytest.mark.parametrize("statement", FORGED.values(), ids=list(FORGED))
def test_the_database_refuses_what_the_code_would_not_do(maker: Maker, statement: str) -> None:
    extraction_id = attended.walked(maker.engine, maker.store, ITEM, AT, confirming=("wang",))
    with pytest.raises(DBAPIError), maker.engine.begin() as connection:
        connection.execute(text(statement), {"id": extraction_id})


def test_no_package_of_anything_else_carries_the_extraction(maker: Maker) -> None:
    """The completed extraction of one item is none of another one."""
    receive([captured(listing("2", "虎骨 酒"))], reception(maker.engine, maker.store.root))
    extraction_id = attended.walked(maker.engine, maker.store, ITEM, AT)
    other = one(maker.engine, "select id from listings where item_id = '2'")
    statement = FORGED["a package without a completion"].replace(" listing_id, (select", f" {other}, (select")
    with pytest.raises(IntegrityError, match="that very item"), maker.engine.begin() as connection:
        connection.execute(text(statement), {"id": extraction_id})


def test_no_packer_seals_a_transcript_without_its_officers(maker: Maker, tmp_path: Path) -> None:
    officer = {"account": "wang", "name": "王某", "badge": "1"}
    lies = (
        {},
        {"extraction": {"officers": [officer, officer], "confirmed": [{"account": "wang"}], "files": [{}]}},
        {"extraction": {"officers": [officer], "confirmed": [{"account": "wang"}], "files": [{}]}},
        {"extraction": {"officers": [officer, officer | {"account": "li"}], "confirmed": [{"account": "li"}],
                        "files": [{}]}},
    )  # fmt: skip
    for facts in lies:
        with (tmp_path / "forged.zip").open("w+b") as file:
            packer = Packer(file)
            packer.add(Member(path=f"{PATH}.docx", body=b"forged", media_type="application/x", role="record"))
            with pytest.raises(Unattended):
                packer.seal(facts, maker.key)
        with pytest.raises(Unattended):
            transcript_of(facts)
