"""Which encoding a page is really in, whatever its header and its meta tag say."""

import codecs
import math
import re

_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,30})""", re.IGNORECASE)
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
#: Declared by default and by mistake everywhere; says nothing about a Chinese page.
_EMPTY_WORDS = {"iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii", "windows-1252", "cp1252"}
#: Python decodes these, but no page is written in them.
_NO_CHARSETS = {"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"}
#: What browsers read under these names is the larger set.
_LARGER = {"gb2312": "gb18030", "gbk": "gb18030", "cp936": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030",
           "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "shift_jis": "cp932", "sjis": "cp932", "x-sjis": "cp932",
           "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "utf8": "utf-8", "utf-16": "utf-16-le"}  # fmt: skip
#: cp949 must be declared: what it makes of GBK looks like good Korean.
_GUESSES = ("utf-8", "gb18030", "big5hkscs", "cp932", "euc-jp")
_SAMPLE = 65_536
#: Different characters that are utf-8 by chance once in some thousand pages of another encoding.
_SURELY = 4
_ASCII = frozenset(map(chr, range(128)))

#: The commonest characters of Chinese pages in both scripts, and those of this trade: mojibake has none of them.
_COMMON = frozenset(
    "的一是不了在人有我他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然"
    "没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长知民样现分将外但身些与高意进把法此实回二理"
    "美点月明其种声全工己话儿者向情部正名定女问力机给等几很业最间新什打便位因重被走电四第门相次东政海口使教西再平真听世气信北少"
    "关并内加化由却代军产入先山五太水万市体别处总才场师书比住员九性通目报立马命张活难神数件安表原车白路期叫死常提感金何更反合放"
    "做系计或司利受光王果亲界及今京务制解各任至清物台象记边共风战接它许八特觉望直服毛林题建南度统色字请交爱让认算论百元价格包邮卖"
    "家宝商品店铺联系微信手机电话收藏古董牙角雕镯串链珠牌印章料质新旧全城市区县省镇登录注册搜索首页分类信息发布详情图片版权所客服"
    "這來們為說時過還發當開見經頭動兩長樣現將與進實點種聲話兒間問機給幾業電門東體別處總場師書員報馬張難數車親務記風戰許覺題統請讓"
    "論價賣寶舖鋪聯繫話藏鐲鏈圖權錄冊頁類訊詳買運費寄貨島灣號質舊刷卡付款免出售二手虎骨犀熊膽穿甲獸夾捕網鳥"
    "のはをにがでとたしてれるいなあり"
)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]+")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
#: For private use, or control characters: no page is written with them.
_ODD = re.compile(r"[\ue000-\uf8ff\x80-\x9f]")


def detect_encoding(body: bytes, declared: str = "") -> str:
    """The Python name of the encoding that reads `body` best.

    `declared` is the charset of the Content-Type header. A declaration holds where it reads the bytes without loss
    and gives ordinary characters; else the guesses are tried, and the one with most common characters wins.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return name
    named = [name for name in (_usable(declared), _declared_inside(body)) if name]
    sample = _telling(body)
    if not sample:
        return named[0] if named and not named[0].startswith("utf-16") else "utf-8"
    if "utf-8" in named and _reads(sample, "utf-8"):
        return "utf-8"
    best, highest = "", -math.inf
    for name in dict.fromkeys([*named, *_sixteen(body), *_GUESSES]):
        fitness = _fitness(sample, name, highest)
        if fitness > highest:  # the earlier one wins a draw, so what the page declares needs to be beaten
            best, highest = name, fitness
    return best


def decode(body: bytes, encoding: str) -> str:
    """`body` as text by `encoding`, or by a better one where that one is unknown or loses more than 1 in 100."""
    try:
        text = body.decode(encoding, "replace")
    except LookupError:
        return body.decode(detect_encoding(body), "replace")
    if text.count("\ufffd") * 100 <= len(text):
        return text
    return body.decode(detect_encoding(body), "replace")


def _fitness(sample: bytes, name: str, beaten: float = -math.inf) -> float:
    """How well `name` reads the sample: share of common characters among the CJK ones, less a fine for losses.

    The characters are counted only where the fine leaves a chance of more than `beaten`.
    """
    text = sample.decode(name, "replace")
    lost = text.count("\ufffd") / max(len(text), 1)
    # utf-8 that decodes is hardly ever anything else; one middle dot would be a common character of GBK
    bonus = 0.0 if name != "utf-8" or lost else 1.5 if len(set(text) - _ASCII) > _SURELY else 0.5
    fine = 20 * lost + len(_ODD.findall(text)) / max(len(text), 1)
    if 1.0 + bonus - fine <= beaten:
        return -math.inf
    letters = "".join(_CJK.findall(text))
    if not letters:
        return bonus - fine
    return (sum(map(_COMMON.__contains__, letters)) + len(_HANGUL.findall(text))) / len(letters) + bonus - fine


def _reads(sample: bytes, name: str) -> bool:
    """True where nothing is lost."""
    return "\ufffd" not in sample.decode(name, "replace")


def _telling(body: bytes) -> bytes:
    """The parts of `body` that differ between encodings: runs around bytes above 127 (all of it when it has NULs)."""
    if body[:_SAMPLE].count(0) * 10 > min(len(body), _SAMPLE):
        return body[: _SAMPLE & ~1]
    # no multi-byte encoding uses blanks, quotes or brackets as a second byte, so a run may end there
    runs = re.findall(rb"[\x80-\xff][\x30-\x39\x40-\xff]*", body[: 16 * _SAMPLE])
    return b"\n".join(runs)[:_SAMPLE]


def _sixteen(body: bytes) -> tuple[str, ...]:
    zeros = body[:_SAMPLE].count(0) * 10 > min(len(body), _SAMPLE)
    return ("utf-16-le", "utf-16-be") if zeros else ()


def _declared_inside(body: bytes) -> str:
    found = _META.search(body[:4096])
    return _usable(found[1].decode("ascii")) if found else ""


def _usable(name: str) -> str:
    lowered = name.strip().strip("\"'").lower()
    if not lowered or lowered in _EMPTY_WORDS or lowered in _NO_CHARSETS:
        return ""
    known = _LARGER.get(lowered, lowered)
    try:
        b"a".decode(known, "replace")
    except (LookupError, ValueError):  # unknown, or no text encoding at all: hex, zip
        return ""
    return known
