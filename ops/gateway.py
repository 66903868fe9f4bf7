"""Which guard an errand goes out through. What may be reached inside this machine is decided here and nowhere else."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

from crawler import Definition
from egress import Policy, WayOut, guarded, names_inside, not_public
from egress.guard import Guard
from egress.journal import Journal
from ops.settings import Settings
from records import Fault

#: Definitions of the make-believe markets carry this prefix; no real night ever includes them.
DEMO_PREFIX = "demo_"


class InternalPlatform(Fault):
    """平台定义指向本机或内部网络，没有访问。

    The platform's definition points at this machine or an internal network; nothing was visited.
    """

    code = "E-OPS-027"
    remedy = (
        "请改正定义里的 site 与 hosts；只有演示市场可在本机（xunwang scan --demo），"
        "试用的本机市场须写进 xunwang.toml 的 crawl.sites。",
        "Mend site and hosts of the definition; only the demo's markets stand on this machine (xunwang scan --demo), "
        "and a market on trial must be named under crawl.sites in xunwang.toml.",
    )
    exit_code = 2


class GuardPortTaken(Fault):
    """出口守卫要监听的地址用不了，没有启动。

    The egress guard cannot listen there; it was not started.
    """

    code = "E-OPS-028"
    remedy = (
        "请结束占用端口的程序，或换一个 --host、--port。",
        "End what holds the port, or choose another --host or --port.",
    )


def allowed(settings: Settings, platform: Definition, *, file: str, site: str, demo: bool) -> tuple[str, ...]:
    """The `address:port` pairs of this machine that a patrol of `platform` may reach; mostly none.

    `site` is where it stands by the scan's word, which holds only where the settings say the same; a definition file
    says nothing here at all. In the demo's house the built-in markets stand where their own definitions say.
    """
    parts = urlsplit(platform.site)
    host, port = parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    named = bool(site) and site.rstrip("/") in {one.rstrip("/") for one in settings.crawl.sites.values()}
    make_believe = demo and not site and not file and platform.key.startswith(DEMO_PREFIX)
    if not (named or make_believe):
        return ()
    if host == "localhost":
        return (f"127.0.0.1:{port}", f"[::1]:{port}")
    return (f"[{host}]:{port}" if ":" in host else f"{host}:{port}",) if not_public(host) == "loopback" else ()


def check_platform(platform: Definition, allowed_here: tuple[str, ...]) -> None:
    """Raises InternalPlatform where a definition names this machine or an internal address that it may not."""
    hosts = platform.hosts if allowed_here else _own_hosts(platform)
    inside = next((host for host in hosts if names_inside(host)), None)
    if inside is not None:
        raise InternalPlatform(f"{platform.key}：{inside}")


@contextmanager
def way_out(platform: Definition, allowed_here: tuple[str, ...], hosts: tuple[str, ...] = ()) -> Iterator[WayOut]:
    """A guard for `platform` while the block runs, for its hosts alone unless others are given. Raises GuardDown."""
    with guarded(Policy(hosts=hosts or _own_hosts(platform), allowed=allowed_here)) as opened:
        yield opened


async def stand_guard(host: str, port: int, platforms: Sequence[Definition]) -> None:
    """A guard for browsers that run elsewhere, for the hosts of `platforms`, until cancelled. Raises GuardPortTaken."""
    hosts = tuple(pattern for one in platforms for pattern in _own_hosts(one))
    guard = Guard(Policy(hosts=hosts), Journal())
    try:
        await guard.start(host, port)
    except OSError as taken:
        raise GuardPortTaken(f"{host}:{port}（{taken.strerror}）") from None
    try:
        await asyncio.Event().wait()
    finally:
        await guard.close()


def _own_hosts(platform: Definition) -> tuple[str, ...]:
    return (urlsplit(platform.site).hostname or "", *platform.hosts)
