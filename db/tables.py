"""Every table of the house. Migrations bring a database here; `db check` compares the two.

Times are timestamptz. Texts of listings are cleaned at this door (`db.text.storable`): what PostgreSQL cannot
hold is replaced here and kept, byte for byte, in the evidence.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _id() -> Column[int]:
    return Column("id", BigInteger, Identity(), primary_key=True)


def _time(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


def _ref(name: str, target: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, ForeignKey(target), nullable=nullable)


def _text(name: str, default: str | None = "") -> Column[str]:
    return Column(name, Text, nullable=False, server_default=None if default is None else text(f"'{default}'"))


# --- what is looked for -------------------------------------------------------------------------------------------

lexicon_versions = Table(
    "lexicon_versions",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),  # v1, v2 …; the built-in one carries the hash of its files
    Column("content", JSONB, nullable=False),  # the whole lexicon as data, so that an old lead can be explained
    _text("change_note"),
    _text("author"),
    Column("live", Boolean, nullable=False, server_default=text("false")),
    _time("released_at"),
    _time("rematched_at", nullable=True),  # when the stored listings had all been judged by it
    # one live version at most
    Index("uq_lexicon_versions_live", "live", unique=True, postgresql_where=text("live")),
)

# --- what was planned and in what it ended -------------------------------------------------------------------------

schedules = Table(
    "schedules",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    Column("job", Text, nullable=False),  # scan or digest
    Column("at_minute", Integer, nullable=False),  # minutes after midnight, Asia/Shanghai
    Column("weekdays", ARRAY(Integer), nullable=False),  # ISO: 1 Monday … 7 Sunday
    Column("late_minutes", Integer, nullable=False, server_default=text("360")),  # may still start this much later
    Column("options", JSONB, nullable=False, server_default=text("'{}'")),  # platforms, queries, limits
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    # no start before this moment was ever wanted, so none of them counts as missed
    Column("since", DateTime(timezone=True), nullable=False, server_default=func.now()),
    CheckConstraint("at_minute between 0 and 1439", name="at_minute"),
    CheckConstraint("job in ('scan', 'digest')", name="job"),
)

scans = Table(
    "scans",
    metadata,
    _id(),
    _ref("schedule_id", "schedules.id", nullable=True),
    Column("planned_for", Date, nullable=False),  # the Shanghai date that it is the scan of
    Column("kind", Text, nullable=False),  # nightly, foreground, demo
    Column("options", JSONB, nullable=False, server_default=text("'{}'")),
    _time("planned_at"),
    _time("finished_at", nullable=True),
    # two clocks give one scan
    UniqueConstraint("schedule_id", "planned_for"),
)

queries = Table(
    "queries",
    metadata,
    _id(),
    _ref("scan_id", "scans.id"),
    Column("platform", Text, nullable=False),
    Column("kind", Text, nullable=False),  # search or browse
    Column("text", Text, nullable=False),
    Column("outcome", Text),  # null until it has ended
    _text("note"),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("requests", Integer, nullable=False, server_default=text("0")),
    Column("pages", Integer, nullable=False, server_default=text("0")),
    Column("cards", Integer, nullable=False, server_default=text("0")),
    Column("new", Integer, nullable=False, server_default=text("0")),
    Column("card_only", Integer, nullable=False, server_default=text("0")),
    Column("hits", Integer, nullable=False, server_default=text("0")),
    _time("started_at", nullable=True),
    _time("finished_at", nullable=True),
    UniqueConstraint("scan_id", "platform", "kind", "text"),
    Index("ix_queries_last", "platform", "kind", "text", "finished_at"),
)

pacing = Table(
    "pacing",
    metadata,
    Column("platform", Text, primary_key=True),
    _time("next_at"),  # no request to the platform before this moment, whoever asks
)

# --- what was seen -------------------------------------------------------------------------------------------------

sellers = Table(
    "sellers",
    metadata,
    _id(),
    Column("platform", Text, nullable=False),
    Column("key", Text, nullable=False),  # keyed hash of the platform's seller id while the seller has no hit
    _text("name"),  # empty while the seller has no hit (DESIGN §10)
    _text("place"),
    _text("url"),
    _time("first_seen"),
    _time("last_seen"),
    UniqueConstraint("platform", "key"),
)

listings = Table(
    "listings",
    metadata,
    _id(),
    Column("platform", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text, nullable=False),
    _text("description"),
    Column("price", Numeric(16, 2)),
    _text("price_text"),
    _text("currency", "CNY"),
    _ref("seller_id", "sellers.id", nullable=True),
    _text("place"),
    Column("pictures", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # empty for a non-hit
    _time("published_at", nullable=True),
    Column("detail_read", Boolean, nullable=False, server_default=text("false")),
    Column("card_fingerprint", Text, nullable=False, server_default=text("''")),
    Column("fingerprint", Text, nullable=False),
    _text("source", "定向监测"),
    _text("brought_by"),
    _text("note"),
    Column("sanitised", Boolean, nullable=False, server_default=text("false")),  # characters were replaced
    # the newest assessment, flattened for the queue; every one of them stands in `assessments`
    Column("level", Text, nullable=False, server_default=text("'none'")),
    Column("score", Integer, nullable=False, server_default=text("0")),
    _text("category"),
    _ref("query_id", "queries.id", nullable=True),  # the query that saw it last
    _time("first_seen"),
    _time("last_seen"),
    UniqueConstraint("platform", "item_id"),
    Index("ix_listings_hits", "score", postgresql_where=text("level <> 'none'")),
    Index("ix_listings_seller", "seller_id"),
    Index("ix_listings_query", "query_id"),
)

listing_versions = Table(
    "listing_versions",
    metadata,
    _id(),
    _ref("listing_id", "listings.id"),
    Column("fingerprint", Text, nullable=False),
    Column("title", Text, nullable=False),
    _text("description"),
    Column("price", Numeric(16, 2)),
    _text("price_text"),
    _time("seen_at"),
    UniqueConstraint("listing_id", "fingerprint"),
)

assessments = Table(
    "assessments",
    metadata,
    _id(),
    _ref("listing_id", "listings.id"),
    Column("fingerprint", Text, nullable=False),  # of the text that was judged
    Column("lexicon_version", Text, nullable=False),
    Column("matcher_version", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("score", Integer, nullable=False),
    _text("category"),
    _text("direction", "sale"),
    Column("parts", JSONB, nullable=False),
    Column("matches", JSONB, nullable=False),
    _time("assessed_at"),
    UniqueConstraint("listing_id", "fingerprint", "lexicon_version", "matcher_version"),
)

quarantine = Table(
    "quarantine",
    metadata,
    _id(),
    Column("stage", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("item_id", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("payload", JSONB, nullable=False),
    _time("at"),
)

# --- what was kept -------------------------------------------------------------------------------------------------

evidence_files = Table(
    "evidence_files",
    metadata,
    Column("sha256", Text, primary_key=True),  # lower-case hex; also its name in the store
    Column("size", BigInteger, nullable=False),  # bytes
    Column("media_type", Text, nullable=False),
    _time("stored_at"),
    CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
)

captures = Table(
    "captures",
    metadata,
    _id(),
    _ref("listing_id", "listings.id"),
    Column("fingerprint", Text, nullable=False),  # of the listing as captured
    Column("url", Text, nullable=False),
    _time("captured_at"),
    Column("method", Text, nullable=False),
    Column("gaps", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    UniqueConstraint("listing_id", "fingerprint"),
)

capture_files = Table(
    "capture_files",
    metadata,
    _id(),
    _ref("capture_id", "captures.id"),
    Column("position", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("sha256", Text, ForeignKey("evidence_files.sha256"), nullable=False),
    _text("url"),
    UniqueConstraint("capture_id", "position"),
    Index("ix_capture_files_sha256", "sha256"),
)

captures_due = Table(
    "captures_due",
    metadata,
    Column("listing_id", BigInteger, ForeignKey("listings.id"), primary_key=True),
    _text("reason"),
    _time("due_since"),
)

# --- what people decide --------------------------------------------------------------------------------------------

districts = Table(
    "districts",
    metadata,
    Column("code", Text, primary_key=True),  # GB/T 2260, or city, undecided, elsewhere
    Column("name", Text, nullable=False, unique=True),
    Column("position", Integer, nullable=False),
)

campaigns = Table(
    "campaigns",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),
    _text("document_no"),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    Index("uq_campaigns_default", "is_default", unique=True, postgresql_where=text("is_default")),
)

phases = Table(
    "phases",
    metadata,
    _id(),
    _ref("campaign_id", "campaigns.id"),
    Column("name", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    UniqueConstraint("campaign_id", "name"),
)

report_dues = Table(
    "report_dues",
    metadata,
    _id(),
    _ref("campaign_id", "campaigns.id"),
    Column("name", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    UniqueConstraint("campaign_id", "name"),
)

leads = Table(
    "leads",
    metadata,
    _id(),
    Column("number", Text, unique=True),  # given when screened in
    _ref("campaign_id", "campaigns.id"),
    Column("platform", Text, nullable=False),
    _ref("seller_id", "sellers.id", nullable=True),  # null: the subject is the listing itself (no seller shown)
    Column("subject_key", Text, nullable=False),  # seller key, or item:<id> where no seller is shown
    _text("state", "疑似"),
    _text("district", "待定"),
    _text("district_source"),
    _text("category"),
    _text("level", "review"),
    Column("score", Integer, nullable=False, server_default=text("0")),
    Column("hits", Integer, nullable=False, server_default=text("0")),
    _text("title"),
    _text("source", "定向监测"),
    Column("lexicon_version", Text, nullable=False),
    _text("dismiss_reason"),
    _time("first_seen"),
    _time("last_seen"),
    _time("screened_at", nullable=True),
    _ref("screened_by", "users.id", nullable=True),
    Column("version", Integer, nullable=False, server_default=text("1")),
    UniqueConstraint("campaign_id", "platform", "subject_key"),
    Index("ix_leads_queue", "state", "score", "id"),
    Index("ix_leads_seller", "seller_id"),
)

lead_numbers = Table(
    "lead_numbers",
    metadata,
    Column("day", Date, primary_key=True),  # Shanghai date
    Column("last", Integer, nullable=False),  # the last NNNN given on it; never goes back, so none is given twice
)

lead_hits = Table(
    "lead_hits",
    metadata,
    Column("lead_id", BigInteger, ForeignKey("leads.id"), primary_key=True),
    Column("listing_id", BigInteger, ForeignKey("listings.id"), primary_key=True),
    _time("added_at"),
    Index("ix_lead_hits_listing", "listing_id"),
)

screenings = Table(
    "screenings",
    metadata,
    _id(),
    _ref("lead_id", "leads.id"),
    _ref("user_id", "users.id"),
    Column("action", Text, nullable=False),  # 转核查, 排除, 待研判, or 撤销 which undoes the one before
    _text("reason"),
    Column("before", JSONB, nullable=False),  # state, number, reason as they stood, so that 撤销 can restore them
    _time("at"),
    Index("ix_screenings_lead", "lead_id"),
    Index("ix_screenings_user", "user_id", "id"),
)

# --- what people are told ------------------------------------------------------------------------------------------

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("topic", Text, nullable=False),  # lead.new, lead.more
    Column("key", Text, nullable=False, unique=True),  # what makes it one: lead.new:17
    Column("payload", JSONB, nullable=False),
    _time("at"),
    _ref("digest_id", "digests.id", nullable=True),  # null until a digest has told it
    Index("ix_outbox_waiting", "id", postgresql_where=text("digest_id is null")),
)

digests = Table(
    "digests",
    metadata,
    _id(),
    Column("for_date", Date, nullable=False, unique=True),  # Shanghai date: one message a day
    Column("content", JSONB, nullable=False),
    _time("made_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    _ref("digest_id", "digests.id"),
    Column("channel", Text, nullable=False),  # name of the channel in the settings
    Column("status", Text, nullable=False),  # waiting, sent, given_up
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    _time("next_at"),
    _time("sent_at", nullable=True),
    _text("error"),
    UniqueConstraint("digest_id", "channel"),
    CheckConstraint("status in ('waiting', 'sent', 'given_up')", name="status"),
)

# --- who may do what -----------------------------------------------------------------------------------------------

users = Table(
    "users",
    metadata,
    _id(),
    Column("name", Text, nullable=False, unique=True),  # what is typed at the door
    Column("full_name", Text, nullable=False),
    Column("role", Text, nullable=False),  # inspector, analyst, approver, operator, head, district, auditor, admin
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False, server_default=text("true")),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    _time("created_at"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),  # sha256 of the cookie's value
    _ref("user_id", "users.id"),
    Column("csrf_token", Text, nullable=False),
    _time("created_at"),
    _time("last_used_at"),
)

login_failures = Table(
    "login_failures",
    metadata,
    _id(),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    _time("at"),
    Index("ix_login_failures_recent", "name", "address", "at"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True),  # 1, 2, 3 … without a hole
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", JSONB, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
