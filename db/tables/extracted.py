"""网络在线提取 with officers there: who, and each step. Append-only: triggers refuse every change."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Table, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from db.tables.base import id_column, metadata, reference, text_column, time_column

extractions = Table(
    "extractions",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),
    reference("listing_id", "listings.id"),
    Column("url", Text, nullable=False),  # what is to be extracted
    Column("basis", Text, nullable=False),  # by what right: number and name of the case or the order
    text_column("case_number"),
    Column("place", Text, nullable=False),  # where the officers sit
    Column("officers", JSONB, nullable=False),  # two of account, name, badge, unit
    Column("witness", JSONB, nullable=False),  # kind, name, contact; or kind 无 and the reason
    Column("opened_by", Text, nullable=False),  # account
    time_column("opened_at"),
    CheckConstraint("jsonb_array_length(officers) = 2", name="officers"),  # the migration says more of it
    Index("ix_extractions_lead", "lead_id"),
    Index("ix_extractions_listing", "listing_id"),
)

# a trigger lets nothing follow an end, nobody but its officers confirm, and nothing be completed without both
extraction_steps = Table(
    "extraction_steps",
    metadata,
    id_column(),
    reference("extraction_id", "extractions.id"),
    Column("seq", Integer, nullable=False),  # 1, 2, 3 … of that extraction
    Column("kind", Text, nullable=False),  # db.extractions.StepKind
    Column("actor", Text, nullable=False),  # account; 系统 for a program
    time_column("at"),
    Column("detail", JSONB, nullable=False, server_default=text("'{}'")),
    UniqueConstraint("extraction_id", "seq"),
)
