"""The replay site: archived pages run here, on a host name of their own, with no cookie and no way to the console.

A page that somebody else wrote runs its scripts when it is replayed. So it runs on another host name than the
console's (not another port alone: cookies know no ports), sandboxed, under a policy that lets it load from here only,
in a window of its own: browsers refuse a service worker, which the player is, to a frame of another site.

The site knows nobody: it opens no database, reads no cookie, sets none, and hands out the archives that the console put
on its shelf a moment ago, each under a name that nobody can guess.
"""

from html import escape
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import Route

from console.language import _
from console.shelf import ReplaySite, Shelved

_HERE = "'self' data: blob:"
_RULES = {
    "default-src": _HERE,
    # archived pages bring scripts of their own, which the player also rewrites as it goes
    "script-src": f"{_HERE} 'unsafe-inline' 'unsafe-eval'",
    "style-src": f"{_HERE} 'unsafe-inline'",
    "form-action": "'none'",
    "base-uri": "'self'",
    "object-src": "'none'",
    "frame-ancestors": "'self'",
    "sandbox": "allow-scripts allow-same-origin",  # no window, form, dialog, download; nobody's top is moved
}
HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _RULES.items()),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}

_PAGE = """<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>{title}</title>
<link rel="stylesheet" href="/frame.css"><script src="/start.js" defer></script><p id="failed" hidden>{failed}</p>
<replay-web-page embed="replayonly" replayBase="/player/" source="{source}" url="{url}"></replay-web-page></html>"""
_PLAYER = ("ui.js", "sw.js")
_STYLE = "html,body{margin:0;height:100%}p{margin:1em}replay-web-page{display:block;height:100vh}"
#: The player's own frame is answered by its service worker alone, and the player asks for it while that is still
#: being installed: one opening in ten showed "Not Found". So the player is loaded when the worker stands.
_START = """(async () => {
  const { installing, waiting, active } = await navigator.serviceWorker.register(
    "/player/sw.js?serveIndex=1", { scope: "/player/" });
  const worker = installing || waiting || active;
  await new Promise((stands, fails) => {
    const look = () => {
      if (worker.state === "activated") stands();
      if (worker.state === "redundant") fails(worker.state);
    };
    worker.addEventListener("statechange", look);
    look();
  });
  const player = Object.assign(document.createElement("script"), { src: "/player/ui.js" });
  player.onload = () => window.dispatchEvent(new Event("load"));  // it waits for this one, which has long been
  document.head.append(player);
})().catch(() => { document.getElementById("failed").hidden = false; });
"""


def create_replay_app(site: ReplaySite) -> Starlette:
    """The site as an ASGI application."""

    def headed(request: Request, response: Response) -> Response:
        if "cookie" in request.headers:  # this would be no host name of its own
            raise HTTPException(421)
        response.headers.update(HEADERS)
        return response

    def shelved(request: Request) -> Shelved:
        found = site.shelf.get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        return found

    def window(request: Request) -> Response:
        source = f"/archive/{request.path_params['name']}.wacz"
        failed = _(
            "回放组件没有启动：浏览器不允许或不支持 Service Worker（无痕窗口、过旧的版本或未加密的网址）。"
            "请换一个窗口或浏览器再试，也可以回到线索页下载 WACZ。"
        )
        body = _PAGE.format(title=_("存档回放"), source=source, url=escape(shelved(request).url), failed=failed)
        return headed(request, HTMLResponse(body))

    def archive(request: Request) -> Response:
        return headed(request, FileResponse(shelved(request).path, media_type="application/wacz"))

    def player(request: Request) -> Response:
        name = request.path_params["file"]
        if name not in _PLAYER:
            raise HTTPException(404)
        return headed(request, FileResponse(site.player / name, media_type="text/javascript"))

    def style(request: Request) -> Response:
        return headed(request, Response(_STYLE, media_type="text/css"))

    def start(request: Request) -> Response:
        return headed(request, Response(_START, media_type="text/javascript"))

    return Starlette(
        routes=[
            Route("/play/{name:str}", window),
            Route("/archive/{name:str}.wacz", archive),
            Route("/player/{file:str}", player),
            Route("/frame.css", style),
            Route("/start.js", start),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=[urlsplit(site.url).hostname or ""])],
    )
