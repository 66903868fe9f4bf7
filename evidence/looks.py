"""What a picture looks like: two hashes by which its copies are found, and a small copy that pages may show.

The hashes are gradients (dHash), a bit where the grey picture grows lighter from one point to the next: `coarse`, of
9 × 8 points, to the right: 64 bits by which candidates are found; `fine`, of 17 × 16 points to the right and 16 × 17
downwards: 512 bits that decide. A copy that was encoded anew, made smaller or marked in a corner differs in a few of
them; a picture that was turned or mirrored is another picture.

Bodies are whatever a platform sent. `look` is to be called in a process of its own (`evidence.looker`): it refuses what
is too large by what the head says, before anything is unpacked, and some broken files may end the process all the same.
"""

import io
from typing import Final

from PIL import Image, ImageOps

from records import Look

#: Points of a picture that is unpacked at most: 200 MB of memory.
MOST_POINTS: Final = 50_000_000
#: A picture that is shorter or narrower is an icon or a button: it gets no hashes.
LEAST_SIDE: Final = 64
#: Longer side of the small copy.
SMALL: Final = 160

_FORMATS: Final = ("PNG", "JPEG", "GIF", "WEBP")
#: Steps of grey that count as growing lighter: less is noise of the encoding.
_NOISE: Final = 2
#: Of the 128 neighbours, how many must differ by twice that; a picture with fewer is too plain to be told from others.
_LEAST_EDGES: Final = 16


def look(body: bytes) -> Look:
    """Unpacks a picture and looks at it. A file that is none, or is too large, is told by its note."""
    try:
        with Image.open(io.BytesIO(body), formats=_FORMATS) as opened:
            width, height = opened.size
            if width * height > MOST_POINTS:
                return Look(note="too large")
            opened.draft("RGB", (max(SMALL * 4, LEAST_SIDE), SMALL * 4))  # a JPEG is unpacked no larger than it must be
            picture = _flat(opened)
    except Image.DecompressionBombError:  # Pillow's own limit, which it looks at first
        return Look(note="too large")
    except (OSError, ValueError, SyntaxError) as error:
        return Look(note=f"unreadable: {type(error).__name__}")
    small = _small(picture)
    if min(width, height) < LEAST_SIDE:
        return Look(small=small, note="an icon")
    coarse, right = _gradient(picture, (9, 8), 1)
    _, below = _gradient(picture, (8, 9), 8)
    if right + below < _LEAST_EDGES:
        return Look(small=small, note="plain")
    across, down = _gradient(picture, (17, 16), 1)[0], _gradient(picture, (16, 17), 16)[0]
    return Look(coarse=coarse, fine=across << 256 | down, small=small)


def _flat(opened: Image.Image) -> Image.Image:
    """The first frame as a person sees it: turned as the camera says, on white, in RGB."""
    turned = ImageOps.exif_transpose(opened)
    if turned.has_transparency_data:
        white = Image.new("RGBA", turned.size, (255, 255, 255, 255))
        white.alpha_composite(turned.convert("RGBA"))
        turned = white
    return turned.convert("RGB")


def _small(picture: Image.Image) -> bytes:
    small = picture.copy()
    small.thumbnail((SMALL, SMALL))
    written = io.BytesIO()
    small.save(written, "JPEG", quality=75)
    return written.getvalue()


def _gradient(picture: Image.Image, size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Bits of the steps of `stride` points in the grey picture of that size, and how many of them are real edges."""
    grey = picture.convert("L").resize(size, Image.Resampling.LANCZOS).tobytes()
    starts = [at for at in range(len(grey) - stride) if stride > 1 or at % size[0] < size[0] - 1]
    steps = [grey[at + stride] - grey[at] for at in starts]
    bits = sum(1 << number for number, step in enumerate(steps) if step > _NOISE)
    return bits, sum(abs(step) > 2 * _NOISE for step in steps)
