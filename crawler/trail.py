"""What Scrapy and its sites said to each other, as records."""

from dataclasses import replace
from datetime import datetime

from scrapy import Request
from scrapy.http import Response
from scrapy.http.headers import Headers as ScrapyHeaders

from records import Exchange, Headers, Tls, now, withheld

#: Key of `Request.meta`: what was said for it so far, hop by hop.
TRAIL = "xunwang_trail"

#: Bytes of a redirect's body that are kept; it says where to go, and no more.
_LARGEST_HOP = 65_536


def exchange_of(request: Request, response: Response, *, began: datetime, peer: str, tls: Tls | None) -> Exchange:
    """One hop as it came from the network. Its body is kept where it is not packed; else the last reader adds it."""
    note = _not_kept(response)
    return Exchange(
        method=request.method,
        url=request.url,
        status=response.status,
        asked=headers_of(request.headers),
        answered=headers_of(response.headers),
        body=None if note else response.body,
        note=note,
        peer=peer,
        tls=tls,
        began=began,
        ended=now(),
    )


def _not_kept(response: Response) -> str:
    if response.headers.get(b"Content-Encoding"):
        return "正文为压缩形式，未解开"
    if 300 <= response.status < 400 and len(response.body) > _LARGEST_HOP:
        return "跳转应答的正文过大，未留存"
    return ""


def with_body(trail: tuple[Exchange, ...], body: bytes) -> tuple[Exchange, ...]:
    """The trail whose last answer had this body once unpacked."""
    return (*trail[:-1], replace(trail[-1], body=body, note="")) if trail else ()


def trail_of(response: Response) -> tuple[Exchange, ...]:
    """What was said until that answer was there, and the answer unpacked; empty where nothing went over the network."""
    return with_body(response.meta.get(TRAIL, ()), response.body) if response.request is not None else ()


def headers_of(headers: ScrapyHeaders) -> Headers:
    """Name and value of each header that Scrapy kept, without the values that open accounts."""
    return withheld(pairs_of(headers))


def pairs_of(headers: ScrapyHeaders) -> Headers:
    """Name and value of each header that Scrapy kept, all of them."""
    pairs = ((name, value) for name, values in headers.items() for value in values)
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)
