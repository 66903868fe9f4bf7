"""When a patrol stops asking: after three walls, after five silences; and what a page is measured by on the way."""

from collections.abc import Callable

from crawler.gauge import Gauge
from crawler.reading import CardPage
from records import Listing, Seller
from tests.crawler.errands import patrol
from tests.crawler.mischief import Answer, card, cards, redirect, site

ROBOTS = Answer(body=b"User-agent: *\nAllow: /\n", headers={"Content-Type": "text/plain"})
WORDS = [("search", word) for word in ("甲", "乙", "丙", "丁", "戊", "己", "庚")]
SLIDER = Answer(body='<title>首页</title><div id="captcha">请向右拖动滑块完成验证</div>'.encode())


def but_robots(answer: Callable[[str], Answer]) -> Callable[[str], Answer]:
    return lambda path: ROBOTS if path == "/robots.txt" else answer(path)


def test_five_queries_without_an_answer_end_the_patrol() -> None:
    with site(but_robots(lambda path: Answer(status=500, body=b"sorry"))) as standing:
        told = patrol("demo_ads", standing.url, *WORDS)
    assert told.outcomes == ["failed"] * 5 + ["not_run"] * 2
    assert "接连 5 次没有应答" in told.reports[-1]["note"]
    assert len(standing.visits) == 1 + 5 * 3  # each of the five tried three times


def test_an_answer_in_between_begins_the_count_again() -> None:
    def answer(path: str) -> Answer:
        return cards(card("1", "旧书")) if "%B6%A1" in path else Answer(status=500, body=b"sorry")  # 丁 in GBK

    with site(but_robots(answer)) as standing:
        told = patrol("demo_ads", standing.url, *WORDS)
    assert told.outcomes == ["failed"] * 3 + ["searched"] + ["failed"] * 3


def test_three_walls_end_the_patrol() -> None:
    with site(but_robots(lambda path: SLIDER)) as standing:
        told = patrol("demo_ads", standing.url, *WORDS)
    assert told.outcomes == ["blocked"] * 3 + ["not_run"] * 4
    assert len(standing.visits) == 1 + 3


def test_after_a_night_at_the_wall_one_question_is_asked() -> None:
    with site(but_robots(lambda path: SLIDER)) as standing:
        told = patrol("demo_ads", standing.url, *WORDS, limits={"max_details": 0, "walls": 1})
    assert told.outcomes == ["blocked"] + ["not_run"] * 6
    assert len(standing.visits) == 1 + 1


def test_a_login_behind_the_first_pages_leaves_every_query_its_first_pages() -> None:
    def answer(path: str) -> Answer:
        if path.startswith("/login"):
            return Answer(body="<title>用户登录</title><form><input type=password></form>".encode())
        if "page=2" in path:
            return redirect("/login")
        following = path.replace("page=1", "page=2")
        return cards(card(str(abs(hash(path))), "旧书"), following=following)

    with site(but_robots(answer)) as standing:
        told = patrol("demo_ads", standing.url, *WORDS)
    assert told.outcomes == ["login_required"] * 7
    assert all(report["cards"] == 1 for report in told.reports)


def listing(number: int, *, price: str = "￥5", place: str = "枣庄") -> Listing:
    return Listing(
        platform="demo_ads",
        item_id=str(number),
        url=f"https://x.example/{number}",
        title="旧书",
        price_text=price,
        place=place,
        seller=Seller(key="s", name="甲") if number % 2 else None,
    )


def test_a_page_is_measured_by_what_its_cards_show() -> None:
    page = CardPage(listings=(listing(1), listing(2, price=""), listing(3, place="")), unread=2)
    found = Gauge().measure(1, page)
    assert (found.price, found.place, found.seller, found.pictures, found.unread, found.repeated) == (2, 2, 2, 0, 2, 0)


def test_copies_are_counted_across_queries_alone_and_never_for_a_handful() -> None:
    gauge = Gauge()
    many = CardPage(listings=tuple(listing(number) for number in range(6)))
    assert [gauge.measure(query, many).repeated for query in (1, 1, 2, 3)] == [0, 0, 1, 1]
    few = CardPage(listings=tuple(listing(number) for number in range(4)))
    assert [gauge.measure(query, few).repeated for query in (1, 2)] == [0, 0]
