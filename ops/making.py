"""Who makes a package, where and with which key: the house's part of it."""

from evidence.keys import KeyRing
from ops.house import House
from ops.place import place
from ops.printing import printer
from ops.settings import Settings
from pipelines.packaging import Maker
from records import now


def key_ring(settings: Settings, *, demo: bool) -> KeyRing:
    """The house's keys; the demo has its own, so that make-believe is never signed as real."""
    return KeyRing(settings.home / "secrets" / ("evidence_demo" if demo else "evidence"))


def maker_for(house: House, by: str) -> Maker:
    """A maker of packages for the account or name `by`, as of now. Raises NoKey where a real house has none yet."""
    ring = key_ring(house.settings, demo=house.demo)
    # make-believe needs no ceremony: whoever tries the demo has its package at once
    key = ring.new(now()) if house.demo and not ring.all() else ring.current()
    return Maker(
        engine=house.engine,
        store=house.store,
        key=key,
        by=by,
        unit=house.unit().name,
        place=place(house.settings),
        printed=printer(house.settings),
        demo=house.demo,
        at=now(),
    )
