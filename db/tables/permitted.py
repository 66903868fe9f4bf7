"""What sites say of visitors and of themselves, and what people decided about asking them."""

from sqlalchemy import Boolean, CheckConstraint, Column, Date, Index, Integer, LargeBinary, Table, Text

from db.tables.base import id_column, metadata, text_column, time_column

robots = Table(
    "robots",
    metadata,
    Column("origin", Text, primary_key=True),  # scheme://host[:port]
    Column("status", Integer, nullable=False),  # 0: no answer came
    Column("body", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),  # of the body
    text_column("why"),
    time_column("fetched_at"),
)

# append-only: a trigger refuses every change; the last row of a platform counts
robots_rulings = Table(
    "robots_rulings",
    metadata,
    id_column(),
    Column("platform", Text, nullable=False),
    Column("allow", Boolean, nullable=False),
    text_column("ruled_by"),
    text_column("basis"),
    Column("until", Date),  # last Shanghai date; null where robots.txt holds again
    time_column("ruled_at"),
    CheckConstraint("allow = (until is not null)", name="until"),
    Index("ix_robots_rulings_platform", "platform", "id"),
)

platform_sessions = Table(
    "platform_sessions",
    metadata,
    id_column(),
    Column("platform", Text, nullable=False),
    Column("sealed", LargeBinary),  # cookies and local storage, encrypted; null once revoked
    text_column("approval"),
    text_column("basis"),
    text_column("supplied_by"),
    Column("until", Date, nullable=False),  # last Shanghai date
    time_column("supplied_at"),
    time_column("revoked_at", nullable=True),
    text_column("revoked_by"),
    CheckConstraint("revoked_at is null or sealed is null", name="revoked"),
    Index("ix_platform_sessions_platform", "platform", "id"),
)

platform_ledger = Table(
    "platform_ledger",
    metadata,
    id_column(),
    Column("platform", Text, nullable=False),
    Column("url", Text, nullable=False),  # the page that says so
    time_column("read_at"),
    Column("page_sha256", Text, nullable=False),
    text_column("operator"),
    text_column("uscc"),
    text_column("icp"),
    text_column("seat"),
    text_column("license_url"),
    Index("ix_platform_ledger_platform", "platform", "read_at"),
)
