"""Shells: the platforms whose lists need a browser, as scans found out."""

from alembic import op

from db.migrations.queue import run_script

revision = "0005"
down_revision = "0004"

_SCRIPT = """
create table shells (
    platform text not null,
    found_at timestamp with time zone not null,
    constraint pk_shells primary key (platform)
);
"""


def upgrade() -> None:
    """One table."""
    run_script(op.get_bind(), _SCRIPT)
