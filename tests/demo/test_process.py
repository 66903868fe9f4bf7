"""The child process: it is small, listens on loopback alone, and goes when its parent goes."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from parsel import Selector

from demo.serve import DemoNotStarted, running

ROOT = Path(__file__).resolve().parents[2]
LINUX = pytest.mark.skipif(not Path("/proc/self").exists(), reason="reads /proc")


@LINUX
def test_a_million_listings_are_not_held_in_memory(client: httpx.Client) -> None:
    with running(seed=5, listings=100) as town:
        client.get(town.sites["demo_ads"] + "/latest/")
        little = memory(town.pid)
    with running(seed=5, listings=1_000_000) as town:
        site = town.sites["demo_ads"]
        far = Selector(text=client.get(site + "/latest/?page=30000").text)
        market = town.town().market("demo_ads")
        offers = market.page(30_000, 30)
        assert far.css("li.item::attr(data-id)").getall() == [offer.item_id for offer in offers]
        last = Selector(text=client.get(site + "/latest/?page=33334").text)
        assert len(last.css("li.item")) == 10 and not last.css("a.next")
        for number in range(1, 8):
            assert (
                len(Selector(text=client.get(f"{site}/search?kw=%CF%F3%D1%C0&page={number}").text).css("li.item")) == 30
            )
        assert memory(town.pid) - little < 12_000


def memory(pid: int) -> int:
    """Peak resident memory, kilobytes."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1))


@LINUX
def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    program = (
        "import sys, time\nfrom demo.serve import running\n"
        "with running(listings=10) as town:\n print(town.pid, flush=True)\n time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    for _ in range(200):
        if not alive(child):
            break
        time.sleep(0.05)
    assert not alive(child)


def alive(pid: int) -> bool:
    """True for a process that runs; one that ended and waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@LINUX
def test_it_listens_on_loopback_alone() -> None:
    with running(listings=10) as town:
        ports = {int(site.rpartition(":")[2]) for site in town.sites.values()}
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        listening = {int(row[1][9:], 16): row[1][:8] for row in rows if row[3] == "0A"}
        assert {listening[port] for port in ports} == {"0100007F"}
        assert os.getpid() != town.pid


def test_a_taken_port_is_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DemoNotStarted, match="code 2"), running(listings=10, ports=(port, 0, 0)):
            pass
    assert "Traceback" not in capfd.readouterr().err


def test_logs_stay_where_asked(tmp_path: Path, client: httpx.Client) -> None:
    with running(listings=10, log_dir=tmp_path / "logs") as town:
        client.get(town.sites["demo_ads"] + "/latest/")
    assert len((tmp_path / "logs" / "demo_ads.jsonl").read_text("utf-8").splitlines()) == 1
    assert town.log("demo_ads")[0].path == "/latest/"


def test_titles_reach_the_pages(tmp_path: Path, client: httpx.Client) -> None:
    path = tmp_path / "titles.txt"
    path.write_text("".join(f"独有标题<{number}>&\n" for number in range(200)), "utf-8")
    with running(listings=40, titles=path) as town:
        shown = Selector(text=client.get(town.sites["demo_shop"] + "/goods/").text)
        assert len([title for title in shown.css(".goods-name::text").getall() if title.startswith("独有标题<")]) >= 20
