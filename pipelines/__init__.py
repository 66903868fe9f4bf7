"""The path of a listing, from a page that showed it to a lead in the queue."""

from pipelines.bulk_files import ImportRefused
from pipelines.doubts import MANY
from pipelines.importing import Imported, ImportOrder, Survey, import_listings, survey
from pipelines.intake import IntakeRefused, Taken, Tip, intake
from pipelines.receive import receive
from pipelines.reception import Assessor, Received, Reception
from pipelines.rematch import Rematched, rematch
from pipelines.routing import District, Geography, Routed, district_of, route
from pipelines.settling import control_words, settle
from pipelines.taking_off import take_off

__all__ = [
    "MANY",
    "Assessor",
    "District",
    "Geography",
    "ImportOrder",
    "ImportRefused",
    "Imported",
    "IntakeRefused",
    "Received",
    "Reception",
    "Rematched",
    "Routed",
    "Survey",
    "Taken",
    "Tip",
    "control_words",
    "district_of",
    "import_listings",
    "intake",
    "receive",
    "rematch",
    "route",
    "settle",
    "survey",
    "take_off",
]
