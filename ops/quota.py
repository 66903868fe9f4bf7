"""How much evidence may be kept: asked by the store for every new file."""

import time

from db.engine import Engine, transaction
from db.evidence import total_size
from evidence import StoreFull

#: Seconds for which the sum of what is kept counts; a few files over the quota do no harm.
_COUNTS_FOR = 10.0


class Quota:
    """Refuses what would take the files named by rows beyond `most` bytes. May be shared by threads."""

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine = engine
        self._most = most
        self._held: tuple[float, int] | None = None

    def __call__(self, size: int) -> None:
        """Raises StoreFull where `size` more bytes are too many."""
        held = self._held
        if held is None or time.monotonic() - held[0] > _COUNTS_FOR:
            with transaction(self._engine) as conn:
                held = self._held = (time.monotonic(), total_size(conn))
        if held[1] + size > self._most:
            raise StoreFull(f"evidence.quota_gib：已存 {held[1] >> 20} MiB，限额 {self._most >> 20} MiB")
