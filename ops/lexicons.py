"""Which lexicon a command works with: `--lexicon` names a folder, a file, or a released version."""

import json
from pathlib import Path

from keywords import Lexicon, builtin, read_folder
from ops.screen import Screen
from records import Fault


class LexiconNotFound(Fault):
    """没有这个词库。

    There is no such lexicon.
    """

    code = "E-OPS-031"
    remedy = (
        "可写词库文件夹、词库 JSON 文件，或 `xunwang lexicon versions` 列出的版本名；不写即为随程序附带的词库。",
        "Name a lexicon folder, a lexicon as JSON, or a version that `xunwang lexicon versions` lists.",
    )
    exit_code = 2


def chosen_lexicon(screen: Screen, name: str = "", *, live: bool = False, demo: bool = False) -> Lexicon:
    """The lexicon called `name`; else the live one of the house or its demo; else the one that ships.

    Raises LexiconNotFound, and keywords.LexiconBroken for a folder with a fault in it.
    """
    if not name:
        return screen.house(demo=demo).lexicon() if live or demo else builtin()
    try:
        if Path(name).is_dir():
            return read_folder(Path(name))
        if Path(name).is_file():
            return _from_file(Path(name))
    except (OSError, ValueError):  # too long for a path, a NUL in it
        raise LexiconNotFound(name[:200]) from None
    if Path(name).suffix or "/" in name:
        raise LexiconNotFound(f"没有这个文件：{name[:200]}")
    return _released(screen, name, demo=demo)


def _released(screen: Screen, name: str, *, demo: bool) -> Lexicon:
    # Here, because most calls need no database, and its library takes longer to load than they take.
    from db import lexicon as released
    from db.engine import transaction

    with transaction(screen.house(demo=demo).engine) as conn:
        version = released.version(conn, name)
    if version is None:
        raise LexiconNotFound(f"没有这个版本：{name[:200]}")
    return Lexicon.from_data(version.content)


def _from_file(path: Path) -> Lexicon:
    try:
        return Lexicon.from_data(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        raise LexiconNotFound(f"不是词库 JSON 文件：{path}") from None
