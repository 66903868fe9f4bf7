"""What a picture looks like."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What was seen of one picture (`evidence.looks`)."""

    #: 64 bits; None, with `fine`, where it is too plain or too small to be compared.
    coarse: int | None = None
    #: 512 bits.
    fine: int | None = None
    #: A small JPEG of the first frame, of our own making; empty where the file cannot be unpacked.
    small: bytes = b""
    #: Why something is missing; empty where nothing is.
    note: str = ""
