# ruff: noqa: E501 - pages are written as they are sent
"""Pages made to hold, break or fool who reads them (FAULTS B and D), and the market on which they stand.

The market speaks raw sockets, because half of them are no HTTP. It writes down what was asked of it, and its pages
stand at `/trap/<name>`; `/good/<n>` are honest ones, each with one suspicious item.
"""

import gzip
import json
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import brotli
from scrapy.utils._compression import zstd


@dataclass(frozen=True)
class Asked:
    """One request as the market saw it."""

    path: str
    at: float
    agent: str
    cookie: str


@dataclass
class Market:
    """What was asked of it, until now."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    #: Requests that came over TLS: nobody may trust its certificate.
    through_tls: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def times(self, path: str) -> int:
        return sum(one.path.partition("?")[0] == path for one in self.asked)


def card(number: str, title: str, link: str = "", price: str = "￥5", picture: str = "") -> str:
    return (
        f'<li class="item" data-id="{number}"><a class="title" href="{link or f"/item/{number}.html"}">{title}</a>'
        f'<a class="pic"><img src="{picture or f"/pic/{number}.png"}"></a><span class="price">{price}</span></li>'
    )


def listing(*cards: str, more: str = "", head: str = "") -> str:
    return f'<!DOCTYPE html><meta charset="utf-8">{head}<ul id="list">{"".join(cards)}</ul>{more}'


def item(number: str, title: str, more: str = "") -> str:
    return (
        f'<!DOCTYPE html><meta charset="utf-8"><div class="ad" data-id="{number}"><h1 class="ad-title">{title}</h1>'
        f'<div class="ad-text">自用，可小刀。</div></div>{more}'
    )


def answer(body: bytes | str, *headers: str, status: str = "200 OK", kind: str = "text/html; charset=utf-8") -> bytes:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(raw)}",
        *([f"Content-Type: {kind}"] if kind else []),
        *headers,
    ]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode("utf-8", "surrogateescape") + raw


def redirect(to: str) -> bytes:
    return answer("", f"Location: {to}", status="302 Found")


ONE = card("1", "老书柜")
#: What a hit behind a healthy list looks like.
IVORY = "象牙手串"
_MIB = 2**20


# --- bodies that are large, or claim to be packed ---


@cache
def bomb(kind: str) -> bytes:
    """200 MiB of spaces behind a card, packed."""
    body = listing(ONE).encode() + b" " * (200 * _MIB)
    packed = {"gzip": gzip.compress, "deflate": zlib.compress, "br": _brotli, "zstd": zstd.compress}[kind](body)
    return answer(packed, f"Content-Encoding: {kind}")


def _brotli(body: bytes) -> bytes:
    return bytes(brotli.compress(body, quality=4))


@cache
def png_bomb() -> bytes:
    """A picture of 30,000 × 30,000 pixels in half a megabyte."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    side = 30_000
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\0" * (side // 8 + 1)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cfc0f01f0005000"
    "1ff56c72f0d0000000049454e44ae426082"
)


def _script(text: str, *, after: str = "") -> str:
    return listing(ONE, more=f"{after}<script>{text}</script>")


#: Pages that are wholly said at once: name → the answer.
PAGES: dict[str, Callable[[], bytes]] = {
    # scripts that never rest
    "busy": lambda: answer(_script("while (1);")),
    "busy_later": lambda: answer(_script("setTimeout(() => { while (1); }, 300)")),
    "busy_worker": lambda: answer(
        _script("for (let i = 0; i < 4; i++) new Worker(URL.createObjectURL(new Blob(['while (1);'])))")
    ),
    "reload": lambda: answer(_script("location.reload()")),
    "reload_later": lambda: answer(_script("setInterval(() => location.replace('?' + Math.random()), 50)")),
    "meta_refresh": lambda: answer(listing(ONE, head='<meta http-equiv="refresh" content="0">')),
    "history": lambda: answer(_script("let n = 0; setInterval(() => history.pushState({}, '', '?' + n++), 1)")),
    "alerts": lambda: answer(_script("setInterval(() => { alert(1); confirm(2); prompt(3); }, 1)")),
    "print": lambda: answer(
        _script("onbeforeunload = e => { e.preventDefault(); return 'stay'; }; setInterval(() => print(), 50)")
    ),
    "popups": lambda: answer(_script("setInterval(() => window.open('/good/1'), 20)")),
    "fetches": lambda: answer(_script("setInterval(() => fetch('/api/x?' + Math.random()).catch(() => 0), 5)")),
    "sync_requests": lambda: answer(
        _script(
            "for (let n = 0; n < 1e9; n++) { const x = new XMLHttpRequest(); x.open('GET', '/api/x?' + n, false);"
            "try { x.send() } catch {} }"
        )
    ),
    "sockets": lambda: answer(
        _script("setInterval(() => { new WebSocket('ws://' + location.host + '/ws'); new EventSource('/sse'); }, 20)")
    ),
    "service_worker": lambda: answer(
        _script("navigator.serviceWorker?.register('/sw.js').catch(() => 0); new SharedWorker('/sw.js')")
    ),
    "scrolls": lambda: answer(
        _script(
            "let n = 2; setInterval(() => { for (let i = 0; i < 50; i++) list.insertAdjacentHTML('beforeend',"
            "list.firstElementChild.outerHTML.replace('data-id=\"1\"', `data-id=\"${n++}\"`));"
            "scrollTo(0, 1e9); }, 5)"
        )
    ),
    "removes_itself": lambda: answer(_script("setTimeout(() => document.documentElement.remove(), 100)")),
    "closes_itself": lambda: answer(_script("setTimeout(() => { open(location, '_self').close() }, 100)")),
    "writes_itself": lambda: answer(_script("setInterval(() => document.write('<p>' + Math.random()), 1)")),
    "bends_the_language": lambda: answer(
        _script(
            "Object.defineProperty(Element.prototype, 'outerHTML', {get() { throw 1 }});"
            "Object.defineProperty(Element.prototype, 'scrollHeight', {get() { return 'x' }});"
            "Array.prototype.map = Array.prototype.toJSON = JSON.stringify = () => { throw 2 };"
            "Object.prototype.toJSON = () => 'gone'; window.Promise = null; document.querySelector = null"
        )
    ),
    "canvas": lambda: answer(
        _script(
            "const c = document.body.appendChild(document.createElement('canvas')); c.width = c.height = 8000;"
            "const x = c.getContext('2d'); (function draw() { x.filter = 'blur(50px)';"
            "x.fillRect(0, 0, 8000, 8000); requestAnimationFrame(draw); })();"
            "for (let i = 0; i < 40; i++) document.createElement('canvas').getContext('webgl')"
        )
    ),
    "wasm": lambda: answer(
        # (module (func (loop (br 0))) (start 0))
        _script(
            "setTimeout(() => new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0,97,115,109,1,0,0,0,"
            "1,4,1,96,0,0,3,2,1,0,8,1,0,10,9,1,7,0,3,64,12,0,11,11]))), 100)"
        )
    ),
    "storage": lambda: answer(
        _script("try { for (let n = 0; ; n++) localStorage[n] = 'x'.repeat(1e6) } catch {} document.cookie = 'stored=1'")
    ),
    "memory": lambda: answer(
        _script("const kept = []; setInterval(() => kept.push(new Uint8Array(64 << 20).fill(7)), 30)")
    ),
    "memory_at_once": lambda: answer(
        _script("const kept = []; for (;;) kept.push(new Array(1 << 20).fill(0).map(() => ({x: Math.random()})))")
    ),
    # documents that are too much
    "many_elements": lambda: answer(listing(ONE, more="<p>x" * 400_000)),
    "many_elements_by_script": lambda: answer(
        _script("setTimeout(() => { list.insertAdjacentHTML('afterend', '<p>x</p>'.repeat(400000)) }, 50)")
    ),
    "deep": lambda: answer(listing(ONE, more="<div>" * 100_000)),
    "frames_deep": lambda: answer(listing(ONE, more='<iframe src="/trap/frames_deep?' + str(time.time()) + '"></iframe>')),
    "frames_many": lambda: answer(listing(ONE, more='<iframe src="/trap/frames_many"></iframe>' * 1000)),
    "frames_blank": lambda: answer(
        _script("let d = document; for (let n = 0; n < 1000; n++) { const f = d.createElement('iframe');"
                "d.body.appendChild(f); d = f.contentDocument; if (!d) break; }")
    ),
    "long_text": lambda: answer(listing(ONE, more="象" * (3 * _MIB))),
    "too_long_text": lambda: answer(listing(ONE, more="x" * (11 * _MIB))),
    "long_title": lambda: answer(listing(card("1", "象" * 350_000))),
    "css": lambda: answer(
        listing(ONE, head="<style>:root{--a0:x x x x x x x x}" + "".join(
            f":root{{--a{n}:{f'var(--a{n - 1})' * 8}}}" for n in range(1, 30)) + "p:before{content:var(--a29)}</style>")
    ),
    "svg": lambda: answer(
        listing(ONE, more='<svg><g id="a0"><rect width="1" height="1"/></g>' + "".join(
            f'<g id="a{n}">{f"<use href=#a{n - 1} />" * 10}</g>' for n in range(1, 10)) + "</svg>")
    ),
    "words": lambda: answer(listing(more="<p>" + "请先登录" * 200_000 + "</p><p>" + "访问" * 300_000 + "</p>")),
    # bodies that are not what they say
    **{f"bomb_{kind}": (lambda kind=kind: bomb(kind)) for kind in ("gzip", "deflate", "br", "zstd")},  # type: ignore[misc]
    **{
        f"broken_{kind}": (lambda kind=kind: answer(b"\x07 not packed at all" * 9, f"Content-Encoding: {kind}"))  # type: ignore[misc]
        for kind in ("gzip", "deflate", "br", "zstd")
    },
    "download": lambda: answer(listing(ONE), "Content-Disposition: attachment; filename=$(touch marker).html"),
    "binary": lambda: answer(bytes(range(256)) * 4096, kind="application/octet-stream"),
    "nothing": lambda: answer("", status="204 No Content"),
    "short": lambda: answer(listing(ONE)).replace(b"Content-Length: ", b"Content-Length: 9"),
    "garbage": lambda: b"\x00\xff\x16 this is no HTTP\r\n\r\n" * 20,
    "ancient": lambda: listing(ONE).encode(),
    "chunked": lambda: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzzz\r\n" + listing(ONE).encode(),
    # where it leads
    "loop": lambda: redirect("/trap/loop"),
    "chain": lambda: redirect(f"/trap/chain?{time.monotonic_ns()}"),
    "to_file": lambda: redirect("file:///etc/passwd"),
    "to_data": lambda: redirect("data:text/html,<ul id=list></ul>"),
    "to_ftp": lambda: redirect("ftp://127.0.0.1/x"),
    "to_nowhere": lambda: redirect("http://[::bad/"),
    "to_script": lambda: answer(_script("location = 'javascript:document.write(1)'; location = 'file:///etc/passwd'")),
    "calendar": lambda: b"",  # see `_calendar`
    # walls and the like, all with status 200
    "login": lambda: answer("<title>用户登录</title><form><input type=password></form>请登录后查看"),
    "captcha": lambda: answer("<title>安全验证</title><div id=captcha>请输入验证码</div>"),
    "slider": lambda: answer("<p>请按住滑块，拖动到最右边</p><div class=nc-container></div>"),
    "soft_404": lambda: answer("<title>出错了</title><p>您访问的页面不存在</p>"),
    # characters
    "charset_lies": lambda: answer(listing(card("1", "老书柜与旧杂志")).encode("gb18030")),
    "charset_rot13": lambda: answer(listing(ONE), kind="text/html; charset=rot13"),
    "charset_idna": lambda: answer(listing(ONE), kind="text/html; charset=idna"),
    "charset_utf7": lambda: answer(b"+ADw-script+AD4-" + listing(ONE).encode(), kind="text/html; charset=utf-7"),
    "nul": lambda: answer(listing(card("1", "老\0书\0柜")).encode() + b"\0" * 4096),
    "surrogates": lambda: answer(
        _script("document.title = '\\ud800'; list.firstElementChild.children[0].textContent = '老\\udfff书\\ud83d柜'")
    ),
    "controls": lambda: answer(listing(card("1", "\u202e柜书老\u2066\x01\x85\ufffe" + "Z" + "\u0301" * 5000))),
    # fields
    "nested_json": lambda: answer(
        listing(ONE, more='<script type="application/ld+json">' + '{"a":[' * 100_000 + "</script>")
    ),
    "prices": lambda: answer(listing(*(card(str(n), "老书柜", price=p) for n, p in enumerate(
        ("1e400", "NaN", "-1", "１２３", "¥1万亿亿", "9" * 5000, "￥" * 5000))))),
    "traversal": lambda: answer(listing(*(card(i, "老书柜", link="/item/../../x") for i in (
        "../../../../tmp/x", "..%2f..%2fetc", "CON", "a&#0;b", "x" * 300, "$(touch${IFS}marker)", "';drop table leads;--")))),
    "xxe": lambda: answer(
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY a "&e;&e;">]>' + listing(card("1", "老书柜&e;&a;"))
    ),
    # headers
    "python_header": lambda: answer(listing(ONE), "Referrer-Policy: scrapy.utils.misc.load_object", "Refresh: 0"),
    "odd_headers": lambda: answer(listing(ONE), "X-É: \udcff\udcfe", "Set-Cookie: a=b; Domain=.127.0.0.1", "Link: <" + "x" * 3000),
    "many_headers": lambda: answer(listing(ONE), *(f"X-{n}: {'y' * 1000}" for n in range(2000))),
    "cookie": lambda: answer(listing(ONE), "Set-Cookie: session=secret; Path=/", "Set-Cookie: " + "c" * 4000 + "=1"),
    # behind an honest list: the item's own page, or its picture
    **{
        f"item_{name}": (lambda name=name: answer(listing(card(name, IVORY, link=f"/trap-item/{name}"))))  # type: ignore[misc]
        for name in ("busy", "endless", "vast", "error", "gone", "login_frame", "closing")
    },
    "picture_bomb": lambda: answer(listing(card("pb", IVORY, picture="/trap-pic/bomb"))),
    "picture_endless": lambda: answer(listing(card("pe", IVORY, picture="/trap-pic/endless"))),
}  # fmt: skip
#: Pages that are said slowly, or never: name → what they do with the line.
SLOW = ("silence", "never_loads", "drip", "endless", "endless_head", "hints")
TLS = "to_tls"
NAMES = (*PAGES, *SLOW, TLS)

ITEMS: dict[str, Callable[[], bytes]] = {
    "busy": lambda: answer(item("busy", IVORY, "<script>setTimeout(() => { while (1); }, 200)</script>")),
    "vast": lambda: answer(item("vast", IVORY, '<div style="width:9000000px;height:9000000px">x</div>')),
    "error": lambda: answer("oops", status="500 Internal Server Error"),
    "gone": lambda: answer("<title>x</title><p>该商品已下架</p>"),
    "login_frame": lambda: answer(item("login_frame", IVORY, "<p>登录后可以收藏</p>")),
    "closing": lambda: answer(item("closing", IVORY, "<script>open(location, '_self').close()</script>")),
}


class _Line(threading.Thread):
    """One connection."""

    def __init__(self, market: Market, line: socket.socket, context: ssl.SSLContext) -> None:
        super().__init__(daemon=True)
        self._market, self._line, self._context = market, line, context

    def run(self) -> None:
        with suppress(OSError, ssl.SSLError), self._line:
            self._line.settimeout(60)
            if self._line.recv(1, socket.MSG_PEEK) == b"\x16":
                self._line = self._context.wrap_socket(self._line, server_side=True)
                self._market.through_tls.append(self._request())
                self._line.sendall(answer(listing(ONE)))
                return
            path = self._request()
            if path:
                self._serve(path)
                self._line.shutdown(socket.SHUT_WR)

    def _request(self) -> str:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < 65_536:
            got = self._line.recv(65_536)
            if not got:
                return ""
            head += got
        lines = head.decode("latin-1").split("\r\n")
        named = {n.lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:])}
        path = lines[0].split(" ")[1] if lines[0].count(" ") > 1 else ""
        seen = Asked(path, time.time(), named.get("user-agent", ""), named.get("cookie", ""))
        self._market.asked.append(seen)
        return path

    def _serve(self, target: str) -> None:
        path, _, query = target.partition("?")
        name = path.rpartition("/")[2]
        if (path.startswith("/trap/") and name in SLOW) or name == "endless":
            getattr(self, f"_{name}")()
        elif path == "/trap/calendar":
            self._line.sendall(_calendar(query))
        elif path == f"/trap/{TLS}":
            self._line.sendall(redirect(self._market.url.replace("http:", "https:") + "/good/1"))
        else:
            self._line.sendall(_said(path, name))

    def _wait(self, seconds: float) -> None:
        """Until the visitor has gone, the market closes, or the time has passed."""
        self._line.settimeout(0.2)
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self._market.closing.is_set():
            with suppress(TimeoutError):
                if not self._line.recv(1024):
                    raise ConnectionResetError
        self._line.settimeout(60)

    def _silence(self) -> None:
        self._wait(600)

    def _never_loads(self) -> None:
        self._line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + listing(ONE).encode())
        self._wait(600)

    def _drip(self) -> None:
        body = answer(listing(ONE))
        for at in range(len(body)):
            self._line.sendall(body[at : at + 1])
            self._wait(0.5)

    def _endless(self) -> None:
        self._line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + listing(ONE).encode())
        while not self._market.closing.is_set():
            self._line.sendall(b"<p>x" * 16_384)

    def _endless_head(self) -> None:
        self._line.sendall(b"HTTP/1.1 200 OK\r\n")
        while not self._market.closing.is_set():
            self._line.sendall(b"X-Y: " + b"z" * 1000 + b"\r\n")

    def _hints(self) -> None:
        while not self._market.closing.is_set():
            self._line.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n")
            self._wait(0.01)


def _calendar(query: str) -> bytes:
    page = int(query.removeprefix("page=") or 1)
    following = f'<a class="next" href="/trap/calendar?page={page + 1}">下一页</a>'
    return answer(listing(card(f"c{page}", "老书柜"), more=following))


def _said(path: str, name: str) -> bytes:
    if path.startswith("/trap/") and name in PAGES:
        return PAGES[name]()
    if path.startswith("/trap-item/"):
        return ITEMS[name]()
    if path == "/trap-pic/bomb":
        return answer(png_bomb(), kind="image/png")
    if path.startswith("/good/"):
        return answer(listing(card(f"good{name}", f"{IVORY} {name} 号")))
    if path.startswith("/item/"):
        number = name.removesuffix(".html")
        return answer(item(number, f"{IVORY} {number.removeprefix('good')} 号" if number.startswith("good") else IVORY))
    if path.startswith("/pic/"):
        return answer(PNG, kind="image/png")
    if path == "/robots.txt":
        return answer("User-agent: *\nDisallow: /private/\n", kind="text/plain")
    if path.startswith("/api/"):
        return answer(json.dumps({"ok": True}), kind="application/json")
    return answer("<p>not here</p>", status="404 Not Found")


@contextmanager
def standing() -> Iterator[Market]:
    """The market on a free port of 127.0.0.1 while the block runs."""
    market = Market()
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0), backlog=256) as door:
        market.url = f"http://127.0.0.1:{door.getsockname()[1]}"
        context = _own_certificate(Path(folder))
        threading.Thread(target=_receive, args=(market, door, context), daemon=True).start()
        try:
            yield market
        finally:
            market.closing.set()
            with suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)


def _receive(market: Market, door: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while not market.closing.is_set():
            _Line(market, door.accept()[0], context).start()


def _own_certificate(folder: Path) -> ssl.SSLContext:
    """Signed by nobody but itself, and expired."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
               "-keyout", str(key), "-out", str(certificate), "-days", "1", "-subj", "/CN=elsewhere.invalid"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context
