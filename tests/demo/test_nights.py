"""What changes between two nights, and the walls that a market may put up."""

import urllib.error

import httpx
import pytest
from parsel import Selector

from demo.serve import RunningTown


def ids(answer: httpx.Response) -> list[str]:
    return Selector(text=answer.text).css("li.item::attr(data-id)").getall()


def test_a_second_night(changing: RunningTown, client: httpx.Client) -> None:
    site = changing.sites["demo_ads"]
    before = client.get(site + "/latest/")
    prices = Selector(text=before.text).css(".price::text").getall()
    assert changing.change("demo_ads", new_listings=4)["listings"] == 124
    after = client.get(site + "/latest/")
    assert ids(after)[4:] == ids(before)[:-4]
    assert Selector(text=after.text).css(".price::text").getall()[4:] == prices[:-4]
    changing.change("demo_ads", changed_share=1)
    cut = client.get(site + "/latest/")
    assert ids(cut) == ids(after)
    assert Selector(text=cut.text).css(".price::text").getall()[4:] != prices[:-4]
    shop = client.get(changing.sites["demo_shop"] + "/goods/?page=5")
    assert len(Selector(text=shop.text).css("article")) == 24


def test_a_login_wall(changing: RunningTown, client: httpx.Client) -> None:
    changing.change("demo_ads", mood="login", from_page=3)
    site = changing.sites["demo_ads"]
    assert client.get(site + "/latest/?page=2").status_code == 200
    refused = client.get(site + "/latest/?page=3")
    assert refused.status_code == 302
    login = client.get(site + refused.headers["location"])
    assert login.status_code == 200 and Selector(text=login.text).css("#login-form input[type=password]")
    changing.change("demo_ads", mood="open")
    assert client.get(site + "/latest/?page=3").status_code == 200


def test_a_captcha_with_status_200(changing: RunningTown, client: httpx.Client) -> None:
    for key, path in (("demo_goods", "/"), ("demo_shop", "/goods/"), ("demo_ads", "/latest/")):
        changing.change(key, mood="captcha")
        answer = client.get(changing.sites[key] + path)
        assert answer.status_code == 200
        assert Selector(text=answer.text).css("#captcha") and not Selector(text=answer.text).css("article, .item")
        assert client.get(changing.sites[key] + "/robots.txt").text.startswith("User-agent")
    api = client.get(changing.sites["demo_goods"] + "/api/list?page=1")
    assert (api.status_code, api.json()["code"]) == (200, 40302)


def test_too_many_requests_for_a_while(changing: RunningTown, client: httpx.Client) -> None:
    changing.change("demo_shop", mood="too_many", for_requests=2, retry_after=7)
    answers = [client.get(changing.sites["demo_shop"] + "/goods/") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"
    changing.change("demo_shop", mood="error")
    assert client.get(changing.sites["demo_shop"] + "/goods/").status_code == 500


@pytest.mark.parametrize(
    "wish", [{"mod": "login"}, {"mood": "angry"}, {"new_listings": -1}, {"changed_share": 2}, {"mood": "login", "x": 1}]
)
def test_unknown_wishes_change_nothing(changing: RunningTown, client: httpx.Client, wish: dict) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        changing.change("demo_ads", **{"new_listings": 3, **wish})
    refused.value.close()
    assert refused.value.code == 400
    assert changing.change("demo_ads") == {"listings": 120, "arrivals": 0, "mood": "open", "requests": 0}


def test_control_is_shut_without_the_token(changing: RunningTown, client: httpx.Client) -> None:
    for headers in ({}, {"X-Control-Token": ""}, {"X-Control-Token": "guess"}):
        answer = client.post(changing.sites["demo_ads"] + "/-/control", headers=headers, json={"mood": "login"})
        assert answer.status_code == 404
    assert client.get(changing.sites["demo_ads"] + "/latest/").status_code == 200
