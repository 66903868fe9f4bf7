"""How far the import of a file has come: rows of the audit, written with the batch that they speak of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from db.audit import record
from db.tables import audit
from db.text import storable_json

#: Actions of the audit.
_BEGUN, _BATCH, _ENDED = "import.begin", "import.rows", "import.end"


def begin(conn: Connection, key: str, about: Mapping[str, Any], *, by: str, at: datetime) -> dict[str, Any]:
    """Takes up the import `key` that broke off and answers with how far it came; else puts a new one on record.

    `about`: the file's name, digest, columns, and on what grounds it came; JSON without floats.
    """
    newest = select(audit.c.action, audit.c.detail).where(
        audit.c.subject == f"import:{key}", audit.c.action.in_((_BEGUN, _BATCH, _ENDED))
    )
    last = conn.execute(newest.order_by(audit.c.seq.desc()).limit(1)).first()
    if last is not None and last.action == _BATCH:
        return dict(last.detail)
    if last is None or last.action == _ENDED:
        detail = storable_json(dict(about))
        record(conn, actor=by, action=_BEGUN, subject=f"import:{key}", detail=detail, at=at)
    return {}


def reached(conn: Connection, key: str, progress: Mapping[str, int], *, by: str, at: datetime, end: bool) -> None:
    """Puts down how far the import has come; the last row of a finished one has `end`."""
    action = _ENDED if end else _BATCH
    record(conn, actor=by, action=action, subject=f"import:{key}", detail=dict(progress), at=at)
