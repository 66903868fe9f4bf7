"""Names in letters other than their pinyin: with tones as digits, as a southern ear or a hasty hand spells them, with
digits for letters, and as Cantonese is romanised."""

import re
from collections.abc import Iterator

#: Jyutping of the characters of names that everybody knows.
_JYUTPING = dict(
    re.findall(
        "(.)([a-z]+[1-6])",
        "东dung1 丝si1 中zung1 云wan4 五ng5 什sap6 兔tou3 八baat3 兽sau3 刺ci3 化faa3 华waa4 卡kaa1 味mei6 哥go1 "
        "唇seon4 嘴zeoi2 图tou4 大daai6 头tau4 夹gaap3 套tou3 娃waa1 媒mui4 子zi2 射se6 山saan1 巨geoi6 平ping4 "
        "弓gung1 弩nou5 弹daan6 强koeng4 思si1 懒laan5 捕bou6 掌zoeng2 斑baan1 机gei1 杉caam3 果gwo2 枪coeng1 步bou6 "
        "毒duk6 气hei3 氰cing1 水seoi2 江gong1 沙saa1 油jau4 海hoi2 游jau4 灵ling4 炮paau3 点dim2 熊hung4 爪zaau2 "
        "片pin3 牙ngaa4 牛ngau4 犀sai1 狗gau2 狸lei4 狼long4 猁lei6 猎lip6 猕mei4 猞se3 猪zyu1 猫maau1 猬wai6 猴hau4 "
        "獭caat3 獾fun1 玳doi6 珊saan1 珠zyu1 球kau4 瑁mui6 瑚wu4 甲gaap3 电din6 画waa6 百baak3 皮pei4 盔kwai1 "
        "相soeng1 眉mei4 眼ngaan5 瞎hat6 砗ce1 磲keoi4 秃tuk1 穿cyun1 竹zuk1 箭zin3 粘zim1 红hung4 绒jung4 绣sau3 "
        "缘jyun4 网mong5 羊joeng4 羚ling4 翅ci3 翠ceoi3 老lou5 胆daam2 胸hung1 膏gou1 苍cong1 苏sou1 藏zong6 虎fu2 "
        "蚧gaai3 蛇se4 蛤gap3 蜂fung1 蜡laap6 蜥sik1 蜴jik6 蟒mong5 角gok3 豆dau6 豚tyun4 象zoeng6 豪hou4 豹paau3 "
        "辐fuk1 达daat6 过gwo3 酒zau2 醉zeoi3 野je5 金gam1 针zam1 钢gong3 钱cin4 钾gaap3 铁tit3 铅jyun4 镜geng3 "
        "阿aa3 陆luk6 隼zeon2 雀zoek3 雕diu1 雪syut3 青cing1 靛din6 鞭bin1 顶ding2 颏hoi4 风fung1 饵nei6 香hoeng1 "
        "马maa5 骨gwat1 鱼jyu4 鲟cam4 鲵ngai4 鳄ngok6 鸟niu5 鸠gau1 鸡gai1 鹉mou5 鹞jiu6 鹤hok6 鹦jing1 鹩liu4 "
        "鹫zau6 鹰jing1 麂gei2 麝se6 麻maa4 黄wong4 黑hak1 鼠syu2 龟gwai1",
    )
)
#: What half the country does not tell apart, as it is then spelt.
_FLAT, _FRONT = (("zh", "z"), ("ch", "c"), ("sh", "s")), (("ing", "in"), ("eng", "en"))
_SOUTHERN = (_FLAT, _FRONT, _FLAT + _FRONT, (*_FLAT, *_FRONT, ("ang", "an")))
_DIGITS = (("i", "1"), ("o", "0"), ("a", "4"), ("e", "3"), ("g", "9"))
#: Letters from which two neighbours are taken for one another without making another word of it.
_LONG = 6


def romanised(skeleton: str, toned: list[str]) -> Iterator[str]:
    """Other spellings in letters of a name whose toned syllables (xiang4) are `toned`."""
    plain = [syllable.rstrip("12345") for syllable in toned]
    joined = "".join(plain)
    found = ["".join(toned), *("".join(_replaced(one, ways) for one in plain) for ways in _SOUTHERN)]
    found += [joined.replace(letter, digit) for letter, digit in _DIGITS]
    found += [joined.replace("i", "1").replace("o", "0").replace("a", "4")]
    if len(joined) >= _LONG:
        places = range(1, len(joined) - 2)
        found += [joined[:at] + joined[at + 1] + joined[at] + joined[at + 2 :] for at in places]
    said = [_JYUTPING[char] for char in skeleton if char in _JYUTPING]
    if len(said) == len(skeleton):
        found += ["".join(said), "".join(one.rstrip("123456") for one in said)]
    yield from (one for one in dict.fromkeys(found) if one != joined)


def _replaced(syllable: str, ways: tuple[tuple[str, str], ...]) -> str:
    for sharp, flat in ways:
        syllable = syllable.replace(sharp, flat)
    return syllable
