"""Which district a listing falls to, read from the places that it shows, and from which of them."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from records import CITY, ELSEWHERE, UNDECIDED, Listing

#: Names of districts that several cities of China bear (GB/T 2260): they say something beside the city's name only.
_SHARED_NAMES = """
    市中区 市辖区 城区 郊区 矿区 新城区 鼓楼区 朝阳区 和平区 河东区 长安区 西湖区 江北区 城中区 城关区 桥西区 新华区
    铁西区 铁东区 永定区 白云区 海州区 南山区 青山区 宝山区 普陀区 通州区 大通区 向阳区 西安区 龙华区 东山区 河西区
    河北区 新市区 城东区 城西区 城北区 城南区 南关区 东湖区 东区 西区 北区 南区
"""
_SHARED = frozenset(_SHARED_NAMES.split())
#: What stands in a place field without naming a place.
_NOWHERE = "中国 全国 国内 大陆 未知 保密 不详 其他 其它 不限 线上 网上 同城 附近 暂无 无 包邮 面议 null none"
_NO_PLACE = frozenset(_NOWHERE.split())
_PROVINCE_ENDING = re.compile(r"(?:省|市|(?:壮族|回族|维吾尔)?自治区|特别行政区)$")
_DISTRICT_ENDING = re.compile(r"(?:区|市|县)$")
_BETWEEN = re.compile(r"[\s,，、·・/|>\-—_()（）:：]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class District:
    """区（市）."""

    #: GB/T 2260.
    code: str
    #: 滕州市.
    name: str
    #: Other names for it, towns in it included.
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Geography:
    """The city that the unit answers for."""

    #: 枣庄市.
    city: str
    #: 山东省.
    province: str = ""
    districts: tuple[District, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Routed:
    """A district, and what it was read from."""

    #: Name of a district of the city, or 市本级, 待定, 外地.
    district: str
    #: 卖家所在地：山东枣庄滕州; empty for 待定.
    source: str = ""


def route(listing: Listing, geography: Geography) -> Routed:
    """The district of a listing: what its seller's place says, else what its own place says.

    A district of the city counts before the city as a whole, and that before 外地: goods shown in the city are the
    city's to look into, wherever the seller registered.
    """
    places = [("卖家所在地", listing.seller.place if listing.seller else ""), ("商品所在地", listing.place)]
    found = [Routed(district=district_of(text, geography), source=f"{label}：{text}") for label, text in places]
    own = [routed for routed in found if routed.district not in (CITY, ELSEWHERE, UNDECIDED)]
    for candidates in (own, [r for r in found if r.district == CITY], [r for r in found if r.district == ELSEWHERE]):
        if candidates:
            return candidates[0]
    return Routed(district=UNDECIDED)


def district_of(place: str, geography: Geography) -> str:
    """Name of the district that `place`, as a page shows it, lies in; 市本级, 外地, or 待定 where it does not say."""
    text = _BETWEEN.sub("", unicodedata.normalize("NFKC", place)).strip()
    city = _short(geography.city, _DISTRICT_ENDING)
    if not text or text.casefold() in _NO_PLACE:
        return UNDECIDED
    if city and city in text:
        # 枣庄市中区: the 市 belongs to the district, so only the city's short name is taken off
        return _named(text.split(city, 1)[1], geography.districts, beside_city=True) or CITY
    rest = _without_province(text, geography.province)
    if not rest or rest in {d.name for d in geography.districts if d.name in _SHARED}:
        return UNDECIDED
    return _named(rest, geography.districts, beside_city=False) or ELSEWHERE


def _named(text: str, districts: Iterable[District], *, beside_city: bool) -> str:
    """The district whose longest name stands in `text`; without the city's name it must stand at the beginning."""
    names = [(name, d.name) for d in districts for name in _names(d, beside_city=beside_city)]
    for name, district in sorted(names, key=lambda pair: -len(pair[0])):
        # 枣庄市中心 is no 市中区
        if re.search(re.escape(name) + "(?!心)", text) if beside_city else text.startswith(name):
            return district
    return ""


def _names(district: District, *, beside_city: bool) -> Iterator[str]:
    if beside_city or district.name not in _SHARED:
        yield district.name
        short = _short(district.name, _DISTRICT_ENDING)
        if len(short) > 1:
            yield short
        yield from district.aliases


def _without_province(text: str, province: str) -> str:
    for name in (province, _short(province, _PROVINCE_ENDING)):
        if name and text.removeprefix("中国").startswith(name):
            return text.removeprefix("中国").removeprefix(name)
    return text


def _short(name: str, ending: re.Pattern[str]) -> str:
    return ending.sub("", name)
