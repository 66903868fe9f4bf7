"""Sightings, a small matcher and a reception for the tests of the pipelines."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from evidence import Limits, Store
from pipelines import District, Geography, Reception
from records import (
    Assessment,
    Capture,
    CapturedFile,
    FileRole,
    Level,
    Listing,
    Match,
    Page,
    Part,
    Seller,
    Sighting,
)

NIGHT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
SALT = b"salt of the tests"
ZAOZHUANG = Geography(
    city="枣庄市",
    province="山东省",
    districts=(
        District(code="370402", name="市中区"),
        District(code="370403", name="薛城区"),
        District(code="370405", name="台儿庄区"),
        District(code="370481", name="滕州市", aliases=("滕州",)),
    ),
)


@dataclass(frozen=True, kw_only=True)
class SmallMatcher:
    """象牙 is worth 50, each further word 30; 毒 in the title breaks it."""

    words: tuple[str, ...] = ("象牙", "虎骨")
    lexicon_version: str = "v1"

    def assess(self, listing: Listing) -> Assessment:
        if "毒" in listing.title:
            raise RecursionError("this text is poison")
        found = [(field, word) for field in ("title", "description") for word in self.words]
        found = [(field, word) for field, word in found if word in getattr(listing, field)]
        score = min(100, 20 + 30 * len(found)) if found else 0
        return Assessment(
            level=Level.NONE if not found else Level.HIGH if len(found) > 1 else Level.REVIEW,
            score=score,
            parts=tuple(Part(label=f"命中“{word}”", points=30) for _, word in found),
            matches=tuple(_match(listing, field, word) for field, word in found),
            category="ivory" if found else "",
            lexicon_version=self.lexicon_version,
            matcher_version="test",
        )

    def assess_many(self, listings: Iterable[Listing]) -> Iterator[Assessment]:
        return map(self.assess, listings)


def _match(listing: Listing, field: str, word: str) -> Match:
    start = getattr(listing, field).index(word)
    return Match(category="ivory", term=word, surface=word, field=field, start=start, end=start + len(word))


def seller(key: str = "s1", name: str = "老王文玩", place: str = "山东枣庄滕州") -> Seller:
    return Seller(key=key, name=name, place=place, url=f"https://goods.test/shop/{key}")


def listing(item_id: str = "1", title: str = "木雕手串", **facts: Any) -> Listing:
    given = {"price": Decimal("12.00"), "price_text": "¥12", "seller": seller(), "detail_read": True}
    given |= {"pictures": (f"https://goods.test/{item_id}.jpg",), "url": f"https://goods.test/item/{item_id}"}
    return Listing(platform="goods", item_id=item_id, title=title, **(given | facts))


def card(item_id: str = "1", title: str = "木雕手串", **facts: Any) -> Listing:
    return listing(item_id, title, **({"detail_read": False} | facts))


def sighting(item: Listing, at: datetime = NIGHT, **facts: Any) -> Sighting:
    body = f"<html>{item.item_id}</html>".encode("utf-8", "surrogatepass")
    page = Page(url=item.url, final_url=item.url, status=200, body=body, fetched_at=at)
    return Sighting(listing=item, page=page, **({"card_fingerprint": f"card-{item.item_id}"} | facts))


def captured(item: Listing, at: datetime = NIGHT) -> Sighting:
    files = (
        CapturedFile(
            role=FileRole.PAGE,
            body=f"page {item.item_id}".encode("utf-8", "surrogatepass"),
            media_type="text/html",
            url=item.url,
        ),
        CapturedFile(
            role=FileRole.SCREENSHOT,
            body=f"picture {item.item_id}".encode("utf-8", "surrogatepass"),
            media_type="image/png",
        ),
    )
    capture = Capture(captured_at=at, url=item.url, files=files, method="test")
    return sighting(item, at, capture=capture)


def reception(engine: Engine, root: Path, **facts: Any) -> Reception:
    step: Callable[[str], None] = facts.pop("store_step", lambda _: None)
    given: dict[str, Any] = {"store": Store(root, limits=Limits(keep_free=0), step=step), "matcher": SmallMatcher()}
    given |= {"geography": ZAOZHUANG, "seller_salt": SALT, "now": lambda: NIGHT + timedelta(minutes=1)}
    return Reception(engine=engine, **(given | facts))


def rows(engine: Engine, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def one(engine: Engine, statement: str, **values: Any) -> Any:
    (found,) = rows(engine, statement, **values)
    return found[0] if len(found) == 1 else found


def later(at: Sighting, **shift: int) -> Sighting:
    moment = at.page.fetched_at + timedelta(**shift)
    return replace(at, page=replace(at.page, fetched_at=moment))


#: Everything that a repeated receive must leave as it is, `last_seen` and `looked_at` apart.
STATE = (
    "select (select jsonb_agg(to_jsonb(l) - 'last_seen' - 'looked_at' order by id) from listings l),"
    " (select jsonb_agg(to_jsonb(s) - 'last_seen' order by id) from sellers s),"
    " (select jsonb_agg(to_jsonb(l) - 'last_seen' order by id) from leads l),"
    " (select jsonb_agg(to_jsonb(h) order by lead_id, listing_id) from lead_hits h),"
    " (select jsonb_agg(to_jsonb(v) order by id) from listing_versions v),"
    " (select jsonb_agg(to_jsonb(a) order by id) from assessments a),"
    " (select jsonb_agg(to_jsonb(o) order by id) from outbox o),"
    " (select jsonb_agg(to_jsonb(c) order by id) from captures c),"
    " (select jsonb_agg(to_jsonb(f) order by id) from capture_files f),"
    " (select jsonb_agg(to_jsonb(d) order by listing_id) from captures_due d),"
    " (select jsonb_agg(to_jsonb(q) order by id) from quarantine q),"
    " (select jsonb_agg(to_jsonb(a) order by seq) from audit a)"
)
