"""What a patrol must know beside its queries to ask politely: the pace of all workers, leave, robots.txt, rulings."""

from crawler import Courtesy
from db import pacing, permits
from db.engine import Engine, transaction
from ops.leave import leave_for
from ops.settings import Crawl
from records import KeptRobots, RobotsRuling, now


def courtesy_for(engine: Engine, crawl: Crawl, platform: str) -> Courtesy:
    """The courtesy of a patrol of `platform`."""

    def pace(platform: str, delay: float) -> float:
        with transaction(engine) as conn:
            return pacing.reserve(conn, platform, delay)

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

    leave = leave_for(engine, crawl, platform)
    return Courtesy(pace=pace, rest=rest, leave=leave, kept_robots=kept_robots, keep_robots=keep_robots, ruling=ruling)
