"""What runs by itself where nobody has said otherwise."""

from db import schedules
from db.engine import transaction
from db.schedules import Schedule
from ops.clock import minute_of
from ops.house import House
from records import now


def default_schedules(house: House) -> None:
    """Write the nightly scan and the morning digest where there is no schedule yet."""
    nightly = house.settings.nightly
    with transaction(house.engine) as conn:
        if schedules.every(conn):
            return
        for name, job, at in (("夜间监测", "scan", nightly.scan_at), ("晨报", "digest", nightly.digest_at)):
            schedules.save(conn, Schedule(name=name, job=job, at_minute=minute_of(at), options={}, since=now()))
