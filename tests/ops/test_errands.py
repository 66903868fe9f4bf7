"""An attended capture and a package, each by its child process: judged by the market's access log, SQL and unzip."""

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from db.extractions import StepKind
from db.locks import holding
from demo.serve import RunningTown, running
from evidence.keys import NoKey
from evidence.transcript import PATH
from ops.errands import Errands
from ops.house import House
from ops.making import key_ring, maker_for
from pipelines import receive
from records import now
from tests.acceptance.houses import crawling, one, place, sql, until
from tests.pipelines import attended
from tests.pipelines.made import captured, listing, reception

pytestmark = [pytest.mark.db, pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def town() -> Iterator[RunningTown]:
    with running(seed=7, listings=40, crawl_delay=0.05) as standing:
        yield standing


@pytest.fixture
def house(tmp_path: Path, database_url: str, town: RunningTown) -> Iterator[House]:
    """With one lead, whose item stands on the market."""
    with place(tmp_path, database_url, {"crawl": crawling(town)}).house() as house:
        yield house


def lead(house: House, url: str, item_id: str) -> None:
    item = listing(item_id, "象牙 手串", description="老料 象牙", url=url, pictures=())
    receive([captured(replace(item, platform="demo_ads"))], reception(house.engine, house.store.root))


def begun(house: House, errands: Errands) -> int:
    extraction_id = attended.opened(house.engine, now())
    attended.step(house.engine, extraction_id, StepKind.ENVIRONMENT, now(), **errands.environment())
    attended.step(house.engine, extraction_id, StepKind.ASKED, now())
    return extraction_id


def done(house: House, errands: Errands, extraction_id: int) -> dict[str, Any]:
    """The last step once the errand is over."""
    name = f"extraction:{extraction_id}"
    assert errands.capture(extraction_id)
    assert not errands.capture(extraction_id)
    until(lambda: not errands.running(name), seconds=240)
    [row] = sql(house.engine, "select kind, detail from extraction_steps order by seq desc limit 1")
    return {"kind": row[0], **row[1]}


def test_an_item_is_captured_and_packed_with_its_transcript(house: House, town: RunningTown) -> None:
    plant = next(one for one in town.plants() if one.market == "demo_ads")
    address = f"{town.sites['demo_ads']}/item/{plant.item_id}.html"
    lead(house, address, str(plant.item_id))
    errands = Errands(house)
    before = len(town.log("demo_ads"))
    told = done(house, errands, begun(house, errands))
    assert told["kind"] == "captured", told
    asked = [entry.path for entry in town.log("demo_ads")[before:]]
    assert asked[:2] == ["/robots.txt", f"/item/{plant.item_id}.html"]
    assert told["title"] != "象牙 手串" and told["peer"] == "127.0.0.1"
    assert {file["role"] for file in told["files"]} >= {"page", "dom", "screenshot", "first_screen", "record"}
    for file in told["files"]:
        body = house.store.path(file["sha256"]).read_bytes()
        assert (hashlib.sha256(body).hexdigest(), len(body)) == (file["sha256"], file["bytes"])
    for account in ("wang", "li"):
        attended.step(house.engine, 1, StepKind.CONFIRMED, now(), actor=account)
    attended.step(house.engine, 1, StepKind.COMPLETED, now(), actor="li")
    errands.package(1, by="wang", extraction_id=1)
    until(lambda: not errands.running("lead:1"), seconds=240)
    assert "xunwang evidence key new" in errands.failure("lead:1")
    key_ring(house.settings, demo=False).new(now())
    errands.package(1, by="wang", extraction_id=1)
    until(lambda: not errands.running("lead:1"), seconds=240)
    assert errands.failure("lead:1") == ""
    with zipfile.ZipFile(house.store.path(one(house.engine, "select sha256 from packages"))) as package:
        names = package.namelist()
        assert {f"{PATH}.docx", f"{PATH}.pdf", "record/自动采集记录.docx"} <= set(names)
        assert package.read(f"{PATH}.pdf").startswith(b"%PDF")


def test_the_demo_makes_its_key_itself_and_a_house_does_not(house: House) -> None:
    with pytest.raises(NoKey):
        maker_for(house, "wang")
    demo = replace(house, demo=True)
    key = maker_for(demo, "wang").key
    assert maker_for(demo, "wang").key.id == key.id
    assert [one.id for one in key_ring(house.settings, demo=True).all()] == [key.id]
    with pytest.raises(NoKey):
        maker_for(house, "wang")


def test_what_cannot_be_had_is_a_step_that_says_why(house: House, town: RunningTown) -> None:
    lead(house, f"{town.sites['demo_ads']}/item/9.html", "9")
    errands = Errands(house)
    extraction_id = begun(house, errands)
    with holding(house.engine, "platform:demo_ads"):
        told = done(house, errands, extraction_id)
        assert (told["kind"], "正在进行监测" in told["why"]) == ("failed", True)
    attended.step(house.engine, extraction_id, StepKind.ASKED, now())
    before = len(town.log("demo_ads"))
    town.change("demo_ads", mood="captcha")
    try:
        told = done(house, errands, extraction_id)
    finally:
        town.change("demo_ads", mood="open")
    assert (told["kind"], "被拦截" in told["why"]) == ("failed", True), told
    assert len(town.log("demo_ads")) - before <= 3
    assert one(house.engine, "select count(*) from captures where extraction_id is not null") == 0
