"""The API lists leads of every state in the queue's order: by an index, not by sorting all leads for each page."""

from alembic import op

from db.migrations.queue import run_script

revision = "0030"
down_revision = "0029"

_SCRIPT = """
create index ix_leads_raised on leads (coalesce(raised_at, '2000-01-01 00:00:00+00'), score, (-id));
"""


def upgrade() -> None:
    """One index; ix_leads_queue has the same order within one state."""
    run_script(op.get_bind(), _SCRIPT)
