"""A zip that came from outside, read without being believed.

Nothing is ever unpacked to a disk. What the directory, the headers and the file itself do not say alike is refused.
"""

import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from struct import Struct, error
from types import TracebackType
from typing import BinaryIO, Final, Self

from evidence.plain_zip import ELSEWHERE, MANY, Entry, directory
from records import Fault

_BLOCK: Final = 1 << 20
#: Members, and bytes of the directory, that a package may have.
_MOST_MEMBERS: Final = 100_000
_LONGEST_DIRECTORY: Final = 64 << 20
#: What may come out of it: so many times its own length, and this many bytes in any case.
_RATIO: Final = 200
_SMALL: Final = 64 << 20

_END: Final = Struct("<4s4H2IH")
_END_64: Final = Struct("<4sQ2H2I4Q")
_LOCATOR: Final = Struct("<4sIQI")
_LOCAL: Final = Struct("<4s5H3I2H")
#: Lengths of what may follow a member whose header left its sizes out: with or without a signature, zip64 or not.
_DESCRIPTORS: Final = (12, 16, 20, 24)
_ENCRYPTED: Final = 0x1 | 0x40 | 0x2000
_SIZES_FOLLOW: Final = 0x8


class ZipRefused(Fault):
    """这个文件不是完好的证据包，没有读下去。

    This file is no sound evidence package; it was not read any further.
    """

    code = "E-EVIDENCE-010"
    remedy = (
        "请向提供方重新索取原始文件；不要用解压软件打开来历不明的压缩包。",
        "Ask whoever gave it for the original file; do not unpack an archive of unknown origin.",
    )
    exit_code = 2


class MemberBroken(Exception):
    """A member whose bytes cannot be read to their end, or are more than they can ever be."""


class StrangeZip:
    """An open zip. `names` are its members in the order of the directory, folders left out."""

    def __init__(self, path: Path) -> None:
        """Reads and checks the directory. Raises ZipRefused."""
        try:
            self._file: BinaryIO = path.open("rb")
        except OSError as refused:
            raise ZipRefused(f"{path.name}：{refused.strerror or refused}") from refused
        try:
            self._size = self._file.seek(0, 2)
            self._start = _directory_start(self._file, self._size)
            self._zip = zipfile.ZipFile(self._file)
            members = self._zip.infolist()
            _check(members, self._size)
            _check_tiling(self._file, members, self._start)
        except (zipfile.BadZipFile, error, NotImplementedError, UnicodeError, ValueError, OverflowError) as wrong:
            self._file.close()
            raise ZipRefused(f"{path.name}：压缩包的目录已损坏") from wrong
        except ZipRefused as refused:
            self._file.close()
            raise ZipRefused(f"{path.name}：{refused.detail}") from None
        self._members = {one.filename: one for one in members if not one.is_dir()}
        self.names: tuple[str, ...] = tuple(self._members)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _k: type[BaseException] | None, _e: BaseException | None, _s: TracebackType | None) -> None:
        self._zip.close()
        self._file.close()

    def size(self, name: str) -> int:
        """Bytes of a member, as the directory has it."""
        return self._members[name].file_size

    def blocks(self, name: str) -> Iterator[bytes]:
        """The bytes of a member, a block at a time. Raises MemberBroken, mostly at the end."""
        try:
            with self._zip.open(self._members[name]) as member:
                while block := member.read(_BLOCK):
                    yield block
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, error, OSError) as broken:
            raise MemberBroken(name) from broken

    def read(self, name: str, most: int) -> bytes:
        """The whole of a member. Raises MemberBroken, also where it is longer than `most` bytes."""
        if self.size(name) > most:
            raise MemberBroken(name)
        return b"".join(self.blocks(name))

    def as_written(self, names: list[str]) -> bool:
        """True where the file is, byte for byte, what our own writer makes of these members in this order.

        The members' own bytes are not read again: where every header and the directory are as they must be, they
        stand where they were read from.
        """
        if names != list(self._members) or len(self._zip.infolist()) != len(names):
            return False
        entries = self.entries(names)
        if any(self._bytes(one.offset, len(one.header)) != one.header for one in entries):
            return False
        tail = directory(entries)
        start = entries[-1].end if entries else 0
        return start + len(tail) == self._size and self._bytes(start, len(tail)) == tail

    def entries(self, names: list[str]) -> list[Entry]:
        """These members as our own writer would place them, in this order."""
        entries: list[Entry] = []
        for name in names:
            member, at = self._members[name], entries[-1].end if entries else 0
            entries.append(Entry(name=name, size=member.file_size, crc=member.CRC, offset=at))
        return entries

    def copy(self, into: BinaryIO, end: int) -> None:
        """The first `end` bytes of the file itself."""
        self._file.seek(0)
        while end > 0 and (block := self._file.read(min(_BLOCK, end))):
            into.write(block)
            end -= len(block)

    def _bytes(self, at: int, count: int) -> bytes:
        self._file.seek(at)
        return self._file.read(count)


def _directory_start(file: BinaryIO, size: int) -> int:
    """Where the directory begins. Raises ZipRefused for bytes before, behind or between what a zip is made of."""
    if size < _END.size:
        raise ZipRefused("不是 zip 文件，或被截断")
    file.seek(size - _END.size)
    mark, disk, disks, here, count, length, start, comment = _END.unpack(file.read(_END.size))
    if mark != b"PK\x05\x06" or comment:
        raise ZipRefused("不是 zip 文件，或被截断，或结尾之后另有数据")
    end = size - _END.size
    if MANY in (here, count) or ELSEWHERE in (length, start):
        end, here, count, length, start = _wide(file, end, (here, count, length, start))
    if disk or disks or here != count:
        raise ZipRefused("分卷的压缩包")
    if count > _MOST_MEMBERS or length > _LONGEST_DIRECTORY:
        raise ZipRefused(f"目录过大（{count} 项）")
    if start + length != end:
        raise ZipRefused("开头之前或目录之后另有数据")
    return int(start)


def _wide(file: BinaryIO, end: int, narrow: tuple[int, int, int, int]) -> tuple[int, int, int, int, int]:
    """The numbers of the zip64 record; each must be what the narrow one says, where that says anything."""
    if end < _LOCATOR.size + _END_64.size:
        raise ZipRefused("zip64 记录缺失")
    file.seek(end - _LOCATOR.size - _END_64.size)
    mark, length_64, _, _, disk, disks, *wide = _END_64.unpack(file.read(_END_64.size))
    locator, _, at, total = _LOCATOR.unpack(file.read(_LOCATOR.size))
    sound = mark == b"PK\x06\x06" and locator == b"PK\x06\x07" and length_64 == _END_64.size - 12
    if not sound or at != end - _LOCATOR.size - _END_64.size or total != 1 or disk or disks:
        raise ZipRefused("zip64 记录有误")
    here, count, length, start = wide
    said = zip(narrow, (here, count, length, start), (MANY, MANY, ELSEWHERE, ELSEWHERE), strict=True)
    if any(small not in (large, most) for small, large, most in said):
        raise ZipRefused("zip64 记录与目录不符")
    return at, here, count, length, start


def _check(members: list[zipfile.ZipInfo], size: int) -> None:
    seen: set[str] = set()
    total = 0
    for one in members:
        name, total = one.orig_filename, total + one.file_size
        if not _plain(name):
            raise ZipRefused(f"文件名不被接受：{name[:80]!r}")
        if name.casefold() in seen:
            raise ZipRefused(f"文件名重复：{name[:80]}")
        seen.add(name.casefold())
        mode = one.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR) or (one.is_dir() and one.file_size):
            raise ZipRefused(f"不是普通文件（符号链接或设备）：{name[:80]}")
        if one.flag_bits & _ENCRYPTED:
            raise ZipRefused(f"已加密：{name[:80]}")
        if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ZipRefused(f"压缩方法不被接受：{name[:80]}")
        if one.compress_type == zipfile.ZIP_STORED and one.file_size != one.compress_size:
            raise ZipRefused(f"长度自相矛盾：{name[:80]}")
    if total > max(_SMALL, _RATIO * size):
        raise ZipRefused(f"解压后有 {total >> 20} MiB（压缩炸弹）")


def _plain(name: str) -> bool:
    parts = name.removesuffix("/").split("/")
    return (
        0 < len(name) <= 1_000
        and name.isprintable()
        and not any(char in name for char in '\\:*?"<>|')
        and not any(part in ("", ".", "..") for part in parts)
    )


def _check_tiling(file: BinaryIO, members: list[zipfile.ZipInfo], end: int) -> None:
    """Every byte before the directory belongs to one member: nothing hides between two, none lies over another."""
    at = 0
    for one in sorted(members, key=lambda member: member.header_offset):
        if one.header_offset != at:
            raise ZipRefused(f"成员之间有多余或重叠的数据：{one.filename[:80]}")
        file.seek(at)
        mark, _, flags, method, *_, name, extra = _LOCAL.unpack(file.read(_LOCAL.size))
        if mark != b"PK\x03\x04" or method != one.compress_type or flags != one.flag_bits:
            raise ZipRefused(f"成员的头与目录不符：{one.filename[:80]}")
        at += _LOCAL.size + name + extra + one.compress_size
        if flags & _SIZES_FOLLOW:
            at += _descriptor(file, at, one)
        if at > end:
            raise ZipRefused(f"成员超出文件：{one.filename[:80]}")
    if at != end:
        raise ZipRefused("最后一个成员之后有多余的数据")


def _descriptor(file: BinaryIO, at: int, one: zipfile.ZipInfo) -> int:
    """Length of the sizes that follow a member."""
    file.seek(at)
    found = file.read(max(_DESCRIPTORS))
    for length in _DESCRIPTORS:
        sign, wide = length in (16, 24), length >= 20
        form = Struct(f"<{'4s' if sign else ''}I{'2Q' if wide else '2I'}")
        expected = (*([b"PK\x07\x08"] if sign else []), one.CRC, one.compress_size, one.file_size)
        if len(found) >= length and form.unpack(found[:length]) == expected:
            return length
    raise ZipRefused(f"成员之后的长度与目录不符：{one.filename[:80]}")
