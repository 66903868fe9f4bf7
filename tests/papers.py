"""A small town of leads in the database, written with raw SQL, for the tests of messages and papers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, Engine, text

from db import campaigns

#: 08:00 in China on 23 November 2026.
MORNING = datetime(2026, 11, 23, 0, 0, tzinfo=UTC)
#: 02:00 in China on the same day.
NIGHT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)

DISTRICTS = (
    ("370402", "市中区"),
    ("370403", "薛城区"),
    ("370404", "峄城区"),
    ("370405", "台儿庄区"),
    ("370406", "山亭区"),
    ("370481", "滕州市"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One lead to be written, with as many hits as asked."""

    platform: str = "demo_ads"
    category: str = "ivory"
    district: str = "滕州市"
    level: str = "review"
    score: int = 50
    state: str = "疑似"
    number: str | None = None
    title: str = "老象牙手串"
    seller: str = "示例店铺"
    hits: int = 1
    at: datetime = NIGHT
    told: bool = True


def furnish(engine: Engine) -> int:
    """Districts and the default campaign; its id."""
    with engine.begin() as conn:
        campaigns.seed_districts(conn, DISTRICTS)
        return campaigns.ensure_default(conn).id


def add_scan(
    engine: Engine, outcomes: dict[str, Sequence[str | None]], *, at: datetime = NIGHT, kind: str = "nightly"
) -> int:
    """One scan whose platforms' queries ended like this, ten cards each; its id."""
    ended = None if any(None in each for each in outcomes.values()) else at
    with engine.begin() as conn:
        scan = _one(
            conn,
            "insert into scans (planned_for, kind, planned_at, finished_at)"
            " values (:d, :kind, :at, :ended) returning id",
            {"d": at.date(), "kind": kind, "at": at, "ended": ended},
        )
        for platform, ends in outcomes.items():
            for number, outcome in enumerate(ends):
                conn.execute(
                    text(
                        "insert into queries (scan_id, platform, kind, text, outcome, cards, finished_at)"
                        " values (:scan, :platform, 'search', :text, :outcome, 10, :at)"
                    ),
                    {"scan": scan, "platform": platform, "text": f"q{number}", "outcome": outcome, "at": at},
                )
        return scan


def add_leads(engine: Engine, campaign_id: int, items: Sequence[Item]) -> list[int]:
    """Writes the leads with sellers, listings, hits, assessments and outbox rows; their ids."""
    with engine.begin() as conn:
        return [_lead(conn, campaign_id, item) for item in items]


def _lead(conn: Connection, campaign_id: int, item: Item) -> int:
    serial = _one(conn, "select count(*) from leads", {})
    facts = {
        "campaign": campaign_id,
        "key": f"s{serial}",
        **{name: getattr(item, name) for name in Item.__slots__ if name != "told"},
    }
    facts["seller_id"] = _one(
        conn,
        "insert into sellers (platform, key, name, place, first_seen, last_seen)"
        " values (:platform, :key, :seller, '山东枣庄', :at, :at) returning id",
        facts,
    )
    lead = _one(
        conn,
        "insert into leads (number, campaign_id, platform, seller_id, subject_key, state, district, category, level,"
        " score, hits, title, lexicon_version, first_seen, last_seen) values (:number, :campaign, :platform,"
        " :seller_id, :key, :state, :district, :category, :level, :score, :hits, :title, 'v1', :at, :at) returning id",
        facts,
    )
    for hit in range(item.hits):
        _hit(conn, lead, hit, facts)
    if item.told:
        conn.execute(
            text("insert into outbox (topic, key, payload, at) values ('lead.new', :key, '{}', :at)"),
            {"key": f"lead.new:{lead}", "at": item.at},
        )
    return lead


def _hit(conn: Connection, lead: int, hit: int, facts: dict) -> None:
    listing = _one(
        conn,
        "insert into listings (platform, item_id, url, title, price, seller_id, fingerprint, level, score, category,"
        " first_seen, last_seen) values (:platform, :item, :url, :title, 1234.5, :seller_id, 'f', :level, :score,"
        " :category, :at, :at) returning id",
        facts | {"item": f"{lead}-{hit}", "url": f"https://shop.test/item?id={lead}-{hit}"},
    )
    conn.execute(
        text(
            "insert into assessments (listing_id, fingerprint, lexicon_version, matcher_version, level, score, parts,"
            " matches, assessed_at) values (:listing, 'f', 'v1', 'm1', :level, :score, '[]',"
            " cast(:matches as jsonb), :at)"
        ),
        facts
        | {
            "listing": listing,
            "matches": '[{"surface": "象牙", "cancelled_by": "", "covered_by": ""},'
            ' {"surface": "牙手", "cancelled_by": "", "covered_by": "象牙手串"}]',
        },
    )
    conn.execute(
        text("insert into lead_hits (lead_id, listing_id, added_at) values (:lead, :listing, :at)"),
        {"lead": lead, "listing": listing, "at": facts["at"]},
    )


def _one(conn: Connection, statement: str, facts: dict) -> int:
    return conn.execute(text(statement), facts).scalar_one()


def scalar(engine: Engine, statement: str, **facts: object) -> object:
    """One value by raw SQL: what the tests hold the house's figures against."""
    with engine.begin() as conn:
        return conn.execute(text(statement), facts).scalar_one()
