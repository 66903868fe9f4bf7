"""Runs: what each platform gave in each scan, judged against the runs before it; and the canary of a night."""

from alembic import op

from db.migrations.queue import run_script

revision = "0002"
down_revision = "0001"

# scans that had ended before this revision have no runs: their status is derived from their outcomes alone
_SCRIPT = """
alter table queries add column measures jsonb not null default '{}';
create table runs (
    scan_id bigint not null,
    platform text not null,
    control jsonb,
    status text,
    findings jsonb not null default '[]',
    figures jsonb not null default '{}',
    whole boolean not null default false,
    judged_at timestamp with time zone,
    constraint pk_runs primary key (scan_id, platform),
    constraint fk_runs_scan_id foreign key (scan_id) references scans (id)
);
create index ix_runs_platform on runs (platform, scan_id);
create table canaries (
    scan_id bigint not null,
    led boolean,
    note text not null default '',
    ended_at timestamp with time zone,
    constraint pk_canaries primary key (scan_id),
    constraint fk_canaries_scan_id foreign key (scan_id) references scans (id)
);
"""


def upgrade() -> None:
    """One column, two tables."""
    run_script(op.get_bind(), _SCRIPT)
