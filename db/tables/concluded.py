"""What named persons find out and conclude about leads. Append-only: triggers refuse every change."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Date, ForeignKey, Index, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from db.tables.base import id_column, metadata, reference, text_column, time_column

verdicts = Table(
    "verdicts",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),
    reference("user_id", "users.id"),
    Column("verdict", Text, nullable=False),  # 属实, 不属实, 存疑, or 撤销 which takes back the one it names
    Column("undoes", BigInteger, ForeignKey("verdicts.id"), unique=True),
    Column("identity", JSONB, nullable=False, server_default=text("'{}'")),  # records.Identity
    Column("violations", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("citations", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("evidence", ARRAY(Text), nullable=False, server_default=text("'{}'")),  # sha256 found sound at that moment
    text_column("reason"),
    text_column("note"),
    text_column("wake"),
    Column("wake_on", Date),  # Shanghai date
    text_column("change"),  # why an earlier verdict holds no more
    time_column("at"),
    CheckConstraint("(verdict = '撤销') = (undoes is not null)", name="undoes"),  # the migration says more of it
    Index("ix_verdicts_lead", "lead_id", "id"),
)

second_looks = Table(
    "second_looks",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),
    Column("screening_id", BigInteger, ForeignKey("screenings.id"), nullable=False, unique=True),
    reference("user_id", "users.id"),  # a trigger wants somebody who never screened that lead
    Column("action", Text, nullable=False),  # 转核查 or 排除
    text_column("reason"),
    Column("agrees", Boolean, nullable=False),
    time_column("at"),
    Index("ix_second_looks_lead", "lead_id"),
    Index("ix_second_looks_at", "at"),
)

licence_checks = Table(
    "licence_checks",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),
    reference("user_id", "users.id"),
    Column("kind", Text, nullable=False),  # records.LicenceKind
    Column("state", Text, nullable=False),  # records.LicenceState
    text_column("number"),
    text_column("number_key"),  # records.number_key: how numbers are compared
    text_column("finding"),  # 相符 or 不符或查无, with 已核验
    text_column("note"),
    time_column("at"),
    CheckConstraint("(state = '已核验') = (finding <> '')", name="finding"),
    CheckConstraint("state <> '给出编号' or number <> ''", name="number"),
    Index("ix_licence_checks_lead", "lead_id", "id"),
    Index("ix_licence_checks_number", "number_key", postgresql_where=text("number_key <> ''")),
)

dispositions = Table(
    "dispositions",
    metadata,
    id_column(),
    reference("lead_id", "leads.id"),
    reference("user_id", "users.id"),
    Column("kind", Text, nullable=False),  # records.DispositionKind
    Column("done_on", Date, nullable=False),  # Shanghai date
    text_column("recipient"),
    text_column("reference"),
    text_column("note"),
    Column("corrects", BigInteger, ForeignKey("dispositions.id"), unique=True),  # a trigger wants it on the same lead
    Column("voids", Boolean, nullable=False, server_default=text("false")),
    time_column("at"),
    CheckConstraint("corrects is null or note <> ''", name="note"),
    CheckConstraint("not voids or corrects is not null", name="voids"),
    Index("ix_dispositions_lead", "lead_id", "id"),
)
