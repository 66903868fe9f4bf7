"""Canonical addresses: variants of one item become one, look-alikes stay apart, nothing but http(s) passes."""

import itertools

import pytest

from crawler.addresses import absolute, canonical, host_of

ITEM = "https://shop.example/item.htm?id=7&sku=a"
TRACKED = ["utm_source=x", "utm_medium=", "spm=a21.1.2", "scm=1007.1", "gclid=Z", "abbucket=11", "ns=1",
           "share_token=q", "from_source=wx", "_t_track=1", "fbclid=1", "pvid=3"]  # fmt: skip


def variants() -> list[str]:
    found = []
    for first, second in itertools.combinations(TRACKED, 2):
        found += [
            f"https://shop.example/item.htm?{first}&id=7&sku=a&{second}",
            f"https://SHOP.example:443/item.htm?sku=a&{second}&id=7&{first}#reviews",
            f"HTTPS://shop.example/item.htm?id=7&{first}&sku=a#/x?{second}",
            f"  https://shop.example/item.htm?{second}&{first}&sku=a&id=7 ",
        ]
    return found


def test_two_hundred_variants_are_one() -> None:
    found = variants()
    assert len(found) > 200
    assert {canonical(absolute("https://shop.example/", url)) for url in found} == {ITEM}


def test_fifty_look_alikes_stay_fifty() -> None:
    alike = [f"https://shop.example/item.htm?id={n}&sku=a" for n in range(20)]
    alike += [f"https://shop.example/item/{n}.html" for n in range(15)]
    alike += [
        f"https://shop.example/item.htm?id=7&{name}=1" for name in ("sku", "color", "ref", "page", "from", "s", "n")
    ]
    alike += ["http://shop.example/item.htm?id=7&sku=a", "https://m.shop.example/item.htm?id=7&sku=a"]
    alike += ["https://shop.example/Item.htm?id=7&sku=a", "https://shop.example:8443/item.htm?id=7&sku=a"]
    alike += [
        "https://shop.example/item.htm?id=7&sku=A",
        "https://shop.example/item.htm?id=7&id=8",
        "https://shop.example/item.htm?ID=7",
    ]
    assert len({canonical(url) for url in alike}) == len(alike) >= 49


def test_only_what_tells_items_apart_is_kept_when_the_platform_says_so() -> None:
    assert canonical("https://a.example/i?x=1&id=5&y=2", ("id",)) == "https://a.example/i?id=5"


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "ftp://a.example/x", "mailto:a@b.c",
     "tel:1",
     "blob:https://a.example/1", "http://", "http://[::1", "http://a.example:99999/", "http://user:pw@a.example/",
     "http://a.example/{{url}}", "http://a b.example/", "java\nscript:alert(1)", " JaVaScRiPt:x", "#top", "",
     "http://a.example/" + "x" * 5000,
     "http://" + "a" * 300 + ".example/", "http://a.example\\@evil.example/",
     "https://exa<mple.com/", "\x00javascript:x"],
)  # fmt: skip
def test_what_is_no_address_is_empty(link: str) -> None:
    assert canonical(absolute("https://shop.example/list/", link)) == ""
    assert canonical(link) == ""


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("//img.example/a.jpg", "https://img.example/a.jpg"),
        ("/item/1.html", "https://shop.example/item/1.html"),
        ("2.html", "https://shop.example/list/2.html"),
        ("/a b.html", "https://shop.example/a%20b.html"),
        ("\n /item/\n1.html\t", "https://shop.example/item/1.html"),
        ("/象牙.html", "https://shop.example/%E8%B1%A1%E7%89%99.html"),
        ("http://例子.example/", "http://xn--fsqu00a.example/"),
        ("/s?q=%CF%F3%D1%C0", "https://shop.example/s?q=%CF%F3%D1%C0"),
        ("http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x"),
    ],
)
def test_what_is_one_is_resolved(link: str, address: str) -> None:
    assert canonical(absolute("https://shop.example/list/", link)) == address


def test_a_query_of_one_bare_number_stays_as_it_is() -> None:
    assert (
        canonical("https://goods.example/item/show?22500000000001") == "https://goods.example/item/show?22500000000001"
    )


def test_canonical_is_stable() -> None:
    for url in (*variants()[:20], "https://shop.example/a%2Fb?x=%26&y=1+2", "https://shop.example/s?q=%CF%F3"):
        once = canonical(url.strip())
        assert canonical(once) == once


def test_host() -> None:
    assert (
        host_of("HTTP://A.example:81/x") == "a.example"
        and host_of("http://[::1]:80/") == "[::1]"
        and host_of("x") == ""
    )
