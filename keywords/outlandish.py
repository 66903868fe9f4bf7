"""Pinyin where Chinese is written: a name of two syllables spelt out among Han characters hides something.

Two syllables by themselves are also names, brands and English (湘雅 xiangya), so that most of them need company. None
is needed where nobody would write so for another reason: with tone marks, or syllable by syllable among Han characters.
"""

import re
from functools import lru_cache

from keywords.variants import syllables
from keywords.view import Found, View, is_latin

#: Han characters beside it from which a text is Chinese.
_CHINESE = 2
#: Letters from which two syllables written as one say enough beside a quantity or an old piece.
_LONG = 6
#: Syllables beside it that may be the rest of the name or what is made of it: hei xiong dan, xiang ya shou chuan.
_BESIDE = 3
#: Words beside it from which a text is pinyin, each of them all syllables, and letters of the longest syllable.
_SAID, _SYLLABLE = 3, 6
#: Characters on each side of it that are read: for its sentence, and for what else is said.
_NEAR, _FAR = 120, 1000
_SENTENCE_BEFORE = re.compile(r"[a-z0-9\s,.'-]*\Z")
_SENTENCE_AFTER = re.compile(r"[a-z0-9\s,.'-]*")
_WORD = re.compile("[a-z]+")
_BEFORE = re.compile(r"(?<![a-z])(?:[a-z]+\s+)+\Z")
_AFTER = re.compile(r"(?:\s+[a-z]+)+")
_HAN = re.compile("[\u3400-\u9fff]")
#: What a seller says of one thing: so many of it, how old, how dry, what is made of it.
_THING = re.compile(
    r"[0-9一二两三四五六七八九十半几整][颗枚根块片只条对串件把张个支瓶份斤两克副套台盘g]|\d\s?(?:克|斤|g\b|cm|厘米|毫米|mm)"
    r"|[老真野干残旧冻纯活原生][^\s]?|手串|桶珠|珠子|圆珠|牌子|雕件|吊坠|手镯|料子"
)


def spelt_out(view: View, found: Found) -> bool:
    """True where a pinyin or half-pinyin spelling says by itself that something is hidden."""
    text = view.fold
    first, last = found.raw_start - _NEAR, found.raw_end + _NEAR
    before, after = _BEFORE.search(text, max(0, first), found.raw_start), _AFTER.match(text, found.raw_end, last)
    beside = [*(before[0].split() if before else ()), *(after[0].split() if after else ())]
    if _is_pinyin(text, found) and not any(map(str.isspace, text[found.raw_start : found.raw_end])):
        return True  # as one word: of single syllables any two may spell something, she xiang tou
    if len(beside) > _BESIDE or not syllables().issuperset(beside):
        return False  # a sentence of Latin words, not a name among Han characters
    rest = text[max(0, found.raw_start - _FAR) : found.raw_start] + text[found.raw_end : found.raw_end + _FAR]
    if len(_HAN.findall(rest)) < _CHINESE:
        return False
    raw = view.raw[found.raw_start : found.raw_end]
    if any("\xc0" <= char <= "\u024f" or "\u0300" <= char <= "\u036f" or "\u1e00" <= char <= "\u1eff" for char in raw):
        return True
    letters = sum(map(is_latin, view.skeleton[found.start : found.end]))
    if any(char.isspace() or not char.isalnum() for char in raw) and letters > found.end - found.start - 1:
        return True
    return (letters >= _LONG or letters < found.end - found.start) and _THING.search(rest) is not None


def _is_pinyin(text: str, found: Found) -> bool:
    """True where the whole sentence around it is spelt out: chu yi zhang laohu pi. English falls into no syllables."""
    start, end = found.raw_start, found.raw_end
    before = _SENTENCE_BEFORE.search(text, max(0, start - _NEAR), start)
    after = _SENTENCE_AFTER.match(text, end, end + _NEAR)
    words = _WORD.findall(before[0] if before else "") + _WORD.findall(after[0] if after else "")
    return len(words) >= _SAID and all(map(_falls_into_syllables, words))


@lru_cache(maxsize=4096)
def _falls_into_syllables(word: str) -> bool:
    known = syllables()
    reached = {0}
    for end in range(1, len(word) + 1):
        if any(start in reached and word[start:end] in known for start in range(max(0, end - _SYLLABLE), end)):
            reached.add(end)
    return len(word) in reached
