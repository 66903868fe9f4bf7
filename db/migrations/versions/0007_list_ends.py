"""Whether a list was read to its last page: only then is what it did not show missing from it."""

from alembic import op

from db.migrations.queue import run_script

revision = "0007"
down_revision = "0006"

_SCRIPT = """
alter table queries add column to_end boolean not null default false;
"""


def upgrade() -> None:
    """One column; of runs before it nobody knows, and false asks for nothing."""
    run_script(op.get_bind(), _SCRIPT)
