"""`xunwang evidence` and `audit verify` as real processes: exit codes, files, and rows by raw SQL."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import Engine

from evidence import Store
from ops.commands import evidence
from ops.screen import Screen
from pipelines import receive
from tests.acceptance.houses import Place, one, place, sql
from tests.evidence import authority, harm
from tests.evidence.authority import Authority
from tests.pipelines.made import captured, listing, reception

pytestmark = [pytest.mark.db, pytest.mark.slow]


@pytest.fixture
def tsa(tmp_path: Path) -> Iterator[Authority]:
    with authority.serving(authority.found(tmp_path / "tsa")) as served:
        yield served


@pytest.fixture
def there(tmp_path: Path, database_url: str, tsa: Authority) -> Place:
    """A house with one lead of two hits, both captured."""
    settings = {"tsa": [tsa.url], "tsa_roots": str(tsa.roots), "internal_hosts": ["127.0.0.1"]}
    stands = place(tmp_path, database_url, {"evidence": settings})
    with stands.house() as house:
        pieces = [captured(listing(str(number), "象牙 手串", description="老料 象牙")) for number in (1, 2)]
        receive(pieces, reception(house.engine, house.store.root))
    return stands


def test_made_stamped_verified_changed_and_handed_over(there: Place, raw: Engine, tsa: Authority) -> None:
    lead = str(one(raw, "select id from leads"))
    keyless = there.xunwang("evidence", "package", lead)
    assert (keyless.code, "[E-EVIDENCE-020]" in keyless.err) == (1, True)
    assert there.xunwang("evidence", "key", "new").code == 0
    trust = there.home / "trust.pem"
    trust.write_text(there.xunwang("evidence", "key", "export").out, "utf-8")
    told = there.xunwang("evidence", "package", lead, "--out", "packed", "--by", "王芳", "--json")
    assert told.code == 0, told.err
    [made] = told.rows()
    package = there.home / made["path"]
    assert package.name == f"{made['number']}.zip"
    assert harm.digest(package.read_bytes()) == made["sha256"] == one(raw, "select sha256 from packages")

    def verified(path: Path, *more: str) -> tuple[int, dict[str, object]]:
        said = there.xunwang("evidence", "verify", str(path), "--trust", str(trust), "--json", *more)
        [row] = said.rows()
        assert said.code == row["exit_code"]
        return said.code, row

    stamped = there.xunwang("evidence", "timestamp", str(package), "--by", "王芳")
    assert (stamped.code, len(tsa.asked)) == (0, 1), stamped.err
    code, row = verified(package, "--tsa-ca", str(tsa.roots))
    assert (code, row["trusted"], row["findings"], row["repacked"]) == (0, True, [], False)
    changed = there.home / "changed.zip"
    raw_bytes = package.read_bytes()
    [(start, _, name)] = [span for span in harm.spans(package) if span[2].endswith("screenshot.png")][:1]
    changed.write_bytes(harm.flip(raw_bytes, start * 8))
    code, row = verified(changed)
    assert (code, [each["path"] for each in row["findings"]]) == (1, [name])
    changed.write_bytes(raw_bytes[:-1])
    said = there.xunwang("evidence", "verify", str(package), str(changed))
    assert (said.code, "[E-EVIDENCE-010]" in said.err, "与签名时一致" in said.err) == (2, True, True)

    handed = there.xunwang(
        "evidence", "export", lead, "--out", "handed", "--by", "王芳", "--receiver", "滕州市局", "--json"
    )
    assert handed.code == 0, handed.err
    copy = there.home / "handed" / package.name
    assert copy.read_bytes() == package.read_bytes()  # with the stamp that it was given since
    [sums] = (there.home / "handed").glob("SHA256SUMS*")
    subprocess.run(["sha256sum", "-c", "--strict", "--quiet", sums.name], cwd=copy.parent, check=True)
    assert sql(raw, "select action, actor, detail->>'to' from custody order by seq") == [
        ("制作证据包", "王芳", None),
        ("加时间戳", "王芳", None),
        ("移交", "王芳", "滕州市局"),
    ]
    told = there.home / "told.txt"
    told.write_text(f"保管链 0:{'0' * 64}　审计链 1:{'f' * 64}\n", "utf-8")
    assert verified(package, "--audit-anchor", str(told))[1]["anchored"] == ["custody 0"]
    heads = there.home / "heads.txt"
    heads.write_text(there.xunwang("audit", "verify").err, "utf-8")
    assert there.xunwang("audit", "verify", "--anchor", str(heads), "--from", "2026-01-01").code == 0
    with raw.begin() as conn:
        conn.exec_driver_sql("alter table custody disable trigger user")
        conn.exec_driver_sql("delete from custody where seq = 3")
    assert there.xunwang("audit", "verify").code == 0  # the chain alone cannot see its end cut off
    cut = there.xunwang("audit", "verify", "--anchor", str(heads))
    assert (cut.code, "保管链第 3 条" in cut.err, "[E-OPS-051]" in cut.err) == (1, True, True)


def test_a_sweep_takes_what_no_row_names_and_stops_before_a_strange_database(
    there: Place, raw: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(there.home / "evidence" / "store")
    named = set(sql(raw, "select sha256 from evidence_files"))
    orphan = store.put(b"nobody's").sha256
    for name in store.names():
        os.utime(store.path(name), (0, 0))
    swept = there.xunwang("evidence", "sweep")
    assert (swept.code, "1 个" in swept.err) == (0, True)
    assert {(name,) for name in store.names()} == named and (orphan,) not in named
    for number in range(3):
        os.utime(store.path(store.put(b"%d" % number).sha256), (0, 0))
    monkeypatch.setattr(evidence, "_FEW", 2)
    ctx = SimpleNamespace(find_object=lambda _kind: Screen(config=there.config))
    monkeypatch.setattr(Screen, "house", lambda _self, demo: SimpleNamespace(engine=raw, store=store))
    with raw.begin() as conn:
        conn.exec_driver_sql("delete from capture_files")
        conn.exec_driver_sql("delete from evidence_files")
    with pytest.raises(evidence.SweepRefused):
        evidence.sweep(ctx)
    assert len(list(store.names())) == len(named) + 3


def test_a_stranger_verifies_without_a_house(there: Place, raw: Engine, tmp_path: Path) -> None:
    """No database, no settings, no network: the package and the key that was handed over before."""
    assert there.xunwang("evidence", "key", "new").code == 0
    lead = str(one(raw, "select id from leads"))
    [made] = there.xunwang("evidence", "package", f"{lead}/{one(raw, 'select min(id) from listings')}", "--json").rows()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(there.home / made["path"], elsewhere / "given.zip")
    stranger = Place(home=elsewhere, config=there.config, database_url="postgresql://nobody@127.0.0.1:9/nothing")
    said = stranger.xunwang("evidence", "verify", "given.zip")
    assert said.code == 3
    assert "没有给出 --trust" in said.err and "没有时间戳" in said.err
