"""What a purge looks for in whatever refers to a lead or a capture goes by an index, of the few rows that have one."""

from alembic import op

from db.migrations.queue import run_script

revision = "0025"
down_revision = "0024"

_SCRIPT = """
create index ix_leads_split on leads (split_from) where split_from is not null;
create index ix_lead_hits_origin on lead_hits (origin_id) where origin_id is not null;
create index ix_listing_states_capture on listing_states (capture_id) where capture_id is not null;
create index ix_misreads_lead on misreads (lead_id);
create index ix_extractions_listing on extractions (listing_id);
create index ix_packages_listing on packages (listing_id);
"""


def upgrade() -> None:
    """Six indexes."""
    run_script(op.get_bind(), _SCRIPT)
