"""Users get a district, and its queue an index; the ends of the chains can be read by who may not read the chains."""

from alembic import op

from db.migrations.queue import run_script

revision = "0012"
down_revision = "0011"

_SCRIPT = """
alter table users add column district text
    constraint fk_users_district references districts (code);
create index ix_leads_district on leads
    (district, state, coalesce(raised_at, '2000-01-01 00:00:00+00'), score, (-id));
create index ix_audit_actor on audit (actor, seq);
create index ix_audit_subject on audit (subject, seq);
create view audit_head as select seq, hash from audit order by seq desc limit 1;
create view custody_head as select seq, hash from custody order by seq desc limit 1;
"""


def upgrade() -> None:
    """One column, three indexes, two views. Roles and policies are put up after every migration (`db.walls`)."""
    run_script(op.get_bind(), _SCRIPT)
