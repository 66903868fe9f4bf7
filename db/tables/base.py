"""One metadata for all tables, and the columns that recur."""

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, MetaData, Text, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column[int]:
    """The row id."""
    return Column("id", BigInteger, Identity(), primary_key=True)


def time_column(name: str, *, nullable: bool = False) -> Column[object]:
    """An aware moment."""
    return Column(name, DateTime(timezone=True), nullable=nullable)


def reference(name: str, target: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    """The row id of another table, `target` being its table.id."""
    return Column(name, BigInteger, ForeignKey(target), nullable=nullable, primary_key=primary_key)


def text_column(name: str, default: str | None = "") -> Column[str]:
    """Text that is never null; `default` None leaves it without one."""
    return Column(name, Text, nullable=False, server_default=None if default is None else text(f"'{default}'"))
