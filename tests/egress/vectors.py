"""A hostile page: every way in which a page can make its browser ask for something, aimed at the secret service."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.loopback import Quiet, listening

#: Each vector by the path it asks for (`/v/<name>`); `udp` and the empty path belong to WebRTC.
VECTORS = (
    "img", "css", "css-font", "iframe", "script", "fetch", "xhr", "websocket", "eventsource", "beacon", "ping",
    "worker", "worker-fetch", "sharedworker", "serviceworker", "prefetch", "preload", "modulepreload", "video",
    "object", "302-img", "302-fetch", "302-document", "307-form", "meta", "js-location", "form-post",
    "window-open", "svg", "dynamic-import", "favicon", "report",
)  # fmt: skip

_PAGE = """<!DOCTYPE html><meta charset=utf-8><title>page</title>
<link rel=dns-prefetch href="{s}"><link rel=preconnect href="{s}/v/preconnect"><link rel=icon href="{s}/v/favicon">
<link rel=prefetch href="{s}/v/prefetch"><link rel=preload as=image href="{s}/v/preload">
<link rel=modulepreload href="{s}/v/modulepreload"><link rel=stylesheet href="{s}/v/css">
<style>@font-face {{ font-family: x; src: url({s}/v/css-font) }} body {{ font-family: x }}</style>
<body>text<img src="{s}/v/img"><img src="/go/302-img"><iframe src="{s}/v/iframe"></iframe>
<script src="{s}/v/script"></script>
<video autoplay muted src="{s}/v/video"><track default src="{s}/v/track" kind=captions></video>
<object data="{s}/v/object" type=image/png></object><svg><image href="{s}/v/svg"/></svg>
<iframe src="/meta"></iframe><iframe src="/js"></iframe>
<form id=f method=post action="{s}/v/form-post" target=t><input name=a></form><iframe name=t></iframe>
<form id=g method=post action="/go/307-form" target=u><input name=a></form><iframe name=u></iframe>
<a id=p href="#" ping="{s}/v/ping">x</a>
<script>
const s = "{s}", quiet = work => {{ try {{ const w = work(); if (w && w.catch) w.catch(() => 0) }} catch (e) {{ }} }};
quiet(() => fetch(s + "/v/fetch", {{mode: "no-cors"}}));
quiet(() => fetch("/go/302-fetch", {{mode: "no-cors"}}));
quiet(() => {{ const x = new XMLHttpRequest(); x.open("GET", s + "/v/xhr"); x.send() }});
quiet(() => new WebSocket(s.replace("http", "ws") + "/v/websocket"));
quiet(() => new EventSource(s + "/v/eventsource"));
quiet(() => navigator.sendBeacon(s + "/v/beacon", "x"));
quiet(() => new Worker(URL.createObjectURL(new Blob([`fetch("${{s}}/v/worker-fetch", {{mode: "no-cors"}})`]))));
quiet(() => new Worker(URL.createObjectURL(new Blob([`importScripts("${{s}}/v/worker")`]))));
quiet(() => new SharedWorker(URL.createObjectURL(new Blob([`fetch("${{s}}/v/sharedworker", {{mode: "no-cors"}})`]))));
quiet(() => navigator.serviceWorker.register("/sw.js"));
quiet(() => import(s + "/v/dynamic-import"));
quiet(() => new WebTransport(s.replace("http:", "https:") + "/v/webtransport"));
quiet(() => document.getElementById("f").submit());
quiet(() => document.getElementById("g").submit());
quiet(() => document.getElementById("p").click());
quiet(() => window.open(s + "/v/window-open"));
quiet(() => {{
  const urls = ["stun:{h}", "turn:{h}?transport=udp", "turn:{h}?transport=tcp"];
  const peer = new RTCPeerConnection({{iceServers: [{{urls, username: "a", credential: "b"}}]}});
  peer.createDataChannel("x");
  return peer.createOffer().then(offer => peer.setLocalDescription(offer));
}});
</script>"""


@contextmanager
def hostile_market(secret: str, address: str = "127.0.0.2") -> Iterator[str]:
    """The page's own site, on a free port of `address`, while the block runs; `secret` is host:port. Its address."""

    class Handler(Quiet):
        def do_GET(self) -> None:
            path, here = self.path, f"http://{secret}"
            if path.startswith("/go/"):
                self.send_response(307 if "307" in path else 302)
                self.send_header("Location", f"{here}/v/{path[4:]}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            bodies = {
                "/meta": f'<meta http-equiv=refresh content="0;url={here}/v/meta">',
                "/js": f"<script>location.href = '{here}/v/js-location'</script>",
                "/sw.js": f"self.oninstall = e => e.waitUntil(fetch('{here}/v/serviceworker', {{mode: 'no-cors'}}))",
            }
            body = bodies.get(path, _PAGE.format(s=here, h=secret)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/javascript" if path == "/sw.js" else "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Security-Policy-Report-Only", f"img-src 'none'; report-uri {here}/v/report")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET

    with listening(Handler, address=address) as url:
        yield url
