"""What was answered to a request with an Idempotency-Key: the same request again gets the same answer, done once."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from db.tables import api_answers
from records import Fault

#: For this long a request that comes again is known.
KEPT_FOR = timedelta(days=1)


class KeyTaken(Fault):
    """这个 Idempotency-Key 已用于另一个请求，没有执行。

    This Idempotency-Key was used for another request; nothing was done.
    """

    code = "E-DB-060"
    remedy = ("每个新请求换一个新的键；只有原样重发才用原来的键。", "Take a new key for each new request.")


class KeyInUse(Fault):
    """带这个 Idempotency-Key 的请求还在处理，或者上次没有处理完。

    A request with this Idempotency-Key is still being worked on, or was cut off.
    """

    code = "E-DB-061"
    remedy = (
        "请稍后查看结果；确认没有办成的，换一个新的键再发。",
        "Look at what became of it later; where nothing did, send it again with a new key.",
    )


def reserve(
    conn: Connection, token_id: int, key: str, request: bytes, *, at: datetime, lead_id: int | None = None
) -> dict[str, Any] | None:
    """None for a key that is new, which is this request's from now on; else what was answered before.

    `request`: sha256 of what is asked. Raises KeyTaken where the key was another request's, KeyInUse where there is no
    answer yet.
    """
    mine = api_answers.c.token_id == token_id
    conn.execute(delete(api_answers).where(mine, api_answers.c.at < at - KEPT_FOR))
    row = insert(api_answers).values(token_id=token_id, key=key, request=request, lead_id=lead_id, at=at)
    if conn.execute(row.on_conflict_do_nothing().returning(api_answers.c.key)).first():
        return None
    known = conn.execute(select(api_answers).where(mine, api_answers.c.key == key)).one_or_none()
    if known is None or (known.request == request and known.answer is None):
        raise KeyInUse
    if known.request != request:
        raise KeyTaken
    answer: dict[str, Any] = known.answer
    return answer


def settle(conn: Connection, token_id: int, key: str, answer: dict[str, Any] | None) -> None:
    """Keep what the request is answered with; None: it came to nothing, and the key is free again."""
    which = (api_answers.c.token_id == token_id, api_answers.c.key == key)
    conn.execute(
        update(api_answers).where(*which).values(answer=answer) if answer else delete(api_answers).where(*which)
    )
