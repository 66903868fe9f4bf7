"""What an account did is found with what its tokens did (`wang#3`): by an index on the name before the sign."""

from alembic import op

from db.migrations.queue import run_script

revision = "0031"
down_revision = "0030"

_SCRIPT = """
create index ix_audit_account on audit (split_part(actor, '#', 1), seq);
drop index ix_audit_actor;
"""


def upgrade() -> None:
    """One index for another."""
    run_script(op.get_bind(), _SCRIPT)
