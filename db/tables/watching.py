"""What is looked for, what was planned and in what it ended."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Double,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.tables.base import id_column, metadata, reference, text_column, time_column

lexicon_versions = Table(
    "lexicon_versions",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),  # v1, v2 …; the built-in one carries the hash of its files
    Column("content", JSONB, nullable=False),  # the whole lexicon as data, so that an old lead can be explained
    text_column("change_note"),
    text_column("author"),
    Column("live", Boolean, nullable=False, server_default=text("false")),
    time_column("released_at"),
    time_column("rematched_at", nullable=True),  # when the stored listings had all been judged by it
    # one live version at most
    Index("uq_lexicon_versions_live", "live", unique=True, postgresql_where=text("live")),
)


schedules = Table(
    "schedules",
    metadata,
    id_column(),
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
    id_column(),
    reference("schedule_id", "schedules.id", nullable=True),
    Column("planned_for", Date, nullable=False),  # the Shanghai date that it is the scan of
    Column("kind", Text, nullable=False),  # nightly, foreground, demo
    Column("options", JSONB, nullable=False, server_default=text("'{}'")),
    time_column("planned_at"),
    time_column("finished_at", nullable=True),
    # two clocks give one scan
    UniqueConstraint("schedule_id", "planned_for"),
)

extra_terms = Table(
    "extra_terms",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),  # that it was taken from
    Column("text", Text, nullable=False),
    Column("kind", Text, nullable=False),  # phone, wechat, qq, phrase
    Column("why", Text, nullable=False),
    reference("user_id", "users.id"),
    time_column("at"),
    Column("until", Date, nullable=False),  # Shanghai date of the last night that asks for it
    time_column("ended_at", nullable=True),
    reference("ended_by", "users.id", nullable=True),  # null: its time was over
    Index("uq_extra_terms_standing", "lead_id", "text", unique=True, postgresql_where=text("ended_at is null")),
)

queries = Table(
    "queries",
    metadata,
    id_column(),
    reference("scan_id", "scans.id"),
    Column("platform", Text, nullable=False),
    Column("kind", Text, nullable=False),  # search or browse
    Column("text", Text, nullable=False),
    text_column("region"),  # empty: everywhere
    Column("outcome", Text),  # null until it has ended
    text_column("note"),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("requests", Integer, nullable=False, server_default=text("0")),
    Column("pages", Integer, nullable=False, server_default=text("0")),
    Column("cards", Integer, nullable=False, server_default=text("0")),
    Column("new", Integer, nullable=False, server_default=text("0")),
    Column("card_only", Integer, nullable=False, server_default=text("0")),
    Column("hits", Integer, nullable=False, server_default=text("0")),
    Column("measures", JSONB, nullable=False, server_default=text("'{}'")),  # records.Measures
    time_column("started_at", nullable=True),
    time_column("finished_at", nullable=True),
    Column("to_end", Boolean, nullable=False, server_default=text("false")),  # read to the list's last page
    UniqueConstraint("scan_id", "platform", "kind", "text", "region"),
    Index("ix_queries_last", "platform", "kind", "text", "region", "finished_at"),
)

runs = Table(
    "runs",
    metadata,
    reference("scan_id", "scans.id", primary_key=True),
    Column("platform", Text, primary_key=True),
    Column("control", JSONB(none_as_null=True)),  # records.Control; null: not asked
    # null until every query has ended and the run was judged
    Column("status", Text),
    Column("findings", JSONB, nullable=False, server_default=text("'[]'")),
    Column("figures", JSONB, nullable=False, server_default=text("'{}'")),
    # asked for all that the settings ask for, so that other runs may be held against it
    Column("whole", Boolean, nullable=False, server_default=text("false")),
    time_column("judged_at", nullable=True),
    Index("ix_runs_platform", "platform", "scan_id"),
)

canaries = Table(
    "canaries",
    metadata,
    reference("scan_id", "scans.id", primary_key=True),
    # null until it has ended; true: the planted listing became a lead
    Column("led", Boolean),
    text_column("note"),
    time_column("ended_at", nullable=True),
)

spending = Table(
    "spending",
    metadata,
    Column("platform", Text, primary_key=True),
    Column("on", Date, primary_key=True),  # Shanghai date
    Column("requests", BigInteger, nullable=False),
    Column("pages", BigInteger, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)

halts = Table(
    "halts",
    metadata,
    id_column(),
    text_column("halted_by"),
    text_column("why"),
    time_column("halted_at"),
    time_column("lifted_at", nullable=True),  # crawling is stopped while this is null
)

pacing = Table(
    "pacing",
    metadata,
    Column("platform", Text, primary_key=True),
    time_column("next_at"),  # no request to the platform before this moment, whoever asks
)

shells = Table(
    "shells",
    metadata,
    Column("platform", Text, primary_key=True),
    time_column("found_at"),  # when its lists were found to need a browser
)
