"""Personal data as pages, lists, exports and paper may show it: the one place that says how it is masked. Pure.

Texts keep their length, so that spans found in them still fit: a character that is hidden becomes one star.
"""

import re
import unicodedata

#: Takes no room on the line; sellers put it between digits.
_UNSEEN = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff]")
_DIGITS = str.maketrans("〇零洞壹贰叁肆伍陆柒捌玖幺一二两三四五六七八九❶❷❸❹❺❻❼❽❾⓿", "000123456789112234567891234567890")
#: Between two digits of one number: a few signs, no letter and no character.
_GAP = r"[^0-9a-z\u3400-\u9fff]{0,3}"
_APART = r"[^0-9a-z\u3400-\u9fff]{1,3}"
_SAID = r"(?:[号码群同步加是]|[^0-9a-z\u3400-\u9fff]){0,6}"
_WECHAT = r"(?:[微薇威徽] ?信?|[微薇]x|卫星|绿泡泡|v信|(?<![a-z0-9])(?:vx|wx|v|wechat|weixin))"
_SERVICE = r"(?:扣扣|企鹅|联系|电话|手机|(?<![a-z0-9])(?:qq|tg|telegram))"


def _compiled(*rules: tuple[str, int, int]) -> tuple[tuple[re.Pattern[str], int, int], ...]:
    return tuple((re.compile(pattern), front, behind) for pattern, front, behind in rules)


#: What is looked for in the folded text, group 1 being hidden but for so many letters and digits in front and behind.
_RULES = _compiled(
    (rf"(?<![0-9])([1-9][0-9]{{5}}{_GAP}(?:18|19|20)[0-9]{{6}}{_GAP}[0-9]{{3}}[0-9x])(?![0-9a-z])", 3, 2),
    (rf"(?<![0-9])((?:4|5[1-5]|6[25])[0-9]{{2,3}}(?:{_GAP}[0-9]{{4}}){{3}}[0-9]{{0,3}})(?![0-9])", 4, 4),
    (rf"(?:(?<![0-9])|(?<=86))(1[3-9][0-9]{_GAP}[0-9]{{4}}{_GAP}[0-9]{{4}})(?![0-9])", 3, 4),
    (rf"(?<![0-9])(1{_APART}[3-9](?:{_APART}[0-9]){{9}})(?![0-9])", 3, 4),
    (r"(?<![0-9])(0[1-9][0-9]{1,2}[-) ]{1,2}[2-9][0-9]{6,7})(?![0-9])", 4, 2),
    (rf"{_WECHAT}{_SAID}([a-z][a-z0-9_-]{{5,19}})(?![a-z0-9_-])", 2, 0),
    (rf"(?:(?<![a-z0-9])q{{1,2}}|扣扣|企鹅){_SAID}([1-9][0-9]{{4,10}})(?![0-9])", 2, 0),
    (r"([a-z0-9._%+-]{2,64})@[a-z0-9-]{1,63}\.[a-z]{2}", 2, 0),
)
#: What paper, which may leave the house, hides besides, rather too much than too little: any number of seven digits,
#: names on other services, and whole, with the signs in them, mail addresses and paths of links.
_PAPER_RULES = _compiled(
    (rf"([0-9](?:{_GAP}[0-9]){{6,}})", 1, 1),
    (rf"(?:{_WECHAT}|{_SERVICE}){_SAID}{_SAID}([a-z0-9][a-z0-9_-]{{4,24}})", 1, 0),
    (r"([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4})", 0, 0),
    (r"https?://[^\s/?#]{1,253}[/?#](\S*)", 0, 0),
)
#: A legal person's name is no personal data.
_COMPANY = re.compile("(?:有限|责任|股份|集团)公司|合作社$|集团$")
_STARS = "***"


def veiled(text: str, *, paper: bool = False) -> str:
    """`text` with telephone, identity, card, WeChat and QQ numbers and mail addresses starred, at the same length.

    Read as people read it: 1️⃣３❽ and 一三八 are digits, and so are those with signs or nothing to be seen in between.
    On `paper` every longer number, every name on another service and the paths of links are starred as well.
    """
    view, places = _view(text)
    rules = (*_RULES, *_PAPER_RULES) if paper else _RULES
    hidden = {places[at] for pattern, front, behind in rules for at in _inner(pattern, view, front, behind)}
    return "".join("*" if at in hidden else one for at, one in enumerate(text)) if hidden else text


def person(name: str) -> str:
    """A seller's name: 示例店铺 → 示***, whatever its length, which would tell; a company's as it is."""
    if not name or _COMPANY.search(name):
        return veiled(name)
    return name[0] + _STARS


def contact(kind: str, value: str) -> str:
    """A contact that is told apart and cannot be used: 138****8000, ti***20, 12***89, shop.example/…

    `kind`: phone, wechat, qq or link.
    """
    if kind == "link":
        host, slash, _ = value.partition("/")
        return host.partition("?")[0] + ("/…" if slash or "?" in value else "")
    return f"{value[:3]}****{value[-4:]}" if kind == "phone" else value[:2] + _STARS + value[-2:]


def _view(text: str) -> tuple[str, list[int]]:
    """The text folded, a character for a character, without what is not seen; and where each stands in `text`."""
    kept = [(at, _folded(one)) for at, one in enumerate(text) if not _UNSEEN.match(one)]
    return "".join(one for _, one in kept), [at for at, _ in kept]


def _folded(one: str) -> str:
    folded = unicodedata.normalize("NFKC", one).lower().translate(_DIGITS)
    return folded if len(folded) == 1 else one


def _inner(pattern: re.Pattern[str], view: str, front: int, behind: int) -> list[int]:
    found: list[int] = []
    for match in pattern.finditer(view):
        told = [at for at in range(*match.span(1)) if view[at].isalnum() or not front]
        found += told[front : len(told) - behind]
    return found
