"""A person's tip into the house: one door for the form and for the command line."""

from console import Submission
from crawler import definitions
from db import audit
from db.engine import transaction
from ops.house import House
from pipelines import Tip, intake
from records import now


def take_in(house: House, submission: Submission) -> list[int]:
    """Ids of the leads that the submission is now part of. Raises pipelines.IntakeRefused where nothing can be read."""
    tip = Tip(
        source=submission.source,
        brought_by=submission.brought_by,
        text=submission.text,
        screenshot=submission.screenshot,
        page=submission.page,
        page_name=submission.page_name,
        note=submission.note,
    )
    taken = intake(tip, house.reception(house.matcher()), definitions())
    if len(taken.items) > 1:  # about one item `receive` has written the row itself, in its own transaction
        with transaction(house.engine) as conn:
            audit.record(
                conn,
                actor=submission.brought_by,
                action="intake.page",
                subject=",".join(f"{platform}:{item}" for platform, item in taken.items),
                detail={"source": submission.source, "leads": list(taken.lead_ids)},
                at=now(),
            )
    return list(taken.lead_ids)
