"""Makes keywords/tables/*.json: what the matcher knows of characters and sounds.

Run by hand when a source changes: `.venv/bin/python scripts/keyword_tables.py /usr/share/unicode`. The folder holds the
files of the Unicode Character Database as Debian's `unicode-data` ships them (Unicode licence). Traditional forms come
from OpenCC's character tables (Apache-2.0), readings from pypinyin (MIT). Nothing of this is imported at run time.
"""

import bz2
import json
import sys
import unicodedata
import zlib
from collections import defaultdict
from importlib.resources import files
from pathlib import Path

import opencc
from pypinyin import Style, pinyin

from keywords.boundaries import index_of

TABLES = Path(__file__).parent.parent / "keywords" / "tables"

# Forms that neither NFKC nor OpenCC's character tables bring home; found by probing (黏網, 瑇瑁, 乕骨, 麞).
OWN_VARIANTS = {
    "黏": "粘",
    "瑇": "玳",
    "乕": "虎",
    "虝": "虎",
    "虍": "虍",
    "𧰼": "象",
    "麞": "獐",
    "盃": "杯",
    "彫": "雕",
    "鵰": "雕",
    "琱": "雕",
    "骲": "骨",
    "鱷": "鳄",
    "猨": "猿",
    "麢": "羚",
    "豼": "貔",
    "氷": "冰",
    "⺨": "犭",
    "❎": "x",
    "✖": "x",
    "×": "x",
    "╳": "x",
    "〤": "x",
    "卄": "廿",
}
# Letters of other scripts that are drawn like Latin ones (hand-picked from what TR39 calls confusable).
LOOKALIKE_LETTERS = {
    **dict(zip("авсеһікмнорѕтухѵԁԛԝјӏґ", "abcehikmhopstyxvdqwjlr", strict=True)),
    **dict(zip("αβγεηικνορτυχω", "abyenikvoptuxw", strict=True)),
    **dict(zip("ıɡɑɩʏɪʜꭓ", "igaiyihx", strict=True)),
    # Letters with a stroke, which have no decomposition: đồi mồi.
    **dict(zip("đðłøħŧƀɖ", "ddlohtbd", strict=True)),
    # Capitals are drawn unlike their small letters: Υ is a Y, υ a u.
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "abezhikmnoptyx", strict=True)),
    **dict(zip("ᴀʙᴄᴅᴇꜰɢᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡᴢ", "abcdefgjklmnoprstuvwz", strict=True)),
}
# Emoji that stand for a word of the trade. Others are ornament and are skipped.
EMOJI = {
    "🐘": "象",
    "🦣": "猛犸",
    "🦷": "牙",
    "🦏": "犀",
    "🐯": "虎",
    "🐅": "虎",
    "🦴": "骨",
    "🐆": "豹",
    "🐻": "熊",
    "🐺": "狼",
    "🦌": "鹿",
    "🐢": "龟",
    "🐍": "蛇",
    "🦎": "蜥",
    "🐊": "鳄",
    "🐒": "猴",
    "🐰": "兔",
    "🐇": "兔",
    "🐱": "猫",
    "🐈": "猫",
    "🐑": "羊",
    "🐂": "牛",
    "🐃": "牛",
    "🐟": "鱼",
    "🐎": "马",
    "🐴": "马",
    "🐗": "野猪",
    "🐖": "猪",
    "🐷": "猪",
    "🐶": "狗",
    "🦨": "獾",
    "🦡": "獾",
    "🦦": "水獭",
    "🐉": "龙",
    "🐲": "龙",
    "🦢": "天鹅",
    "🕊": "鸽",
    "🐓": "鸡",
    "🐔": "鸡",
    "⚡": "电",
    "🔌": "电",
    "🔗": "链",
    "🪢": "套",
    "🩸": "血",
    "🦶": "脚",
    "👂": "耳",
    "🥚": "蛋",
    "🪹": "巢",
    "💀": "骨",
    "☠": "骨",
    "🦅": "鹰",
    "🦉": "猫头鹰",
    "🦜": "鹦鹉",
    "🐦": "鸟",
    "🪶": "羽毛",
    "🏹": "弓弩",
    "🪤": "夹",
    "🕸": "网",
    "🥩": "肉",
    "🍷": "酒",
    "🍶": "酒",
    "🍾": "酒",
    "🥃": "酒",
    "⛰": "山",
    "🏔": "山",
    "🗻": "山",
    "🪸": "珊瑚",
    "🔴": "红",
    "🐾": "爪",
    "✋": "掌",
    "🖐": "掌",
    "🤚": "掌",
    "🦵": "腿",
    "🐮": "牛",
    "🐄": "牛",
    "🐏": "羊",
    "🐐": "羊",
    "🐪": "驼",
    "🐫": "驼",
    "🐕": "狗",
    "🐵": "猴",
    "🦍": "猩",
    "🦧": "猩猩",
    "🦁": "狮",
    "🐼": "熊猫",
    "🦊": "狐",
    "🦔": "刺猬",
    "🦇": "蝙蝠",
    "🐭": "鼠",
    "🐀": "鼠",
    "🐁": "鼠",
    "🐿": "松鼠",
    "🐸": "蛙",
    "🐳": "鲸",
    "🐋": "鲸",
    "🐬": "豚",
    "🦈": "鲨",
    "🐠": "鱼",
    "🐚": "贝",
    "🦋": "蝶",
    "🦚": "孔雀",
    "🦆": "鸭",
    "🍖": "肉",
    "🔫": "枪",
    "💉": "针",
    "💊": "药",
    "📄": "证",
    "📃": "证",
    "📜": "证",
}
# Strokes of Han script that sellers draw between characters (野猪丨套).
STROKES = {"丨": "|", "丶": ".", "丿": "/", "亅": "|", "乀": "/", "乁": "/", "ㅣ": "|", "ー": "-"}
# Tones of bopomofo: letters to Unicode, marks to a reader.
TONES = "ˇˉˊˋ"
# Blank by shape though not by category: Hangul and braille fillers.
BLANKS = "\u115f\u1160\u3164\uffa0\u2800\u180e"
# Readings that pypinyin gives second but the words of the trade need first.
READINGS = {"藏": "zang4", "粘": "nian2", "角": "jiao3", "盔": "kui1", "獐": "zhang1", "貉": "he2", "鹑": "chun2"}
#: Characters of names that stand in no GB 2312.
RARE = {
    "鸮": "xiao1", "鹀": "wu2", "鵟": "kuang2", "猄": "jing1", "獴": "meng3", "蠵": "xi1", "鹠": "liu2", "鹮": "huan2",
    "鹟": "weng1", "鼈": "bie1", "鮸": "mian3", "鼩": "qu2", "囮": "e2",
}  # fmt: skip
TOP = 0x20000


def main(unicode_folder: Path) -> None:
    """Writes folding.json, sounds.json and jieba.json; prints their sizes."""
    contents = {"folding.json": folding(unicode_folder), "sounds.json": sounds(), "jieba.json": jieba_index()}
    for name, content in contents.items():
        path = TABLES / name
        path.write_text(json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
        sys.stdout.write(f"{name}: {path.stat().st_size} bytes\n")


def folding(unicode_folder: Path) -> dict[str, object]:
    """`fold`: source and target in turn; `expand`: one to several; `skip`, `unseen`: ranges of code points."""
    simple: dict[str, str] = {}
    several: dict[str, str] = {}
    simplify = _simplifier(unicode_folder)
    for code in (*range(0x80), *range(0xA0, TOP), *range(0x2F800, 0x2FA1E), 0x27C3C):
        char = chr(code)
        if 0xD800 <= code < 0xE000 or 0xAC00 <= code < 0xD7B0 or char in EMOJI:
            continue
        target = simplify(char)
        if target == char:
            continue
        (simple if len(target) == 1 else several)[char] = target
    # 庅 leads to 麽, which leads to 么: folding twice must give what folding once gives.
    for char in [char for char, target in simple.items() if target in simple]:
        while simple[char] in simple and simple[simple[char]] != simple[char]:
            simple[char] = simple[simple[char]]
    for char, word in EMOJI.items():
        (simple if len(word) == 1 else several)[char] = word
    several = {char: word for char, word in several.items() if any(_legible(c) for c in word)}
    kept = {char for char, word in {**simple, **several}.items() if any(not _skipped(c) for c in word)}
    return {
        "unicode": unicodedata.unidata_version,
        "fold": "".join(char + target for char, target in simple.items()),
        "expand": several,
        "skip": _ranges(c for c in range(TOP) if _skipped(chr(c)) and chr(c) not in kept),
        "unseen": _ranges(c for c in (*range(TOP), *range(0xE0000, 0xE01F0)) if _unseen(chr(c))),
    }


def _legible(char: str) -> bool:
    return (char.isascii() and char.isalnum()) or "\u3400" <= char <= "\u9fff"


def _skipped(char: str) -> bool:
    category = unicodedata.category(char)
    return category[0] in "ZPSCM" or char in BLANKS or char in STROKES or char in TONES


def _unseen(char: str) -> bool:
    """Takes no room on the line: marks, joiners, variation selectors, fillers."""
    return (unicodedata.category(char) in ("Mn", "Me", "Cf", "Cc", "Cs") and char not in "\n\r\t") or char in BLANKS


def _ranges(codes: "object") -> list[list[int]]:
    found: list[list[int]] = []
    for code in codes:  # type: ignore[attr-defined]
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def _simplifier(folder: Path):  # noqa: ANN202
    """A function from one character to what it is read as: lower case, narrow, simplified, unified."""
    converters = [opencc.OpenCC(name) for name in ("t2s", "tw2s", "hk2s")]
    radicals = _radicals(folder)
    semantic = _semantic(folder)

    def one(char: str) -> str:
        own = STROKES.get(char) or OWN_VARIANTS.get(char) or LOOKALIKE_LETTERS.get(char) or _letter_picture(char)
        if own:
            return own
        text = unicodedata.normalize("NFKC", radicals.get(char, char)).casefold()
        text = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)) or text
        text = "".join(LOOKALIKE_LETTERS.get(c, c) for c in text if len(text) == 1 or not _skipped(c))
        if not text or (_skipped(char) and all(_skipped(c) for c in text)):
            return char if len(text) != 1 else text
        return "".join(han(c) for c in text)

    def han(char: str) -> str:
        if not "\u3400" <= char <= "\u9fff":
            return OWN_VARIANTS.get(char, char)
        for converter in converters:
            target = converter.convert(char)
            if len(target) == 1 and target != char:
                return target
        return OWN_VARIANTS.get(char) or semantic.get(char, char)

    return one


def _letter_picture(char: str) -> str:
    """Negative circled and squared letters and regional indicators, which NFKC leaves alone."""
    code = ord(char)
    for start in (0x1F150, 0x1F170, 0x1F1E6):
        if start <= code < start + 26:
            return chr(ord("a") + code - start)
    return ""


def _radicals(folder: Path) -> dict[str, str]:
    found = {}
    for line in (folder / "EquivalentUnifiedIdeograph.txt").read_text(encoding="utf-8").splitlines():
        data = line.split("#")[0].strip()
        if not data:
            continue
        codes, target = (part.strip() for part in data.split(";"))
        first, _, last = codes.partition("..")
        for code in range(int(first, 16), int(last or first, 16) + 1):
            found[chr(code)] = chr(int(target, 16))
    return found


def _semantic(folder: Path) -> dict[str, str]:
    """kSemanticVariant and kZVariant of characters outside GB 2312 whose only target lies inside it."""
    targets: dict[str, set[str]] = defaultdict(set)
    with bz2.open(folder / "Unihan_Variants.txt.bz2", "rt", encoding="utf-8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) != 3 or cells[1] not in ("kSemanticVariant", "kZVariant"):
                continue
            targets[chr(int(cells[0][2:], 16))] |= {chr(int(v.split("<")[0][2:], 16)) for v in cells[2].split()}
    found = {}
    for char, candidates in targets.items():
        inside = {candidate for candidate in candidates if _in_gb2312(candidate)}
        if len(inside) == 1 and not _in_gb2312(char):
            found[char] = inside.pop()
    return found


def _in_gb2312(char: str) -> bool:
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def sounds() -> dict[str, object]:
    """`sounds`: toned syllable to the characters of GB 2312 read so first (level 1, frequent, before `|`)."""
    found: dict[str, list[list[str]]] = defaultdict(lambda: [[], []])
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                char = bytes((row, cell)).decode("gb2312")
            except UnicodeDecodeError:
                continue
            reading = READINGS.get(char) or pinyin(char, style=Style.TONE3, neutral_tone_with_five=True)[0][0]
            found[reading.replace("ü", "v")][row >= 0xD8].append(char)
    for char, reading in RARE.items():
        found[reading][True].append(char)
    return {key: "".join(common) + "|" + "".join(rare) for key, (common, rare) in sorted(found.items())}


def jieba_index() -> dict[str, object]:
    """Where each first character's words stand in jieba's dict.txt: `first` and the `sizes` of its runs in bytes."""
    body = (Path(str(files("jieba"))) / "dict.txt").read_bytes()
    total, places = index_of(body)
    runs = sorted((start, end, char) for char, listed in places.items() for start, end in listed)
    return {
        "bytes": len(body),
        "crc32": zlib.crc32(body),
        "total": total,
        "first": "".join(char for _, _, char in runs),
        "sizes": [end - start for start, end, _ in runs],
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
