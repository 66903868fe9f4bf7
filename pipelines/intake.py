"""新增线索: what a person brings in goes the same way as what the patrol finds.

The link itself is never opened here; a hit that comes without a capture is put down as owed, and a patrol of that
platform keeps its page later, from behind the gate that guards all our requests.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qs, urlsplit

from crawler import Definition, canonical
from db import listings
from db.engine import transaction
from db.leads import lead_of
from pipelines.normalise import normalise
from pipelines.receive import receive
from pipelines.reception import Received, Reception
from pipelines.saved_page import Saved, read_saved
from pipelines.share_text import Shared, read_share_text
from records import Capture, CapturedFile, Fault, FileRole, Listing, Page, Sighting, Source

#: Stands for the platform where nothing says which it is.
BY_HAND = "人工录入"
_UNTITLED = "（截图，未写文字）"
_METHOD = "录入人提供的文件，非系统抓取"
_GAP = "未经系统访问原页面"
_SCREENSHOT, _PAGE = 20 << 20, 64 << 20
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
_NUMBER = re.compile(r"\d{4,24}x?")


class IntakeRefused(Fault):
    """这份材料无法录入，未作任何保存。

    This material cannot be taken in; nothing was stored.
    """

    code = "E-INTAKE-001"
    remedy = (
        "请提供链接、分享文本、PNG/JPEG/WebP 截图（20 MB 以内）"
        "或保存的网页（HTML、MHTML、JSON，64 MB 以内），并写明录入人。",
        "Give a link, a share text, a PNG, JPEG or WebP screenshot (up to 20 MB) or a saved page (HTML, MHTML, JSON, "
        "up to 64 MB), and say who brings it.",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Tip:
    """What a person brought in: at least one of text, screenshot and page."""

    source: Source
    #: Who brings it in; never empty.
    brought_by: str
    #: A link, the text of an app's share button, or what the screenshot shows in words.
    text: str = ""
    #: PNG, JPEG or WebP bytes.
    screenshot: bytes | None = None
    #: A saved page: HTML, MHTML or JSON.
    page: bytes | None = None
    #: Name of the page file, for its ending alone.
    page_name: str = ""
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """What became of a tip."""

    received: Received
    #: Platform and item id of what was stored.
    items: tuple[tuple[str, str], ...]
    #: Leads that they belong to now.
    lead_ids: tuple[int, ...]


def intake(tip: Tip, reception: Reception, definitions: Mapping[str, Definition]) -> Taken:
    """Takes a tip through `receive`. Raises IntakeRefused, and whatever `receive` raises.

    A tip about one item always makes a lead, at review level at least: a person judged it. A saved list page with
    several items says nothing about each of them, so there the words decide. An item that is stored already is the
    same item: it gets the person's source and note, and keeps what its page said.
    """
    sightings = _sightings(tip, reception, definitions)
    received = receive(sightings, reception)
    seen = [normalise(sighting).sighting.listing for sighting in sightings]
    items = tuple((listing.platform, listing.item_id) for listing in seen)
    with transaction(reception.engine) as conn:
        found = {lead_of(conn, platform, item_id) for platform, item_id in items}
    return Taken(received=received, items=items, lead_ids=tuple(sorted(one for one in found if one is not None)))


def _sightings(tip: Tip, reception: Reception, definitions: Mapping[str, Definition]) -> list[Sighting]:
    picture = _checked(tip)
    shared = read_share_text(tip.text)
    saved = read_saved(tip.page, tip.page_name, shared.url, definitions) if tip.page else None
    page = saved.page if saved else _page_of_text(tip, shared, reception)
    page = replace(page, fetched_at=reception.now())
    capture = _capture(tip, page, picture)
    if saved and len(saved.listings) > 1:
        said = f"录入人：{tip.brought_by}\n{tip.note}".strip()
        return [
            Sighting(listing=one, page=page, source=tip.source, note=said, capture=capture) for one in saved.listings
        ]
    listing = saved.listings[0] if saved and saved.listings else _described(shared, saved, tip, definitions)
    if not (saved and saved.listings):
        listing = _as_stored(listing, reception)
    note = "\n".join(part for part in (tip.note.strip(), shared.words if saved else "") if part)
    return [
        Sighting(listing=listing, page=page, source=tip.source, brought_by=tip.brought_by, note=note, capture=capture)
    ]


def _checked(tip: Tip) -> str:
    """Media type of the screenshot, empty without one. Raises IntakeRefused."""
    if not tip.brought_by.strip():
        raise IntakeRefused("没有写录入人")
    if not (tip.text.strip() or tip.screenshot or tip.page):
        raise IntakeRefused("没有内容")
    if tip.page and len(tip.page) > _PAGE:
        raise IntakeRefused(f"网页文件 {len(tip.page) >> 20} MB，过大")
    if not tip.screenshot:
        return ""
    if len(tip.screenshot) > _SCREENSHOT:
        raise IntakeRefused(f"截图 {len(tip.screenshot) >> 20} MB，过大")
    kind = next((kind for magic, kind in _PICTURES.items() if tip.screenshot.startswith(magic)), "")
    if tip.screenshot[:4] == b"RIFF" and tip.screenshot[8:12] == b"WEBP":
        kind = "image/webp"
    if not kind:
        raise IntakeRefused("截图不是 PNG、JPEG 或 WebP 图片")
    return kind


def _page_of_text(tip: Tip, shared: Shared, reception: Reception) -> Page:
    body = tip.text.encode("utf-8", "replace")
    return Page(
        url=shared.url,
        final_url=shared.url,
        status=200,
        body=body,
        media_type="text/plain",
        fetched_at=reception.now(),
        fetched_by="file",
    )


def _capture(tip: Tip, page: Page, picture: str) -> Capture | None:
    """The uploaded files as they came; None for a bare text, whose page a patrol is to keep."""
    files = []
    if tip.page:
        mhtml = tip.page_name.lower().endswith((".mhtml", ".mht"))
        kind = "multipart/related" if mhtml else page.media_type
        files.append(CapturedFile(role=FileRole.PAGE, body=tip.page, media_type=kind, url=page.final_url))
    if tip.screenshot:
        files.append(CapturedFile(role=FileRole.SCREENSHOT, body=tip.screenshot, media_type=picture))
    if not files:
        return None
    return Capture(captured_at=page.fetched_at, url=page.final_url, files=tuple(files), method=_METHOD, gaps=(_GAP,))


def _described(shared: Shared, saved: Saved | None, tip: Tip, definitions: Mapping[str, Definition]) -> Listing:
    """A listing made of what the person said, where no page could be read into one."""
    address = canonical(shared.url) or (saved.address if saved else "")
    fitting = _platform(address, shared.app, definitions)
    if fitting is not None and fitting.allows(address):
        address = fitting.canonical(address) or address
    title = shared.title or (saved.title if saved else "") or address or _UNTITLED
    words = [part for part in (shared.words, saved.text if saved else "") if part and part != title]
    return Listing(
        platform=fitting.key if fitting else urlsplit(address).hostname or BY_HAND,
        item_id=_item_id(address, fitting, tip),
        url=address,
        title=title,
        description="\n".join(words),
    )


def _platform(address: str, app: str, definitions: Mapping[str, Definition]) -> Definition | None:
    """By the host of the link; a short link's host says nothing, there the app's own name in the text does."""
    by_host = (one for one in definitions.values() if address and one.allows(address))
    by_name = (one for one in definitions.values() if app and app in one.name)
    return next(by_host, None) or next(by_name, None)


def _item_id(address: str, fitting: Definition | None, tip: Tip) -> str:
    """The platform's own id where the address shows it, so that it is the same item; else a hash of what there is."""
    if fitting is not None and fitting.allows(address):
        told = _by_template(address, fitting) or _by_custom(address)
        if told:
            return told
    told_by = address.encode() or tip.screenshot or tip.page or tip.text.strip().encode("utf-8", "replace")
    return "tip:" + hashlib.sha256(told_by).hexdigest()[:32]


def _by_template(address: str, fitting: Definition) -> str:
    """The id by the definition's own pattern of item addresses (`https://…/item?id={id}`)."""
    for template in fitting.url.split(" ?? "):
        if "{id}" in template and template.startswith(("http", "/")):
            example = fitting.canonical(template.replace("{id}", "ITEMID"))
            found = re.fullmatch(re.escape(example).replace("ITEMID", "([^/?&#]+)"), address)
            if found:
                return found[1]
    return ""


def _by_custom(address: str) -> str:
    """The id where nearly every shop puts it: a parameter of that name, or the last long number of the path."""
    split = urlsplit(address)
    named = parse_qs(split.query)
    told = named.get("id") or named.get("itemId") or named.get("itemid") or _NUMBER.findall(split.path)
    return told[-1] if told else ""


def _as_stored(listing: Listing, reception: Reception) -> Listing:
    """What is stored of the item, if it is: a person's words about an item do not replace what its page said."""
    with transaction(reception.engine) as conn:
        stored = listings.recall(conn, [(listing.platform, listing.item_id)]).get((listing.platform, listing.item_id))
    if stored is None:
        return listing
    return replace(stored.listing, detail_read=False, pictures=())
