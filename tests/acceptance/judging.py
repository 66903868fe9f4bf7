"""What the acceptance tests judge by: the markets' own logs, raw SQL through psycopg, and the `sha256sum` program."""

import itertools
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from db.scans import QueryRow
from demo.access import LogEntry
from demo.serve import RunningTown
from ops.house import House
from ops.make_believe import DemoScan

#: What robots.txt of each market closes.
CLOSED = {"demo_ads": "/contact/", "demo_goods": "/my/", "demo_shop": "/cart"}
#: Seconds that robots.txt asks for between two requests.
CRAWL_DELAY = 0.1


@dataclass(frozen=True, kw_only=True, slots=True)
class Scanned:
    """One scan of the three markets, and what those saw of it."""

    town: RunningTown
    house: House
    #: A copy of the database as it stood when the scan had ended, for SQL that no later night disturbs.
    url: str
    scan_id: int
    said: DemoScan
    rows: list[QueryRow]
    #: Market → what it answered during this scan alone.
    logs: dict[str, list[LogEntry]]

    @property
    def requests(self) -> int:
        """Answered by all markets during this scan, robots.txt and pictures included."""
        return sum(len(entries) for entries in self.logs.values())

    def sql(self, statement: str, *facts: Any) -> list[tuple[Any, ...]]:
        """Rows by raw SQL."""
        return sql(self.url, statement, *facts)

    def hits(self) -> set[tuple[str, str]]:
        """Platform and item id of every stored hit."""
        return {(a, b) for a, b in self.sql("select platform, item_id from listings where level <> 'none'")}

    def stored(self) -> dict[str, set[tuple[Any, ...]]]:
        """What the database knows, by table: everything that an idle night must leave as it is."""
        return {name: set(self.sql(statement)) for name, statement in _KNOWN.items()}


_KNOWN = {
    "listings": "select platform, item_id, fingerprint, level, score, first_seen from listings",
    "versions": "select listing_id, fingerprint, seen_at from listing_versions",
    "assessments": "select id, assessed_at from assessments",
    "sellers": "select platform, key, name from sellers",
    "leads": "select id, subject_key, hits, score, state, version from leads",
    "captures": "select id from captures",
    "owed": "select listing_id from captures_due",
    "evidence": "select sha256 from evidence_files",
    "outbox": "select key from outbox",
    "quarantine": "select id from quarantine",
}


def sql(url: str, statement: str, *facts: Any) -> list[tuple[Any, ...]]:
    """Rows by raw SQL on a connection of its own."""
    with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://")) as conn:
        return conn.execute(statement, facts or None).fetchall()


def outcomes_by_sql(scanned: Scanned) -> dict[str, int]:
    """Outcome → number of queries of the scan; '' stands for none."""
    statement = "select coalesce(outcome, ''), count(*) from queries where scan_id = %s group by 1"
    return dict(scanned.sql(statement, scanned.scan_id))  # type: ignore[arg-type]


def without_sub_resources(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """Navigations and data requests: pictures are fetched beside their page, undelayed."""
    return [entry for entry in entries if not entry.path.startswith(("/pic/", "/favicon"))]


def gaps(entries: Iterable[LogEntry]) -> list[float]:
    """Seconds between successive navigations and data requests, as the market saw them."""
    kept = without_sub_resources(entries)
    return [(after.at - before.at).total_seconds() for before, after in itertools.pairwise(kept)]


def is_browser(entry: LogEntry) -> bool:
    """True for a user agent that begins as browsers' do."""
    return entry.user_agent.startswith("Mozilla/")


def rehash(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Name → what the `sha256sum` program says of the file under that name; missing files fail here."""
    wanted = sorted(set(names))
    paths = "\0".join(str(root / name[:2] / name) for name in wanted)
    if not wanted:
        return {}
    done = subprocess.run(["xargs", "-0", "sha256sum"], input=paths, capture_output=True, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    return {Path(path).name: digest for digest, path in lines}


def all_evidence_rehashes(url: str, root: Path) -> int:
    """Every row of evidence_files has its file, of that size, that still hashes to its name; how many there are."""
    rows = sql(url, "select sha256, size from evidence_files")
    assert rehash(root, (name for name, _ in rows)) == {name: name for name, _ in rows}
    assert {name: (root / name[:2] / name).stat().st_size for name, _ in rows} == dict(rows)  # type: ignore[arg-type]
    return len(rows)


#: Rows that point nowhere, although the schema has no key for it; each must count 0.
ORPHANS = {
    "evidence files of no capture": "select count(*) from evidence_files e where not exists"
    " (select from capture_files f where f.sha256 = e.sha256)",
    "captures without a file": "select count(*) from captures c where not exists"
    " (select from capture_files f where f.capture_id = c.id)",
    "leads without a hit": "select count(*) from leads l where not exists"
    " (select from lead_hits h where h.lead_id = l.id)",
    "hits without a lead": "select count(*) from listings l where level <> 'none' and not exists"
    " (select from lead_hits h where h.listing_id = l.id)",
    "hits without capture or debt": "select count(*) from listings l where level <> 'none'"
    " and not exists (select from captures c where c.listing_id = l.id)"
    " and not exists (select from captures_due d where d.listing_id = l.id)",
    "listings never judged": "select count(*) from listings l where not exists"
    " (select from assessments a where a.listing_id = l.id)",
    "listings without a version": "select count(*) from listings l where not exists"
    " (select from listing_versions v where v.listing_id = l.id and v.fingerprint = l.fingerprint)",
    "leads told of never": "select count(*) from leads l where not exists"
    " (select from outbox o where o.key = 'lead.new:' || l.id)",
    "leads whose count is wrong": "select count(*) from leads l where l.hits <>"
    " (select count(*) from lead_hits h where h.lead_id = l.id)",
    "quarantined listings": "select count(*) from quarantine",
}


def assert_no_orphans(url: str) -> None:
    """Nothing points nowhere."""
    assert {name: sql(url, statement)[0][0] for name, statement in ORPHANS.items()} == dict.fromkeys(ORPHANS, 0)
