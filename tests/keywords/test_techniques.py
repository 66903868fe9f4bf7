"""Every way of hiding a name on every short strong name, in company: recall for each way."""

from collections import Counter
from functools import cache

import pytest

from keywords import Matcher, builtin
from records import Listing
from tests.keywords.disguising import ASKING, COMPANY, TECHNIQUES, disguised, halved, names

#: Less than .95 where the way itself says something else of some names: 也味 and 洗牌 are words, 能血 binds a sentence.
FLOORS = {"heard": 0.88, "alike": 0.92}
_MATCHER = Matcher(builtin())


@cache
def found() -> dict[str, tuple[int, int]]:
    """By way of writing: how many listings were raised, and of how many. In one batch, the names of two characters and
    those that everybody knows."""
    rows = []
    for term in names(builtin()):
        if len(term.text) == 2 or "heard" in term.variants:
            rows += [(way, text) for way in TECHNIQUES for text in disguised(term, way)]
            rows.append(("halved", halved(term)))
    listings = (
        Listing(platform="set", item_id=str(number), url="", title=title, description=description)
        for number, (_, (title, description)) in enumerate(rows)
    )
    of = Counter(way for way, _ in rows)
    hits: Counter[str] = Counter()
    for (way, _), assessment in zip(rows, _MATCHER.assess_many(listings), strict=True):
        hits[way] += assessment.level.is_hit
    return {way: (hits[way], count) for way, count in of.items()}


@pytest.mark.parametrize("way", [*TECHNIQUES, "halved"])
def test_names_are_found_however_they_are_written(way: str) -> None:
    hits, of = found()[way]
    assert of > 380
    assert hits / of >= FLOORS.get(way, 0.95), (hits, of)


def test_most_names_are_heard_in_other_ways_too() -> None:
    """Rare ones are found in letters, turned round and however they are interrupted, but nobody mishears them."""
    short = [term for term in names(builtin()) if len(term.text) == 2]
    assert sum(not ASKING.isdisjoint(term.variants) for term in short) / len(short) > 0.7


def test_the_company_alone_raises_nothing_of_its_kind() -> None:
    for category, companies in COMPANY.items():
        for company in companies:
            assert _MATCHER.explain(company.format("米")).category in ("", "trade_generic"), (category, company)


# --- pinyin among Han characters ---


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("she xiang 整壳 没动过", "musk"),
        ("xī jiǎo 杯 残 便宜", "rhino"),
        ("hei xiong dan 阴干 便宜", "bear"),
        ("xiongdan 一颗 干透", "bear"),
        ("老hu骨 半斤", "tiger"),
    ],
)
def test_a_name_spelt_out_among_han_characters_needs_no_company(text: str, category: str) -> None:
    assert _MATCHER.explain(text).category == category


@pytest.mark.parametrize(
    "text",
    ["xiangya 医院附近", "she xiang tou hao yong", "hugu clothing 新款", "man in xi jiao park 路线", "xiongdan"],
)
def test_other_latin_words_say_nothing(text: str) -> None:
    assert not _MATCHER.explain(text).level.is_hit


# --- bait ---


@pytest.mark.parametrize(
    "text",
    [
        "口红 粉底 红珊瑚原枝 眉笔",
        "围巾 手套 沙图什披肩 棉袜 帽子",
        "童装 纸尿裤 穿山甲片 拖把\n图文无关 二手书 吹风机",
        "连衣裙 犀角杯 台灯",
    ],
)
def test_a_row_of_other_goods_takes_nothing_back(text: str) -> None:
    assert _MATCHER.explain(text).level.is_hit


@pytest.mark.parametrize(
    "text",
    [
        "小象皮鞋 童鞋 27码 九成新",
        "红珊瑚原枝款连衣裙",
        "犀角杯图案 手机壳",
        "口红 象牙 色号 试色",
        "穿山甲片头 动画 教程 素材",
    ],
)
def test_a_name_that_tells_what_other_goods_are_like_is_taken_back(text: str) -> None:
    assert not _MATCHER.explain(text).level.is_hit
