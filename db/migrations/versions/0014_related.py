"""举一反三: what a lead shares with others, by indexes over the texts of hits and by a function that asks them all."""

from alembic import op

from db.migrations.queue import run_script

revision = "0014"
down_revision = "0013"

# inside of them names carry their schema, because PostgreSQL builds an index under a search path of its own;
# what each of them gives, and the thresholds, stand in db/related.py
_SCRIPT = r"""
create function shop_link(given text) returns text language sql immutable parallel safe as $body$
    select nullif(regexp_replace(regexp_replace(regexp_replace(regexp_replace(regexp_replace(lower(btrim(given)),
        '#.*$', ''), '^(https?:)?//(www\.|m\.)?', ''),
        '([?&])(spm|scm|from|source|sign|timestamp|tk|utm_[a-z]+|share[a-z_]*)=[^&]*', '\1', 'g'),
        '[?&]{2,}', '?', 'g'), '[/?&.]+$', ''), '')
$body$;

create function contacts(given text) returns text[] language sql immutable parallel safe as $body$
    with said as (
        -- 1️⃣３❽ and 一三八 are digits; what takes no room on the line is dropped
        select regexp_replace(translate(lower(normalize(left(given, 20000), NFKC)),
                '〇零洞壹贰叁肆伍陆柒捌玖幺一二两三四五六七八九❶❷❸❹❺❻❼❽❾⓿',
                '000' || '123456789' || '1' || '1223456789' || '1234567890'),
            '[\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3\ufe00-\ufe0f\ufeff]', '', 'g') as t
    ), found as (
        select 'phone:' || right(regexp_replace(m[1], '[^0-9]', '', 'g'), 11) as key from said, regexp_matches(t,
            '(?<![0-9])((?:(?:00)?86[^0-9a-z\u3400-\u9fff]{0,3})?1[3-9][0-9][^0-9a-z\u3400-\u9fff]{0,3}[0-9]{4}'
            '[^0-9a-z\u3400-\u9fff]{0,3}[0-9]{4})(?![0-9])', 'g') m
        union
        select 'phone:' || regexp_replace(m[1], '[^0-9]', '', 'g') from said, regexp_matches(t,
            '(?<![0-9])(1[^0-9a-z\u3400-\u9fff]{1,3}[3-9](?:[^0-9a-z\u3400-\u9fff]{1,3}[0-9]){9})(?![0-9])', 'g') m
        union
        select 'wechat:' || m[1] from said, regexp_matches(t,
            '(?:[微薇威徽]信?|[微薇]x|卫星|绿泡泡|v信|(?<![a-z0-9])(?:vx|wx|v|wechat|weixin))'
            '[号同步加是:+\-=~\s]{0,6}([a-z][a-z0-9_-]{5,19})(?![a-z0-9_-])', 'g') m
        where m[1] !~ '^(weixin|wechat|https?)$'
        union
        select 'qq:' || m[1] from said, regexp_matches(t,
            '(?:(?<![a-z0-9])q{1,2}|扣扣|企鹅)[号群加是:+\-=~\s]{0,6}([1-9][0-9]{4,10})(?![0-9])', 'g') m
        union
        select 'link:' || public.shop_link(m[1]) from regexp_matches(left(given, 20000),
            '(https?://[A-Za-z0-9.\-]+(?::[0-9]+)?(?:[/?][A-Za-z0-9\-._~/?&=%+@!$:;,]*)?)', 'gi') m
    )
    select coalesce(array_agg(key order by key), '{}') from found where key is not null
$body$;

create function shingles(given text) returns text[] language sql immutable parallel safe as $body$
    select coalesce(array_agg(distinct substr(f, i, 3)), '{}')
    from public.folded(given) f, generate_series(1, length(f) - 2) i where length(f) >= 16
$body$;
create function likeness(given text) returns bigint[] language sql immutable parallel safe as $body$
    select case when m0 is null then '{}'::bigint[] else array[{bands}] end
    from (select {mins} from unnest(public.shingles(given)) s) m
$body$;
create function jaccard(one text[], other text[]) returns real language sql immutable parallel safe as $body$
    with common as (select count(*)::real as n from unnest(one) s join unnest(other) o on o = s)
    select case when cardinality(one) + cardinality(other) = 0 then 0
        else n / (cardinality(one) + cardinality(other) - n) end from common
$body$;

create index ix_listings_contacts on listings using gin (contacts((title || ' '::text) || description))
    where level <> 'none';
create index ix_listings_likeness on listings using gin (likeness((title || ' '::text) || description))
    where level <> 'none';
create index ix_sellers_link on sellers (shop_link(url)) where url <> '';

create function kin(asked bigint, most integer) returns table (own bigint, other bigint, kind text, value text)
language sql stable as $body$
    with mine as materialized (
        select i.id, i.title || ' ' || i.description as said, s.url
        from lead_hits h join listings i on i.id = h.listing_id left join sellers s on s.id = i.seller_id
        where h.lead_id = asked order by i.score desc, i.id limit 60
    ), keys as materialized (
        select min(m.id) as id, c.key from mine m, unnest(contacts(m.said)) as c (key) group by c.key
        union select min(m.id), 'link:' || shop_link(m.url) from mine m where m.url <> '' group by m.url
    ), bands as materialized (
        select m.id, likeness(m.said) as b, shingles(m.said) as s from mine m
    )
    select k.id, o.id, split_part(k.key, ':', 1), substr(k.key, strpos(k.key, ':') + 1)
    from keys k cross join lateral (
        select i.id from listings i where i.level <> 'none'
            and contacts((i.title || ' '::text) || i.description) @> array[k.key] limit most) o
    union all
    select k.id, o.id, 'link', substr(k.key, 6)
    from keys k cross join lateral (
        select i.id from sellers s join listings i on i.seller_id = s.id and i.level <> 'none'
        where s.url <> '' and shop_link(s.url) = substr(k.key, 6) limit most) o
    where k.key like 'link:%'
    union all
    select b.id, o.id, 'text', round(100 * o.alike)::text
    from bands b cross join lateral (
        select i.id, jaccard(b.s, shingles((i.title || ' '::text) || i.description)) as alike
        from listings i where i.level <> 'none' and b.b <> '{}'
            and likeness((i.title || ' '::text) || i.description) && b.b
            and jaccard(b.s, shingles((i.title || ' '::text) || i.description)) >= 0.6 limit most) o
$body$;

create function kin_elsewhere(asked bigint, most integer) returns table (district text, leads bigint)
language sql stable security definer set search_path = public, pg_temp as $body$
    with here as materialized (
        -- of a lead that the asker may see, and only in the name of one district
        select l.id, d.name from leads l join districts d on d.name = l.district
        where l.id = asked and d.code = current_setting('xunwang.district', true))
    select l.district, count(distinct l.id)
    from here cross join lateral kin(here.id, most) k
    join lead_hits h on h.listing_id = k.other join leads l on l.id = h.lead_id
    where l.district <> here.name and l.platform <> 'canary' group by l.district order by 2 desc, 1
$body$;
"""


# 24 least hashes of a text's shingles in eight bands of three: one scan, a quarter of the cost of grouping by number
_MINS = ", ".join(f"min(hashtextextended(s, {k})) as m{k}" for k in range(24))
_BANDS = ", ".join(
    f"hashint8extended(hashint8extended(m{k}, 1) # hashint8extended(m{k + 1}, 2) # hashint8extended(m{k + 2}, 3), {k})"
    for k in range(0, 24, 3)
)


def upgrade() -> None:
    """Functions and three indexes; only hits are read, so a hundred thousand of them take some minutes."""
    run_script(op.get_bind(), _SCRIPT.replace("{bands}", _BANDS).replace("{mins}", _MINS))
