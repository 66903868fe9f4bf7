"""The region that a query is narrowed down to."""

from alembic import op

from db.migrations.queue import run_script

revision = "0009"
down_revision = "0008"

_SCRIPT = """
alter table queries add column region text not null default '';
alter table queries drop constraint uq_queries_scan_id_platform_kind_text;
alter table queries add constraint uq_queries_scan_id_platform_kind_text_region
    unique (scan_id, platform, kind, text, region);
drop index ix_queries_last;
create index ix_queries_last on queries (platform, kind, text, region, finished_at);
"""


def upgrade() -> None:
    """One column, in one key and one index; queries until now were of everywhere."""
    run_script(op.get_bind(), _SCRIPT)
