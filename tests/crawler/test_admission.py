"""Which addresses may be asked for: hosts of the definition on its own ports, and nothing that can be misread."""

import pytest

from crawler import definition
from crawler.admission import refusal
from crawler.chromium import only_through

PUBLIC = definition("demo_ads").model_copy(
    update={"site": "https://www.shop.example", "hosts": ("www.shop.example", "*.pics.example", "*")}
)
NARROW = PUBLIC.model_copy(update={"hosts": ("www.shop.example", "*.pics.example")})
LOCAL = definition("demo_ads").at("http://127.0.0.1:18071")


@pytest.mark.parametrize(
    "url",
    [
        "https://www.shop.example/search?q=%E8%B1%A1",
        "http://www.shop.example/",
        "https://www.shop.example:443/a",
        "https://a.pics.example/1.jpg",
    ],
)
def test_hosts_of_the_definition_are_open(url: str) -> None:
    assert refusal(url, NARROW, allow_loopback=False) == ""


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://www.shop.example/",
        "data:text/html,x",
        "javascript:alert(1)",
        "view-source:https://www.shop.example/",
        "about:blank",
        "//www.shop.example/",
        "/search",
        "",
        "https://",
        "https://other.example/",
        "https://www.shop.example.evil.example/",
        "https://evilwww.shop.example/",
        "https://www.shop.example:8443/",
        "https://www.shop.example:22/",
        "https://www.shop.example:99999/",
        "https://user@www.shop.example/",
        "https://www.shop.example@evil.example/",
        "https://evil.example\\@www.shop.example/",
        "https://www.shop.example\\.evil.example/",
        "https://www.shop.example/\r\nHost: evil",
        "https://www.shop.example/\t",
        "https://www.shop.example /",
        "https://www.shop.example/\0",
        "https://www.shop.example/\u202e",
        "https://[::1/",
    ],
)
def test_everything_else_is_refused_with_a_reason(url: str) -> None:
    assert refusal(url, NARROW, allow_loopback=True)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "localhost",
        "a.localhost",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "0.0.0.0",
        "224.0.0.1",
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[ff02::1]",
    ],
)
def test_a_definition_that_names_every_host_still_reaches_no_internal_address(host: str) -> None:
    assert refusal(f"https://{host}/", PUBLIC, allow_loopback=False)
    assert refusal(f"https://{host}/", PUBLIC, allow_loopback=True)


def test_this_machine_only_where_the_site_is_on_it_and_only_its_port() -> None:
    assert refusal("http://127.0.0.1:18071/x", LOCAL, allow_loopback=False)
    assert refusal("http://127.0.0.1:18071/x", LOCAL, allow_loopback=True) == ""
    assert refusal("http://127.0.0.1:18072/x", LOCAL, allow_loopback=True)
    assert refusal("http://127.0.0.1/x", LOCAL, allow_loopback=True)
    assert refusal("http://localhost:18071/x", LOCAL, allow_loopback=True)
    assert refusal("http://127.0.0.2:18071/x", LOCAL, allow_loopback=True)


def test_the_browser_is_given_the_guard_and_no_way_round_it() -> None:
    assert only_through("http://127.0.0.1:4711") == (
        "--proxy-server=http://127.0.0.1:4711",
        "--proxy-bypass-list=<-loopback>",
        "--host-resolver-rules=MAP 127.0.0.1:4711 127.0.0.1:4711, MAP * ~NOTFOUND",
    )
