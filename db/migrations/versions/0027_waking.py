"""What was put aside comes back by itself: why a lead stands first, and since when a 存疑 waits for another look."""

from alembic import op

from db.migrations.queue import run_script

revision = "0027"
down_revision = "0026"

_SCRIPT = """
alter table leads add column raised_why text not null default '';
alter table leads add column woken_at timestamptz;
update leads set raised_why = '再次上架' where raised_at is not null;
create index ix_leads_woken on leads (woken_at) where woken_at is not null;
create index ix_leads_doubtful on leads (id) where verdict = '存疑' and woken_at is null;
create index ix_leads_later on leads (screened_at) where state = '待研判';
"""


def upgrade() -> None:
    """Two columns, and indexes of few rows."""
    run_script(op.get_bind(), _SCRIPT)
