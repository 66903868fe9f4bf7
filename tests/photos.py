"""Pictures drawn by code that are as unlike each other as photographs are, and what becomes of a copy on its way."""

import io
import random
from collections.abc import Callable, Mapping

from PIL import Image, ImageDraw


def photo(number: int, size: tuple[int, int] = (400, 300)) -> Image.Image:
    """Soft patches of light with some things lying on them: another one for each number."""
    dice = random.Random(number)
    ground = Image.frombytes("RGB", (7, 6), dice.randbytes(7 * 6 * 3)).resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(ground)
    for _ in range(6):
        x, y = dice.randrange(size[0]), dice.randrange(size[1])
        reach = dice.randrange(20, 80)
        draw.ellipse((x - reach, y - reach // 2, x + reach, y + reach), fill=tuple(dice.randbytes(3)))
    return ground


def encoded(picture: Image.Image, kind: str = "JPEG", **how: int) -> bytes:
    written = io.BytesIO()
    picture.save(written, kind, **how)
    return written.getvalue()


def marked(picture: Image.Image) -> Image.Image:
    """With a shop's name in a white corner."""
    copy = picture.copy()
    wide, high = copy.size
    draw = ImageDraw.Draw(copy)
    draw.rectangle((wide * 0.6, high * 0.87, wide * 0.97, high * 0.95), fill="white")
    draw.text((wide * 0.62, high * 0.89), "@shop 12345", fill="black")
    return copy


#: What is still the same picture.
COPIES: Mapping[str, Callable[[Image.Image], bytes]] = {
    "encoded anew": lambda one: encoded(one, quality=35),
    "another format": lambda one: encoded(one, "WEBP", quality=60),
    "smaller": lambda one: encoded(one.resize((one.width // 3, one.height // 3))),
    "another shape": lambda one: encoded(one.resize((one.width // 2, round(one.height * 0.55)))),
    "marked": lambda one: encoded(marked(one)),
    "brighter": lambda one: encoded(one.point(lambda value: min(255, value * 1.15 + 5))),
    "grey": lambda one: encoded(one.convert("L")),
}
#: What is not found, which is told so.
OTHERS: Mapping[str, Callable[[Image.Image], bytes]] = {
    "turned": lambda one: encoded(one.rotate(90, expand=True)),
    "mirrored": lambda one: encoded(one.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "a part": lambda one: encoded(one.crop((0, 0, one.width // 2, one.height // 2))),
}
