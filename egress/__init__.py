"""The room with the one door out: which addresses may be reached, and the guard that decides on the connected one."""

from egress.policy import Policy
from egress.ranges import names_inside, not_public
from egress.way_out import GuardDown, WayOut, guarded

__all__ = ["GuardDown", "Policy", "WayOut", "guarded", "names_inside", "not_public"]
