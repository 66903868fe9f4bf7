"""Second looks and checks of papers go with a lead that has had its days; otherwise they stay append-only."""

from alembic import op

from db.migrations.queue import run_script

revision = "0024"
down_revision = "0023"

# a purge names itself in its transaction, and it must be one that has begun and not ended; what it takes leaves its
# hash on a tombstone
_FUNCTION = """
create function goes_with_a_purge() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and exists (
        select from purges p
        where p.id::text = current_setting('xunwang.purge', true) and p.finished_at is null) then
        return old;
    end if;
    raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'insufficient_privilege';
end $$;
"""
_GUARD = """
drop trigger {table}_rows on {table};
create trigger {table}_rows before update or delete on {table} for each row execute function goes_with_a_purge();
"""


def upgrade() -> None:
    """Two triggers give way to a purge, and to nothing else."""
    run_script(op.get_bind(), _FUNCTION)
    for table in ("second_looks", "licence_checks"):
        run_script(op.get_bind(), _GUARD.format(table=table))
