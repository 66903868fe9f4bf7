"""What was kept: files under their hash, and the captures that they belong to."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    column,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, BIT, JSONB

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
    reference("extraction_id", "extractions.id", nullable=True),  # null: made by a patrol, nobody there
    UniqueConstraint(
        "listing_id",
        "fingerprint",
        "extraction_id",
        name="uq_captures_listing_id_fingerprint_extraction_id",
        postgresql_nulls_not_distinct=True,
    ),
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

picture_looks = Table(
    "picture_looks",
    metadata,
    Column("sha256", Text, ForeignKey("evidence_files.sha256"), primary_key=True),
    Column("coarse", BigInteger),  # evidence.looks: 64 bits; null while nobody looked, or nothing to compare
    Column("fine", BIT(512)),
    text_column("note"),  # why there is nothing
    time_column("looked_at", nullable=True),
    CheckConstraint("(coarse is null) = (fine is null)", name="both"),
    Index(
        "ix_picture_looks_bands",
        func.picture_bands(column("coarse")),
        postgresql_using="gin",
        postgresql_where=text("coarse is not null"),
    ),
    Index("ix_picture_looks_due", "sha256", postgresql_where=text("looked_at is null")),
)

picture_smalls = Table(
    "picture_smalls",
    metadata,
    Column("sha256", Text, ForeignKey("picture_looks.sha256"), primary_key=True),
    Column("body", LargeBinary, nullable=False),  # a JPEG of our own making
)

captures_due = Table(
    "captures_due",
    metadata,
    Column("listing_id", BigInteger, ForeignKey("listings.id"), primary_key=True),
    text_column("reason"),
    time_column("due_since"),
)

# append-only: a trigger refuses every change
custody = Table(
    "custody",
    metadata,
    Column("seq", BigInteger, primary_key=True),  # 1, 2, 3 … without a hole
    Column("at", DateTime(timezone=True), nullable=False, server_default=func.now()),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),  # db.custody.Handling
    Column("subject", Text, nullable=False),  # lead:<id>
    Column("detail", JSONB, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Index("ix_custody_subject", "subject", "seq"),
)

# append-only: a trigger refuses every change
packages = Table(
    "packages",
    metadata,
    id_column(),
    Column("district", Text, nullable=False),  # code
    Column("day", Date, nullable=False),  # Shanghai date
    Column("seq", Integer, nullable=False),  # 1, 2, 3 … of that district and day, without a hole
    Column("number", Text, nullable=False, unique=True),  # EV-<district>-<yyyymmdd>-<seq>
    reference("lead_id", "leads.id"),
    reference("listing_id", "listings.id", nullable=True),  # null: all hits of the lead
    Column("sha256", Text, ForeignKey("evidence_files.sha256"), nullable=False),  # of the zip as issued
    Column("manifest_sha256", Text, nullable=False),
    text_column("previous_sha256"),  # manifest of the district's package before; empty for its first
    Column("key_id", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    time_column("made_at"),
    reference("extraction_id", "extractions.id", nullable=True),  # a trigger wants that one completed
    UniqueConstraint("district", "day", "seq"),
    Index("ix_packages_lead", "lead_id"),
    Index("ix_packages_listing", "listing_id"),
)

# append-only: a trigger refuses every change
package_stamps = Table(
    "package_stamps",
    metadata,
    id_column(),
    reference("package_id", "packages.id"),
    Column("sha256", Text, ForeignKey("evidence_files.sha256"), nullable=False),  # of the answer as received
    Column("tsa", Text, nullable=False),  # address asked
    time_column("stamped_at"),  # as the token says
    time_column("added_at"),
    UniqueConstraint("package_id", "sha256"),
)
