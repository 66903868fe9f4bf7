"""Small PNG pictures of invented things, drawn row by row with zlib alone: the same bytes for the same listing."""

import math
import struct
import zlib
from collections.abc import Callable

from demo.dice import Dice

_SIDE = 320
_MIDDLE = _SIDE // 2
#: Rows of palette numbers, one byte a point.
_Canvas = list[bytearray]
# Palette: 0-15 the cloth behind, 16-31 the thing from dark to light.
_CLOTHS = ((214, 205, 190), (120, 132, 140), (92, 74, 62), (186, 196, 200), (150, 60, 52), (58, 66, 60))
_STUFFS = ((236, 226, 200), (168, 112, 60), (92, 52, 34), (196, 150, 92), (150, 150, 150), (70, 110, 90), (60, 60, 70))


def picture(*of: object) -> bytes:
    """A PNG, 320 × 320, 1 to 4 KB."""
    dice = Dice("picture", *of)
    palette = _shades(dice.pick(_CLOTHS), 0.5, 1.2) + _shades(dice.pick(_STUFFS), 0.55, 1.18)
    canvas = [bytearray(bytes([row * 16 // _SIDE]) * _SIDE) for row in range(_SIDE)]
    _folds(canvas, dice)
    dice.pick(_SHAPES)(canvas, dice)
    return _png(canvas, palette)


def _shades(colour: tuple[int, int, int], darkest: float, lightest: float) -> bytes:
    steps = [darkest + (lightest - darkest) * step / 15 for step in range(16)]
    return bytes(min(255, int(part * step)) for step in steps for part in colour)


def _folds(canvas: _Canvas, dice: Dice) -> None:
    """Light and shadow on the cloth: no two photographs lie on the same one, and 举一反三 compares pictures."""
    for _ in range(7):
        left, top = dice.between(0, _SIDE - 60), dice.between(0, _SIDE - 60)
        wide, high = dice.between(40, 160), dice.between(40, 160)
        shade = bytes([dice.between(0, 15)])
        for row in canvas[top : top + high]:
            end = min(_SIDE, left + wide)
            row[left:end] = shade * (end - left)


def _ball(canvas: _Canvas, x: int, y: int, radius: int) -> None:
    """A ball, lighter towards its upper left."""
    for ring in range(8):
        size = radius * (8 - ring) // 8
        left, top = x - radius * ring // 24, y - radius * ring // 20
        shade = bytes([18 + ring * 13 // 7])
        for row in range(max(0, top - size), min(_SIDE, top + size + 1)):
            half = math.isqrt(size * size - (row - top) ** 2)
            start, stop = max(0, left - half), min(_SIDE, left + half + 1)
            canvas[row][start:stop] = shade * (stop - start)


def _beads(canvas: _Canvas, dice: Dice) -> None:
    count, wide = dice.between(12, 20), dice.between(90, 115)
    size = int(math.pi * wide / count) - 1
    for bead in range(count):
        turn = 2 * math.pi * bead / count
        _ball(canvas, _MIDDLE + int(wide * math.cos(turn)), _MIDDLE + int(wide * 0.86 * math.sin(turn)), size)


def _turned(canvas: _Canvas, dice: Dice) -> None:
    """A vase or a bottle: a profile turned around the middle."""
    belly, waves, top = dice.between(45, 85), dice.between(1, 3), dice.between(30, 70)
    for row in range(top, 290):
        along = (row - top) / (290 - top)
        half = int(belly * (0.45 + 0.55 * abs(math.sin(waves * math.pi * (along * 0.9 + 0.05)))))
        for band in range(12):
            inner = half * (12 - band) // 12
            middle = _MIDDLE - half * band // 30
            canvas[row][middle - inner : middle + inner] = bytes([17 + band]) * (2 * inner)


def _box(canvas: _Canvas, dice: Dice) -> None:
    left, top = dice.between(40, 80), dice.between(70, 120)
    for row in range(top, 270):
        shade = 22 if row > top + 26 else 28
        canvas[row][left : _SIDE - left] = bytes([shade]) * (_SIDE - 2 * left)
        canvas[row][_SIDE - left - 30 : _SIDE - left] = bytes([18]) * 30


def _disc(canvas: _Canvas, dice: Dice) -> None:
    _ball(canvas, _MIDDLE, _MIDDLE, dice.between(80, 120))
    hole = dice.between(14, 34)
    for row in range(_MIDDLE - hole, _MIDDLE + hole):
        half = math.isqrt(hole * hole - (row - _MIDDLE) ** 2)
        canvas[row][_MIDDLE - half : _MIDDLE + half] = bytes([row * 16 // _SIDE]) * (2 * half)


_SHAPES: tuple[Callable[[_Canvas, Dice], None], ...] = (_beads, _turned, _box, _disc)


def _png(canvas: _Canvas, palette: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 3, 0, 0, 0)  # 8 bits a point, palette
    rows = b"".join(b"\0" + row for row in canvas)  # filter 0 before each row
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 6)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
