"""Every table of the house. Migrations bring a database here; a test compares the two.

Times are timestamptz. Texts of listings are cleaned at this door (`db.text.storable`): what PostgreSQL cannot
hold is replaced here and kept, byte for byte, in the evidence.
"""

from db.tables.base import metadata
from db.tables.concluded import dispositions, licence_checks, second_looks, verdicts
from db.tables.decided import (
    campaigns,
    districts,
    lead_hits,
    lead_notes,
    lead_numbers,
    leads,
    leases,
    misreads,
    phases,
    report_dues,
    saved_views,
    screenings,
)
from db.tables.extracted import extraction_steps, extractions
from db.tables.kept import (
    capture_files,
    captures,
    captures_due,
    custody,
    evidence_files,
    package_stamps,
    packages,
    picture_looks,
    picture_smalls,
)
from db.tables.people import audit, first_run, login_failures, preferences, sessions, unmaskings, users
from db.tables.permitted import platform_ledger, platform_sessions, robots, robots_rulings
from db.tables.purged import holds, purges, tombstones
from db.tables.seen import assessments, listing_states, listing_versions, listings, quarantine, sellers
from db.tables.told import deliveries, digests, outbox
from db.tables.watching import (
    canaries,
    extra_terms,
    halts,
    lexicon_versions,
    pacing,
    queries,
    runs,
    scans,
    schedules,
    shells,
    spending,
)

__all__ = [
    "assessments",
    "audit",
    "campaigns",
    "canaries",
    "capture_files",
    "captures",
    "captures_due",
    "custody",
    "deliveries",
    "digests",
    "dispositions",
    "districts",
    "evidence_files",
    "extra_terms",
    "extraction_steps",
    "extractions",
    "first_run",
    "halts",
    "holds",
    "lead_hits",
    "lead_notes",
    "lead_numbers",
    "leads",
    "leases",
    "lexicon_versions",
    "licence_checks",
    "listing_states",
    "listing_versions",
    "listings",
    "login_failures",
    "metadata",
    "misreads",
    "outbox",
    "pacing",
    "package_stamps",
    "packages",
    "phases",
    "picture_looks",
    "picture_smalls",
    "platform_ledger",
    "platform_sessions",
    "preferences",
    "purges",
    "quarantine",
    "queries",
    "report_dues",
    "robots",
    "robots_rulings",
    "runs",
    "saved_views",
    "scans",
    "schedules",
    "screenings",
    "second_looks",
    "sellers",
    "sessions",
    "shells",
    "spending",
    "tombstones",
    "unmaskings",
    "users",
    "verdicts",
]
