"""What building left free goes back to the system: the C library would keep it, and nothing later needs as much."""

import ctypes
import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def give_back() -> None:
    """Return free memory. Does nothing where the C library knows no such call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Without the collector while a hundred thousand objects are made that all stay: it would go through them again
    and again and find nothing, for a tenth of a start."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()
