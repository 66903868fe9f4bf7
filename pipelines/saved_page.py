"""A page that a person saved and uploaded: HTML, MHTML or JSON, read without being run and without a network."""

import email
import email.policy
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from email.message import EmailMessage
from html import unescape
from pathlib import Path

from crawler import Definition, canonical, page_from_file, read_any
from records import Listing, Page

_LOCALHOST = "http://localhost/"
_ENDINGS = (".json", ".js", ".jsonp")
_TITLE = re.compile(r"<title[^>]*>(.{0,1000}?)</title>", re.IGNORECASE | re.DOTALL)
_UNSEEN = re.compile(r"<(script|style|noscript|template)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,5000}>")
_LONGEST = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """What an uploaded page holds."""

    page: Page
    #: Where it was saved from; empty where neither the person nor the page says so.
    address: str
    #: Key of the platform whose definition fits; empty where none does.
    platform: str
    #: Read by that definition; empty where it finds none.
    listings: tuple[Listing, ...]
    #: Of the document; empty for JSON.
    title: str
    #: What a visitor could read, for a page that no definition fits.
    text: str


def read_saved(body: bytes, name: str, url: str, definitions: Mapping[str, Definition]) -> Saved:
    """The listings of a saved page. `url` is what the person says it is; else the page's own statement counts."""
    mhtml = _mhtml(body)
    page = _page(mhtml.body if mhtml else body, "page.html" if mhtml else name)
    stated = page.final_url if page.final_url != _LOCALHOST else ""
    address = canonical(url) or canonical(mhtml.url if mhtml else "") or stated
    page = replace(page, url=address or _LOCALHOST, final_url=address or _LOCALHOST)
    fitting = next((one for one in definitions.values() if address and one.allows(address)), None)
    text = page.text()
    title = _TITLE.search(text)
    return Saved(
        page=page,
        address=address,
        platform=fitting.key if fitting else "",
        listings=tuple(read_any(fitting, page)) if fitting else (),
        title=_words(title[1])[:500] if title else "",
        text=_words(_UNSEEN.sub(" ", _TITLE.sub(" ", text)))[:_LONGEST],
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Archived:
    body: bytes
    url: str


def _mhtml(body: bytes) -> _Archived | None:
    """The document inside an MHTML file; None for anything else."""
    head = body[:4096].lower()
    if b"mime-version:" not in head or b"multipart/related" not in head:
        return None
    message = email.message_from_bytes(body, policy=email.policy.default)
    for part in message.walk():
        if isinstance(part, EmailMessage) and part.get_content_type() == "text/html":
            document = part.get_payload(decode=True)
            stated = message.get("Snapshot-Content-Location") or part.get("Content-Location") or ""
            return _Archived(body=document if isinstance(document, bytes) else b"", url=str(stated).strip())
    return None


def _page(body: bytes, name: str) -> Page:
    ending = next((one for one in _ENDINGS if name.lower().endswith(one)), ".html")
    with tempfile.TemporaryDirectory(prefix="xunwang-intake-") as folder:
        file = Path(folder) / f"page{ending}"
        file.write_bytes(body)
        return page_from_file(file)


def _words(markup: str) -> str:
    return re.sub(r"\s+", " ", unescape(_TAG.sub(" ", markup))).strip()
