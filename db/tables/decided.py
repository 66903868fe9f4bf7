"""What people decide: campaigns, leads and their screenings."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import id_column, metadata, reference, text_column, time_column

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
    id_column(),
    Column("name", Text, nullable=False, unique=True),
    text_column("document_no"),
    Column("starts_on", Date),
    Column("ends_on", Date),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    Index("uq_campaigns_default", "is_default", unique=True, postgresql_where=text("is_default")),
)

phases = Table(
    "phases",
    metadata,
    id_column(),
    reference("campaign_id", "campaigns.id"),
    Column("name", Text, nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=False),
    UniqueConstraint("campaign_id", "name"),
)

report_dues = Table(
    "report_dues",
    metadata,
    id_column(),
    reference("campaign_id", "campaigns.id"),
    Column("name", Text, nullable=False),
    Column("due_on", Date, nullable=False),
    UniqueConstraint("campaign_id", "name"),
)

leads = Table(
    "leads",
    metadata,
    id_column(),
    Column("number", Text, unique=True),  # given when screened in
    reference("campaign_id", "campaigns.id"),
    Column("platform", Text, nullable=False),
    reference("seller_id", "sellers.id", nullable=True),  # null: the subject is the listing itself (no seller shown)
    Column("subject_key", Text, nullable=False),  # seller key, or item:<id> where no seller is shown
    text_column("state", "疑似"),
    text_column("district", "待定"),
    text_column("district_source"),
    text_column("category"),
    text_column("level", "review"),
    Column("score", Integer, nullable=False, server_default=text("0")),
    Column("hits", Integer, nullable=False, server_default=text("0")),
    text_column("title"),
    text_column("source", "定向监测"),
    Column("lexicon_version", Text, nullable=False),
    text_column("dismiss_reason"),
    time_column("first_seen"),
    time_column("last_seen"),
    time_column("raised_at", nullable=True),  # when it came back (db.waking): the queue shows it first
    text_column("raised_why"),  # db.waking.Why
    time_column("woken_at", nullable=True),  # a 存疑 that came back and has no newer verdict
    time_column("screened_at", nullable=True),
    reference("screened_by", "users.id", nullable=True),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("starred", Boolean, nullable=False, server_default=text("false")),  # candidate for 典型案例
    text_column("verdict"),  # the one that stands (db.verdicts); empty while there is none
    reference("merged_into", "leads.id", nullable=True),  # set exactly where the state is 已并入; see db.grouping
    reference("split_from", "leads.id", nullable=True),  # of whose hit a person made it; null once that lead is purged
    UniqueConstraint("campaign_id", "platform", "subject_key"),
    # the order of the queue, read backwards; see db.queue
    Index("ix_leads_queue", "state", text("coalesce(raised_at, '2000-01-01 00:00:00+00')"), "score", text("(-id)")),
    # the same for who sees one district alone: few of many leads are that one's
    Index(
        "ix_leads_district",
        "district",
        "state",
        text("coalesce(raised_at, '2000-01-01 00:00:00+00')"),
        "score",
        text("(-id)"),
    ),
    # the same for leads of every state, which the API lists
    Index("ix_leads_raised", text("coalesce(raised_at, '2000-01-01 00:00:00+00')"), "score", text("(-id)")),
    Index("ix_leads_hits", "hits", "score", text("(-id)")),
    Index("ix_leads_seller", "seller_id"),
    Index("ix_leads_screened", "screened_at", postgresql_where=text("screened_at is not null")),
    Index("ix_leads_first_seen", "first_seen"),
    # the sample of db.second_looks
    Index(
        "ix_leads_second",
        "screened_at",
        postgresql_where=text("screened_at is not null and mod(hashtextextended('second look', id), 20) = 0"),
    ),
    Index("ix_leads_merged", "merged_into", postgresql_where=text("merged_into is not null")),
    Index("ix_leads_woken", "woken_at", postgresql_where=text("woken_at is not null")),
    Index("ix_leads_doubtful", "id", postgresql_where=text("verdict = '存疑' and woken_at is null")),
    Index("ix_leads_later", "screened_at", postgresql_where=text("state = '待研判'")),
    Index("ix_leads_split", "split_from", postgresql_where=text("split_from is not null")),
    CheckConstraint("(state = '已并入') = (merged_into is not null)", name="merged"),
)

leases = Table(
    "leases",
    metadata,
    Column("lead_id", BigInteger, ForeignKey("leads.id"), primary_key=True),
    reference("user_id", "users.id"),
    time_column("since"),
    time_column("until"),
    Index("ix_leases_user", "user_id"),
)

lead_notes = Table(
    "lead_notes",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),
    reference("user_id", "users.id"),
    Column("text", Text, nullable=False),
    time_column("at"),
    Index("ix_lead_notes_lead", "lead_id"),
)

misreads = Table(
    "misreads",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),
    Column("category", Text, nullable=False),
    Column("term", Text, nullable=False),
    reference("user_id", "users.id"),
    time_column("at"),
    UniqueConstraint("category", "term", "lead_id"),
    Index("ix_misreads_lead", "lead_id"),
)

saved_views = Table(
    "saved_views",
    metadata,
    id_column(),
    reference("user_id", "users.id"),
    Column("name", Text, nullable=False),
    Column("query", Text, nullable=False),  # URL parameters of the filter
    time_column("at"),
    UniqueConstraint("user_id", "name"),
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
    time_column("added_at"),
    reference(
        "origin_id", "leads.id", nullable=True
    ),  # the lead that it would belong to without a 合并; null: this one
    Index("ix_lead_hits_listing", "listing_id"),
    Index("ix_lead_hits_added", "added_at"),  # the figures of some days; see db.figures
    Index("ix_lead_hits_origin", "origin_id", postgresql_where=text("origin_id is not null")),
)

screenings = Table(
    "screenings",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),
    reference("user_id", "users.id"),
    Column("action", Text, nullable=False),  # 转核查, 排除, 待研判, or 撤销 which undoes the one before
    text_column("reason"),
    Column("before", JSONB, nullable=False),  # state, number, reason as they stood, so that 撤销 can restore them
    Column(
        "batch", BigInteger
    ),  # of what was decided in one go; drawn from the sequence of ids; null for one lead alone
    time_column("at"),
    Index("ix_screenings_lead", "lead_id"),
    Index("ix_screenings_user", "user_id", "id"),
    Index("ix_screenings_batch", "batch", postgresql_where=text("batch is not null")),
)
