"""Re-reads stored files and compares them with their names."""

from collections.abc import Iterable

from db.review import Hit
from evidence import Store


def checked(store: Store, hits: Iterable[Hit], *, at_most: int = 60) -> dict[str, bool]:
    """Sha256 → whether the stored file still is what its hash says; files beyond `at_most` are left out."""
    wanted = [file.sha256 for hit in hits if hit.capture for file in hit.capture.files]
    return still_sound(store, list(dict.fromkeys(wanted[:at_most])))


def still_sound(store: Store, names: Iterable[str]) -> dict[str, bool]:
    """Sha256 → whether the stored file still is what its hash says."""
    return {sha256: store.check(sha256) for sha256 in names}
