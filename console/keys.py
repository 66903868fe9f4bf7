"""The keys of the desk: which there are, which an account has put in their place, and what is printed on a button.

A page speaks of a key by its usual code; the browser is told which keys of this account stand for which usual ones,
so that no script and no button knows of anybody's own choice.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from console.language import N_, _, word
from db.users import User
from records import Fault


@dataclass(frozen=True, slots=True)
class Action:
    """What a key does."""

    #: `event.code` of its usual key: the place on the keyboard, whatever an input method makes of it.
    usual: str
    label: str


#: Every action whose key an account may choose, under the name by which it is stored.
ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        "keep": Action("KeyA", N_("转核查（结论：属实）")),
        "dismiss": Action("KeyX", N_("排除（结论：不属实）")),
        "later": Action("KeyQ", N_("待研判（结论：存疑）")),
        "undo": Action("KeyZ", N_("撤销")),
        "note": Action("KeyC", N_("备注")),
        "misread": Action("KeyN", N_("此词误报")),
        "star": Action("KeyF", N_("典型案例候选")),
        "related": Action("KeyR", N_("举一反三")),
        "dispose": Action("KeyT", N_("登记处置")),
        "print": Action("KeyP", N_("打印")),
        "merge": Action("KeyM", N_("合并线索")),
        "next": Action("KeyJ", N_("下一条")),
        "previous": Action("KeyK", N_("上一条")),
        "enlarge": Action("KeyE", N_("放大截图")),
        "go": Action("KeyG", N_("去别的页面：再按页面的字母")),
    }
)
_SIGNS = {
    "Semicolon": ";", "Quote": "'", "Comma": ",", "Period": ".", "BracketLeft": "[", "BracketRight": "]",
    "Backslash": "\\", "Minus": "-", "Equal": "=", "Backquote": "`",
}  # fmt: skip
#: What may be chosen, each with what is printed on it. Digits choose reasons; / ? Esc and arrows stay what they are.
CHOICES: Mapping[str, str] = MappingProxyType(
    {**{f"Key{letter}": letter for letter in map(chr, range(65, 91))}, **_SIGNS}
)


class KeysClash(Fault):
    """同一个键不能用于两项操作，没有保存。

    One key cannot stand for two actions; nothing was saved.
    """

    code = "E-CONSOLE-061"
    remedy = ("请为其中一项另选一个键，或设为“不用键”。", "Choose another key for one of them, or none.")


class KeyUnknown(Fault):
    """这个键不能选用，没有保存。

    This key cannot be chosen; nothing was saved.
    """

    code = "E-CONSOLE-062"
    remedy = ("请从列表中选择。", "Choose one from the list.")


def chosen(user: User | None) -> dict[str, str]:
    """Action → code of its key in that account; empty for none. Without an account the usual ones."""
    own = user.keys if user else {}
    return {name: own.get(name, action.usual) for name, action in ACTIONS.items()}


def checked(given: Mapping[str, str]) -> dict[str, str]:
    """Of action → code what is not usual. Raises KeyUnknown, and KeysClash naming key and actions."""
    taken: dict[str, str] = {}
    for name, code in given.items():
        if name not in ACTIONS or (code and code not in CHOICES):
            raise KeyUnknown(code[:40])
        if code in taken:
            pair = {"key": CHOICES[code], "one": word(ACTIONS[taken[code]].label), "other": word(ACTIONS[name].label)}
            raise KeysClash(_("%(key)s：“%(one)s”和“%(other)s”", **pair))
        if code:
            taken[code] = name
    return {name: code for name, code in given.items() if code != ACTIONS[name].usual}


def printed(user: User | None, usual: str) -> str:
    """What stands on the button whose usual key that is; empty where this account has none for it."""
    if user is not None and not user.keys_on:
        return ""
    name = next(name for name, action in ACTIONS.items() if action.usual == usual)
    return CHOICES.get(chosen(user)[name], "")


def told_to_browser(user: User) -> str:
    """JSON: pressed code → the usual code it stands for, empty for none. Keys that are not in it mean themselves."""
    usual = {action.usual: "" for action in ACTIONS.values()}
    return json.dumps({**usual, **{code: ACTIONS[name].usual for name, code in chosen(user).items() if code}})
