"""The door for foreign text: what PostgreSQL or a later reader cannot hold is replaced here, one for one."""

import re
from typing import Any

#: NUL, lone surrogates, and the 66 noncharacters of Unicode (U+FDD0–FDEF and the last two of every plane).
_UNSTORABLE = re.compile(
    "[\x00\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)


def storable(text: str) -> str:
    """`text` with every character that cannot be stored replaced by U+FFFD.

    The length stays the same, so that spans found in either fit the other; the original bytes stand in the evidence.
    """
    if text.isascii():
        return text.replace("\x00", "\ufffd")
    return _UNSTORABLE.sub("\ufffd", text)


def storable_json(data: Any) -> Any:
    """`data` (what JSON can say) with every text in it, keys too, made storable."""
    if isinstance(data, str):
        return storable(data)
    if isinstance(data, dict):
        return {storable(str(key)): storable_json(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [storable_json(value) for value in data]
    return data
