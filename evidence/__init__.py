"""Keeps bytes under their own hash, binds them into packages, and shows to anybody that they are still the same.

The store is here; what packs, signs and verifies is fetched from its own file by the few who need it.
"""

from evidence.bucket import Bucket
from evidence.objects import Address, BucketAway, Objects
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

__all__ = [
    "LOWER_HEX",
    "Address",
    "Bucket",
    "BucketAway",
    "EvidenceMissing",
    "Limits",
    "Objects",
    "Step",
    "Store",
    "StoreFull",
    "StoredFile",
    "Swept",
]
