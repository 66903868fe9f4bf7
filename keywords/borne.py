"""Who else bears a name: makes of cars, places, shops and clubs; and letters that spell the characters beside them."""

from keywords.boundaries import is_word
from keywords.variants import toneless
from keywords.view import Found, View

#: Makes of cars that end as an animal is called and are none: 路虎骨架, 瑞虎8 皮带.
_MAKES = frozenset(("路虎", "瑞虎", "捷豹", "域虎", "程豹", "威虎", "骁虎"))
#: Characters of a place's name in which it ends, and what then is no name but where something was got: 沟里, 岛上.
_PLACES, _IN_IT = frozenset("村镇屯岛湾洲寺庙巷街峡峰岭桥"), frozenset("里上中下内民人边口头友家纸尺痛静店")
#: What places, shops, clubs and works are called, right behind a name.
_CALLED = (
    "小区", "公寓", "大厦", "广场", "公园", "景区", "风景区", "度假区", "大桥", "隧道", "古镇", "古城", "老街",
    "大道", "路口", "国际", "花园", "温泉", "书店", "书院", "书屋", "画廊", "剧场", "剧团", "乐队", "合唱团", "影业",
    "影视", "传媒", "科技", "集团", "股份", "战队", "俱乐部", "出版社", "网吧", "酒吧", "咖啡馆", "理发", "纹身",
    "刺青", "健身", "幼儿园", "驾校", "琴行", "行动", "突击队", "战记", "传奇", "历险记", "奇遇记", "之歌",
)  # fmt: skip
#: Characters beside letters that may be what they spell.
_ECHO = 8


def borne_by(view: View, found: Found) -> str:
    """What else is called so where a finding stands; empty where nothing is."""
    raw, start, end = view.raw, found.raw_start, found.raw_end
    if start and raw[start - 1 : start + 1] in _MAKES:
        return raw[start - 1 : start + 1]
    if end - start != found.end - found.start or raw[start:end].isascii():
        return ""
    after = raw[end : end + 4]
    if after[:1] in _PLACES and after[1:2] not in _IN_IT and not is_word(after[:2]):
        return raw[start : end + 1]
    called = next((word for word in _CALLED if after.startswith(word)), "")
    return raw[start:end] + called if called else ""


def echoed(view: View, found: Found) -> str:
    """The word beside a name in letters that they spell: 西郊 in 西郊线xijiao; empty where there is none."""
    letters = view.skeleton[found.start : found.end]
    if not letters.isascii():
        return ""
    around = view.skeleton[max(0, found.start - _ECHO) : found.start], view.skeleton[found.end : found.end + _ECHO]
    for text in around:
        for at in range(len(text)):
            for size in (2, 3):
                word = text[at : at + size]
                if len(word) == size and "".join(map(toneless, word)) == letters and is_word(word):
                    return word
    return ""
