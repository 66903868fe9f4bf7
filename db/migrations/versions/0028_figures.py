"""The charts ask for the hits of some days: by an index, not by all hits there ever were."""

from alembic import op

from db.migrations.queue import run_script

revision = "0028"
down_revision = "0027"

_SCRIPT = """
create index ix_lead_hits_added on lead_hits (added_at);
"""


def upgrade() -> None:
    """One index."""
    run_script(op.get_bind(), _SCRIPT)
