"""What a patrol must know to read stored listings again, and who runs their platform."""

from datetime import datetime, timedelta
from typing import Any

from crawler import Definition, Visit, Visits
from db import ledger
from db import visits as db_visits
from db.engine import transaction
from ops.house import House
from ops.settings import Crawl
from pipelines import Reception, take_off
from records import Gone, Imprint, now


def own_pages(house: House, reception: Reception, platform: Definition, scan_id: int) -> dict[str, Any]:
    """The hooks of a patrol that concern these, by name."""

    def visits() -> Visits:
        with transaction(house.engine) as conn:
            allowed = allowance(house.settings.crawl, platform, now())
            due = db_visits.due(conn, platform.key, scan_id, allowed)
        return Visits(
            due=tuple(Visit(listing=one.listing, owed=one.id in due.owed) for one in due.listings), left=due.left
        )

    def gone(one: Gone) -> None:
        take_off(one, reception)

    def imprint_due() -> bool:
        with transaction(house.engine) as conn:
            return ledger.is_due(conn, platform.key, now() - timedelta(days=house.settings.crawl.ledger_days))

    def imprint(found: Imprint) -> None:
        with transaction(house.engine) as conn:
            ledger.keep(conn, platform.key, found)

    return {"visits": visits, "gone": gone, "imprint_due": imprint_due, "imprint": imprint}


def allowance(crawl: Crawl, platform: Definition, at: datetime) -> db_visits.Allowance:
    """How much one round may read again. Where cards tell of changes, nothing but hits goes in turn."""
    others = 0 if platform.updated else crawl.max_rereads
    return db_visits.Allowance(hits=crawl.max_revisits, others=others, at=at, nights=crawl.revisit_nights)
