"""The console under a heavy load of leads: milliseconds of server time a page, a key and a search, beside the limit.

`python -m bench.desk [--json] [--listings N] [--rounds N]`. A fresh PostgreSQL is filled with N listings (a million by
default), all of them hits, ten to a lead, each lead with a picture; one lead in fifty was judged 存疑 and woke. It is
analysed. Then the console is asked, in this process and without a network, in interleaved rounds: the queue's page in
each of its filters and orders, one key with its next lead, the counts of its filters, the bulk table, a search in the
queue, one over everything, and the figures of a month and of a year. Beside them stands a page of the same application
that asks the database for nothing but the session: what no page can go below. Median and 95th percentile of each.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from bench._ours import bench_house
from bench.matcher import machine
from console import Desk, add_demo_user, create_app
from db.engine import Engine, transaction
from db.queue import SORTS
from evidence import Store
from ops.logs import log_to_stderr
from records import now, shanghai_date

_BASE = "http://127.0.0.1:8000"
_CATEGORIES = {"ivory": "象牙", "rhino": "犀牛角", "tiger": "虎", "pangolin": "穿山甲"}
_PLATFORMS = {"one": "平台一", "two": "平台二", "three": "平台三"}

#: Listing n is of seller 1 + (n - 1) % leads, who has one lead, of the same number.
_FILL = """
insert into campaigns (name, is_default) values ('基准', true) on conflict do nothing;
insert into sellers (platform, key, name, place, first_seen, last_seen)
    select (array['one','two','three'])[1 + n % 3], 's' || n, '卖家' || md5(n::text), '滕州市', now(), now()
    from generate_series(1, {leads}) n;
insert into listings (platform, item_id, url, title, description, price, seller_id, fingerprint, level, score, category,
                      first_seen, last_seen)
    select (array['one','two','three'])[1 + seller % 3], n::text, 'https://bench.invalid/' || n,
        (array['老料手串','文玩摆件','民俗老物件','旧书一册','运动外套'])[1 + n % 5] || ' '
            || (array['包浆厚','品相好','全新未拆','急出','可小刀'])[1 + n / 5 % 5]
            || case when n <= {leads} then ' ' || (array['象牙','犀角','虎骨','穿山甲片'])[1 + n % 4] else '' end,
        '八成新，同城自提，' || translate(md5(n::text), '0123456789abcdef', '玉木核桃珠串盘蜜蜡檀香沉银瓷石'),
        10 + n % 9000, case when n <= {hits} then seller end, md5(n::text),
        case when n > {hits} then 'none' when n % 5 = 0 then 'high' else 'review' end,
        case when n > {hits} then 0 else 40 + n % 60 end,
        case when n > {hits} then '' else (array['ivory','rhino','tiger','pangolin'])[1 + seller % 4] end,
        now() - seller * interval '5 minutes', now()
    from generate_series(1, {listings}) n, lateral (select 1 + (n - 1) % {leads}) of (seller);
insert into leads (campaign_id, platform, seller_id, subject_key, district, category, level, score, hits, title,
                   lexicon_version, first_seen, last_seen)
    select (select min(id) from campaigns), platform, seller_id, 's' || id,
        (array['滕州市','薛城区','市中区','待定','外地'])[1 + id % 5], category, level, score, {hits} / {leads}, title,
        'v1', first_seen, last_seen
    from listings where id <= {leads} order by id;
insert into lead_hits (lead_id, listing_id, added_at) select seller_id, id, first_seen from listings where id <= {hits};
insert into assessments (listing_id, fingerprint, lexicon_version, matcher_version, level, score, category, parts,
                         matches, assessed_at)
    select id, fingerprint, 'v1', '1', level, score, category, '[]', '[]', now() from listings where id <= {hits};
analyze;
"""
#: A picture for each lead, of which two show the same one.
PICTURES = """
insert into evidence_files (sha256, size, media_type, stored_at)
    select encode(sha256(n::text::bytea), 'hex'), 1, 'image/jpeg', now() from generate_series(1, {leads}) n;
insert into captures (listing_id, fingerprint, url, captured_at, method)
    select id, 'f', '', now(), 'test' from listings where id <= {leads} order by id;
insert into capture_files (capture_id, position, role, sha256)
    select id, 0, 'picture', encode(sha256(listing_id::text::bytea), 'hex') from captures;
insert into picture_looks (sha256, coarse, fine, looked_at)
    select encode(sha256(n::text::bytea), 'hex'), ('x' || substr(h, 1, 16))::bit(64)::bigint,
        ('x' || h || h || h || h)::bit(512), now()
    from (select n, md5((n / 2)::text) as h from generate_series(1, {leads}) n) m;
insert into picture_smalls (sha256, body) select sha256, 'x' from picture_looks;
analyze evidence_files, captures, capture_files, picture_looks, picture_smalls;
"""
#: One lead in fifty was judged 存疑 and came back by itself in the last month.
_WOKEN = """
update leads set state = '核查中', verdict = '存疑', woken_at = now() - id * interval '25 seconds' where id % 50 = 7;
analyze leads;
"""


def fill(engine: Engine, listings: int, leads: int, hits: int) -> None:
    """Writes `listings` rows, `hits` of them hits (a multiple of `leads`), spread over `leads` leads."""
    run(engine, _FILL, listings=listings, leads=leads, hits=hits)


def run(engine: Engine, script: str, **numbers: int) -> None:
    """Runs each statement of a script in one transaction, with the numbers it names."""
    with transaction(engine) as conn:
        conn.execute(text("set local statement_timeout = 0"))
        for statement in script.format(**numbers).split(";\n"):
            if statement.strip():
                conn.exec_driver_sql(statement.replace("%", "%%"))


def measured(jobs: dict[str, Callable[[int], float]], rounds: int) -> dict[str, dict[str, float]]:
    """Milliseconds of each job: median and 95th percentile of `rounds` interleaved runs, after one that warms up."""
    took: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(rounds + 1):
        for name, job in jobs.items():
            milliseconds = job(number)
            if number:
                took[name].append(milliseconds)
    return {
        name: {
            "median_ms": round(statistics.median(times), 1),
            "p95_ms": round(sorted(times)[int(len(times) * 0.95)], 1),
        }
        for name, times in took.items()
    }


def bench_desk(engine: Engine, store: Path, base_url: str = _BASE) -> Desk:
    """What a console over the filled database needs; its demo user is made."""
    with transaction(engine) as conn:
        add_demo_user(conn, now())
    return Desk(
        engine=engine,
        store=Store(store),
        intake=lambda _: [],
        demo=True,
        platforms=_PLATFORMS,
        categories=_CATEGORIES,
        base_url=base_url,
    )


class Reviewer:
    """Somebody at the console, as calls of the application; an answer that is not what it should be ends the bench."""

    def __init__(self, engine: Engine, store: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # starlette would rather have another HTTP client
            from starlette.testclient import TestClient
        desk = bench_desk(engine, store)
        self.http = TestClient(create_app(desk), base_url=_BASE, client=("127.0.0.1", 50000))
        self.token = _between(self.http.get("/password").text, 'name="csrf_token" value="', '"')

    def page(self, path: str) -> float:
        """Milliseconds of one page."""
        began = time.perf_counter()
        answer = self.http.get(path)
        took = (time.perf_counter() - began) * 1000
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code}")
        return took

    def key(self) -> float:
        """Milliseconds from a key to the next lead."""
        shown = self.http.get("/review").text
        lead, version = _between(shown, 'data-lead="', '"'), _between(shown, 'name="version" value="', '"')
        sent = {"action": "排除", "reason": "词义误报", "version": version}
        headers = {"Origin": _BASE, "HX-Request": "true", "X-CSRF-Token": self.token}
        began = time.perf_counter()
        answer = self.http.post(f"/review/{lead}/screen", data=sent, headers=headers)
        took = (time.perf_counter() - began) * 1000
        if answer.status_code != 200 or 'data-lead="' not in answer.text:
            raise SystemExit(f"key: {answer.status_code}")
        return took

    def jobs(self) -> dict[str, Callable[[int], float]]:
        """What is measured, by name; the number of the round turns filters and words over."""
        filters = ["", "platform=two", "category=ivory", "district=薛城区", "level=high", "min=80", "district=*"]
        filters += [f"sort={sort}" for sort in SORTS if sort]
        words = ["象牙 手串", "犀角 摆件", "虎骨", "穿山甲片 急出", "没有这个词"]
        return {
            "limit": lambda n: self.page("/password"),
            "queue page": lambda n: self.page(f"/review?{filters[n % len(filters)]}"),
            "key to next lead": lambda n: self.key(),
            "counts of filters": lambda n: self.page(f"/review/facets?{filters[n % len(filters)]}"),
            "bulk table": lambda n: self.page(f"/review/bulk?{filters[n % len(filters)]}"),
            "search in the queue": lambda n: self.page(f"/review?district=*&q={words[n % len(words)]}"),
            "search everything": lambda n: self.page(f"/search?q={words[n % len(words)]}"),
            "search everything, 象牙 手串": lambda n: self.page("/search?q=象牙 手串"),
            "search everything, a common word": lambda n: self.page("/search?q=手串"),
            "statistics, 30 days": lambda n: self.page("/stats"),
            "statistics, a year": lambda n: self.page(f"/stats?from={_days_ago(365)}&to={_days_ago(0)}"),
        }


def _days_ago(days: int) -> str:
    return (shanghai_date(now()) - timedelta(days=days)).isoformat()


def _between(text: str, start: str, end: str) -> str:
    return text.split(start, 1)[1].split(end, 1)[0]


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--listings", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=60)
    told = parser.parse_args()
    log_to_stderr(quiet=True)
    with tempfile.TemporaryDirectory() as home, bench_house(Path(home)) as house:
        leads, began = told.listings // 10, time.monotonic()
        fill(house.engine, told.listings, leads, hits=leads * 10)
        for script in (PICTURES, _WOKEN):
            run(house.engine, script, leads=leads)
        filled = time.monotonic() - began
        reviewer = Reviewer(house.engine, Path(home) / "evidence")
        result = {
            "machine": machine(),
            "listings": told.listings,
            "hits": leads * 10,
            "leads": leads,
            "fill_seconds": round(filled, 1),
            "pages": measured(reviewer.jobs(), told.rounds),
        }
    json.dump(result, sys.stdout, ensure_ascii=False, indent=2)
    print()


if __name__ == "__main__":
    main()
