"""What may be reached inside this machine: decided by the house, never by a definition or the environment."""

import asyncio
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import egress.proof
from crawler import Definition, definition
from egress import Policy
from ops.doctor import _way_out
from ops.gateway import GuardPortTaken, InternalPlatform, allowed, stand_guard, way_out
from ops.planning import check_chosen, chosen
from ops.settings import Settings, SettingsRefused, read_settings
from tests.ports import free_port

ADS = definition("demo_ads")
TRIAL = "http://127.0.0.1:18999"


def with_sites(**sites: str) -> Settings:
    return Settings(crawl={"sites": sites})


def reach(settings: Settings, one: Definition = ADS, *, file: str = "", site: str = "", demo: bool = False) -> object:
    return allowed(settings, one.at(site) if site else one, file=file, site=site, demo=demo)


def test_production_reaches_nothing_inside() -> None:
    assert reach(Settings()) == ()
    assert reach(Settings(), definition("58")) == ()


def test_the_demo_reaches_exactly_where_its_own_markets_stand() -> None:
    assert reach(Settings(), demo=True) == ("127.0.0.1:18071",)
    assert reach(Settings(), demo=True, file="/tmp/demo_ads.yml") == ()
    assert reach(Settings(), definition("58").at(TRIAL), demo=True) == ()


def test_a_site_counts_only_where_the_settings_say_the_same() -> None:
    assert reach(with_sites(demo_ads=TRIAL + "/"), site=TRIAL) == ("127.0.0.1:18999",)
    assert reach(with_sites(demo_ads=TRIAL), site="http://127.0.0.1:22") == ()  # the scan's row says otherwise
    assert reach(Settings(), site=TRIAL, demo=True) == ()
    assert reach(with_sites(demo_ads="http://localhost:81"), site="http://localhost:81") == ("127.0.0.1:81", "[::1]:81")
    for inside in ("http://10.0.0.8", "http://169.254.169.254", "http://nas.local"):
        assert reach(with_sites(demo_ads=inside), site=inside) == ()


@pytest.mark.parametrize(
    "facts",
    [
        {"site": "http://127.0.0.1:18071"},
        {"site": "http://10.0.0.8"},
        {"site": "http://localhost"},
        {"site": "http://169.254.169.254"},
        {"site": "https://erp.internal"},
        {"site": "http://2130706433"},
        {"site": "https://www.shop.example", "hosts": "[192.168.1.1]"},
        {"site": "https://www.shop.example", "hosts": "[localhost]"},
    ],
    ids=lambda facts: "-".join(facts.values()),
)
def test_a_definition_that_points_inside_is_refused(tmp_path: Path, facts: dict[str, str]) -> None:
    file = tmp_path / "bazaar.yml"
    more = {
        "name": "集市",
        "verified": "2026-11-28",
        "cards": "css:li",
        "id": "css:a",
        "url": "css:a",
        "title": "css:a",
    }
    file.write_text("\n".join(f"{key}: {value}" for key, value in (more | facts).items()), "utf-8")
    for demo in (False, True):
        house: Any = SimpleNamespace(settings=Settings(), demo=demo)
        with pytest.raises(InternalPlatform, match="bazaar"):
            check_chosen(house, chosen(house.settings, [str(file)], demo=demo))


def test_the_environment_cannot_open_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "xunwang.toml"
    file.write_text(f'[crawl.sites]\ndemo_ads = "{TRIAL}"\n')
    assert read_settings(file).crawl.sites == {"demo_ads": TRIAL}
    for value in (TRIAL, "http://localhost:80", "http://10.0.0.8", "http://0x7f000001"):
        monkeypatch.setenv("XUNWANG_CRAWL__SITES", f'{{"demo_ads": "{value}"}}')
        with pytest.raises(SettingsRefused, match=r"crawl\.sites\.demo_ads"):
            read_settings(file)
    monkeypatch.setenv("XUNWANG_CRAWL__SITES", '{"58": "https://mirror.example"}')
    assert read_settings(file).crawl.sites["58"] == "https://mirror.example"


def test_a_guard_is_for_the_platforms_hosts_and_ends_with_the_block() -> None:
    with way_out(ADS, ()) as opened:
        assert not opened.is_down
    assert opened.is_down


def test_a_guard_for_browsers_elsewhere_lets_out_the_platforms_alone() -> None:
    async def run() -> list[bytes]:
        port = free_port()
        standing = asyncio.ensure_future(stand_guard("127.0.0.1", port, [definition("58")]))
        answers = []
        while not answers:
            await asyncio.sleep(0.05)
            with suppress(ConnectionRefusedError):
                for place in ("127.0.0.1:80", "example.com:443", "update.googleapis.com:443"):
                    reader, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.write(f"CONNECT {place} HTTP/1.1\r\n\r\n".encode())
                    answers.append(await reader.readline())
                    writer.close()
        with pytest.raises(GuardPortTaken, match=str(port)):
            await stand_guard("127.0.0.1", port, [])
        standing.cancel()
        await asyncio.gather(standing, return_exceptions=True)
        return answers

    assert asyncio.run(run()) == [b"HTTP/1.1 403 Forbidden\r\n"] * 3


def test_the_doctor_asks_a_guard_and_sees_one_that_lets_through(monkeypatch: pytest.MonkeyPatch) -> None:
    found = _way_out(Settings())
    assert found.ok and "127.0.0.1:80" in found.told and "169.254.169.254:80" in found.told
    assert not _way_out(with_sites(demo_ads=TRIAL)).ok
    monkeypatch.setattr(egress.proof, "Policy", lambda hosts: Policy(hosts=hosts, allowed=("127.0.0.1:80",)))
    found = _way_out(Settings())
    assert not found.ok and "127.0.0.1:80" in found.told and "169.254" not in found.told
