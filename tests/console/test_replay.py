"""Archived pages are shown from another host name, to whoever the console sent there a moment ago, and to no cookie."""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from starlette.testclient import TestClient

from console import ReplaySite, create_replay_app
from console.shelf import MOST, Shelf
from db import tables
from db.engine import transaction
from ops.settings import Console

pytestmark = pytest.mark.db

URL = "http://replay.test"


@pytest.fixture
def site(tmp_path: Path) -> ReplaySite:
    player = tmp_path / "player"
    player.mkdir()
    for name in ("ui.js", "sw.js", "LICENSE"):
        (player / name).write_text(f"// {name}")
    return ReplaySite(url=URL, player=player)


@pytest.fixture
def outside(site: ReplaySite) -> Iterator[TestClient]:
    with TestClient(create_replay_app(site), base_url=URL) as client:
        yield client


def hit_of(engine: Engine, lead: int) -> int:
    with transaction(engine) as conn:
        return int(
            conn.execute(select(tables.lead_hits.c.listing_id).where(tables.lead_hits.c.lead_id == lead))
            .scalars()
            .first()
        )


def test_a_capture_is_shown_from_the_other_site(account, leads, engine, site, outside) -> None:
    visitor = account(replay=site)
    shown = visitor.get(f"/leads/{leads[0]}/replay/{hit_of(engine, leads[0])}")
    assert shown.status_code == 200 and 'rel="noopener noreferrer"' in shown.text and "<iframe" not in shown.text
    name = shown.text.partition(f"{URL}/play/")[2].partition('"')[0]
    frame = outside.get(f"/play/{name}")
    assert frame.status_code == 200 and f"/archive/{name}.wacz" in frame.text
    wacz = zipfile.ZipFile(io.BytesIO(outside.get(f"/archive/{name}.wacz").content))
    assert "archive/data.warc.gz" in wacz.namelist()
    part = outside.get(f"/archive/{name}.wacz", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"PK\x03\x04")


def test_both_ways_to_see_it_stand_in_the_custody_chain(account, leads, engine, site) -> None:
    visitor, hit = account(replay=site), hit_of(engine, leads[0])
    assert visitor.get(f"/leads/{leads[0]}/replay/{hit}").status_code == 200
    taken = visitor.get(f"/leads/{leads[0]}/archive/{hit}")
    assert taken.headers["content-disposition"].startswith("attachment") and taken.content[:2] == b"PK"
    with transaction(engine) as conn:
        rows = conn.execute(select(tables.custody.c.actor, tables.custody.c.action, tables.custody.c.subject)).all()
    assert [tuple(row) for row in rows] == [("wang", "查看", f"lead:{leads[0]}"), ("wang", "下载", f"lead:{leads[0]}")]


def test_a_file_that_changed_in_the_store_is_neither_replayed_nor_handed_out(
    account, desk, leads, engine, site, tmp_path, monkeypatch
) -> None:
    visitor, hit = account(replay=site), hit_of(engine, leads[0])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with transaction(engine) as conn:
        files = tables.capture_files
        received = files.update().where(files.c.role == "page").values(url="https://a.test/1")
        for name in conn.execute(received.returning(files.c.sha256)).scalars().all():
            desk.store.path(name).write_bytes(b"another page")
    for way in ("replay", "archive"):
        answer = visitor.get(f"/leads/{leads[0]}/{way}/{hit}")
        assert answer.status_code == 400 and "校验不通过" in answer.text
    assert list(scratch.glob("*.wacz")) == []
    with transaction(engine) as conn:
        assert conn.execute(select(func.count()).select_from(tables.custody)).scalar_one() == 0


def test_without_a_player_the_page_says_how_to_get_one(account, leads, engine) -> None:
    shown = account().get(f"/leads/{leads[0]}/replay/{hit_of(engine, leads[0])}")
    assert shown.status_code == 200 and "evidence player install" in shown.text and "/play/" not in shown.text


def test_a_hit_of_another_lead_is_not_there(account, leads, engine, site) -> None:
    visitor, other = account(replay=site), hit_of(engine, leads[1])
    assert visitor.get(f"/leads/{leads[0]}/replay/{other}").status_code == 404
    assert visitor.get(f"/leads/{leads[0]}/archive/{other}").status_code == 404
    assert visitor.get(f"/leads/{leads[0]}/replay/999999").status_code == 404


@pytest.mark.parametrize("path", ["/play/{}", "/archive/{}.wacz", "/player/ui.js", "/frame.css", "/start.js"])
def test_the_replay_site_takes_no_cookie_sets_none_and_lets_nothing_out(outside, site, tmp_path, path) -> None:
    file = tmp_path / "a.wacz"
    file.write_bytes(b"PK")
    path = path.format(site.shelf.put(file, 'https://shop.example/"><script>'))
    answer = outside.get(path)
    assert answer.status_code == 200 and "set-cookie" not in answer.headers and "<script>" not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self' data: blob:;" in policy and "http" not in policy and "*" not in policy
    assert "form-action 'none'" in policy and policy.endswith("sandbox allow-scripts allow-same-origin")
    assert outside.get(path, headers={"Cookie": "xunwang=stolen"}).status_code == 421
    assert outside.get(path, headers={"Host": "console.test"}).status_code == 400


@pytest.mark.parametrize(
    "path", ["/play/x", "/archive/x.wacz", "/player/LICENSE", "/player/..%2Fsecret", "/", "/leads/1"]
)
def test_the_replay_site_has_nothing_else(outside, path) -> None:
    assert outside.get(path).status_code == 404


def test_the_shelf_forgets_and_removes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf, files = Shelf(), [tmp_path / str(number) for number in range(MOST + 2)]
    for file in files:
        file.write_bytes(b"x")
    names = [shelf.put(file, "u") for file in files]
    assert [shelf.get(name) is None for name in names] == [True, True] + [False] * MOST
    assert [file.exists() for file in files] == [False, False] + [True] * MOST
    monkeypatch.setattr("time.monotonic", lambda: 1e12)
    assert shelf.get(names[-1]) is None
    assert not any(file.exists() for file in files)


@pytest.mark.parametrize(
    ("base", "replay"), [("https://a.example", "https://a.example:8443"), ("", "http://127.0.0.1:9")]
)
def test_the_same_host_name_on_another_port_is_refused(base: str, replay: str) -> None:
    with pytest.raises(ValueError, match="主机名"):
        Console(base_url=base, replay_url=replay)
    assert Console(base_url=base, replay_url="https://replay.example").replay_url
