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
    """A maker of packages for the account or name `by`, as of now. Raises where the house has no key yet."""
    return Maker(
        engine=house.engine,
        store=house.store,
        key=key_ring(house.settings, demo=house.demo).current(),
        by=by,
        unit=house.settings.unit.name,
        place=place(house.settings),
        printed=printer(house.settings),
        demo=house.demo,
        at=now(),
    )
