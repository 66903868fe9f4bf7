"""Characters told in words: 羊加令, 反犬旁一个侯, 像去掉单人旁. What they make is read as if it stood there."""

from collections.abc import Iterator

from keywords.alike import SPLIT

# fmt: off
#: What radicals are called.
_NAMES = {
    "犭": ("反犬旁", "犬字旁", "反犬"), "虫": ("虫字旁", "虫旁"), "鸟": ("鸟字旁", "鸟字边", "鸟旁"),
    "石": ("石字旁", "石旁"),
    "王": ("王字旁", "斜玉旁", "玉字旁", "王旁"), "钅": ("金字旁", "金旁"), "氵": ("三点水",), "扌": ("提手旁",),
    "讠": ("言字旁",), "纟": ("绞丝旁",), "饣": ("食字旁",), "艹": ("草字头",), "亻": ("单人旁", "单立人"),
    "灬": ("四点底", "四点水", "四个点", "四点", "四个点底"), "忄": ("竖心旁",), "刂": ("立刀旁", "立刀"),
    "辶": ("走之底", "走之旁", "走之"), "阝": ("耳朵旁", "耳刀旁", "双耳旁"), "宀": ("宝盖头",),
    "豸": ("豸字旁", "豸旁"),
    "虍": ("虎字头",), "鱼": ("鱼字旁", "鱼旁"), "木": ("木字旁", "木旁"), "月": ("月字旁", "月旁"),
    "羊": ("羊字旁", "羊旁"),
    "雨": ("雨字头",), "竹": ("竹字头",), "火": ("火字旁",), "米": ("米字旁",), "女": ("女字旁",), "弓": ("弓字旁",),
    "口": ("口字旁",), "马": ("马字旁",), "车": ("车字旁",), "鹿": ("鹿字头",), "穴": ("穴宝盖", "穴字头"),
    "衤": ("衣字旁",), "山": ("山字旁",), "日": ("日字旁",), "巾": ("巾字旁",), "页": ("页字旁",), "隹": ("隹字旁",),
    "彡": ("三撇",), "皮": ("皮字旁",), "牛": ("牛字旁",), "革": ("革字旁",), "广": ("广字头",),
}
#: Characters that hold one of ours, and what is to be taken away from them.
_HOLDING = {
    "象": {"像": "亻", "橡": "木"}, "牙": {"芽": "艹", "呀": "口", "鸦": "鸟", "邪": "阝", "雅": "隹"},
    "虎": {"唬": "口", "琥": "王", "彪": "彡"}, "甲": {"钾": "钅", "鸭": "鸟", "押": "扌", "岬": "山"},
    "骨": {"滑": "氵", "猾": "犭"}, "皮": {"波": "氵", "坡": "土", "披": "扌", "破": "石", "被": "衤", "玻": "王"},
    "羊": {"洋": "氵"}, "鸟": {"鸣": "口"}, "鹿": {"麓": "木", "漉": "氵"}, "令": {"领": "页", "铃": "钅", "岭": "山"},
    "哥": {"歌": "欠"}, "代": {"袋": "衣", "贷": "贝"}, "冒": {"帽": "巾"}, "胡": {"湖": "氵", "糊": "米", "蝴": "虫"},
    "角": {"确": "石"}, "山": {"仙": "亻", "汕": "氵", "灿": "火"},
    "夹": {"峡": "山", "狭": "犭", "颊": "页", "侠": "亻"},
    "旦": {"但": "亻", "担": "扌"}, "隼": {"准": "氵"}, "奴": {"努": "力", "怒": "心"},
    "苗": {"喵": "口", "描": "扌"}, "眉": {"媚": "女", "湄": "氵"}, "良": {"浪": "氵", "娘": "女"},
    "射": {"谢": "讠"}, "鱼": {"渔": "氵"}, "丁": {"盯": "目", "叮": "口"},
    "册": {"删": "刂"}, "马": {"妈": "女", "吗": "口", "码": "石"}, "武": {"赋": "贝"},
    "兔": {"逸": "辶"},
    "每": {"海": "氵", "梅": "木"},
}
# fmt: on
#: Characters that are told in words, of those that are split: of names that everybody hides.
_TOLD = (
    "象犀虎豹狼狮猞熊胆骨牙角甲鳞麝香羚玳瑁砗磲珊瑚鹤顶盔鹰隼雕鸮鹞鸢鹫枭猫猴猕猿獭狸獾猪猬鹿麂獐狍貂狐蛇蟒蜥蜴龟鳖"
    "鲵鲟鲨鲸鳄豚鹦鹉鹩眉画雀鸠鸡鹛鹂靛颏弩弓枪弹箭铅网粘雾钢套铁夹钩诱媒饵毒药炸懒蜂蛤蚧穿掌鞭爪绒"
)
_AFTER_NAME = ("", "加", "加个", "加一个", "一个", "右边", "右边一个", "再加")
_BEFORE_NAME = ("加", "字加", "加上")
_BETWEEN = ("加", "字加", "加个", "字旁加", "字旁一个", "字旁边一个", "字边一个")
_TAKEN = ("去", "去掉", "去了", "不要", "没有", "没", "减", "少", "拿掉")


def told() -> Iterator[tuple[str, str]]:
    """Every way to tell a character in words, and the character; one may be told in many."""
    for char in _TOLD:
        for parts in SPLIT.get(char, ()):
            if len(parts) == 2:
                yield from ((text, char) for text in _put_together(*parts))
    for char, holding in _HOLDING.items():
        for other, radical in holding.items():
            for named in (*_NAMES.get(radical, ()), radical):
                yield from ((other + word + taken + named, char) for word in ("", "字") for taken in _TAKEN)


def _put_together(first: str, second: str) -> Iterator[str]:
    yield from (first + between + second for between in _BETWEEN)
    yield from (second + between + first for between in _BETWEEN[:2])
    for radical, rest in ((first, second), (second, first)):
        for name in _NAMES.get(radical, ()):
            yield from (name + between + rest for between in _AFTER_NAME)
            yield from (rest + between + name for between in _BEFORE_NAME)
