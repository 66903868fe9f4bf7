"""What the unit has set up so far: a row a step of the first run."""

from alembic import op

from db.migrations.queue import run_script

revision = "0020"
down_revision = "0019"

_SCRIPT = """
create table first_run (
    step text constraint pk_first_run primary key,
    detail jsonb not null,
    done_by text not null,
    at timestamptz not null
);
"""


def upgrade() -> None:
    """One table."""
    run_script(op.get_bind(), _SCRIPT)
