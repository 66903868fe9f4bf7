"""A small market whose every night is scripted: it varies as real ones do, and one night at a time goes wrong.

It answers in a thread of the test, keeps its own access log, and can be shut and opened on the same port.
"""

import random
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlsplit

from tests.loopback import Quiet, listening

DEFINITION = """name: 剧本市场
site: {site}
verified: 2026-11-24 测试程序自己的页面
search_url: /s?q={{query}}&p={{page}}
browse: {{最新: "/new?p={{page}}"}}
render: never
next_page: css:a.next::attr(href)
sort: newest
detail: none
delay: 0
control: 手机
cards: css:div.card
id: xpath:@data-id
url: css:a.name::attr(href)
title: css:a.name
price: css:.price
seller: css:.who
place: css:.where
pictures: css:img::attr(src)
"""
#: Cards on a list page.
PER_PAGE = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One request as the market saw it."""

    night: str
    path: str
    at: float
    status: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """One answer."""

    body: str = ""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    #: Seconds between two bytes.
    drip: float = 0.0


@dataclass(kw_only=True, slots=True)
class Stock:
    """What stands on the market tonight: word → numbers of the items; 最新 is the newest of all of them."""

    words: dict[str, list[int]] = field(default_factory=dict)
    newest: list[int] = field(default_factory=list)
    #: Items that show no price, no place: some never do.
    unpriced: set[int] = field(default_factory=set)
    placeless: set[int] = field(default_factory=set)

    @classmethod
    def opening(cls, words: Iterable[str], dice: random.Random) -> "Stock":
        """The first night: the first words have much, the next little, the last ones nothing."""
        stock = cls()
        for place, word in enumerate(words):
            stock.words[word] = []
            for _ in range((24, 20, 14, 9, 2, 1)[place] if place < 6 else 0):
                stock.put_up(word, dice)
        return stock

    def put_up(self, word: str, dice: random.Random) -> None:
        """One item more, on top."""
        number = 1000 + sum(map(len, self.words.values())) + len(self.newest) + dice.randrange(10**6) * 1000
        self.words[word].insert(0, number)
        self.newest = [number, *self.newest][:30]
        if dice.random() < 0.08:
            self.unpriced.add(number)
        if dice.random() < 0.1:
            self.placeless.add(number)

    def pass_a_day(self, dice: random.Random) -> None:
        """Some items are sold, some come; a word of which there is little may run dry or come back."""
        for word, items in self.words.items():
            for number in [one for one in items if dice.random() < 0.07]:
                items.remove(number)
            for _ in range(dice.randrange(0, 3) if len(items) > 5 else dice.randrange(0, 2)):
                self.put_up(word, dice)


class Market:
    """The market while it stands."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self.visits: list[Visit] = []
        #: Name of the night; part of every visit.
        self.night = ""
        #: Answers in place of the ordinary ones; None from it: the ordinary one.
        self.trouble: Callable[[Market, str, dict[str, str]], Given | None] | None = None
        self._held = ExitStack()
        self._port = 0
        self.open()

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self._port}"

    def open(self) -> None:
        """Listen; on the same port as before."""
        market = self

        class Handler(Quiet):
            def do_GET(self) -> None:
                given = market.answer(self.path)
                self.send_response(given.status)
                for name, value in (("Content-Type", "text/html; charset=utf-8"), *given.headers):
                    self.send_header(name, value)
                body = given.body.encode()
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                step = 1 if given.drip else max(1, len(body))
                try:
                    for start in range(0, len(body), step):
                        self.wfile.write(body[start : start + step])
                        time.sleep(given.drip)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # the visitor has gone

            def log_message(self, format: str, *args: object) -> None:
                pass

        url = self._held.enter_context(listening(Handler, port=self._port))
        self._port = int(url.rpartition(":")[2])

    def close(self) -> None:
        """Nobody listens any more."""
        self._held.close()

    def answer(self, address: str) -> Given:
        """What is answered at `address`; written down."""
        parts = urlsplit(address)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        given = self.trouble(self, parts.path, asked) if self.trouble else None
        if given is None:
            given = self.ordinary(parts.path, asked)
        self.visits.append(Visit(night=self.night, path=address, at=time.monotonic(), status=given.status))
        return given

    def ordinary(self, path: str, asked: dict[str, str]) -> Given:
        """The answer of a night on which nothing is wrong."""
        if path == "/robots.txt":
            return Given(body="User-agent: *\nAllow: /\n", headers=(("Content-Type", "text/plain"),))
        if path == "/new":
            return self.page(self.stock.newest, path, asked)
        if path == "/s":
            word = asked.get("q", "")
            items = list(range(50, 67)) if word == "手机" else self.stock.words.get(word, [])
            return self.page(items, path, asked) if items else nothing(word)
        return Given(status=404, body="<p>此页不存在</p>")

    def page(
        self, items: list[int], path: str, asked: dict[str, str], *, card: str = "card", price: bool = True
    ) -> Given:
        """List page `p` of `items`."""
        number = int(asked.get("p", "1"))
        shown = items[(number - 1) * PER_PAGE : number * PER_PAGE]
        cards = "".join(self._card(item, card=card, price=price) for item in shown)
        following = f"{path}?q={quote(asked['q'])}&p={number + 1}" if "q" in asked else f"{path}?p={number + 1}"
        link = f'<a class="next" href="{following}">下一页</a>' if number * PER_PAGE < len(items) else ""
        foot = "<footer>剧本市场 关于我们 登录 注册 客服 帮助中心 没有更多了</footer>"
        return Given(body=f"<title>剧本市场</title><main>{cards}</main>{link}{foot}")

    def _card(self, item: int, *, card: str, price: bool) -> str:
        name = f"日用旧物 {item} 号，自用转让，成色见图，可小刀，同城自提"
        cost = f'<b class="price">￥{10 + item % 90}</b>' if price and item not in self.stock.unpriced else ""
        place = "" if item in self.stock.placeless else '<i class="where">枣庄 薛城</i>'
        return (
            f'<div class="{card}" data-id="{item}"><a class="name" href="/i/{item}">{name}</a>{cost}'
            f'<i class="who">卖家{item % 7}</i>{place}<img src="/pic/{item}.jpg"></div>'
        )

    def seen(self, night: str) -> list[Visit]:
        """What was asked in that night, oldest first."""
        return [one for one in self.visits if one.night == night]


def nothing(word: str) -> Given:
    """The page of a search without a result."""
    return Given(body=f"<title>剧本市场</title><p>没有找到与“{word}”相关的商品</p>")


# --- twelve kinds of trouble ------------------------------------------------------------------------------------------


def classes_change(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """The same goods in other clothes."""
    items = market.stock.newest if path == "/new" else market.stock.words.get(asked.get("q", ""), [])
    return market.page(items, path, asked, card="c-8f3a") if items else None


def price_vanishes(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """Everything is there but the price."""
    items = market.stock.newest if path == "/new" else market.stock.words.get(asked.get("q", ""), [])
    return market.page(items, path, asked, price=False) if items else None


def login_from_page_3(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """Two pages for everybody, the rest for members."""
    if path == "/login":
        return Given(body="<title>用户登录</title><form><input type=password></form>")
    return Given(status=302, headers=(("Location", "/login"),)) if int(asked.get("p", "1")) >= 3 else None


def captcha(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """Status 200 and a slider."""
    slider = '<title>剧本市场</title><div id="captcha">请向右拖动滑块完成验证</div>'
    return None if path == "/robots.txt" else Given(body=slider)


def too_many(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """429, in a second again."""
    return None if path == "/robots.txt" else Given(status=429, headers=(("Retry-After", "1"),), body="slow down")


def server_errors(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """500 on every page."""
    return None if path == "/robots.txt" else Given(status=500, body="<h1>Internal Server Error</h1>")


def all_empty(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """Nothing for anybody, said politely."""
    return None if path == "/robots.txt" else nothing(asked.get("q", "最新"))


def all_alike(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """The same page whatever is asked."""
    return None if path == "/robots.txt" else market.page(list(range(80, 86)), "/new", {})


def slow_drip(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """A byte now and then."""
    return None if path == "/robots.txt" else Given(body="<title>剧本市场</title>" + " " * 200, drip=0.2)


def robots_500(market: Market, path: str, asked: dict[str, str]) -> Given | None:
    """What may be asked cannot be learned."""
    return Given(status=500) if path == "/robots.txt" else None


def filtering(banned: Iterable[str]) -> Callable[[Market, str, dict[str, str]], Given | None]:
    """Nothing for the banned words, everything else as ever."""
    words = frozenset(banned)

    def answer(market: Market, path: str, asked: dict[str, str]) -> Given | None:
        return nothing(asked["q"]) if asked.get("q", "") in words else None

    return answer
