"""Definitions: what a file may say, what is refused and how, where a query goes."""

from dataclasses import replace
from pathlib import Path

import pytest

from crawler import DefinitionRefused, PlatformCannot, PlatformUnknown, definition, definitions, platform_table
from crawler.definition import PLATFORMS
from records import Query, QueryKind

FILES = sorted(PLATFORMS.glob("*.yml"))
SMALLEST = (
    "name: 甲\nsite: https://a.example\nverified: 2026-11-23\ncards: css:li\nid: css:a\nurl: css:a\ntitle: css:a\n"
)


def written(folder: Path, text: str, name: str = "mine.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_platform_is_at_most_25_facts_one_a_line(path: Path) -> None:
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and line[0] != "#"]
    assert len(lines) <= 25
    # a fact that runs over a line would begin with a blank
    assert [line for line in lines if line[0].isspace() or ": " not in line] == []


def test_every_platform_states_what_the_readme_shows() -> None:
    for key, one in definitions().items():
        assert one.key == key
        assert one.verified and one.operator and one.seat and one.region
        assert one.access == "public" or len(one.lawful) > 4, key
    assert {"goofish", "taobao", "kongfz", "58", "demo_ads", "demo_goods", "demo_shop"} <= set(definitions())


def test_the_table_has_a_row_for_each_platform() -> None:
    lines = platform_table().splitlines()
    assert len(lines) == 2 + len(definitions())
    assert all(line.count(" | ") == lines[0].count(" | ") for line in lines)
    assert any("`goofish`" in line and "闲鱼" in line and "数据" in line for line in lines)


def test_a_file_of_ones_own_is_read(tmp_path: Path) -> None:
    one = definition(written(tmp_path, SMALLEST))
    assert (one.key, one.name, one.detail, one.delay) == ("mine", "甲", "none", 5.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("titel: css:b\n", ("titel", "不认识", "title")),
        ("price: .price\n", ("price", "前缀")),
        ("price: css:[[\n", ("price", "写法有误")),
        ("price: xpath://[\n", ("price", "写法有误")),
        ("price: jmes:a[[\n", ("price", "写法有误")),
        ("price: css:a =~ (\n", ("price", "正则")),
        ("price: css:a =~ \\d+\n", ("price", "括号")),
        ("seller_url: /u/{name}\n", ("seller_url", "{name}")),
        ("render: sometimes\n", ("render", "never")),
        ("charset: klingon\n", ("charset", "klingon")),
        ("delay: soon\n", ("delay",)),
        ("access: walled\n", ("lawful",)),
        ("search_url: /s\n", ("search_url", "{query}")),
        ("data_url: '('\n", ("data_url", "正则")),
        ("key: other\n", ("key", "文件名")),
        ("title: css:b\n", ("title", "两次")),
        ("place: [1\n", ("YAML",)),
    ],
)
def test_a_faulty_file_is_refused_by_file_key_and_reason(tmp_path: Path, change: str, said: tuple[str, ...]) -> None:
    with pytest.raises(DefinitionRefused) as refused:
        definition(written(tmp_path, SMALLEST + change))
    message = refused.value.message("zh")
    assert "mine.yml" in message and "E-CRAWLER-102" in message
    assert [word for word in said if word not in message] == []


@pytest.mark.parametrize(
    "text", ["", "- a\n", "name: 甲\n", "!!python/object/apply:os.getcwd []\n", "a: &a [*a]\n" * 3]
)
def test_what_is_no_definition_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DefinitionRefused):
        definition(written(tmp_path, text))


def test_a_file_name_that_is_no_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionRefused, match="代号"):
        definition(written(tmp_path, SMALLEST, "My Platform.yml"))


def test_an_unknown_platform_is_met_with_the_nearest_name() -> None:
    with pytest.raises(PlatformUnknown, match="goofish"):
        definition("gofish")


def test_queries_are_encoded_as_the_site_speaks() -> None:
    ads, shop = definition("demo_ads").at("http://127.0.0.1:9"), definition("demo_shop").at("http://127.0.0.1:8/")
    search = Query(platform="demo_ads", kind=QueryKind.SEARCH, text="象牙 🐘&x")
    assert ads.address(search, 3) == "http://127.0.0.1:9/search?kw=%CF%F3%D1%C0%20%26%23128024%3B%26x&page=3"
    assert shop.address(search) == "http://127.0.0.1:8/search?q=%E8%B1%A1%E7%89%99%20%F0%9F%90%98%26x&page=1"
    assert ads.address(Query(platform="demo_ads", kind=QueryKind.BROWSE, text="最新"), 2).endswith("/latest/?page=2")


def test_what_a_platform_has_not_is_said() -> None:
    with pytest.raises(PlatformCannot, match="58同城"):
        definition("58").address(Query(platform="58", kind=QueryKind.SEARCH, text="象牙"))
    with pytest.raises(PlatformCannot, match="最新"):
        definition("demo_ads").address(Query(platform="demo_ads", kind=QueryKind.BROWSE, text="没有"))


def test_the_next_number_is_read_out_of_the_address() -> None:
    ads = definition("demo_ads").at("http://127.0.0.1:9")
    assert ads.page_after("http://127.0.0.1:9/search?kw=%CF%F3&page=9") == "http://127.0.0.1:9/search?kw=%CF%F3&page=10"
    assert ads.page_after("http://127.0.0.1:9/item/9.html") == ""


def test_a_region_stands_in_the_address_and_everywhere_leaves_its_parameter_out() -> None:
    ads = definition("demo_ads").at("http://127.0.0.1:9")
    city = Query(platform="demo_ads", kind=QueryKind.BROWSE, text="最新", region="枣庄市")
    assert ads.address(city, 2) == "http://127.0.0.1:9/latest/?area=%D4%E6%D7%AF&page=2"
    assert ads.page_after(ads.address(city, 2)) == ads.address(city, 3)
    assert ads.address(replace(city, region="")) == "http://127.0.0.1:9/latest/?page=1"
    assert ads.narrows(QueryKind.SEARCH, "象牙") and not ads.narrows(QueryKind.BROWSE, "没有")
    with pytest.raises(PlatformCannot, match="枣庄市"):
        ads.address(replace(city, region="济南市"))
    with pytest.raises(PlatformCannot, match="无"):
        definition("demo_shop").address(replace(city, platform="demo_shop"))
    named = ads.model_copy(update={"region": {"全国": "all", "枣庄市": "zz"}})
    assert named.address(replace(city, region="")) == "http://127.0.0.1:9/latest/?area=all&page=1"
    assert "枣庄市" in ads.region_told and "全国" not in named.region_told


def test_only_hosts_of_the_platform_are_allowed() -> None:
    taobao = definition("taobao")
    assert taobao.allows("https://detail.tmall.com/item.htm?id=1") and taobao.allows("https://s.taobao.com/")
    for url in (
        "https://taobao.com.evil.example/",
        "https://eviltaobao.com/",
        "javascript:alert(1)",
        "ftp://s.taobao.com/",
    ):
        assert not taobao.allows(url), url
