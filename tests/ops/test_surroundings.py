"""The clock is compared with a time source, judged by a server whose offset the test decides."""

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ops.settings import Clock, Settings, SettingsRefused, read_settings
from ops.surroundings import check_clock, surroundings_of

#: Seconds from 1900, where NTP counts from, to 1970.
_ERA = 2_208_988_800


@contextmanager
def time_source(*, ahead: float = 0.0, stratum: int = 2, silent: bool = False) -> Iterator[tuple[str, list[bytes]]]:
    """Its address, and what it was asked. An SNTP answer of 48 bytes (RFC 4330 §4)."""
    asked: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                try:
                    question, who = door.recvfrom(1024)
                except OSError:
                    return
                if not question:
                    return
                asked.append(question)
                seconds = time.time() + ahead + _ERA
                stamp = struct.pack("!II", int(seconds), int((seconds % 1) * 2**32))
                head = struct.pack("!BBbbII4s", 0b00_011_100, stratum, 4, -20, 0, 0, b"TEST")
                if not silent:
                    door.sendto(head + stamp + question[40:48] + stamp + stamp, who)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = door.getsockname()
        yield f"{host}:{port}", asked
        door.sendto(b"", (host, port))
        thread.join(5)


@pytest.mark.parametrize(("ahead", "reliable"), [(0.0, True), (1.5, True), (-5.0, False), (3_600.0, False)])
def test_the_offset_is_what_the_source_is_ahead(ahead: float, reliable: bool) -> None:
    with time_source(ahead=ahead) as (address, asked):
        check = check_clock(Clock(source=address))
    assert len(asked) == 1 and check.source == address and check.note == ""
    assert check.offset_ms is not None and abs(check.offset_ms - ahead * 1_000) < 900
    assert check.reliable is reliable


def test_a_source_that_does_not_know_or_does_not_answer_says_nothing() -> None:
    with time_source(stratum=0) as (address, _):
        assert "未同步" in check_clock(Clock(source=address)).note
    with time_source(silent=True) as (address, _):
        check = check_clock(Clock(source=address))
    assert check.offset_ms is None and check.reliable is None and "没有应答" in check.note
    assert check_clock(Clock()).note == "未设置时间源"


def test_one_comparison_counts_for_many_captures(tmp_path: Path) -> None:
    with time_source(ahead=1.0) as (address, asked):
        told = surroundings_of(Settings(home=tmp_path, clock=Clock(source=address), image="sha256:abc"))
        first, second = told(), told()
    assert len(asked) == 1 and first.clock == second.clock
    assert first.machine["image"] == "sha256:abc" and "scrapy" in first.machine["programs"]
    assert {"host", "system", "python", "account", "hosts_file", "unit"} <= first.machine.keys()


def test_a_source_that_is_no_host_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "xunwang.toml"
    file.write_text('[clock]\nsource = "ntp.example/../x"\n')
    with pytest.raises(SettingsRefused, match="clock"):
        read_settings(file)
