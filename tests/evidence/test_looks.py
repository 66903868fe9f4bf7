"""What pictures look like: copies are near, others far, and no file that a platform sends does harm."""

import io
import itertools
import os
import signal
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from evidence.looker import Looker, looking
from records import Look
from tests.photos import COPIES, OTHERS, encoded, photo

NUMBERS = range(8)


@pytest.fixture(scope="module")
def looker() -> Iterator[Looker]:
    with looking() as made:
        yield made


def alike(one: Look, other: Look) -> bool:
    """As 举一反三 decides it."""
    return (one.coarse ^ other.coarse).bit_count() <= 7 and (one.fine ^ other.fine).bit_count() <= 40


def test_copies_are_alike_and_others_are_not(looker: Looker) -> None:
    first = [looker.look(encoded(photo(number), "PNG")) for number in NUMBERS]
    for (name, change), number in itertools.product(COPIES.items(), NUMBERS):
        assert alike(first[number], looker.look(change(photo(number)))), (name, number)
    for (name, change), number in itertools.product(OTHERS.items(), NUMBERS):
        assert not alike(first[number], looker.look(change(photo(number)))), (name, number)
    assert not [pair for pair in itertools.combinations(first, 2) if alike(*pair)]


def test_the_small_copy_is_a_small_jpeg_of_the_picture(looker: Looker) -> None:
    with Image.open(io.BytesIO(looker.look(encoded(photo(1), "PNG")).small)) as small:
        assert (small.format, small.size) == ("JPEG", (160, 120))
        wanted, found = photo(1).resize((4, 4)).tobytes(), small.resize((4, 4)).tobytes()
    assert max(abs(one - other) for one, other in zip(wanted, found, strict=True)) < 20


def bomb(width: int, height: int) -> bytes:
    """A PNG whose head says so, of a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    body = b"".join(rows.compress(bytes(min(width, 9_000) * 3 + 1)) for _ in range(min(height, 100))) + rows.flush()
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def frames() -> bytes:
    written = io.BytesIO()
    pictures = [photo(number).resize((200, 200)) for number in range(5)]
    pictures[0].save(written, "GIF", save_all=True, append_images=pictures[1:])
    return written.getvalue()


WHOLE = encoded(photo(3))
HOSTILE = {
    "nothing": (b"", "unreadable"),
    "text": (b"<svg onload=alert(1)>", "unreadable"),
    "a page": (b"<!doctype html>" * 100, "unreadable"),
    "cut off": (WHOLE[: len(WHOLE) // 2], "unreadable"),
    "a bomb": (bomb(30_000, 30_000), "too large"),
    "wide": (bomb(60_000_000, 1), "too large"),
    "no size": (bomb(0, 0), "unreadable"),
    "too many bytes": (bytes(20_000_001), "too large"),
    "another format": (encoded(photo(3), "TIFF"), "unreadable"),
    "an icon": (encoded(photo(3).resize((48, 48)), "PNG"), "an icon"),
    "one colour": (encoded(Image.new("RGB", (400, 400), "#ffe"), "PNG"), "plain"),
    "a dot on white": (encoded(Image.new("RGB", (400, 400), "white"), "PNG"), "plain"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_compared_says_why(looker: Looker, name: str) -> None:
    body, note = HOSTILE[name]
    look = looker.look(body)
    assert look.note.startswith(note) and look.coarse is None and look.fine is None
    assert bool(look.small) is (note in ("an icon", "plain"))
    assert looker.look(WHOLE).note == ""  # and the next one is seen


def test_kinds_of_pictures_that_browsers_show(looker: Looker) -> None:
    plain = looker.look(encoded(photo(3), "PNG"))
    for body in (encoded(photo(3).convert("CMYK")), encoded(photo(3).convert("P"), "PNG"), encoded(photo(3), "GIF")):
        assert alike(plain, looker.look(body))
    turned = photo(3).getexif()
    turned[0x0112] = 6  # as a telephone held upright says it
    sideways = photo(3).rotate(90, expand=True)
    written = io.BytesIO()
    sideways.save(written, "JPEG", exif=turned)
    assert alike(plain, looker.look(written.getvalue()))
    moving = looker.look(frames())
    assert alike(moving, looker.look(encoded(photo(0).resize((200, 200)))))


def test_a_decoder_that_hangs_or_dies_takes_nobody_with_it() -> None:
    with looking() as looker:
        assert looker.look(WHOLE).note == ""
        os.kill(looker._child.pid, signal.SIGKILL)
        looker._child.wait()
        assert looker.look(WHOLE).coarse is not None  # by another child
        os.kill(looker._child.pid, signal.SIGSTOP)
        looker._seconds, patience = 0.0, looker._seconds  # nor does the next one say anything in time
        assert looker.look(WHOLE) == Look(note="its decoder broke off")
        looker._seconds = patience
        assert looker.look(WHOLE).note == ""


def test_memory_is_bounded() -> None:
    """Just within the points that are taken; the child has no more than its gigabyte, and says what it saw."""
    with looking() as looker:
        body = bomb(7_000, 7_000)
        look = looker.look(body)
        assert look.note.startswith(("unreadable", "plain"))
        limits = Path(f"/proc/{looker._child.pid}/limits").read_text().splitlines()
        assert [line.split()[3:5] for line in limits if "address space" in line] == [["1073741824"] * 2]
