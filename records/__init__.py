"""The words of the house (DESIGN §1) as frozen records. Imports nothing of ours."""

from records.assessment import Assessment, Level, Match, Part
from records.clock import SHANGHAI, Now, now, shanghai, shanghai_date
from records.fault import Fault, Lang
from records.labels import Labels
from records.lead import (
    CITY,
    ELSEWHERE,
    UNDECIDED,
    DismissReason,
    Lead,
    LeadState,
    Screening,
)
from records.listing import Capture, CapturedFile, FileRole, Listing, Page, Seller, Sighting, Source
from records.scan import Outcome, Query, QueryKind, QueryReport, ScanStatus, scan_status

__all__ = [
    "CITY",
    "ELSEWHERE",
    "SHANGHAI",
    "UNDECIDED",
    "Assessment",
    "Capture",
    "CapturedFile",
    "DismissReason",
    "Fault",
    "FileRole",
    "Labels",
    "Lang",
    "Lead",
    "LeadState",
    "Level",
    "Listing",
    "Match",
    "Now",
    "Outcome",
    "Page",
    "Part",
    "Query",
    "QueryKind",
    "QueryReport",
    "ScanStatus",
    "Screening",
    "Seller",
    "Sighting",
    "Source",
    "now",
    "scan_status",
    "shanghai",
    "shanghai_date",
]
