"""Which district a place falls to."""

import pytest

from pipelines import Geography, Routed, district_of, route
from records import CITY, ELSEWHERE, UNDECIDED
from tests.pipelines.made import ZAOZHUANG, listing, seller

PLACES = {
    "滕州市": [
        "山东枣庄滕州",
        "山东 滕州",
        "滕州市",
        "山东省枣庄市滕州市北辛街道",
        "枣庄-滕州",
        "枣庄·滕州市",
        "中国山东滕州",
    ],
    "市中区": ["枣庄市中区", "枣庄市市中区", "枣庄 市中", "山东枣庄市中"],
    "薛城区": ["枣庄薛城", "薛城区", "山东省枣庄市薛城区常庄镇"],
    "台儿庄区": ["台儿庄古城", "枣庄台儿庄"],
    CITY: ["枣庄", "山东枣庄", "枣庄市", "山东省枣庄市", "枣庄市中心", "枣庄高新区"],
    ELSEWHERE: [
        "杭州",
        "山东济宁",
        "济宁市中区",
        "山东省济南市市中区",
        "Seoul",
        "广东 深圳",
        "乐山市中区",
        "莆田山亭镇",
    ],
    UNDECIDED: ["", " ", "山东", "山东省", "全国", "包邮", "市中区", "未知", "中国"],
}


@pytest.mark.parametrize(("place", "district"), [(p, d) for d, places in PLACES.items() for p in places])
def test_district_of(place: str, district: str) -> None:
    assert district_of(place, ZAOZHUANG) == district


def test_the_sellers_place_counts_before_the_items_and_a_district_before_the_city() -> None:
    both = listing(place="枣庄薛城", seller=seller(place="枣庄滕州"))
    assert route(both, ZAOZHUANG) == Routed(district="滕州市", source="卖家所在地：枣庄滕州")
    city = listing(place="枣庄薛城", seller=seller(place="枣庄"))
    assert route(city, ZAOZHUANG) == Routed(district="薛城区", source="商品所在地：枣庄薛城")
    outside = listing(place="枣庄", seller=seller(place="杭州"))
    assert route(outside, ZAOZHUANG).district == CITY
    assert route(listing(place="", seller=None), ZAOZHUANG) == Routed(district=UNDECIDED)


def test_a_unit_without_a_city_places_nothing_in_it() -> None:
    assert district_of("枣庄", Geography(city="")) == ELSEWHERE
