"""One clock of politeness per platform, shared by every worker on every machine."""

from sqlalchemy import Connection, text

_RESERVE = text(
    """
    insert into pacing (platform, next_at) values (:platform, clock_timestamp() + :delay * interval '1 second')
    on conflict (platform) do update
       set next_at = greatest(pacing.next_at, clock_timestamp()) + :delay * interval '1 second'
    returning extract(epoch from next_at - :delay * interval '1 second' - clock_timestamp())
    """
)

_REST = text(
    """
    insert into pacing (platform, next_at) values (:platform, clock_timestamp() + :seconds * interval '1 second')
    on conflict (platform) do update set next_at = greatest(pacing.next_at, excluded.next_at)
    """
)


def reserve(conn: Connection, platform: str, delay: float) -> float:
    """Reserve the next moment for a request to `platform`; seconds to wait until it (0 or more).

    `delay` is the time in seconds that the platform rests after that request.
    """
    waiting = conn.execute(_RESERVE, {"platform": platform, "delay": delay}).scalar_one()
    return max(0.0, float(waiting))


def rest(conn: Connection, platform: str, seconds: float) -> None:
    """Nobody asks `platform` for so many seconds: its own wish (Retry-After), or the delay after a patrol's end."""
    conn.execute(_REST, {"platform": platform, "seconds": seconds})
