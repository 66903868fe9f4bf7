"""From a lead to its package: complete, numbered, chained, and refused where the store is not what it was."""

import hashlib
import json
import subprocess
import threading
import zipfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from db import audit, campaigns, custody
from db.engine import transaction
from evidence import Store
from evidence.keys import KeyRing
from evidence.manifest import NOT_COLLECTED
from evidence.package import FileAltered
from evidence.verifying import verify
from pipelines import receive
from pipelines.packaging import Maker, NothingKept, NotThere, make_package
from tests.evidence.bound import trusting
from tests.pipelines.made import NIGHT, captured, listing, one, reception, rows, seller, sighting

pytestmark = pytest.mark.db

AT = NIGHT + timedelta(hours=6)
PLACE = {"host": "h", "os": "o", "commit": "c", "image_digest": "i", "hosts_file_sha256": "s"}

#: FAULTS §3.2, the manifest's list, word by word; where each stands.
PROMISED = {
    "package no.": "number", "format version": "format", "requested URL": "captures.source.requested_url",
    "final URL": "captures.source.final_url", "redirect chain": "captures.source.redirects",
    "entry steps/keyword": "captures.source.entry", "platform": "captures.source.platform",
    "item id": "captures.source.item_id", "peer IP": "captures.source.peer", "resolver": "captures.source.resolver",
    "system operator account": "maker.operator", "unit": "maker.unit", "two officers": "maker.officers",
    "software name": "captures.method.software", "version": "captures.method.version",
    "commit hash": "captures.method.commit", "Chromium version": "captures.method.chromium",
    "Scrapy version": "captures.method.scrapy", "UA": "captures.method.user_agent",
    "viewport": "captures.method.viewport", "proxy": "captures.method.proxy",
    "robots decision": "captures.method.robots", "rate": "captures.method.rate",
    "start UTC": "captures.time.start.utc", "start +08:00": "captures.time.start.beijing",
    "end": "captures.time.end", "clock offset": "captures.time.clock_offset",
    "clock source": "captures.time.clock_source", "server Date": "captures.time.server_date",
    "host id": "captures.environment.host", "OS": "captures.environment.os",
    "image digest": "captures.environment.image_digest", "clean profile": "captures.environment.clean_profile",
    "extensions": "captures.environment.extensions", "hosts file hash": "captures.environment.hosts_file_sha256",
    "DNS answer": "captures.environment.dns_answer", "path": "files.path", "bytes": "files.bytes",
    "sha256": "files.sha256", "sm3": "files.sm3", "media type": "files.media_type", "role": "files.role",
    "truncated": "captures.flags.truncated", "partial": "captures.flags.partial",
    "blocked": "captures.flags.blocked", "prev package hash": "previous",
    "page text encoding declared": "captures.encoding.declared", "used": "captures.encoding.used",
}  # fmt: skip


@pytest.fixture
def maker(engine: Engine, tmp_path: Path) -> Maker:
    """Three hits of one seller in 滕州, a fourth thing of another seller without a capture."""
    desk = reception(engine, tmp_path / "store")
    with transaction(engine) as conn:
        campaigns.seed_districts(conn, [("370481", "滕州市"), ("undecided", "待定")])
    pieces = [captured(listing(str(number), "象牙 手串", description="老料 象牙")) for number in range(1, 4)]
    receive([*pieces, sighting(listing("9", "虎骨 酒", seller=seller("s2", place="")))], desk)
    key = KeyRing(tmp_path / "keys").new(AT)
    return Maker(engine=engine, store=desk.store, key=key, by="王芳", unit="网监科", place=PLACE, at=AT)


def lead_of(maker: Maker, item: str = "1") -> str:
    statement = "select lead_id from lead_hits h join listings l on l.id = h.listing_id where l.item_id = :item"
    return str(one(maker.engine, statement, item=item))


def manifest_of(store: Store, sha256: str) -> dict[str, Any]:
    with zipfile.ZipFile(store.path(sha256)) as package:
        told: dict[str, Any] = json.loads(package.read("manifest.json"))
    return told


def at(facts: Any, path: str) -> list[Any]:
    """The values at `path`, one for each capture or file; 未采集 of a group stands for what is in it."""
    for place, part in enumerate(path.split(".")):
        if isinstance(facts, list):
            return [value for each in facts for value in at(each, ".".join(path.split(".")[place:]))]
        if NOT_COLLECTED in facts:
            break
        facts = facts[part]
    return [facts]


def test_the_whole_of_a_lead_is_bound_and_verifies(maker: Maker, tmp_path: Path) -> None:
    made = make_package(maker, lead_of(maker))
    path = maker.store.path(made.sha256)
    verdict = verify(path, trusting(maker.key))
    assert (verdict.exit_code, verdict.findings, verdict.trusted) == (3, (), True)
    assert made.number == "EV-370481-20261123-0001"
    told = manifest_of(maker.store, made.sha256)
    assert len(told["captures"]) == 3
    raw = {file["sha256"] for file in told["files"] if file["role"] == "raw"}
    assert raw | {file["sha256"] for file in told["files"] if file["path"].endswith(".png")} >= set(
        one(maker.engine, "select array_agg(sha256) from capture_files")
    )
    assert told["maker"] == {"operator": "王芳", "unit": "网监科", "officers": told["maker"]["officers"]}
    unpacked = tmp_path / "unpacked"
    subprocess.run(["unzip", "-q", str(path), "-d", str(unpacked)], check=True)
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=unpacked, check=True)


def test_every_field_that_was_promised_is_there_or_says_why_not(maker: Maker) -> None:
    told = manifest_of(maker.store, make_package(maker, lead_of(maker)).sha256)
    assert len(PROMISED) == 48
    for name, path in PROMISED.items():
        values = at(told, path)
        assert values, name
        for value in values:
            assert value not in (None, "", [], {}), name
            assert not isinstance(value, dict) or value.get(NOT_COLLECTED, "said"), name


def test_matches_stand_in_the_text_where_they_are_said_to(maker: Maker) -> None:
    made = make_package(maker, lead_of(maker))
    with zipfile.ZipFile(maker.store.path(made.sha256)) as package:
        text = package.read("captures/0001/text.txt")
        matches = json.loads(package.read("captures/0001/match.json"))["matches"]
    assert {match["field"] for match in matches} == {"title", "description"}
    for match in matches:
        place = match["in_text"]
        assert text[place["start_byte"] : place["end_byte"]].decode() == match["surface"] == "象牙"
        assert text.decode()[place["start"] : place["end"]] == "象牙"


def test_one_hit_alone(maker: Maker) -> None:
    hit = one(maker.engine, "select id from listings where item_id = '2'")
    told = manifest_of(maker.store, make_package(maker, lead_of(maker), hit).sha256)
    assert [capture["source"]["item_id"] for capture in told["captures"]] == ["2"]
    assert told["lead"]["listing_id"] == hit


def test_the_same_facts_give_the_same_bytes(maker: Maker) -> None:
    """But for number, predecessor, custody and audit heads: the files and the web archive are the same."""
    first, second = (manifest_of(maker.store, make_package(maker, lead_of(maker)).sha256) for _ in range(2))
    files = [{one["path"]: one["sha256"] for one in told["files"]} for told in (first, second)]
    told = {path for path in files[0] if files[0][path] != files[1][path]}
    assert told == {"chain/custody.jsonl", "record/自动采集记录.docx"}  # which names the package's number
    assert first["captures"] == second["captures"]


def test_numbers_have_neither_gap_nor_double_and_each_names_the_one_before(maker: Maker) -> None:
    """Six packagers at once, two of which fail when they hold their turn."""
    lead = lead_of(maker)

    def fail(step: str) -> None:
        if step == "synced":
            raise OSError(5, "the disk says no")

    def work(number: int) -> None:
        mine = maker if number % 3 else replace(maker, store=Store(maker.store.root, step=fail))
        try:
            make_package(mine, lead)
        except OSError:
            pass

    workers = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    made = rows(maker.engine, "select seq, manifest_sha256, previous_sha256, sha256 from packages order by id")
    assert [row[0] for row in made] == [1, 2, 3, 4]
    assert [row[2] for row in made] == ["", *(row[1] for row in made[:-1])]
    for _, manifest, _, sha256 in made:
        with zipfile.ZipFile(maker.store.path(sha256)) as package:
            assert hashlib.sha256(package.read("manifest.json")).hexdigest() == manifest
    assert list((maker.store.root / "tmp").iterdir()) == []


@pytest.mark.parametrize("harm", ["gone", "altered", "shorter"])
def test_a_store_that_is_not_what_it_was_is_refused_by_name(maker: Maker, harm: str) -> None:
    statement = "select f.sha256 from capture_files f join captures c on c.id = f.capture_id where role = 'screenshot'"
    victim = rows(maker.engine, statement)[1][0]
    path = maker.store.path(victim)
    body = path.read_bytes()
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(body[:-1] + (b"" if harm == "shorter" else bytes([body[-1] ^ 1])))
    with pytest.raises(FileAltered) as refused:
        make_package(maker, lead_of(maker))
    assert victim in refused.value.detail
    assert one(maker.engine, "select count(*) from packages") == 0
    assert one(maker.engine, "select count(*) from custody") == 0
    assert list((maker.store.root / "tmp").iterdir()) == []


def test_what_is_not_there_is_said(maker: Maker) -> None:
    with pytest.raises(NothingKept):
        make_package(maker, lead_of(maker, "9"))
    with pytest.raises(NotThere):
        make_package(maker, "999")
    with pytest.raises(NotThere):
        make_package(maker, lead_of(maker), 999)


def test_making_one_is_a_row_of_custody_and_of_the_audit_which_hold_each_other(maker: Maker) -> None:
    lead = lead_of(maker)
    first = make_package(maker, lead)
    second = manifest_of(maker.store, make_package(maker, lead).sha256)
    assert second["custody"]["rows"] == 1
    assert rows(maker.engine, "select actor, action, subject, detail->>'number' from custody where seq = 1") == [
        ("王芳", "制作证据包", f"lead:{lead}", first.number)
    ]
    told = rows(maker.engine, "select detail->>'custody' from audit where action = 'evidence.package' order by seq")
    with transaction(maker.engine) as conn:
        assert custody.verify(conn).sound
        assert audit.verify(conn).sound
        head = custody.head(conn)
    assert told[-1] == (f"{head.seq}:{head.hash}",)
    assert second["previous"] == {"number": first.number, "manifest_sha256": first.manifest_sha256}
