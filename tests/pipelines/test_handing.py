"""Packages that leave the house: whole or not at all, each with its row of custody."""

from pathlib import Path

import pytest

from db import packages
from db.engine import transaction
from db.packages import Issued
from evidence import Limits, Store, StoreFull
from evidence.package import FileAltered
from ops.quota import Quota
from pipelines import receive
from pipelines.handing import FileTaken, NothingIssued, Order, copy_out, hand_over
from pipelines.packaging import Maker, make_package
from tests.pipelines.made import captured, listing, one, reception, rows
from tests.pipelines.test_packaging import AT, lead_of, maker

__all__ = ["maker"]  # the fixture

pytestmark = pytest.mark.db


def issued(maker: Maker, count: int = 1) -> list[Issued]:
    return [make_package(maker, lead_of(maker)) for _ in range(count)]


def test_each_has_a_row_in_both_chains_and_its_bytes(maker: Maker, tmp_path: Path) -> None:
    made = issued(maker, 2)
    order = Order(folder=tmp_path / "out", by="王芳", at=AT, to="滕州市局", basis="移字1号")
    paths = list(hand_over(maker.engine, maker.store, made, order))
    assert [path.name for path in paths] == [f"{each.number}.zip" for each in made]
    assert [path.read_bytes() for path in paths] == [maker.store.get(each.sha256) for each in made]
    handed = "select detail->>'number', detail->>'to', detail->>'basis', actor from custody where action = '移交'"
    assert rows(maker.engine, f"{handed} order by seq") == [
        (each.number, "滕州市局", "移字1号", "王芳") for each in made
    ]
    assert one(maker.engine, "select count(*) from audit where action = 'evidence.hand_over'") == 2
    assert list(hand_over(maker.engine, maker.store, made, Order(folder=tmp_path / "kept", by="王芳", at=AT)))
    assert one(maker.engine, "select count(*) from custody where action = '导出'") == 2


def test_what_is_there_is_never_overwritten_and_nothing_is_written_down(maker: Maker, tmp_path: Path) -> None:
    [made] = issued(maker)
    taken = tmp_path / f"{made.number}.zip"
    taken.write_bytes(b"mine")
    before = one(maker.engine, "select count(*) from custody")
    order = Order(folder=tmp_path, by="王芳", at=AT)
    with pytest.raises(FileTaken):
        list(hand_over(maker.engine, maker.store, [made], order))
    with pytest.raises(FileTaken):
        copy_out(maker.store, made, taken / "under a file.zip")
    path = maker.store.path(made.sha256)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(FileAltered, match=made.number):
        list(hand_over(maker.engine, maker.store, [made], Order(folder=tmp_path / "other", by="王芳", at=AT)))
    with pytest.raises(NothingIssued):
        list(hand_over(maker.engine, maker.store, [], order))
    assert taken.read_bytes() == b"mine"
    assert one(maker.engine, "select count(*) from custody") == before
    assert not list(tmp_path.rglob(".EV*"))
    with transaction(maker.engine) as conn:
        assert packages.issued_between(conn, AT, None) == [made]
        assert packages.issued_between(conn, None, AT) == []


def test_the_quota_stops_what_is_new_and_lets_stand_what_is_kept(maker: Maker, tmp_path: Path) -> None:
    held = one(maker.engine, "select sum(size)::bigint from evidence_files")
    quota = Quota(maker.engine, held + 50)
    store = Store(maker.store.root, limits=Limits(keep_free=0, quota=quota))
    kept = store.put(b"x" * 50)
    with pytest.raises(StoreFull, match="quota_gib"):
        store.put(b"y" * 51)
    assert store.check(kept.sha256)
    with pytest.raises(StoreFull):
        make_package(Maker(**{**_fields(maker), "store": store}), lead_of(maker))
    assert one(maker.engine, "select count(*) from packages") == 0
    receive([captured(listing("1", "象牙 手串", description="老料 象牙"))], reception(maker.engine, maker.store.root))


def _fields(maker: Maker) -> dict[str, object]:
    return {name: getattr(maker, name) for name in Maker.__dataclass_fields__}
