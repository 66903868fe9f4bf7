"""Keeps bytes under their own hash, and can show at any time that they are still the same."""

from evidence.store import (
    LOWER_HEX,
    EvidenceMissing,
    Limits,
    Step,
    Store,
    StoredFile,
    StoreFull,
    Swept,
)

__all__ = ["LOWER_HEX", "EvidenceMissing", "Limits", "Step", "Store", "StoreFull", "StoredFile", "Swept"]
