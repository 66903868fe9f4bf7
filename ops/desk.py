"""The console's desk, laid from the house."""

import ipaddress
import socket
from datetime import date

from console import Desk, ReplaySite, Submission
from crawler import definitions
from ops.errands import Errands
from ops.first_run import FirstRunAt
from ops.house import House
from ops.intake import take_in
from ops.player import installed
from ops.retention import days_of
from ops.settings import Console
from records import Fault


class ConsoleExposed(Fault):
    """控制台不能在本机以外明文提供服务。

    The console is not served in clear text beyond this machine.
    """

    code = "E-OPS-040"
    remedy = (
        "请在前面放置终止 TLS 的代理，并设置 console.behind_tls = true 与 console.base_url；或改回 127.0.0.1。",
        "Put a proxy that ends TLS in front and set console.behind_tls and console.base_url; or go back to 127.0.0.1.",
    )
    exit_code = 2


class PortTaken(Fault):
    """控制台的端口已被占用，没有启动。

    The console's port is taken; nothing was started.
    """

    code = "E-OPS-041"
    remedy = (
        "请结束占用它的程序，或换一个端口：演示用 --port，平时设置 console.port。",
        "End what holds it, or choose another: --port for the demo, console.port otherwise.",
    )


def check_port(console: Console) -> None:
    """Raises PortTaken where nobody could listen any more. Port 0 is always free."""
    family = socket.AF_INET6 if ":" in console.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that was just left is free
        try:
            probe.bind((console.host, console.port))
        except OSError as taken:
            raise PortTaken(f"{console.host}:{console.port}（{taken.strerror}）") from None


def lay_desk(house: House, *, base_url: str = "") -> Desk:
    """What the console works with. Raises ConsoleExposed where people would reach it in clear text from elsewhere."""
    console = house.settings.console
    if not _is_loopback(console.host) and not console.behind_tls:
        raise ConsoleExposed(f"console.host = {console.host}")
    lexicon = house.lexicon()

    def intake(submission: Submission) -> list[int]:
        return take_in(house, submission)

    def law(category: str, day: date) -> tuple[str, ...]:
        return lexicon.category(category).law_on(day) if category in keys else ()

    keys = {category.key for category in lexicon.categories}
    return Desk(
        engine=house.engine,
        store=house.store,
        intake=intake,
        base_url=base_url or house.settings.console_url,
        demo=house.demo,
        tls=console.behind_tls,
        trusted_hosts=("127.0.0.1", "localhost", "[::1]", *console.trusted_hosts),
        platforms={key: one.name for key, one in definitions().items()},
        categories={category.key: category.name for category in lexicon.categories},
        law=law,
        office=house.unit().name,
        replay=_replay_site(house),
        errands=Errands(house),
        kept_days={kind.value: days for kind, days in days_of(house.settings.retention).items()},
        api_per_minute=console.api_per_minute,
        first_run=None if house.demo else FirstRunAt(house),
    )


def _replay_site(house: House) -> ReplaySite | None:
    """None where no player is installed, or the console is served beyond this machine and nobody named an address."""
    console, player = house.settings.console, installed(house.settings.home)
    at_home = f"http://replay.localhost:{replay_port(console)}" if _is_loopback(console.host) else ""
    url = console.replay_url or at_home
    return ReplaySite(url=url, player=player) if player is not None and url else None


def replay_port(console: Console) -> int:
    """Where the replay site listens."""
    return console.replay_port or console.port + 1


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
