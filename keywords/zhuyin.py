"""Bopomofo, as Taiwan spells: ㄒㄧㄤˋ ㄧㄚˊ is xiang ya. Made from the syllables of pinyin by rule."""

from functools import cache

from keywords.variants import syllables

_INITIALS = dict(zip("bpmfdtnlgkhjqxrzcs", "ㄅㄆㄇㄈㄉㄊㄋㄌㄍㄎㄏㄐㄑㄒㄖㄗㄘㄙ", strict=True)) | {
    "zh": "ㄓ", "ch": "ㄔ", "sh": "ㄕ",
}  # fmt: skip
_FINALS = {
    "a": "ㄚ", "o": "ㄛ", "e": "ㄜ", "ai": "ㄞ", "ei": "ㄟ", "ao": "ㄠ", "ou": "ㄡ", "an": "ㄢ", "en": "ㄣ",
    "ang": "ㄤ", "eng": "ㄥ", "er": "ㄦ", "i": "ㄧ", "ia": "ㄧㄚ", "ie": "ㄧㄝ", "iao": "ㄧㄠ", "iu": "ㄧㄡ",
    "ian": "ㄧㄢ", "in": "ㄧㄣ", "iang": "ㄧㄤ", "ing": "ㄧㄥ", "io": "ㄧㄛ", "u": "ㄨ", "ua": "ㄨㄚ", "uo": "ㄨㄛ",
    "uai": "ㄨㄞ", "ui": "ㄨㄟ", "uan": "ㄨㄢ", "un": "ㄨㄣ", "uang": "ㄨㄤ", "ong": "ㄨㄥ", "ueng": "ㄨㄥ", "v": "ㄩ",
    "ve": "ㄩㄝ", "van": "ㄩㄢ", "vn": "ㄩㄣ", "iong": "ㄩㄥ", "vang": "ㄩㄤ",
}  # fmt: skip
#: How pinyin writes a final without an initial.
_BARE = {
    "yi": "i", "ya": "ia", "ye": "ie", "yao": "iao", "you": "iu", "yan": "ian", "yin": "in", "yang": "iang",
    "ying": "ing", "yo": "io", "wu": "u", "wa": "ua", "wo": "uo", "wai": "uai", "wei": "ui", "wan": "uan", "wen": "un",
    "wang": "uang", "weng": "ueng", "yu": "v", "yue": "ve", "yuan": "van", "yun": "vn", "yong": "iong",
}  # fmt: skip


@cache
def spelled() -> dict[str, str]:
    """Bopomofo without its tone to pinyin without its tone."""
    return {text: syllable for syllable in sorted(syllables()) if (text := _bopomofo(syllable))}


def _bopomofo(syllable: str) -> str:
    initial = next((one for one in ("zh", "ch", "sh", syllable[:1]) if syllable.startswith(one)), "")
    final = _BARE.get(syllable)
    if final is not None or initial not in _INITIALS:
        return _FINALS.get(final or syllable, "")
    rest = syllable[len(initial) :]
    if rest == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s"):
        return _INITIALS[initial]
    if initial in ("j", "q", "x") and rest.startswith("u"):
        rest = "v" + rest[1:]
    tail = _FINALS.get(rest, "")
    return _INITIALS[initial] + tail if tail else ""
