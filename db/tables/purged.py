"""What is held against purging, and what was purged."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Date, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import id_column, metadata, reference, text_column, time_column

holds = Table(
    "holds",
    metadata,
    id_column(),
    reference("lead_id", "leads.id", nullable=True),
    reference("seller_id", "sellers.id", nullable=True),  # all of the seller's leads, those to come too
    Column("reason", Text, nullable=False),
    Column("set_by", Text, nullable=False),
    time_column("set_at"),
    text_column("lifted_by"),
    text_column("lifted_why"),
    time_column("lifted_at", nullable=True),  # null: it holds
    CheckConstraint("num_nonnulls(lead_id, seller_id) = 1", name="subject"),
    Index("ix_holds_lead", "lead_id", postgresql_where=text("lifted_at is null")),
    Index("ix_holds_seller", "seller_id", postgresql_where=text("lifted_at is null")),
)

purges = Table(
    "purges",
    metadata,
    id_column(),
    Column("for_date", Date, unique=True),  # Shanghai date of the night's own; null: by command
    time_column("begun_at"),
    time_column("finished_at", nullable=True),  # null: it is to be gone on with
    Column("begun_by", Text, nullable=False),
    Column("counts", JSONB, nullable=False, server_default=text("'{}'")),  # class → subjects purged
)

# append-only: a trigger refuses every change
tombstones = Table(
    "tombstones",
    metadata,
    id_column(),
    reference("purge_id", "purges.id"),
    Column("class", Text, nullable=False),  # db.purgeable.Class
    Column("subject", Text, nullable=False),  # lead:17, listings:1-500, files
    Column("rule", Text, nullable=False),  # in words, with its days
    Column("rows", BigInteger, nullable=False),  # rows of the database that went
    Column("sha256", Text, nullable=False),  # of these rows as text, table by table
    Column("detail", JSONB, nullable=False),  # number and state of a lead; hashes of files
    time_column("at"),
    Index("ix_tombstones_purge", "purge_id"),
)
