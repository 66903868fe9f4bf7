"""Leads that people merge and split: where a lead went, what it was split from, whose hit a hit would be by itself."""

from alembic import op

from db.migrations.queue import run_script

revision = "0023"
down_revision = "0022"

_SCRIPT = """
alter table leads add column merged_into bigint constraint fk_leads_merged_into references leads (id);
alter table leads add column split_from bigint constraint fk_leads_split_from references leads (id);
alter table leads add constraint ck_leads_merged check ((state = '已并入') = (merged_into is not null));
alter table lead_hits add column origin_id bigint constraint fk_lead_hits_origin_id references leads (id);
create index ix_leads_merged on leads (merged_into) where merged_into is not null;
"""


def upgrade() -> None:
    """Three columns and an index of few rows."""
    run_script(op.get_bind(), _SCRIPT)
