"""A small site on loopback whose every answer a test decides; it counts visits and how many came at once."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.loopback import Quiet, listening


@dataclass
class Answer:
    """One answer. `drip` seconds pass between its bytes; `hold` before its first."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/html; charset=utf-8"})
    hold: float = 0.0
    drip: float = 0.0


@dataclass
class Site:
    """What was asked, and what is answered."""

    answer: Callable[[str], Answer]
    url: str = ""
    #: Path with query, moment (monotonic) and user agent of each request.
    visits: list[tuple[str, float, str]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def paths(self) -> list[str]:
        return [path for path, _, _ in self.visits]

    def came(self, path: str, agent: str) -> None:
        with self._lock:
            self.visits.append((path, time.monotonic(), agent))
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)

    def left(self) -> None:
        with self._lock:
            self.at_once -= 1


@contextmanager
def site(answer: Callable[[str], Answer], tls: ssl.SSLContext | None = None) -> Iterator[Site]:
    """A site on a free port of 127.0.0.1 while the block runs."""
    standing = Site(answer)

    class Handler(Quiet):
        def do_GET(self) -> None:
            standing.came(self.path, self.headers.get("User-Agent", ""))
            try:
                self.give(standing.answer(self.path))
            except (BrokenPipeError, ConnectionResetError):
                pass
            finally:
                standing.left()

        def give(self, answer: Answer) -> None:
            time.sleep(answer.hold)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            step = 1 if answer.drip else max(1, len(answer.body))
            for start in range(0, len(answer.body), step):
                self.wfile.write(answer.body[start : start + step])
                time.sleep(answer.drip)

    with listening(Handler, tls=tls) as standing.url:
        yield standing


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status=status, headers={"Location": to})


def card(item_id: str, title: str, link: str = "") -> str:
    """A card as demo_ads' definition reads it."""
    return (
        f'<li class="item" data-id="{item_id}"><a class="title" href="{link or f"/item/{item_id}.html"}">{title}</a>'
        f'<a class="pic"><img src="/pic/{item_id}.png"></a><span class="price">￥5</span></li>'
    )


def cards(*them: str, following: str = "") -> Answer:
    """A list page as demo_ads' definition reads it."""
    link = f'<a class="next" href="{following}">下一页</a>' if following else ""
    return Answer(body=f'<meta charset="utf-8"><ul id="list">{"".join(them)}</ul>{link}'.encode())


def detail(item_id: str, title: str, text: str = "") -> Answer:
    """An item's page as demo_ads' definition reads it."""
    inner = f'<h1 class="ad-title">{title}</h1><div class="ad-text">{text}</div>'
    return Answer(body=f'<meta charset="utf-8"><div class="ad" data-id="{item_id}">{inner}</div>'.encode())


NOT_FOUND = Answer(status=404, body=b"<p>not here</p>")
