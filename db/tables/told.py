"""What people are told, and whether it arrived."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import id_column, metadata, reference, text_column, time_column

outbox = Table(
    "outbox",
    metadata,
    id_column(),
    Column("topic", Text, nullable=False),  # lead.new, lead.more
    Column("key", Text, nullable=False, unique=True),  # what makes it one: lead.new:17
    Column("payload", JSONB, nullable=False),
    time_column("at"),
    reference("digest_id", "digests.id", nullable=True),  # null until a digest has told it
    Index("ix_outbox_waiting", "id", postgresql_where=text("digest_id is null")),
)

digests = Table(
    "digests",
    metadata,
    id_column(),
    Column("for_date", Date, nullable=False, unique=True),  # Shanghai date: one message a day
    Column("content", JSONB, nullable=False),
    time_column("made_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    id_column(),
    reference("digest_id", "digests.id"),
    Column("channel", Text, nullable=False),  # name of the channel in the settings
    Column("status", Text, nullable=False),  # waiting, sent, given_up
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    time_column("next_at"),
    time_column("sent_at", nullable=True),
    text_column("error"),
    UniqueConstraint("digest_id", "channel"),
    CheckConstraint("status in ('waiting', 'sent', 'given_up')", name="status"),
)
