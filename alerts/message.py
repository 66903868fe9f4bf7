"""What a channel is given: the same news in every form a channel may want, inert whatever it was made of."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

#: What WeCom, mail readers and Excel would act on. Full-width twins read the same and do nothing.
_ACTIVE = str.maketrans("<>[]()*_`#@&|~\\", "＜＞［］（）＊＿｀＃＠＆｜～＼")

#: Direction controls: they let a name read differently from what it is.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")

#: A name of a platform, district or category is never longer than this.
_LONGEST_NAME = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One message, ready for every channel."""

    #: The same for every attempt to deliver the same news, so that a reader can tell a repetition.
    key: str
    #: One line.
    subject: str
    #: For WeCom: at most 4,096 bytes of UTF-8.
    markdown: str
    #: For mail: plain text and HTML.
    text: str
    html: str
    #: For the generic webhook: JSON-safe.
    data: dict[str, Any]


def inert(name: str) -> str:
    """`name` on one line, without controls, and with every character that markup or mentions need made full-width.

    Names come from definition files, lexicon files and settings; a message must not become theirs to steer.
    """
    marked = _BIDI.sub("□", name)
    plain = "".join(" " if unicodedata.category(each)[0] == "C" else each for each in marked)
    return " ".join(plain.split())[:_LONGEST_NAME].translate(_ACTIVE)


def size(text: str) -> int:
    """Bytes of UTF-8."""
    return len(text.encode("utf-8"))


def cut(text: str, limit: int) -> str:
    """The longest beginning of `text` that fits into `limit` bytes of UTF-8; no character is torn."""
    return text.encode("utf-8")[:limit].decode("utf-8", "ignore")
