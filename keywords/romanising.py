"""Names in letters other than their pinyin: with tones as digits, as a southern ear or a hasty hand spells them, with
digits for letters, and as Cantonese is romanised."""

from collections.abc import Iterator

#: Jyutping of the characters of names that everybody knows.
_JYUTPING = dict(
    zip(
        "东丝中云五什兔八兽刺化华卡味哥唇嘴图大头夹套娃媒子射山巨平弓弩弹强思懒捕掌斑机杉果枪步毒气氰水江沙油海游灵炮点熊爪片"
        "牙牛犀狗狸狼猁猎猕猞猪猫猬猴獭獾玳珊珠球瑁瑚甲电画百皮盔相眉眼瞎砗磲秃穿竹箭粘红绒绣缘网羊羚翅翠老胆胸膏苍苏藏虎蚧蛇"
        "蛤蜂蜡蜥蜴蟒角豆豚象豪豹辐达过酒醉野金针钢钱钾铁铅镜阿陆隼雀雕雪青靛鞭顶颏风饵香马骨鱼鲟鲵鳄鸟鸠鸡鹉鹞鹤鹦鹩鹫鹰麂麝"
        "麻黄黑鼠龟",
        "dung1 si1 zung1 wan4 ng5 sap6 tou3 baat3 sau3 ci3 faa3 waa4 kaa1 mei6 go1 seon4 zeoi2 tou4 daai6 tau4 gaap3 tou3 "
        "waa1 mui4 zi2 se6 saan1 geoi6 ping4 gung1 nou5 daan6 koeng4 si1 laan5 bou6 zoeng2 baan1 gei1 caam3 gwo2 coeng1 "
        "bou6 duk6 hei3 cing1 seoi2 gong1 saa1 jau4 hoi2 jau4 ling4 paau3 dim2 hung4 zaau2 pin3 ngaa4 ngau4 sai1 gau2 lei4 "
        "long4 lei6 lip6 mei4 se3 zyu1 maau1 wai6 hau4 caat3 fun1 doi6 saan1 zyu1 kau4 mui6 wu4 gaap3 din6 waa6 baak3 pei4 "
        "kwai1 soeng1 mei4 ngaan5 hat6 ce1 keoi4 tuk1 cyun1 zuk1 zin3 zim1 hung4 jung4 sau3 jyun4 mong5 joeng4 ling4 ci3 "
        "ceoi3 lou5 daam2 hung1 gou1 cong1 sou1 zong6 fu2 gaai3 se4 gap3 fung1 laap6 sik1 jik6 mong5 gok3 dau6 tyun4 zoeng6 "
        "hou4 paau3 fuk1 daat6 gwo3 zau2 zeoi3 je5 gam1 zam1 gong3 cin4 gaap3 tit3 jyun4 geng3 aa3 luk6 zeon2 zoek3 diu1 "
        "syut3 cing1 din6 bin1 ding2 hoi4 fung1 nei6 hoeng1 maa5 gwat1 jyu4 cam4 ngai4 ngok6 niu5 gau1 gai1 mou5 jiu6 hok6 "
        "jing1 liu4 zau6 jing1 gei2 se6 maa4 wong4 hak1 syu2 gwai1".split(),
        strict=True,
    )
)
#: What half the country does not tell apart, as it is then spelt.
_SOUTHERN = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("ing", "in"), ("eng", "en"))
_DIGITS = (("i", "1"), ("o", "0"), ("a", "4"), ("e", "3"), ("g", "9"))
#: Letters from which two neighbours are taken for one another without making another word of it.
_LONG = 6


def romanised(skeleton: str, toned: list[str]) -> Iterator[str]:
    """Other spellings in letters of a name whose toned syllables (xiang4) are `toned`."""
    plain = [syllable.rstrip("12345") for syllable in toned]
    joined = "".join(plain)
    found = ["".join(toned), "".join(map(_southern, plain)), _flat(joined)]
    found += [joined.replace(letter, digit) for letter, digit in _DIGITS]
    found += [joined.replace("i", "1").replace("o", "0").replace("a", "4")]
    if len(joined) >= _LONG:
        places = range(1, len(joined) - 2)
        found += [joined[:at] + joined[at + 1] + joined[at] + joined[at + 2 :] for at in places]
    said = [_JYUTPING[char] for char in skeleton if char in _JYUTPING]
    if len(said) == len(skeleton):
        found += ["".join(said), "".join(one.rstrip("123456") for one in said)]
    yield from (one for one in dict.fromkeys(found) if one != joined)


def _southern(syllable: str) -> str:
    for sharp, flat in _SOUTHERN:
        syllable = syllable.replace(sharp, flat)
    return syllable


def _flat(joined: str) -> str:
    for sharp, flat in _SOUTHERN[:3]:
        joined = joined.replace(sharp, flat)
    return joined
