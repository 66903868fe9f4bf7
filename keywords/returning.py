"""What building left free goes back to the system: the C library would keep it, and nothing later needs as much."""

import ctypes
import sys


def give_back() -> None:
    """Return free memory. Does nothing where the C library knows no such call."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
