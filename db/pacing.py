"""One clock of politeness per platform, shared by every worker on every machine."""

from sqlalchemy import Connection, text

_REST = text(
    """
    insert into pacing (platform, next_at) values (:platform, clock_timestamp() + :seconds * interval '1 second')
    on conflict (platform) do update set next_at = greatest(pacing.next_at, excluded.next_at)
    """
)


def rest(conn: Connection, platform: str, seconds: float) -> None:
    """Nobody asks `platform` for so many seconds: its own wish (Retry-After), or the delay after a patrol's end."""
    conn.execute(_REST, {"platform": platform, "seconds": seconds})
