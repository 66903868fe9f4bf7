"""The house's tables, the queue's tables, and the guard over the audit."""

from pathlib import Path

from alembic import op

from db.migrations.queue import create_tables, run_script

revision = "0001"
down_revision = None

# an attacker with the application's password still cannot rewrite history by mistake or by one statement; whoever
# owns the table can take the guard away, which is why the rows are chained and the head is told outside (db.audit)
_GUARD = """
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit is append-only: % refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger audit_rows before update or delete on audit
    for each row execute function audit_is_append_only();
create trigger audit_table before truncate on audit
    for each statement execute function audit_is_append_only();
"""


def upgrade() -> None:
    """Tables from the script beside this file, then what SQLAlchemy's metadata cannot say."""
    connection = op.get_bind()
    tables = Path(__file__).with_name("0001_tables.sql").read_text(encoding="utf-8")
    run_script(connection, tables)
    run_script(connection, _GUARD)
    create_tables(connection)
