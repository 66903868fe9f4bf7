"""What was seen: listings, their versions, and the judgement of each."""

from typing import Any

from sqlalchemy import Boolean, Column, Index, Integer, Numeric, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.tables.base import id_column, metadata, reference, text_column, time_column

sellers = Table(
    "sellers",
    metadata,
    id_column(),
    Column("platform", Text, nullable=False),
    Column("key", Text, nullable=False),  # keyed hash of the platform's seller id while the seller has no hit
    text_column("name"),  # empty while the seller has no hit (DESIGN §10)
    text_column("place"),
    text_column("url"),
    time_column("first_seen"),
    time_column("last_seen"),
    UniqueConstraint("platform", "key"),
    Index(
        "ix_sellers_search", text("pairs(folded(name))"), postgresql_using="gin", postgresql_where=text("name <> ''")
    ),
    Index("ix_sellers_link", text("shop_link(url)"), postgresql_where=text("url <> ''")),
)

_SAID = "(title || ' '::text) || description"
_SEARCHED = f"pairs(folded({_SAID}))"
_OF_HITS: dict[str, Any] = {"postgresql_using": "gin", "postgresql_where": text("level <> 'none'")}

listings = Table(
    "listings",
    metadata,
    id_column(),
    Column("platform", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    text_column("description"),
    Column("price", Numeric(16, 2)),
    text_column("price_text"),
    text_column("currency", "CNY"),
    reference("seller_id", "sellers.id", nullable=True),
    text_column("place"),
    Column("pictures", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # empty for a non-hit
    time_column("published_at", nullable=True),
    Column("detail_read", Boolean, nullable=False, server_default=text("false")),
    Column("card_fingerprint", Text, nullable=False, server_default=text("''")),
    Column("fingerprint", Text, nullable=False),
    text_column("source", "定向监测"),
    text_column("brought_by"),
    text_column("note"),
    Column("sanitised", Boolean, nullable=False, server_default=text("false")),  # characters were replaced
    # the newest assessment, flattened for the queue; every one of them stands in `assessments`
    Column("level", Text, nullable=False, server_default=text("'none'")),
    Column("score", Integer, nullable=False, server_default=text("0")),
    text_column("category"),
    reference("query_id", "queries.id", nullable=True),  # the query that saw it last
    time_column("first_seen"),
    time_column("last_seen"),  # on a list or on its own page
    time_column("looked_at", nullable=True),  # when its own page was last read, or said that it is gone
    text_column("state", "在售"),  # 在售, 已下架, 再次上架: the newest row of `listing_states`
    UniqueConstraint("platform", "item_id"),
    Index("ix_listings_hits", "score", postgresql_where=text("level <> 'none'")),
    Index("ix_listings_seller", "seller_id"),
    Index("ix_listings_query", "query_id"),
    Index("ix_listings_search", text(_SEARCHED), postgresql_using="gin"),
    Index("ix_listings_hits_search", text(_SEARCHED), **_OF_HITS),
    # what one hit shares with others; see db.related
    Index("ix_listings_contacts", text(f"contacts({_SAID})"), **_OF_HITS),
    Index("ix_listings_likeness", text(f"likeness({_SAID})"), **_OF_HITS),
)

listing_versions = Table(
    "listing_versions",
    metadata,
    id_column(),
    reference("listing_id", "listings.id"),
    Column("fingerprint", Text, nullable=False),
    Column("title", Text, nullable=False),
    text_column("description"),
    Column("price", Numeric(16, 2)),
    text_column("price_text"),
    time_column("seen_at"),
    # the same text may come back: each time is a row, so that a price's history is whole
    UniqueConstraint("listing_id", "fingerprint", "seen_at"),
)

listing_states = Table(
    "listing_states",
    metadata,
    id_column(),
    reference("listing_id", "listings.id"),
    Column("state", Text, nullable=False),
    reference("capture_id", "captures.id", nullable=True),  # the page that said so
    time_column("at"),
    Index("ix_listing_states_listing", "listing_id", "id"),
    Index("ix_listing_states_capture", "capture_id", postgresql_where=text("capture_id is not null")),
)

assessments = Table(
    "assessments",
    metadata,
    id_column(),
    reference("listing_id", "listings.id"),
    Column("fingerprint", Text, nullable=False),  # of the text that was judged
    Column("lexicon_version", Text, nullable=False),
    Column("matcher_version", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("score", Integer, nullable=False),
    text_column("category"),
    text_column("direction", "sale"),
    Column("parts", JSONB, nullable=False),
    Column("matches", JSONB, nullable=False),
    time_column("assessed_at"),
    UniqueConstraint("listing_id", "fingerprint", "lexicon_version", "matcher_version"),
)

quarantine = Table(
    "quarantine",
    metadata,
    id_column(),
    Column("stage", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    time_column("at"),
)
