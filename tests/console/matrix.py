"""Every route × everybody, as a table in a file (routes.tsv): what a request of each is answered with."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from fastapi.routing import iter_route_contexts
from sqlalchemy import Engine, select, true

from console import create_app
from db import tables
from db.engine import transaction

TABLE = Path(__file__).with_name("routes.tsv")

#: Codes of two districts; the lead that is asked for stands in the first one.
HERE, THERE = "370481", "370403"
#: Who asks, with role and district.
PEOPLE: dict[str, tuple[str, str | None]] = {
    "inspector_a": ("inspector", HERE),
    "inspector_b": ("inspector", THERE),
    "district_a": ("district", HERE),
    "district_b": ("district", THERE),
    "analyst": ("analyst", None),
    "approver": ("approver", None),
    "operator": ("operator", None),
    "head": ("head", None),
    "auditor": ("auditor", None),
    "admin": ("admin", None),
}


def matrix() -> dict[tuple[str, str], dict[str, int]]:
    """(method, path) → who → status, in the order of the file."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    found = {
        (row["method"], row["path"]): {who: int(status) for who, status in row.items() if who not in ("method", "path")}
        for row in rows
    }
    assert len(found) == len(rows), "a route stands twice in the table"
    return found


def routes(desk: Any) -> dict[tuple[str, str], Any]:
    """(method, path) → route, of all that the application answers but its static files."""
    found = [one for one in iter_route_contexts(create_app(desk).routes) if one.path != "/static"]
    return {(method, route.path): route for route in found for method in route.methods}


@dataclass
class Target:
    """What the ids of a path stand for, and what a form needs to be taken."""

    engine: Engine
    lead_id: int
    #: Of an account that nobody is signed in with.
    user_id: int = 0
    #: An extraction of a hit of the lead that has just been opened, and a package.
    extraction_id: int = 0
    package: str = ""

    def path(self, path: str) -> str:
        """With the lead, its first hit and that one's first file."""
        with transaction(self.engine) as conn:
            hits, files, captures = tables.lead_hits.c, tables.capture_files.c, tables.captures.c
            hit = conn.execute(select(hits.listing_id).where(hits.lead_id == self.lead_id).limit(1)).scalar_one()
            of_lead = select(tables.leads.c.seller_id).where(tables.leads.c.id == self.lead_id)
            seller = conn.execute(of_lead).scalar_one()
            scan, campaign = (
                conn.execute(select(table.c.id).order_by(table.c.id).limit(1)).scalar()
                for table in (tables.scans, tables.campaigns)
            )
            file = select(files.id).join(tables.captures, captures.id == files.capture_id).limit(1)
            wanted = files.role == "picture" if "/small/" in path else true()
            file_id = conn.execute(file.where(captures.listing_id == hit, wanted)).scalar_one()
        ids = {
            "lead_id": self.lead_id,
            "listing_id": hit,
            "capture_file_id": file_id,
            "user_id": self.user_id,
            "seller_id": seller,
            "view_id": 999_999,
            "term_id": 999_999,
            "hold_id": 999_999,
            "token_id": 999_999,
            "scan_id": scan,
            "campaign_id": campaign,
            "number": self.package,
            "extraction_id": self.extraction_id,
        }
        return path.format(**ids)

    def form(self, path: str) -> dict[str, str]:
        """A form that is taken where the sender may send it."""
        makers: dict[str, Callable[[], dict[str, str]]] = {
            "/login": lambda: {"name": "nobody", "password": "x"},
            "/password": lambda: {"old": "x", "new": "x", "again": "x"},
            "/review/bulk/preview": lambda: {"action": "待研判", "chosen": f"{self.lead_id}:{self._version()}"},
            "/review/bulk": lambda: {"action": "待研判", "chosen": f"{self.lead_id}:{self._version()}"},
            "/leads/{lead_id}/unmask": lambda: {"occasion": "核实身份"},
            "/leads/{lead_id}/hold": lambda: {"why": "x"},
            "/retention/holds/{hold_id}/lift": lambda: {"why": "x"},
            "/leads/{lead_id}/note": lambda: {"text": "问过了"},
            "/leads/{lead_id}/search": lambda: {"what": "phrase", "phrase": "象牙", "why": "x", "nights": "1"},
            "/leads/{lead_id}/merge": lambda: {"version": str(self._version()), "chosen": f"{self.lead_id}:1"},
            "/leads/{lead_id}/split": lambda: {"version": str(self._version()), "listing": str(self.listing())},
            "/leads/{lead_id}/misread": lambda: {"category": "ivory", "term": "象牙"},
            "/leads/{lead_id}/licences": lambda: {"version": str(self._version())},
            "/leads/{lead_id}/verdict": lambda: {"version": str(self._version()), "to": "属实"},
            "/leads/{lead_id}/print": lambda: {"reason": "移送公安附卷"},
            "/review/second/{lead_id}": lambda: {"screening": "1", "action": "转核查"},
            "/leads/{lead_id}/extract": lambda: {"listing": "1"},
            "/extractions/{extraction_id}/confirm": lambda: {"officer": "wang", "password": "x", "capture": "1"},
            "/extractions/{extraction_id}/abandon": lambda: {"why": "x"},
            "/review/views": lambda: {"name": "我的"},
            "/review/{lead_id}/screen": lambda: {"action": "待研判", "version": str(self._version())},
            "/exports": lambda: {"kind": "csv"},
            "/intake": lambda: {"source": "投诉举报", "text": "x"},
            "/setup/skip": lambda: {"step": "alerts"},
            "/settings/users": lambda: {"name": f"neu{next(_NUMBERS)}", "role": "inspector"},
            "/settings/users/{user_id}/enabled": lambda: {"enabled": "true"},
            "/settings/users/{user_id}/role": lambda: {"role": "inspector"},
        }
        return makers[path]() if path in makers else {}

    def asked(self, path: str) -> dict[str, Any]:
        """What a program sends that asks what the sender may ask, as the client takes it."""
        sent: dict[str, Callable[[], dict[str, Any]]] = {
            "/api/v1/leads/{lead_id}/screening": lambda: {"json": {"action": "待研判", "version": self._version()}},
            "/api/v1/leads/{lead_id}/unmasked": lambda: {"json": {"occasion": "核实身份"}},
            "/api/v1/intake": lambda: {"data": {"source": "投诉举报", "text": "x"}},
            "/api/v1/exports": lambda: {"json": {"kind": "csv"}},
            "/api/v1/search": lambda: {"params": {"q": "老料"}},
        }
        return sent[path]() if path in sent else {}

    def listing(self) -> int:
        """The last hit of the lead."""
        with transaction(self.engine) as conn:
            hits = tables.lead_hits.c
            last = select(hits.listing_id).where(hits.lead_id == self.lead_id).order_by(hits.listing_id.desc())
            return int(conn.execute(last.limit(1)).scalar_one())

    def _version(self) -> int:
        with transaction(self.engine) as conn:
            version = select(tables.leads.c.version).where(tables.leads.c.id == self.lead_id)
            return int(conn.execute(version).scalar_one())


_NUMBERS = count()
