"""A house whose evidence lies in a bucket, by the commands: packed from there, looked at, named where it was harmed."""

import hashlib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from pipelines import receive
from tests.acceptance.houses import Place, one, place, sql
from tests.evidence.places import Objectstore, bucket_at, bucket_server
from tests.pipelines.made import captured, listing, reception

pytestmark = [pytest.mark.db, pytest.mark.slow]
NAMES = ("XUNWANG_EVIDENCE__BUCKET__ACCESS_KEY", "XUNWANG_EVIDENCE__BUCKET__SECRET_KEY")


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[Objectstore]:
    with bucket_server() as url:
        yield bucket_at(url, tmp_path / "drafts", "house")


def test_what_a_bucket_holds_is_packed_verified_handed_over_swept_and_its_harm_named(
    tmp_path: Path, database_url: str, raw: Engine, bucket: Objectstore, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = {NAMES[0]: "canary-access", NAMES[1]: "canary-secret"}
    for name, value in keys.items():
        monkeypatch.setenv(name, value)
    set_ = {"evidence": {"bucket": {"url": bucket.address.url, "name": "house", "prefix": "evidence/"}}}
    there: Place = place(tmp_path, database_url, set_)
    with there.house() as house:
        receive([captured(listing("1", "象牙 手串"))], reception(house.engine, Path(), store=house.store))
        orphan = house.store.put(b"nobody's").sha256
    named = {name for (name,) in sql(raw, "select sha256 from evidence_files")}
    assert set(bucket.bytes_of()) == named | {orphan} and len(named) == 2
    assert not list((there.home / "evidence").rglob("[0-9a-f]" * 64))

    assert there.xunwang("evidence", "key", "new", **keys).code == 0
    lead = str(one(raw, "select id from leads"))
    [made] = there.xunwang("evidence", "package", lead, "--out", "packed", "--json", **keys).rows()
    package = there.home / made["path"]
    assert hashlib.sha256(bucket.bytes_of()[made["sha256"]]).hexdigest() == made["sha256"]
    with zipfile.ZipFile(package) as held:
        assert {hashlib.sha256(held.read(name)).hexdigest() for name in held.namelist()} >= named
    assert there.xunwang("evidence", "verify", str(package), **keys).code == 3
    assert there.xunwang("evidence", "export", lead, "--out", "handed", **keys).code == 0
    assert (there.home / "handed" / package.name).read_bytes() == package.read_bytes()

    bucket.age(orphan)
    assert "无人引用的文件 1 个" in there.xunwang("evidence", "sweep", **keys).err
    assert set(bucket.bytes_of()) == named | {made["sha256"]}
    told = there.xunwang("doctor", **keys)
    assert f"{bucket.address.url}/house/evidence/，可读写" in told.out + told.err

    harmed = sorted(named)[0]
    bucket.write(harmed, b"changed")
    refused = there.xunwang("evidence", "package", lead, "--out", "again", **keys)
    assert (refused.code, "[E-EVIDENCE-030]" in refused.err, harmed in refused.err) == (1, True, True)
    told = there.xunwang("doctor", **keys)
    assert (told.code, harmed in told.out + told.err) == (1, True)
    assert "canary" not in told.out + told.err + refused.err
