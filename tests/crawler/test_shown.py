"""A list that is read on and on: what it shows again is no news, and what is kept of it does not grow with it."""

from crawler.shown import Shown
from records import Listing


def page(*items: int) -> list[Listing]:
    return [
        Listing(platform="p", item_id=str(item), url=f"https://goods.test/{item}", title=f"书柜 {item}")
        for item in items
    ]


def new(shown: Shown, *items: int) -> list[int]:
    return [int(card.item_id) for card in shown.new(page(*items))]


def test_what_the_pages_before_have_shown_is_not_new() -> None:
    shown = Shown()
    assert new(shown, 1, 2, 3) == [1, 2, 3]
    assert new(shown, 3, 4) == [4]  # pushed down by an arrival
    assert new(shown, 4, 3) == []
    assert new(shown) == []


def test_a_list_that_begins_again_is_noticed_after_any_number_of_pages() -> None:
    shown = Shown()
    for number in range(1000):
        assert new(shown, 2 * number, 2 * number + 1) == [2 * number, 2 * number + 1]
    for number in range(1000):
        assert new(shown, 2 * number + 1, 2 * number) == []


def test_of_ten_thousand_pages_the_items_of_the_last_hundred_are_kept() -> None:
    shown = Shown()
    for number in range(10_000):
        new(shown, number, number + 1)
    assert new(shown, 9_950, 20_000) == [20_000]
    assert len(shown._last) <= 2 * 101
    assert len(shown._recent) == 100
