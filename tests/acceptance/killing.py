"""What the drills with kill -9 share: whose processes are whose, and what two houses must agree on in the end."""

from collections import Counter
from pathlib import Path

from tests.acceptance.houses import Place
from tests.acceptance.judging import all_evidence_rehashes, assert_no_orphans, sql

#: What two runs over the same town must agree on; each row says what a thing is, never its row id or its time.
SAME = {
    "listings": "select platform, item_id, title, description, price, detail_read, level, score, category"
    " from listings",
    "hits": "select platform, item_id, url, price_text, place, pictures, published_at, fingerprint, seller_id is null"
    " from listings where level <> 'none'",
    "sellers": "select platform, key, name from sellers",
    "leads": "select platform, subject_key, hits, score, level, category, district, state from leads",
    "lead hits": "select d.platform, d.subject_key, l.item_id from lead_hits h join leads d on d.id = h.lead_id"
    " join listings l on l.id = h.listing_id",
    "captures": "select l.platform, l.item_id, c.fingerprint, c.gaps from captures c join listings l"
    " on l.id = c.listing_id",
    "files": "select l.platform, l.item_id, f.position, f.role, f.url,"
    # the DOM and the screenshot are made anew by each browser; page and pictures are the market's own bytes
    " case when f.role in ('page', 'picture') then f.sha256 else '' end from capture_files f"
    " join captures c on c.id = f.capture_id join listings l on l.id = c.listing_id",
    "owed": "select listing_id from captures_due",
    "news": "select topic, count(*) from outbox group by topic",
    "quarantine": "select * from quarantine",
}


def told(url: str) -> dict[str, Counter[str]]:
    """What a database says under each head, rows counted, so that a doubled one shows."""
    return {name: Counter(map(repr, sql(url, statement))) for name, statement in SAME.items()}


def parents() -> dict[int, int]:
    """Process id → its parent's, of everything that runs and is not a zombie."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(entry.name)] = int(parent)
    return found


def tree(root: int) -> set[int]:
    """`root` and everything below it."""
    above = parents()
    found, grown = {root}, True
    while grown:
        below = {pid for pid, parent in above.items() if parent in found} - found
        found, grown = found | below, bool(below)
    return found & set(above)


def working_in(there: Place) -> set[int]:
    """Every process that carries this house in its environment: whoever was cut off from its parent, too."""
    sign = f"XUNWANG_HOME={there.home}".encode()
    found = set()
    for pid in parents():
        try:
            if sign in (Path(f"/proc/{pid}/environ").read_bytes()).split(b"\0"):
                found.add(pid)
        except OSError:
            continue
    return found


def same_salt(there: Place) -> None:
    """Hashed sellers, and fingerprints made with them, can be compared where one secret keys both."""
    secrets = there.home / "secrets"
    secrets.mkdir(mode=0o700)
    (secrets / "seller_salt").write_bytes(bytes(range(32)))


def agree(quiet: Place, broken: Place, *, listings: int) -> None:
    """Both say the same of the same town, and neither has a row or a file too many or too few."""
    said, meant = told(broken.database_url), told(quiet.database_url)
    for name in SAME:
        too_much, missing = said[name] - meant[name], meant[name] - said[name]
        assert not too_much and not missing, f"{name}: {too_much} instead of {missing}"
    assert said["hits"].total() >= 6 and said["listings"].total() == listings
    for there in (quiet, broken):
        assert_no_orphans(there.database_url)
        assert all_evidence_rehashes(there.database_url, there.home / "evidence" / "store") > 0
    unended = "select count(*) from queries where outcome is null and scan_id = (select max(id) from scans)"
    assert sql(broken.database_url, unended) == [(0,)]
