"""Who may do what, and who did what."""

from sqlalchemy import BigInteger, Boolean, Column, DateTime, ForeignKey, Index, LargeBinary, Table, Text, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.tables.base import id_column, metadata, reference, text_column, time_column

users = Table(
    "users",
    metadata,
    id_column(),
    Column("name", Text, nullable=False, unique=True),  # what is typed at the door
    Column("full_name", Text, nullable=False),
    Column("role", Text, nullable=False),  # inspector, analyst, approver, operator, head, district, auditor, admin
    Column("district", Text, ForeignKey("districts.code")),  # sees its leads alone; null: the whole city
    Column("password_hash", Text, nullable=False),
    Column("must_change", Boolean, nullable=False, server_default=text("true")),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    time_column("created_at"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),  # sha256 of the cookie's value
    reference("user_id", "users.id"),
    Column("csrf_token", Text, nullable=False),
    time_column("created_at"),
    time_column("last_used_at"),
)

preferences = Table(
    "preferences",
    metadata,
    Column("user_id", BigInteger, ForeignKey("users.id"), primary_key=True, autoincrement=False),
    text_column("language"),  # zh-CN or en; empty: as the browser's cookie says
    Column("keys", JSONB, nullable=False, server_default=text("'{}'")),  # action → event.code, where not the usual one
    Column("keys_on", Boolean, nullable=False, server_default=text("true")),
    time_column("at"),
)

# what another system signs in with, in the name of an account
api_tokens = Table(
    "api_tokens",
    metadata,
    id_column(),
    reference("user_id", "users.id"),
    Column("name", Text, nullable=False),  # what it is for, as its owner calls it
    Column("hint", Text, nullable=False),  # how it begins, by which people tell their tokens apart
    Column("token_hash", LargeBinary, nullable=False, unique=True),  # sha256 of the token
    Column("scopes", ARRAY(Text), nullable=False),  # console.tokens.Scope
    time_column("created_at"),
    time_column("expires_at"),
    time_column("last_used_at", nullable=True),
    text_column("last_used_from"),  # address
    time_column("revoked_at", nullable=True),
    text_column("revoked_by"),
    Index("ix_api_tokens_user", "user_id", "id"),
)

# what was answered to a request that brought an Idempotency-Key; kept for a day
api_answers = Table(
    "api_answers",
    metadata,
    Column("token_id", BigInteger, ForeignKey("api_tokens.id"), primary_key=True, autoincrement=False),
    Column("key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),  # sha256 of what was asked
    reference("lead_id", "leads.id", nullable=True),  # null: about no lead that was there
    Column("answer", JSONB),  # null: still being worked on
    time_column("at"),
    Index("ix_api_answers_lead", "lead_id", postgresql_where=text("lead_id is not null")),
)

login_failures = Table(
    "login_failures",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    Column("address", Text, nullable=False),
    time_column("at"),
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
    Index("ix_audit_account", text("split_part(actor, '#', 1)"), "seq"),
    Index("ix_audit_subject", "subject", "seq"),
)

# whoever had a lead's personal data shown unmasked
unmaskings = Table(
    "unmaskings",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),
    reference("user_id", "users.id"),
    Column("reason", Text, nullable=False),
    time_column("at"),
    time_column("until"),  # from then on it is masked again
    Index("ix_unmaskings_lead", "lead_id", "user_id", "until"),
)

# how far the first run has come; the row `unit` says whose system this is, once it is there
first_run = Table(
    "first_run",
    metadata,
    Column("step", Text, primary_key=True),  # db.first_run.Step
    Column("detail", JSONB, nullable=False),
    Column("done_by", Text, nullable=False),
    time_column("at"),
)
