"""What was kept: files under their hash, and the captures that they belong to."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from db.tables.base import id_column, metadata, reference, text_column, time_column

evidence_files = Table(
    "evidence_files",
    metadata,
    Column("sha256", Text, primary_key=True),  # lower-case hex; also its name in the store
    Column("size", BigInteger, nullable=False),  # bytes
    Column("media_type", Text, nullable=False),
    time_column("stored_at"),
    CheckConstraint("sha256 ~ '^[0-9a-f]{64}$'", name="sha256"),
)

captures = Table(
    "captures",
    metadata,
    id_column(),
    reference("listing_id", "listings.id"),
    Column("fingerprint", Text, nullable=False),  # of the listing as captured
    Column("url", Text, nullable=False),
    time_column("captured_at"),
    Column("method", Text, nullable=False),
    Column("gaps", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    UniqueConstraint("listing_id", "fingerprint"),
)

capture_files = Table(
    "capture_files",
    metadata,
    id_column(),
    reference("capture_id", "captures.id"),
    Column("position", Integer, nullable=False),
    Column("role", Text, nullable=False),
    Column("sha256", Text, ForeignKey("evidence_files.sha256"), nullable=False),
    text_column("url"),
    UniqueConstraint("capture_id", "position"),
    Index("ix_capture_files_sha256", "sha256"),
)

captures_due = Table(
    "captures_due",
    metadata,
    Column("listing_id", BigInteger, ForeignKey("listings.id"), primary_key=True),
    text_column("reason"),
    time_column("due_since"),
)
