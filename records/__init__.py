"""The words of the house (DESIGN §1) as frozen records. Imports nothing of ours."""

from records.assessment import TECHNIQUES, Assessment, Level, Match, Part
from records.clock import SHANGHAI, Now, now, shanghai, shanghai_date
from records.disposition import WITHOUT_RECIPIENT, Disposition, DispositionKind, possible_dispositions
from records.exchange import Exchange, Headers, Tls, withheld
from records.fault import Fault, Lang
from records.imprint import Imprint, is_credit_code
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
from records.leave import Budget, Halt, Hours, Spent, Stop
from records.licence import (
    OF_ONE_HOLDER,
    LicenceCheck,
    LicenceClaim,
    LicenceKind,
    LicenceState,
    number_key,
)
from records.licence import (
    Finding as LicenceFinding,
)
from records.listing import Capture, CapturedFile, FileRole, Gone, Listing, ListingState, Page, Seller, Sighting, Source
from records.look import Look
from records.measures import Measures
from records.passage import Barred
from records.permits import KeptRobots, RobotsRuling, SuppliedSession
from records.run import CANARY, FIELD_LABELS, Control, Coverage, Figures, Finding, Unseen, unseen
from records.scan import KNOWN_BEHIND, Outcome, Query, QueryKind, QueryReport, ScanStatus, night_status, scan_status
from records.surroundings import ClockCheck, Surroundings
from records.verdict import (
    Doubt,
    Given,
    Grounds,
    Identity,
    SubjectKind,
    Unfounded,
    Verdict,
    Violation,
    WakeOn,
    wanting,
)

__all__ = [
    "CANARY",
    "CITY",
    "ELSEWHERE",
    "FIELD_LABELS",
    "KNOWN_BEHIND",
    "OF_ONE_HOLDER",
    "SHANGHAI",
    "TECHNIQUES",
    "UNDECIDED",
    "WITHOUT_RECIPIENT",
    "Assessment",
    "Barred",
    "Budget",
    "Capture",
    "CapturedFile",
    "ClockCheck",
    "Control",
    "Coverage",
    "DismissReason",
    "Disposition",
    "DispositionKind",
    "Doubt",
    "Exchange",
    "Fault",
    "Figures",
    "FileRole",
    "Finding",
    "Given",
    "Gone",
    "Grounds",
    "Halt",
    "Headers",
    "Hours",
    "Identity",
    "Imprint",
    "KeptRobots",
    "Labels",
    "Lang",
    "Lead",
    "LeadState",
    "Level",
    "LicenceCheck",
    "LicenceClaim",
    "LicenceFinding",
    "LicenceKind",
    "LicenceState",
    "Listing",
    "ListingState",
    "Look",
    "Match",
    "Measures",
    "Now",
    "Outcome",
    "Page",
    "Part",
    "Query",
    "QueryKind",
    "QueryReport",
    "RobotsRuling",
    "ScanStatus",
    "Screening",
    "Seller",
    "Sighting",
    "Source",
    "Spent",
    "Stop",
    "SubjectKind",
    "SuppliedSession",
    "Surroundings",
    "Tls",
    "Unfounded",
    "Unseen",
    "Verdict",
    "Violation",
    "WakeOn",
    "is_credit_code",
    "night_status",
    "now",
    "number_key",
    "possible_dispositions",
    "scan_status",
    "shanghai",
    "shanghai_date",
    "unseen",
    "wanting",
    "withheld",
]
