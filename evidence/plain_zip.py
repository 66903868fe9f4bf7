"""A zip of one form only: members stored as they are, in one order, without dates, comments or optional fields.

Its bytes follow from names and contents alone, so whoever holds the contents can tell whether it was packed again.
Any unzip program reads it. Sizes beyond 4 GiB take the zip64 fields, and nothing else does.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from struct import Struct
from typing import BinaryIO, Final
from zlib import crc32

#: What a field of 32 or 16 bits says when the true number stands in a zip64 field.
ELSEWHERE: Final = 0xFFFFFFFF
MANY: Final = 0xFFFF
#: From this size or position on it does.
LIMIT: Final = ELSEWHERE

_LOCAL: Final = Struct("<4s5H3I2H")
_CENTRAL: Final = Struct("<4s6H3I5H2I")
_END: Final = Struct("<4s4H2IH")
_END_64: Final = Struct("<4sQ2H2I4Q")
_LOCATOR: Final = Struct("<4sIQI")

_UTF8: Final = 0x0800
_MADE_ON_UNIX: Final = 3 << 8
_REGULAR_FILE: Final = 0o100644 << 16
_FIRST_OF_JANUARY_1980: Final = 1 << 5 | 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One member, as the directory tells of it."""

    name: str
    #: In bytes, stored as they are.
    size: int
    crc: int
    #: Where its header begins.
    offset: int

    @property
    def header(self) -> bytes:
        """What stands before its bytes."""
        name, large = self.name.encode(), self.size >= LIMIT
        extra = _zip64(self.size, self.size) if large else b""
        size = ELSEWHERE if large else self.size
        sizes = (self.crc, size, size, len(name), len(extra))
        return _LOCAL.pack(b"PK\x03\x04", _version(large), _UTF8, 0, 0, _FIRST_OF_JANUARY_1980, *sizes) + name + extra

    @property
    def end(self) -> int:
        """Where its bytes end and the next header begins."""
        return self.offset + len(self.header) + self.size


def directory(entries: Sequence[Entry]) -> bytes:
    """What stands behind the last member."""
    start = entries[-1].end if entries else 0
    listed = b"".join(map(_listed, entries))
    tail, count = b"", len(entries)
    if count >= MANY or start >= LIMIT or len(listed) >= LIMIT:
        made, at = _MADE_ON_UNIX | 45, start + len(listed)
        tail = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, made, 45, 0, 0, count, count, len(listed), start)
        tail += _LOCATOR.pack(b"PK\x06\x07", 0, at, 1)
    counted = min(count, MANY)
    length, begins = (ELSEWHERE if number >= LIMIT else number for number in (len(listed), start))
    return listed + tail + _END.pack(b"PK\x05\x06", 0, 0, counted, counted, length, begins, 0)


class PlainZip:
    """Writes one, member after member, into a file that can be gone back in. Bodies pass through in blocks."""

    def __init__(self, file: BinaryIO, entries: Sequence[Entry] = ()) -> None:
        """`entries`: members that `file` holds already, for who adds more behind them."""
        self._file: Final = file
        self._entries: Final = list(entries)

    def write(self, name: str, size: int, blocks: Iterable[bytes]) -> None:
        """One more member of `size` bytes. Raises ValueError where the blocks are not so many."""
        entry = Entry(name=name, size=size, crc=0, offset=self._entries[-1].end if self._entries else 0)
        self._file.seek(entry.offset)
        self._file.write(entry.header)
        crc = written = 0
        for block in blocks:
            self._file.write(block)
            crc, written = crc32(block, crc), written + len(block)
        if written != size:
            raise ValueError(f"{name}: {written} bytes, not {size}")
        entry = replace(entry, crc=crc)
        self._file.seek(entry.offset)
        self._file.write(entry.header)
        self._entries.append(entry)

    def close(self) -> None:
        """Writes the directory; the file stays open, and ends here."""
        self._file.seek(self._entries[-1].end if self._entries else 0)
        self._file.write(directory(self._entries))
        self._file.truncate()
        self._file.flush()


def _listed(entry: Entry) -> bytes:
    name = entry.name.encode()
    large, far = entry.size >= LIMIT, entry.offset >= LIMIT
    extra = _zip64(*([entry.size] * 2 if large else []), *([entry.offset] if far else []))
    size = ELSEWHERE if large else entry.size
    version = _version(large or far)
    return (
        _CENTRAL.pack(
            b"PK\x01\x02", _MADE_ON_UNIX | version, version, _UTF8, 0, 0, _FIRST_OF_JANUARY_1980, entry.crc, size, size,
            len(name), len(extra), 0, 0, 0, _REGULAR_FILE, ELSEWHERE if far else entry.offset,
        )
        + name
        + extra
    )  # fmt: skip


def _version(zip64: bool) -> int:
    return 45 if zip64 else 20


def _zip64(*numbers: int) -> bytes:
    if not numbers:
        return b""
    return Struct(f"<2H{len(numbers)}Q").pack(1, 8 * len(numbers), *numbers)
