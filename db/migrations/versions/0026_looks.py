"""What the pictures of hits look like: hashes by which copies are found, small copies for the pages, and 举一反三."""

from alembic import op

from db.migrations.queue import run_script

revision = "0026"
down_revision = "0025"

# what the functions give, and the thresholds, stand in db/related.py; names carry their schema, because PostgreSQL
# builds an index under a search path of its own
_SCRIPT = r"""
create table picture_looks (
    sha256 text constraint pk_picture_looks primary key
        constraint fk_picture_looks_sha256 references evidence_files (sha256),
    coarse bigint,
    fine bit(512),
    note text not null default '',
    looked_at timestamptz,
    constraint ck_picture_looks_both check ((coarse is null) = (fine is null))
);
create table picture_smalls (
    sha256 text constraint pk_picture_smalls primary key
        constraint fk_picture_smalls_sha256 references picture_looks (sha256),
    body bytea not null
);

-- four bands of sixteen bits, each with its number, but for those of one colour: half of all goods stand before white
create function picture_bands(given bigint) returns integer[] language sql immutable parallel safe as $body$
    select coalesce(array_agg(band), '{}') from unnest(array[(given & 65535)::integer,
        65536 + ((given >> 16) & 65535)::integer, 131072 + ((given >> 32) & 65535)::integer,
        196608 + ((given >> 48) & 65535)::integer]) band
    where (band & 65535) not in (0, 65535)
$body$;
-- the bands, and those that differ from one of them in one bit: seven bits that differ leave one of the four with one
create function picture_near(given bigint) returns integer[] language sql immutable parallel safe as $body$
    select array_agg(band # case when bit < 16 then 1 << bit else 0 end)
    from unnest(public.picture_bands(given)) band, generate_series(0, 16) bit
$body$;
create index ix_picture_looks_bands on picture_looks using gin (picture_bands(coarse)) where coarse is not null;
create index ix_picture_looks_due on picture_looks (sha256) where looked_at is null;

-- one that many sellers show is a platform's or a wholesaler's: whoever asks, the whole city is counted
create function picture_is_common(rough bigint, exact bit(512)) returns boolean
language sql stable security definer set search_path = public, pg_temp as $body$
    select count(distinct shown.seller_id) > 20 from (
        select i.seller_id from picture_looks q
        join capture_files f on f.sha256 = q.sha256 and f.role = 'picture'
        join captures c on c.id = f.capture_id join listings i on i.id = c.listing_id
        where q.coarse is not null and picture_bands(q.coarse) && picture_near(rough)
            and bit_count((q.coarse # rough)::bit(64)) <= 7 and bit_count(q.fine # exact) <= 40
        limit 2000) shown
$body$;

-- by what 0014 asks for, and by pictures beside it
alter function kin(bigint, integer) rename to kin_by_words;
create function kin(asked bigint, most integer) returns table (own bigint, other bigint, kind text, value text)
language sql stable as $body$
    with looks as materialized (
        select distinct on (p.fine) c.listing_id as id, f.id as file, p.coarse, p.fine
        from captures c join capture_files f on f.capture_id = c.id and f.role = 'picture'
        join picture_looks p on p.sha256 = f.sha256 and p.coarse is not null
        where c.listing_id in (
            select i.id from lead_hits h join listings i on i.id = h.listing_id
            where h.lead_id = asked order by i.score desc, i.id limit 60)
        order by p.fine, f.id limit 60
    )
    select own, other, kind, value from kin_by_words(asked, most)
    union all
    select l.id, o.listing_id, 'picture', l.file || ':' || o.file || ':' || o.apart
    from looks l cross join lateral (
        select c.listing_id, f.id as file, bit_count(q.fine # l.fine) as apart
        from picture_looks q join capture_files f on f.sha256 = q.sha256 and f.role = 'picture'
        join captures c on c.id = f.capture_id
        where q.coarse is not null and picture_bands(q.coarse) && picture_near(l.coarse)
            and bit_count((q.coarse # l.coarse)::bit(64)) <= 7 and bit_count(q.fine # l.fine) <= 40
            and not exists (select from lead_hits h where h.lead_id = asked and h.listing_id = c.listing_id)
        limit most) o
    where not picture_is_common(l.coarse, l.fine)
$body$;

-- what was captured before: the clock looks at it, a few at a time
insert into picture_looks (sha256) select distinct sha256 from capture_files where role = 'picture';
"""


def upgrade() -> None:
    """Two tables, their functions, and 举一反三 that asks them."""
    run_script(op.get_bind(), _SCRIPT)
