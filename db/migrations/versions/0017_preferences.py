"""What an account sets for itself: the language of its pages, its keys."""

from alembic import op

from db.migrations.queue import run_script

revision = "0017"
down_revision = "0016"

_SCRIPT = """
create table preferences (
    user_id bigint constraint pk_preferences primary key
        constraint fk_preferences_user_id references users (id),
    language text not null default '',
    keys jsonb not null default '{}',
    keys_on boolean not null default true,
    at timestamptz not null
);
"""


def upgrade() -> None:
    """One table; an account without a row has what all have."""
    run_script(op.get_bind(), _SCRIPT)
