"""The path of a listing, from a page that showed it to a lead in the queue."""

from pipelines.receive import receive
from pipelines.reception import Assessor, Received, Reception
from pipelines.rematch import Rematched, rematch
from pipelines.routing import District, Geography, Routed, district_of, route

__all__ = [
    "Assessor",
    "District",
    "Geography",
    "Received",
    "Reception",
    "Rematched",
    "Routed",
    "district_of",
    "receive",
    "rematch",
    "route",
]
