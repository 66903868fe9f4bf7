"""A second demo and a taken port are said at once, before anything is touched."""

import socket
from pathlib import Path

import pytest

import ops.house
from db.engine import drop_database
from ops.desk import PortTaken, check_port
from ops.make_believe import DemoRunning, fresh_demo
from ops.settings import Console, read_settings


@pytest.mark.db
def test_a_second_demo_leaves_the_first_alone(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ops.house, "DEMO_DATABASE", f"xunwang_test_{tmp_path.name[-20:]}_demo".lower())
    settings = read_settings(home=tmp_path, database_url=database_url)
    try:
        with fresh_demo(settings) as house:
            mark = house.settings.evidence_root / "demo" / "mark"
            mark.write_text("here")
            with pytest.raises(DemoRunning), fresh_demo(settings):
                raise AssertionError("a second demo began")
            assert mark.read_text() == "here"
            house.engine.dispose()
        with fresh_demo(settings) as house:  # the first has ended
            assert not mark.exists()
            house.engine.dispose()
    finally:
        drop_database(database_url, ops.house.DEMO_DATABASE)


def test_a_taken_port_is_named() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            check_port(Console(port=port))
    check_port(Console(port=port))
