"""What an account sets for itself: the language that the console speaks to it."""

from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Form, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from console.access import TheDesk
from console.door import Cookies, local_path
from console.language import LANGUAGES

routes = APIRouter()

#: A year, in seconds.
_KEPT_FOR = 365 * 24 * 3600


@routes.post("/language")
def choose_language(request: Request, desk: TheDesk, language: Annotated[str, Form(max_length=12)]) -> Response:
    """From now on this browser is answered in `language`; back to the page where it was chosen. 400 for one unknown."""
    if language not in LANGUAGES:
        raise HTTPException(400)
    cookies = Cookies(tls=desk.tls, demo=desk.demo)
    response = RedirectResponse(_page_before(request), status_code=303)
    response.headers.append("Set-Cookie", cookies.header(cookies.language, language, max_age=_KEPT_FOR))
    return response


def _page_before(request: Request) -> str:
    """Path and query of the page of ours that sent the form; / where it was another's, or unsaid."""
    try:
        before = urlsplit(request.headers.get("referer", ""))
    except ValueError:
        return "/"
    if before.netloc != request.headers["host"]:
        return "/"
    return local_path(before.path + (f"?{before.query}" if before.query else ""))
