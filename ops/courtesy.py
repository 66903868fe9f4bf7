"""What a patrol must know beside its queries to ask politely: the pace of all workers, leave, robots.txt, permits."""

from crawler import Courtesy, Session
from db import pacing, permits
from db.engine import Connection, transaction
from db.locks import Lease
from ops.house import House
from ops.leave import Leave
from ops.sealing import unseal
from records import KeptRobots, RobotsRuling, now, shanghai_date


def courtesy_for(house: House, platform: str, lease: Lease) -> Courtesy:
    """The courtesy of a patrol of `platform` that begins now and ends with the lease of the platform."""
    engine, asked = house.engine, Leave(lease, house.settings.crawl, platform)

    def rest(platform: str, seconds: float) -> None:
        with transaction(engine) as conn:
            pacing.rest(conn, platform, seconds)

    def kept_robots(origin: str) -> KeptRobots | None:
        with transaction(engine) as conn:
            return permits.kept_robots(conn, origin)

    def keep_robots(kept: KeptRobots) -> None:
        with transaction(engine) as conn:
            permits.keep_robots(conn, kept)

    def ruling() -> RobotsRuling | None:
        with transaction(engine) as conn:
            return next(iter(permits.in_force(conn, [platform], now())), None)

    with transaction(engine) as conn:
        session, hint = _session(conn, house, platform)
    return Courtesy(
        turn=asked.turn,
        rest=rest,
        leave=asked.leave,
        kept_robots=kept_robots,
        keep_robots=keep_robots,
        ruling=ruling,
        session=session,
        login_hint=hint,
    )


def _session(conn: Connection, house: House, platform: str) -> tuple[Session | None, str]:
    """The session that may be used today, and what a query adds that meets a login."""
    anew = f"可由专人用 xunwang platform login {platform} 提供本单位账号的会话"
    last = next((one for one in permits.sessions(conn, [platform]) if one.revoked_at is None), None)
    if last is None:
        return None, anew
    if not last.holds(shanghai_date(now())):
        return None, f"会话 {last.id} 已于 {last.until} 到期，未使用；{anew}"
    state = unseal(house.settings.session_key(), platform, permits.sealed(conn, last.id))
    if state is None:
        return None, f"会话 {last.id} 用本机的密钥打不开，未使用；{anew}"
    return Session(state=state, name=last.name), anew
