"""Which addresses lie in the public internet (FAULTS C1, C2)."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egress import names_inside, not_public
from tests.egress.places import INTERNAL, PLAINLY_HERE, PUBLIC


@pytest.mark.parametrize("address", INTERNAL)
def test_special_addresses_are_not_public(address: str) -> None:
    assert not_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_the_rest_of_the_internet_is(address: str) -> None:
    assert not_public(address) == ""


def test_there_are_enough_of_them_and_the_standard_library_alone_would_let_some_through() -> None:
    assert len(set(INTERNAL)) >= 60
    assert [one for one in INTERNAL if ip_address(one).is_global]  # the union is not for show


@pytest.mark.parametrize("words", ["", "shop.test", "127.1", "2130706433", "fe80::1%eth0", "1.2.3.4.5", "١.1.1.1"])
def test_what_is_no_plain_address_is_not_public(words: str) -> None:
    assert not_public(words)


@given(st.ip_addresses(v=4))
def test_an_address_in_ipv6_dress_is_judged_by_what_it_wears(address: object) -> None:
    bare = bool(not_public(str(address)))
    for dress in ("::ffff:{}", "64:ff9b::{}"):
        assert bool(not_public(dress.format(address))) == bare
    assert not_public(f"::{address}")


@pytest.mark.parametrize(
    "host", [*PLAINLY_HERE, "127.1", "2130706433", "0x7f.1", "nas.local", "db.internal", "10.0.0.8"]
)
def test_hosts_that_are_inside_by_their_very_name(host: str) -> None:
    assert names_inside(host)


@pytest.mark.parametrize(
    "host", ["www.shop.example", "*.pics.example", "*", "8.8.8.8", "1688.com", "58.com", "m.58.com"]
)
def test_hosts_that_have_to_be_resolved_first(host: str) -> None:
    assert not names_inside(host)
